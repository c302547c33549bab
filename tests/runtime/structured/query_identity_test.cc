// What a query refuses, by name, when it finds a checkpoint that is not its own or not whole.
#include "runtime/structured/query_identity.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/structured/query_jobs.h"
#include "tests/runtime/structured/query_world.h"

namespace wavetank::runtime {
namespace {

using ::testing::HasSubstr;

class MicroBatchRefusal : public ::testing::Test {
 protected:
  MicroBatchRefusal() : world_(9, WordCountJob("update"), AvailableNow()) {
    PutWords(world_);
    world_.SetFault({.step = "batch.defined", .process = "", .number = 2});
    EXPECT_FALSE(world_.RunDriver().has_value());
  }
  absl::Status Run(QueryJob job, QueryOptions options = AvailableNow()) {
    std::optional<absl::Status> ended;
    world_.RunAside([&](platform::Node& node) {
      return world_.DriverMain(node, "m:7000", options, ended, job);
    });
    return ended.value_or(absl::InternalError("it does not end"));
  }
  // Refused, and whoever owns the logs still does.
  absl::Status Refused(QueryJob job, QueryOptions options = AvailableNow()) {
    const size_t before = Epochs();
    absl::Status status = Run(std::move(job), std::move(options));
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    EXPECT_EQ(Epochs(), before) << "it has fenced the one that it is not";
    return status;
  }
  size_t Epochs() {
    const auto files = world_.world().machine("m").disk().image().Files("");
    return static_cast<size_t>(std::ranges::count_if(
        files, [](const std::string& file) { return file.find("/epoch-") != std::string::npos; }));
  }
  void Remove(const std::string& path) {
    world_.RunAside([&path](platform::Node& node) { return RemoveFile(node, path); });
  }
  static Task<void> RemoveFile(platform::Node& node, std::string path) {
    checkpoint::LocalStore store(node, "store");
    const auto files = co_await store.List(path);
    if (!files.ok()) {  // a file
      const absl::Status removed = co_await store.Remove(path);
      EXPECT_TRUE(removed.ok()) << removed;
      co_return;
    }
    for (const checkpoint::StoredFile& file : *files) {
      if (file.kind == platform::FileKind::kDirectory) continue;
      const absl::Status removed = co_await store.Remove(absl::StrCat(path, "/", file.name));
      EXPECT_TRUE(removed.ok()) << removed;
    }
  }

  QueryWorld world_;
};

TEST_F(MicroBatchRefusal, AnotherStatefulPlan) {
  const absl::Status status = Refused(WordCountJob("complete"));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("begun with output mode 'update', this job has 'complete'"));
}

TEST_F(MicroBatchRefusal, AnotherJobVersion) {
  QueryOptions options = AvailableNow();
  options.job_version = "2";
  const absl::Status status = Refused(WordCountJob("update"), options);
  EXPECT_THAT(std::string(status.message()), HasSubstr("job version '1', this job has '2'"));
}

TEST_F(MicroBatchRefusal, AnotherSinkDirectory) {
  const absl::Status status = Refused(WordCountJob("update", "1", "elsewhere"));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("sink.path 'out', this job has 'elsewhere'"));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("only been moved, move it back, or make 'out' a link to it"));
}

// As its address, or a topic: the query goes on there, and says so.
TEST(QueryIdentity, ASinkInAnotherSystemMayMove) {
  const QueryIdentity there{.state_fingerprint = "",
                            .job_version = "1",
                            .build_id = "",
                            .source_names = {"in"},
                            .sink_name = "log",
                            .sink_place = "address=a:1 topic=x"};
  const checkpoint::QueryMetadata begun = NewQueryMetadata("id", there);
  QueryIdentity elsewhere = there;
  elsewhere.sink_place = "address=a:1 topic=y";
  for (const QueryIdentity& now : {there, elsewhere}) {
    const auto pinned = CheckCompatible(begun, nullptr, now);
    ASSERT_TRUE(pinned.ok()) << pinned.status();
    EXPECT_EQ(pinned->sink_place, "address=a:1 topic=x");
  }
}

TEST_F(MicroBatchRefusal, ASourceFileThatIsGoneOrChanged) {
  world_.Put("b.txt", "the rest is Silence\nto die to sleep");
  absl::Status status = Run(WordCountJob("update"));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("in/b.txt has changed"));
  Remove("in/b.txt");
  status = Run(WordCountJob("update"));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("in/b.txt has vanished"));
}

TEST_F(MicroBatchRefusal, ASinkThatHasLostItsManifest) {
  Remove("out/_wavetank");
  const absl::Status status = Run(WordCountJob("update"));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("the sink has lost a batch"));
}

TEST_F(MicroBatchRefusal, ACheckpointThatHasLostItsLog) {
  Remove("checkpoint/log");
  const absl::Status status = Run(WordCountJob("update"));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("there is state in checkpoint/state"));
}

}  // namespace
}  // namespace wavetank::runtime
