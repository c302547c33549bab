#include "runtime/connectors/file_source.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/crc32c.h"
#include "tests/platform/loop_host.h"
#include "tests/runtime/memory_store.h"

namespace wavetank::runtime {
namespace {

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
    const auto files = Run(source.Discover());
    EXPECT_TRUE(files.ok()) << files.status();
    std::vector<std::string> names;
    for (const SourceFile& file : *files) names.push_back(file.path);
    return names;
  }
  // The chunks, or the error that ended them.
  absl::Status ReadAll(const SourceFile& file, int64_t chunk_bytes,
                       std::vector<std::string>& chunks) {
    SourceFileReader reader(store_, file, chunk_bytes);
    while (true) {
      auto chunk = Run(reader.Next());
      if (!chunk.ok()) return chunk.status();
      if (!*chunk) return absl::OkStatus();
      chunks.push_back(**chunk);
    }
  }
  SourceFile Measured(const std::string& path) {
    const std::string& content = store_.files[path];
    return {path, content.size(), checkpoint::Crc32c(content)};
  }

  platform::LoopHost host_;
  MemoryStore store_{host_.executor};
  checkpoint::SeenPaths seen_;
};

TEST_F(FileSourceTest, SelectsPlainFilesInTheOrderOfTheirNames) {
  store_.files = {{"in/b", "2\n"}, {"in/a", "1\n"},      {"in/.c", ""},
                  {"in/_d", ""},   {"in/sub/e", "no\n"}, {"other/f", ""}};
  FileSource source(store_, seen_, {.directory = "in"});
  EXPECT_THAT(*Run(source.Discover()), ElementsAre(Measured("in/a"), Measured("in/b")));
}

TEST_F(FileSourceTest, GivesAFileOnceADefinitionNamesItNoMore) {
  store_.files = {{"in/a", "1\n"}};
  FileSource source(store_, seen_, {.directory = "in"});
  EXPECT_THAT(Names(source), ElementsAre("in/a"));
  EXPECT_THAT(Names(source), ElementsAre("in/a"));  // nothing is taken by looking
  seen_.Hold("in/a");
  EXPECT_THAT(Names(source), IsEmpty());
  // Also one that sorts before the others, and came later.
  store_.files["in/0"] = "0\n";
  EXPECT_THAT(Names(source), ElementsAre("in/0"));
}

// What is remembered is bounded by what the directory holds: a name goes when the log no longer
// has a batch of it, and the file is gone.
TEST_F(FileSourceTest, RemembersANameWhileABatchHoldsItOrTheFileIsThere) {
  store_.files = {{"in/a", "1\n"}, {"in/b", "2\n"}, {"in/c", "3\n"}};
  FileSource source(store_, seen_, {.directory = "in"});
  seen_.Hold("in/a");
  seen_.Hold("in/b");
  seen_.Drop("in/b");
  seen_.Hold("in/c");
  seen_.Drop("in/c");
  store_.files.erase("in/a");
  store_.files.erase("in/b");
  EXPECT_THAT(Names(source), IsEmpty());
  EXPECT_THAT(seen_.dropped(), ElementsAre("in/c"));
  store_.files["in/a"] = "held by a batch\n";
  store_.files["in/b"] = "another\n";
  EXPECT_THAT(Names(source), ElementsAre("in/b"));
}

TEST_F(FileSourceTest, TakesNoMoreThanItsLimitATrigger) {
  store_.files = {{"in/a", ""}, {"in/b", ""}, {"in/c", ""}};
  FileSource source(store_, seen_, {.directory = "in", .max_files_per_trigger = 2});
  EXPECT_THAT(Names(source), ElementsAre("in/a", "in/b"));
}

TEST_F(FileSourceTest, FindsNothingNewOnceFrozen) {
  store_.files = {{"in/a", ""}};
  FileSource source(store_, seen_, {.directory = "in"});
  ASSERT_TRUE(Run(source.FreezeAvailable()).ok());
  store_.files["in/b"] = "";
  EXPECT_THAT(Names(source), ElementsAre("in/a"));
}

TEST_F(FileSourceTest, ReadsWholeLinesWhateverTheChunk) {
  const std::string content = "one\nzwei\n\nthis is a longer line\nlast";
  store_.files["in/a"] = content;
  for (int64_t chunk_bytes = 1; chunk_bytes <= 64; ++chunk_bytes) {
    std::vector<std::string> chunks;
    ASSERT_TRUE(ReadAll(Measured("in/a"), chunk_bytes, chunks).ok());
    std::string all;
    for (size_t i = 0; i < chunks.size(); ++i) {
      if (i + 1 < chunks.size()) EXPECT_TRUE(chunks[i].ends_with('\n')) << chunk_bytes;
      all += chunks[i];
    }
    EXPECT_EQ(all, content) << chunk_bytes;
  }
}

TEST_F(FileSourceTest, StopsByNameAtAFileThatIsNotWhatItWas) {
  store_.files["in/a"] = "one\ntwo\n";
  const SourceFile file = Measured("in/a");
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"one\n", "shrunk"}, {"one\ntwo\nthree\n", "grown"}, {"one\ntwa\n", "changed"}};
  for (const auto& [content, how] : changes) {
    store_.files["in/a"] = content;
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
