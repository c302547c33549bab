// A file in pieces: each line is read once, by the piece in which it begins.
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "checkpoint/crc32c.h"
#include "runtime/connectors/file_bytes.h"
#include "runtime/connectors/file_splits.h"
#include "runtime/connectors/line_begin.h"
#include "tests/platform/loop_host.h"
#include "tests/runtime/memory_store.h"

namespace wavetank::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Task<void> KeepAll(FileBytes& bytes, std::string& text, absl::Status& status) {
  while (true) {
    absl::StatusOr<std::optional<std::string>> chunk = co_await bytes.Next();
    status = chunk.status();
    if (!chunk.ok() || !*chunk) co_return;
    text += **chunk;
  }
}

struct PieceRead {
  std::string text;
  uint64_t first = 0;
  FileRead read;
};

PieceRead ReadPiece(const std::string& content, uint64_t begin, uint64_t end,
                    const std::string& line_end, int64_t chunk_bytes) {
  platform::LoopHost host;
  MemoryStore store(host.executor);
  store.files["in/a"] = content;
  FilePiece piece;
  piece.set_path("in/a");
  piece.set_size_bytes(content.size());
  piece.set_begin(begin);
  piece.set_end(end);
  FileBytes bytes(host.executor, store, piece, line_end, chunk_bytes);
  PieceRead read;
  absl::Status status;
  host.executor.Spawn("test", KeepAll(bytes, read.text, status));
  host.RunUntilIdle();
  EXPECT_TRUE(status.ok()) << status;
  read.first = bytes.first();
  read.read = bytes.read();
  return read;
}

// By hand: where lines begin, by reading from the front.
std::vector<uint64_t> LineBegins(const std::string& content, const std::string& line_end) {
  std::vector<uint64_t> begins = {0};
  for (size_t at = 0; at < content.size();) {
    size_t length = 0;
    if (!line_end.empty()) {
      if (content.compare(at, line_end.size(), line_end) == 0) length = line_end.size();
    } else if (content[at] == '\n') {
      length = 1;
    } else if (content[at] == '\r') {
      length = at + 1 < content.size() && content[at + 1] == '\n' ? 2 : 1;
    }
    at += length == 0 ? 1 : length;
    if (length > 0) begins.push_back(at);
  }
  return begins;
}

RC_GTEST_PROP(FilePieces, EachLineIsReadByThePieceInWhichItBegins, ()) {
  const std::string line_end = *rc::gen::element<std::string>("", ";", "ab");
  const std::string content = *rc::gen::container<std::string>(rc::gen::elementOf(
      line_end.empty() ? std::string("x\n\ry\r\n") : "x" + line_end + line_end + "y\n"));
  const auto size = static_cast<uint64_t>(content.size());
  const uint64_t begin = *rc::gen::inRange<uint64_t>(0, size + 1);
  const uint64_t end = *rc::gen::inRange<uint64_t>(begin, size + 1);
  const int64_t chunk_bytes = *rc::gen::inRange<int64_t>(1, 20);
  uint64_t from = size;
  uint64_t to = size;
  for (const uint64_t at : LineBegins(content, line_end)) {
    if (at >= begin) from = std::min(from, at);
    if (at >= end) to = std::min(to, at);
  }
  if (begin == end) from = to = begin;
  const PieceRead read = ReadPiece(content, begin, end, line_end, chunk_bytes);
  RC_ASSERT(read.text == content.substr(from, to - from));
  if (!read.text.empty()) RC_ASSERT(read.first == from);
  RC_ASSERT(read.read.begin == begin && read.read.end == end);
  RC_ASSERT(read.read.crc32c ==
            checkpoint::Crc32c(std::string_view(content).substr(begin, end - begin)));
}

TEST(FilePieces, ASeparatorThatOverlapsItselfTellsNoLines) {
  EXPECT_TRUE(LineBegin::IsSeparator(""));
  EXPECT_TRUE(LineBegin::IsSeparator(";"));
  EXPECT_TRUE(LineBegin::IsSeparator("ab"));
  EXPECT_FALSE(LineBegin::IsSeparator("||"));
}

