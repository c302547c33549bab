#include "runtime/connectors/file_source.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/crc32c.h"
#include "runtime/connectors/file_bytes.h"
#include "tests/platform/loop_host.h"
#include "tests/platform/manual_clock.h"
#include "tests/runtime/memory_store.h"

namespace wavetank::runtime {
namespace {

using checkpoint::InputFile;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <typename T>
Task<void> KeepResult(Task<T> task, std::optional<T>& out) {
  out.emplace(co_await task);
}

class FileSourceTest : public ::testing::Test {
 protected:
  template <typename T>
  T Run(Task<T> task) {
    std::optional<T> out;
    host_.executor.Spawn("test", KeepResult(std::move(task), out));
    host_.RunUntilIdle();
    return *std::move(out);
  }
  std::vector<std::string> Names(FileSource& source) {
    std::vector<std::string> names;
    for (const InputFile& file : Files(source)) names.push_back(file.path());
    return names;
  }
  std::vector<InputFile> Files(FileSource& source) {
    const auto found = Run(source.Define("0"));
    EXPECT_TRUE(found.ok()) << found.status();
    if (!found.ok()) return {};
    EXPECT_EQ(found->range.end_offset(), absl::StrCat(found->range.files_size()));
    return {found->range.files().begin(), found->range.files().end()};
  }
  // "in", with what is said of it, and no limits otherwise.
  static FileSourceOptions WholeDirectory(FileSourceOptions options = {}) {
    options.directory = "in";
    if (options.max_bytes_per_trigger == 0) options.max_bytes_per_trigger = kDefaultBatchBytes;
    return options;
  }
  // One that finds what is there now and nothing else.
  void Freeze(FileSource& source) {
    const auto frozen = Run(source.Freeze());
    ASSERT_TRUE(frozen.ok()) << frozen.status();
    ASSERT_TRUE(source.StopAt(*frozen).ok());
  }
  // The chunks, or the error that ended them.
  absl::Status ReadAll(const FilePiece& file, int64_t chunk_bytes,
                       std::vector<std::string>& chunks) {
    FileBytes reader(host_.executor, store_, file, "", chunk_bytes);
    while (true) {
      auto chunk = Run(reader.Next());
      if (!chunk.ok()) return chunk.status();
      if (!*chunk) return absl::OkStatus();
      chunks.push_back(**chunk);
    }
  }
  FilePiece Measured(const std::string& path) {
    const std::string& content = store_.files[path];
    FilePiece file;
    file.set_path(path);
    file.set_size_bytes(content.size());
    file.set_modified_ns(absl::ToUnixNanos(absl::UnixEpoch() + absl::Seconds(1)));
    store_.modified[path] = absl::FromUnixNanos(file.modified_ns());
    file.set_end(content.size());
    return file;
  }

  SourceHost Host() {
    return {.clock = clock_, .log = [this](platform::LogLevel, std::string text) {
              said_.push_back(std::move(text));
            }};
  }

