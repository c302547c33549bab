// A StreamingContext that runs for real: threads, files, the wall clock.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/dstream/streaming_context.h"

namespace wavetank::runtime {
namespace {

using testing::HasSubstr;

constexpr absl::Duration kBatchInterval = absl::Milliseconds(20);

TEST(StreamingContextForReal, CountsWordsAndStopsWhenAFunctionAsksItTo) {
  StreamingContext ssc(kBatchInterval);
  std::map<std::string, int> seen;
  ssc.QueueStream<std::string>({{"a b", "a"}, {"c"}})
      .FlatMap([](const std::string& line) { return Split(line, ' '); })
      .Map([](const std::string& word) { return std::pair(word, 1); })
      .ReduceByKey(std::plus<>())
      .ForeachRDD([&](const Rdd<std::pair<std::string, int>>& rdd) {
        for (const auto& [word, count] : rdd.Collect()) seen[word] += count;
        if (seen.contains("c")) EXPECT_TRUE(ssc.Stop().ok());
      });
  ASSERT_TRUE(ssc.Start().ok());
  EXPECT_TRUE(ssc.AwaitTermination().ok());
  EXPECT_EQ(seen, (std::map<std::string, int>{{"a", 2}, {"b", 1}, {"c", 1}}));
}

TEST(StreamingContextForReal, GivesTheErrorOfABatch) {
  StreamingContext ssc(kBatchInterval);
  ssc.QueueStream<int>({{1}}).ForeachRDD([](const Rdd<int>& rdd) {
    if (!rdd.IsEmpty()) throw std::runtime_error("one is right out");
  });
  ASSERT_TRUE(ssc.Start().ok());
  EXPECT_THAT(ssc.AwaitTermination().ToString(), HasSubstr("one is right out"));
  EXPECT_TRUE(ssc.Stop().ok());
}

TEST(StreamingContextForReal, ShowsAnyThreadItsAccumulatorsAndStatistics) {
  struct Calls final : StreamingListener {
    void OnStreamingStarted(absl::Time) override { ++started; }
    void OnBatchCompleted(const BatchInfo&) override { ++completed; }
    int started = 0;
    int completed = 0;
  };
  StreamingContext ssc({.master = "local[3]"}, kBatchInterval);
  const auto listener = std::make_shared<Calls>();
  ssc.AddStreamingListener(listener);
  const auto seen = ssc.Accumulator<int64_t>("seen");
  const auto least = ssc.Broadcast(10);
  int64_t shown = 0;
  ssc.QueueStream<int>({{1, 2}, {3}})
      .Repartition(6)
      .Map([seen, least](int row) {
        seen.Add(row);
        return row + least.Value();
      })
      .ForeachRDD([&](const Rdd<int>& rdd) {
        for (const int row : rdd.Collect()) shown += row;
        EXPECT_GE(seen.Value(), 3);
        if (rdd.IsEmpty()) EXPECT_TRUE(ssc.Stop().ok());
      });
  EXPECT_EQ(ssc.Statistics().batches_completed, 0);
  ASSERT_TRUE(ssc.Start().ok());
  EXPECT_TRUE(ssc.AwaitTermination().ok());
  EXPECT_EQ(shown, 36);
  EXPECT_EQ(seen.Value(), 6);
  EXPECT_EQ(listener->started, 1);
  EXPECT_GE(listener->completed, 2);
  EXPECT_EQ(ssc.Statistics().batches_completed, listener->completed);
  EXPECT_EQ(ssc.Statistics().batches_failed, 0);
}

TEST(StreamingContextForReal, RefusesACheckpointThatIsFoundFromWhereItsFilesAreNot) {
  const std::string root = testing::TempDir() + "one_origin";
  for (const auto& [input, checkpoint, relative] :
       {std::tuple("in", root + "/ck", "the input directory in is relative"),
        std::tuple("/tmp", std::string("one_origin_ck"),
                   "the checkpoint directory one_origin_ck is relative")}) {
    StreamingContext ssc(kBatchInterval);
    ssc.Checkpoint(checkpoint);
    ssc.TextFileStream(input).Print();
    const absl::Status started = ssc.Start();
    EXPECT_TRUE(absl::IsInvalidArgument(started)) << started;
    EXPECT_THAT(std::string(started.message()),
                testing::AllOf(HasSubstr(relative), HasSubstr("StreamingConfig::directory")));
    EXPECT_FALSE(std::filesystem::exists(checkpoint));
  }
}

TEST(StreamingContextForReal, GoesOnFromItsCheckpoint) {
  const std::filesystem::path root =
      std::filesystem::path(testing::TempDir()) / "streaming_context_for_real";
  std::filesystem::remove_all(root);
  std::filesystem::create_directories(root / "in");
  std::vector<std::string> lines;
  const auto run_until_line = [&](const std::string& last) {
    StreamingContext* context = nullptr;
    StreamingContext ssc = StreamingContext::GetOrCreate("checkpoint", [&] {
      StreamingContext made({.directory = root.string()}, kBatchInterval);
      made.TextFileStream("in", {.new_files_only = false})
          .ForeachRDD([&](const Rdd<std::string>& rdd) {
            for (std::string& line : rdd.Collect()) lines.push_back(std::move(line));
            if (!lines.empty() && lines.back() == last) EXPECT_TRUE(context->Stop(true).ok());
          });
      return made;
    });
    context = &ssc;
    ASSERT_TRUE(ssc.Start().ok());
    EXPECT_TRUE(ssc.AwaitTermination().ok());
  };
  std::ofstream(root / "in" / "first") << "one\n";
  run_until_line("one");
  std::ofstream(root / "in" / "second") << "two\n";
  run_until_line("two");
  EXPECT_THAT(lines, testing::ElementsAre("one", "two"));
}

// What is no file, or may not be read, is left out; the others go on.
TEST(StreamingContextForReal, ReadsTheFilesBesideAFifoASocketAndALinkToNothing) {
  const std::filesystem::path root =
      std::filesystem::path(testing::TempDir()) / "streaming_context_odd_entries";
  std::filesystem::remove_all(root);
  std::filesystem::create_directories(root / "in" / "folder");
  ASSERT_EQ(::mkfifo((root / "in" / "fifo").c_str(), 0600), 0);
  std::filesystem::create_symlink("/nowhere", root / "in" / "dangling");
  std::filesystem::create_symlink("loop", root / "in" / "loop");
  std::ofstream(root / "in" / "writing.tmp") << "not yet\n";
  std::ofstream(root / "in" / "good") << "one\rtwo\r\nthree\n";
  std::vector<std::string> lines;
  StreamingContext ssc({.directory = root.string()}, kBatchInterval);
  ssc.TextFileStream("in/", {.new_files_only = false}).ForeachRDD([&](const Rdd<std::string>& rdd) {
    for (std::string& line : rdd.Collect()) lines.push_back(std::move(line));
    if (!lines.empty()) EXPECT_TRUE(ssc.Stop().ok());
  });
  ASSERT_TRUE(ssc.Start().ok());
  EXPECT_TRUE(ssc.AwaitTerminationOrTimeout(absl::Seconds(60)).ok());
  EXPECT_THAT(lines, testing::ElementsAre("one", "two", "three"));
}

TEST(StreamingContextForReal, StopsAtACompressedFileByName) {
  const std::filesystem::path root =
      std::filesystem::path(testing::TempDir()) / "streaming_context_compressed";
  std::filesystem::remove_all(root);
  std::filesystem::create_directories(root / "in");
  std::ofstream(root / "in" / "words") << "\x1f\x8b\x08 and so on";
  StreamingContext ssc({.directory = root.string()}, kBatchInterval);
  ssc.TextFileStream("in", {.new_files_only = false}).Print();
  ASSERT_TRUE(ssc.Start().ok());
  EXPECT_THAT(ssc.AwaitTerminationOrTimeout(absl::Seconds(60)).ToString(),
              HasSubstr("in/words is compressed (gzip)"));
}

TEST(StreamingContextForReal, RefusesDirectoriesThatOverlapByALink) {
  const std::filesystem::path root =
      std::filesystem::path(testing::TempDir()) / "streaming_context_links";
  std::filesystem::remove_all(root);
  std::filesystem::create_directories(root / "in" / "deep");
  std::filesystem::create_symlink("in/deep", root / "ck");
  StreamingContext ssc({.directory = root.string()}, kBatchInterval);
  ssc.Checkpoint("ck");
  ssc.TextFileStream("in").Print();
  EXPECT_THAT(ssc.Start().ToString(),
              HasSubstr("the input directory in and the checkpoint directory ck overlap"));
  EXPECT_TRUE(std::filesystem::is_empty(root / "in" / "deep"));
}

TEST(StreamingContextForReal, RefusesWhatItCannotRunByName) {
  StreamingContext spark({.master = "yarn"}, kBatchInterval);
  spark.QueueStream<int>({{1}}).Print();
  EXPECT_THAT(spark.Start().ToString(), HasSubstr("master \"yarn\""));
  EXPECT_THAT(spark.AwaitTermination().ToString(), HasSubstr("master \"yarn\""));

  StreamingContext idle(kBatchInterval);
  EXPECT_TRUE(absl::IsFailedPrecondition(idle.AwaitTermination()));
  EXPECT_TRUE(absl::IsFailedPrecondition(idle.Start()));
}

}  // namespace
}  // namespace wavetank::runtime