RC_GTEST_PROP(Crc32c, OfBothIsThatOfTheWhole, (const std::string& a, const std::string& b)) {
  RC_ASSERT(checkpoint::Crc32cOfBoth(checkpoint::Crc32c(a), checkpoint::Crc32c(b), b.size()) ==
            checkpoint::Crc32c(a + b));
}

checkpoint::SourceRange Range(const std::vector<std::pair<std::string, uint64_t>>& files) {
  checkpoint::SourceRange range;
  for (const auto& [path, size_bytes] : files) {
    checkpoint::InputFile& file = *range.add_files();
    file.set_path(path);
    file.set_size_bytes(size_bytes);
    file.set_modified_ns(1);
  }
  return range;
}

// "a[0,5) b[0,3)", split by split.
std::vector<std::string> Splits(const checkpoint::SourceRange& range, FileSplitOptions options) {
  std::vector<std::string> splits;
  for (const FileSplit& split : SplitFiles(range, options)) {
    std::vector<std::string> pieces;
    for (const FilePiece& piece : split.pieces()) {
      pieces.push_back(absl::StrCat(piece.path(), "[", piece.begin(), ",", piece.end(), ")"));
    }
    splits.push_back(absl::StrJoin(pieces, " "));
  }
  return splits;
}

TEST(FileSplits, SmallFilesAreReadTogetherAndLargeOnesInParts) {
  EXPECT_THAT(Splits(Range({}), {}), IsEmpty());
  EXPECT_THAT(Splits(Range({{"a", 3}, {"b", 0}, {"c", 5}}), {}),
              ElementsAre("a[0,3) b[0,0) c[0,5)"));
  EXPECT_THAT(Splits(Range({{"a", 3}, {"b", 9}}), {.split_bytes = 4}),
              ElementsAre("a[0,3) b[0,1)", "b[1,5)", "b[5,9)"));
}

TEST(FileSplits, AFileThatCannotBeReadFromItsMiddleIsReadWhereItBegins) {
  const auto whole = Range({{"a", 3}, {"b", 9}, {"c", 4}});
  EXPECT_THAT(Splits(whole, {.split_bytes = 4, .splittable = false}),
              ElementsAre("a[0,3) b[0,9)", "c[0,4)"));
  EXPECT_THAT(Splits(Range({{"a.gz", 9}, {"b", 9}}), {.split_bytes = 6}),
              ElementsAre("a.gz[0,9)", "b[0,3)", "b[3,9)"));
  checkpoint::SourceRange old = Range({{"a", 9}});
  old.mutable_files(0)->set_crc32c(1);
  EXPECT_THAT(Splits(old, {.split_bytes = 3}), ElementsAre("a[0,9)"));
}

// Each byte is read once, in order; no task has much more than its part where files can be cut.
RC_GTEST_PROP(FileSplits, CoverTheFilesOnceInOrder, (const std::vector<uint16_t>& sizes)) {
  std::vector<std::pair<std::string, uint64_t>> files;
  uint64_t whole = 0;
  for (const uint16_t size : sizes) {
    files.emplace_back(absl::StrCat("f", files.size()), size);
    whole += size;
  }
  const uint64_t split_bytes = *rc::gen::inRange<uint64_t>(1, 2000);
  const bool splittable = *rc::gen::arbitrary<bool>();
  const std::vector<FileSplit> splits =
      SplitFiles(Range(files), {.split_bytes = split_bytes, .splittable = splittable});
  RC_ASSERT(splits.size() <= kMaxSourceTasks);
  size_t file = 0;
  uint64_t at = 0;
  for (const FileSplit& split : splits) {
    RC_ASSERT(split.pieces_size() > 0);
    uint64_t bytes = 0;
    for (const FilePiece& piece : split.pieces()) {
      RC_ASSERT(piece.number() == file && piece.begin() == at);
      RC_ASSERT(piece.end() > at || files[file].second == 0);
      bytes += piece.end() - piece.begin();
      at = piece.end();
      if (at < files[file].second) continue;
      ++file;
      at = 0;
    }
    const uint64_t opened = (split_bytes / 64) * files.size();
    if (splittable) RC_ASSERT(bytes <= std::max(2 * split_bytes, (whole + opened) / 32 + 32));
  }
  RC_ASSERT(file == files.size() && at == 0);
}

}  // namespace
}  // namespace wavetank::runtime