  platform::LoopHost host_;
  platform::ManualClock clock_;
  std::vector<std::string> said_;
  MemoryStore store_{host_.executor};
  checkpoint::SeenPaths seen_;
};

TEST_F(FileSourceTest, SelectsPlainFilesInTheOrderOfTheirNames) {
  store_.files = {{"in/b", "2\n"}, {"in/a", "1\n"},      {"in/.c", ""},
                  {"in/_d", ""},   {"in/sub/e", "no\n"}, {"other/f", ""}};
  FileSource source(Host(), store_, seen_, WholeDirectory());
  for (const char* path : {"in/a", "in/b"}) Measured(path);
  const std::vector<InputFile> files = Files(source);
  ASSERT_EQ(files.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    const FilePiece measured = Measured(i == 0 ? "in/a" : "in/b");
    EXPECT_EQ(files[i].path(), measured.path());
    EXPECT_EQ(files[i].size_bytes(), measured.size_bytes());
    EXPECT_EQ(files[i].modified_ns(), measured.modified_ns());
  }
}

TEST_F(FileSourceTest, GivesAFileOnceADefinitionNamesItNoMore) {
  store_.files = {{"in/a", "1\n"}};
  FileSource source(Host(), store_, seen_, WholeDirectory());
  EXPECT_THAT(Names(source), ElementsAre("in/a"));
  EXPECT_THAT(Names(source), ElementsAre("in/a"));  // nothing is taken by looking
  seen_.Hold("in/a", "1");
  EXPECT_THAT(Names(source), IsEmpty());
  // Also one that sorts before the others, and came later.
  store_.files["in/0"] = "0\n";
  EXPECT_THAT(Names(source), ElementsAre("in/0"));
}

TEST_F(FileSourceTest, TakesNoMoreThanItsLimitATrigger) {
  store_.files = {{"in/a", ""}, {"in/b", ""}, {"in/c", ""}};
  FileSource source(Host(), store_, seen_, WholeDirectory({.max_files_per_trigger = 2}));
  EXPECT_THAT(Names(source), ElementsAre("in/a", "in/b"));
}

TEST_F(FileSourceTest, TakesNoMoreBytesATriggerButAlwaysAFile) {
  store_.files = {{"in/a", "12345"}, {"in/b", "12"}, {"in/c", "345"}, {"in/d", "6"}};
  FileSource source(Host(), store_, seen_, WholeDirectory({.max_bytes_per_trigger = 5}));
  EXPECT_THAT(Names(source), ElementsAre("in/a"));
  seen_.Hold("in/a", "1");
  EXPECT_THAT(Names(source), ElementsAre("in/b", "in/c"));
  FileSource little(Host(), store_, seen_, WholeDirectory({.max_bytes_per_trigger = 1}));
  EXPECT_THAT(Names(little), ElementsAre("in/b"));
}

TEST_F(FileSourceTest, FindsNothingNewOnceFrozen) {
  store_.files = {{"in/a", ""}};
  FileSource source(Host(), store_, seen_, WholeDirectory());
  const std::string frozen = Run(source.Freeze()).value();
  ASSERT_TRUE(source.StopAt(frozen).ok());
  store_.files["in/b"] = "";
  EXPECT_THAT(Names(source), ElementsAre("in/a"));
  // Nor does a source that goes on for it.
  FileSource next(Host(), store_, seen_, WholeDirectory());
  ASSERT_TRUE(next.StopAt(frozen).ok());
  EXPECT_THAT(Names(next), ElementsAre("in/a"));
}

TEST_F(FileSourceTest, AFrozenFileThatIsGoneBeforeItsTurnIsLost) {
  store_.files = {{"in/a", ""}, {"in/b", ""}, {"in/c", ""}};
  FileSource source(Host(), store_, seen_, WholeDirectory({.max_files_per_trigger = 1}));
  Freeze(source);
  store_.files.erase("in/b");
  EXPECT_THAT(Names(source), ElementsAre("in/a"));
  seen_.Hold("in/a", "1");
  const auto found = Run(source.Define("0"));
  EXPECT_EQ(found.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(found.status().message()),
              HasSubstr("in/b vanished after it was listed"));
}

TEST_F(FileSourceTest, AFrozenFileThatIsGoneIsSkippedAndSaidOnceWhenTheJobSaysSo) {
  store_.files = {{"in/a", ""}, {"in/b", ""}, {"in/c", ""}};
  FileSource source(Host(), store_, seen_, WholeDirectory({.files = {.lost = LostFiles::kSkip}}));
  Freeze(source);
  store_.files.erase("in/b");
  EXPECT_THAT(Names(source), ElementsAre("in/a", "in/c"));
  EXPECT_THAT(Names(source), ElementsAre("in/a", "in/c"));
  EXPECT_THAT(said_, ElementsAre(HasSubstr("in/b vanished after it was listed: it is skipped")));
}

TEST_F(FileSourceTest, WhatIsFrozenAndAwayWithItsDirectoryIsToCome) {
  store_.files = {{"in/a", ""}};
  FileSource source(Host(), store_, seen_, WholeDirectory());
  Freeze(source);
  std::map<std::string, std::string> away;
  std::swap(away, store_.files);
  store_.identity = "";
  const auto found = Run(source.Define("0"));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->range.files(), IsEmpty());
  EXPECT_TRUE(found->away);
  std::swap(away, store_.files);
  store_.identity = "1";
  EXPECT_THAT(Names(source), ElementsAre("in/a"));
}

TEST_F(FileSourceTest, AFrozenFileThatWasReadAndIsForgottenIsNotLost) {
  store_.files = {{"in/a", ""}, {"in/b", ""}};
  FileSource source(Host(), store_, seen_, WholeDirectory({.max_files_per_trigger = 1}));
  Freeze(source);
  seen_.Hold("in/a", "1");
  EXPECT_THAT(Names(source), ElementsAre("in/b"));
  store_.files.erase("in/a");
  EXPECT_THAT(Names(source), ElementsAre("in/b"));
  clock_.Advance(absl::Hours(1));
  const auto found = Run(source.Define("0"));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->forgotten, ElementsAre("in/a"));
  seen_.Forget("in/a");
  EXPECT_THAT(Names(source), ElementsAre("in/b"));
}

