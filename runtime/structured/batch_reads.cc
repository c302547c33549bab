#include "runtime/structured/batch_reads.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/crc32c.h"
#include "platform/status_macros.h"

namespace wavetank::runtime {
namespace {

using checkpoint::InputFile;
using checkpoint::SourceRange;
using checkpoint::SourceRead;

absl::Status ReadInPart(const InputFile& file) {
  return absl::UnavailableError(
      absl::StrCat("source file ", file.path(),
                   " was lost, or became another, while its batch was read: it is run again"));
}

bool Skipped(const SourceRead& read, int file) {
  return std::ranges::find(read.skipped(), static_cast<uint32_t>(file)) != read.skipped().end();
}

// What one fragment has read of the range. Empty: it does not say.
absl::StatusOr<SourceRead> Together(const SourceRange& range, std::vector<FileRead> pieces) {
  std::ranges::sort(pieces, [](const FileRead& a, const FileRead& b) {
    return std::tie(a.file, a.begin, a.end) < std::tie(b.file, b.begin, b.end);
  });
  SourceRead read;
  if (pieces.empty()) return read;
  read.set_source(range.source());
  size_t next = 0;
  for (int i = 0; i < range.files_size(); ++i) {
    const InputFile& file = range.files(i);
    const size_t first = next;
    uint64_t end = 0;
    uint32_t crc32c = 0;
    bool skipped = false;
    for (; next < pieces.size() && pieces[next].file == static_cast<uint32_t>(i); ++next) {
      const FileRead& piece = pieces[next];
      skipped = skipped || piece.skipped;
      // (Of a compressed file the first piece was all of it.)
      if (piece.begin == piece.end) continue;
      if (piece.begin != end) return ReadInPart(file);
      crc32c = checkpoint::Crc32cOfBoth(crc32c, piece.crc32c, piece.end - piece.begin);
      end = piece.end;
    }
    const bool whole = next > first && (skipped ? end == 0 : end == file.size_bytes());
    if (!whole) return ReadInPart(file);
    if (skipped) read.add_skipped(static_cast<uint32_t>(i));
    read.add_crc32c(crc32c);
  }
  if (next < pieces.size()) {
    return absl::InternalError("a task has read a file that its batch has not");
  }
  return read;
}

const SourceRead* ReadOf(const checkpoint::Prepared& prepared, const std::string& source) {
  const auto found = std::ranges::find_if(
      prepared.reads(), [&](const SourceRead& read) { return read.source() == source; });
  return found == prepared.reads().end() ? nullptr : &*found;
}

}  // namespace

absl::StatusOr<std::vector<SourceRead>> BatchReads(
    const checkpoint::BatchDefinition& definition,
    const std::map<int, FragmentReads>& by_fragment) {
  std::vector<SourceRead> reads;
  for (const SourceRange& range : definition.sources()) {
    std::optional<SourceRead> of_source;
    for (const auto& [fragment, read] : by_fragment) {
      if (read.source != range.source()) continue;
      WT_ASSIGN_OR_RETURN(SourceRead of_fragment, Together(range, read.pieces));
      // Several that read one source have the same rows, or the batch is none.
      for (int i = 0; of_source && i < of_fragment.crc32c_size(); ++i) {
        const bool same = of_fragment.crc32c(i) == of_source->crc32c(i) &&
                          Skipped(of_fragment, i) == Skipped(*of_source, i);
        if (!same) return ReadInPart(range.files(i));
      }
      of_source = std::move(of_fragment);
    }
    if (of_source && of_source->crc32c_size() > 0) reads.push_back(*std::move(of_source));
  }
  return reads;
}

absl::Status CheckReadsAgain(const checkpoint::BatchDefinition& definition,
                             const checkpoint::Prepared& before, const checkpoint::Prepared& now) {
  for (const SourceRange& range : definition.sources()) {
    const SourceRead* const then = ReadOf(before, range.source());
    const SourceRead* const again = ReadOf(now, range.source());
    if (then == nullptr || again == nullptr) continue;
    const int files = std::min({range.files_size(), then->crc32c_size(), again->crc32c_size()});
    for (int i = 0; i < files; ++i) {
      if (Skipped(*then, i) || Skipped(*again, i) || then->crc32c(i) == again->crc32c(i)) continue;
      return absl::DataLossError(absl::StrCat(
          "source file ", range.files(i).path(), " has other bytes (crc32c ",
          absl::Hex(again->crc32c(i), absl::kZeroPad8), ") than when its batch was read before (",
          absl::Hex(then->crc32c(i), absl::kZeroPad8),
          "), and what that came to may have been shown: put the file back as it was, with its "
          "time, and start again"));
    }
  }
  return absl::OkStatus();
}

}  // namespace wavetank::runtime