TEST_F(FileSourceTest, ReadsAllBytesWhateverTheChunk) {
  const std::string content = "one\nzwei\n\nthis is a longer line\r\n\rthird\r\rlast";
  store_.files["in/a"] = content;
  for (int64_t chunk_bytes = 1; chunk_bytes <= 64; ++chunk_bytes) {
    std::vector<std::string> chunks;
    ASSERT_TRUE(ReadAll(Measured("in/a"), chunk_bytes, chunks).ok());
    EXPECT_EQ(absl::StrJoin(chunks, ""), content) << chunk_bytes;
  }
}

// Before a batch is defined with it, so that it can be left out.
TEST_F(FileSourceTest, RefusesCompressedFilesByName) {
  store_.files = {{"in/a.bz2", "text"}};
  FileSource source(Host(), store_, seen_, WholeDirectory());
  const auto found = Run(source.Define("0"));
  EXPECT_EQ(found.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(found.status().message()), HasSubstr("in/a.bz2 is compressed"));
  EXPECT_THAT(std::string(found.status().message()), HasSubstr("ignoreNames=*.bz2"));
  FileSource told(Host(), store_, seen_, WholeDirectory({.files = {.ignored_names = {"*.bz2"}}}));
  EXPECT_THAT(Names(told), IsEmpty());
}

TEST_F(FileSourceTest, RefusesCompressedFilesByTheirFirstBytes) {
  for (const std::string content : {"PK\x03\x04rest", "BZh91AY&SY", "BZh91AY&SY and more"}) {
    store_.files["in/a"] = content;
    const FilePiece whole = Measured("in/a");
    for (const uint64_t begin : {0U, 3U}) {
      FilePiece piece = whole;
      piece.set_begin(begin);
      std::vector<std::string> chunks;
      const absl::Status status = ReadAll(piece, 1 << 20, chunks);
      EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
      EXPECT_THAT(std::string(status.message()), HasSubstr("in/a is compressed"));
    }
  }
  store_.files["in/a"] = "BZh, a line of text\n";
  std::vector<std::string> chunks;
  EXPECT_TRUE(ReadAll(Measured("in/a"), 1 << 20, chunks).ok());
}

// The first piece of a compressed file is all of it, and the others are nothing.
TEST_F(FileSourceTest, ACompressedFileIsReadByOne) {
  const std::string content = "\x1f\x8b\x08 whatever\nit holds\n";
  store_.files["in/a"] = content;
  FilePiece piece = Measured("in/a");
  piece.set_end(5);
  std::vector<std::string> chunks;
  ASSERT_TRUE(ReadAll(piece, 4, chunks).ok());
  EXPECT_EQ(absl::StrJoin(chunks, ""), content);
  piece.set_begin(5);
  piece.set_end(content.size());
  chunks.clear();
  ASSERT_TRUE(ReadAll(piece, 4, chunks).ok());
  EXPECT_THAT(chunks, IsEmpty());
}

// Its batch was defined by an older build.
TEST_F(FileSourceTest, StopsByNameAtAFileWhoseChecksumIsAnother) {
  store_.files["in/a"] = "one\ntwo\n";
  FilePiece file = Measured("in/a");
  file.set_crc32c(checkpoint::Crc32c("one\ntwo\n"));
  std::vector<std::string> chunks;
  EXPECT_TRUE(ReadAll(file, 1 << 20, chunks).ok());
  store_.files["in/a"] = "one\ntwa\n";
  const absl::Status status = ReadAll(file, 1 << 20, chunks);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("in/a has changed"));
}

TEST_F(FileSourceTest, StopsByNameAtAFileThatIsNotWhatItWas) {
  store_.files["in/a"] = "one\ntwo\n";
  const FilePiece file = Measured("in/a");
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"one\n", "shrunk"}, {"one\ntwo\nthree\n", "grown"}, {"one\ntwa\n", "changed"}};
  for (const auto& [content, how] : changes) {
    store_.files["in/a"] = content;
    store_.modified["in/a"] += absl::Nanoseconds(1);
    std::vector<std::string> chunks;
    const absl::Status status = ReadAll(file, 1 << 20, chunks);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), HasSubstr("in/a has " + how));
  }
  store_.files.clear();
  std::vector<std::string> chunks;
  const absl::Status status = ReadAll(file, 1 << 20, chunks);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("in/a has vanished"));
}

}  // namespace
}  // namespace wavetank::runtime
