#include "runtime/connectors/directory_uses.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "platform/check.h"
#include "runtime/connectors/file_sink.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/golden_files.h"

namespace wavetank::runtime {
namespace {

using simulator::SimWorld;
using ::testing::HasSubstr;
using Use = JobDirectory::Use;

// A query's checkpoint, a stream's and a sink as a build wrote them.
constexpr char kGolden[] = "tests/data/checkpoint/v4/names";

class DirectoryUses : public ::testing::Test {
 protected:
  DirectoryUses() : disk_(world_.AddMachine("m").disk()) {
    for (const auto& [path, content] : checkpoint::ReadGoldenFiles(kGolden)) {
      disk_.Put(path, content);
    }
  }

  std::string Why(Use use, const std::string& path, CheckpointOf engine) {
    const std::vector<std::string> before = disk_.image().Files("");
    absl::Status status;
    Run([&](platform::Node& node, bool& done) {
      return Check(node, {{.use = use, .path = path}}, engine, status, done);
    });
    EXPECT_EQ(disk_.image().Files(""), before);
    EXPECT_TRUE(status.ok() || absl::IsFailedPrecondition(status)) << status;
    return std::string(status.message());
  }
  std::string WhyNotSinkOf(const std::string& query_id) {
    absl::Status status;
    Run([&](platform::Node& node, bool& done) {
      return CheckSink(node, "sink", query_id, status, done);
    });
    return std::string(status.message());
  }

  static platform::Task<void> Check(platform::Node& node, std::vector<JobDirectory> directories,
                                    CheckpointOf engine, absl::Status& status, bool& done) {
    checkpoint::LocalStore store(node, "");
    status = co_await CheckUses(store, std::move(directories), engine);
    done = true;
  }
  static platform::Task<void> CheckSink(platform::Node& node, std::string directory,
                                        std::string query_id, absl::Status& status, bool& done) {
    checkpoint::LocalStore store(node, "");
    status = co_await CheckSinkIsOf(store, std::move(directory), std::move(query_id));
    done = true;
  }
  template <typename Main>
  void Run(const Main& main) {
    bool done = false;
    world_.Start("m", {"p", {{"node", [&](platform::Node& node) { return main(node, done); }}}});
    WT_CHECK(world_.RunUntil([&done] { return done; }) == simulator::RunEnd::kDone);
  }

  SimWorld world_{{.seed = 1}};
  simulator::SimDisk& disk_;
};

TEST_F(DirectoryUses, EachMayBeWhatItIs) {
  for (const CheckpointOf engine : {CheckpointOf::kQuery, CheckpointOf::kStream}) {
    const bool of_query = engine == CheckpointOf::kQuery;
    EXPECT_EQ(Why(Use::kCheckpoint, of_query ? "query" : "graph", engine), "");
    EXPECT_EQ(Why(Use::kCheckpoint, "new/one", engine), "");
    EXPECT_EQ(Why(Use::kOutput, "sink", engine), "");
    EXPECT_EQ(Why(Use::kOutput, "new", engine), "");
    EXPECT_EQ(Why(Use::kOutputPrefix, "counts", engine), "");
    EXPECT_EQ(Why(Use::kOutputPrefix, "sink/counts", engine), "");
    EXPECT_EQ(Why(Use::kInput, "sink", engine), "");
    EXPECT_EQ(Why(Use::kInput, "log/state/blocks", engine), "");
  }
}

TEST_F(DirectoryUses, OfACheckpointThereIsNoOther) {
  EXPECT_EQ(Why(Use::kCheckpoint, "query", CheckpointOf::kStream),
            "the checkpoint directory query is the checkpoint of a query: give the job another "
            "directory for that");
  EXPECT_THAT(Why(Use::kCheckpoint, "graph", CheckpointOf::kQuery),
              HasSubstr("graph is the checkpoint of a DStream program"));
  for (const CheckpointOf engine : {CheckpointOf::kQuery, CheckpointOf::kStream}) {
    for (const Use use : {Use::kInput, Use::kOutput}) {
      EXPECT_THAT(Why(use, "query", engine), HasSubstr("query is the checkpoint of a query"));
      EXPECT_THAT(Why(use, "graph", engine),
                  HasSubstr("graph is the checkpoint of a DStream program"));
      EXPECT_THAT(Why(use, "query/log", engine), HasSubstr("is the log of a query's checkpoint"));
      EXPECT_THAT(Why(use, "query/state/2/1", engine),
                  HasSubstr("lies in the checkpoint of a query, query"));
      EXPECT_THAT(Why(use, "graph/blocks", engine),
                  HasSubstr("lies in the checkpoint of a DStream program, graph"));
    }
    EXPECT_THAT(Why(Use::kOutputPrefix, "query/x", engine),
                HasSubstr("the output directory query/x-* is the checkpoint of a query"));
    EXPECT_THAT(Why(Use::kOutputPrefix, "graph/x", engine), HasSubstr("of a DStream program"));
    EXPECT_THAT(Why(Use::kCheckpoint, "query/log", engine),
                HasSubstr("is the log of a query's checkpoint"));
  }
}

TEST_F(DirectoryUses, AnOutputIsNoCheckpoint) {
  for (const CheckpointOf engine : {CheckpointOf::kQuery, CheckpointOf::kStream}) {
    EXPECT_THAT(Why(Use::kCheckpoint, "sink", engine), HasSubstr("sink is the output of a query"));
    for (const Use use : {Use::kCheckpoint, Use::kInput, Use::kOutput}) {
      EXPECT_THAT(Why(use, "sink/_wavetank", engine),
                  HasSubstr("is the manifest of a query's output"));
      EXPECT_THAT(Why(use, "sink/_wavetank/staged", engine),
                  HasSubstr("lies in the output of a query, sink"));
    }
  }
}

// Where an engine puts its log there is another's.
TEST_F(DirectoryUses, ALogOfAnotherKindIsInNobodysPlace) {
  for (const auto& [path, content] : checkpoint::ReadGoldenFiles(kGolden)) {
    if (path.starts_with("graph/")) {
      disk_.Put("a/log" + path.substr(5), content);
      disk_.Put("b/_wavetank" + path.substr(5), content);
    }
  }
  EXPECT_THAT(Why(Use::kCheckpoint, "a", CheckpointOf::kQuery),
              HasSubstr("a has what is no query's log in log"));
  EXPECT_THAT(Why(Use::kOutput, "b", CheckpointOf::kQuery),
              HasSubstr("b has what is no manifest in _wavetank"));
  EXPECT_EQ(Why(Use::kCheckpoint, "a/log", CheckpointOf::kStream), "");
}

TEST_F(DirectoryUses, ASinkIsOfOneQuery) {
  EXPECT_EQ(WhyNotSinkOf("golden"), "");
  EXPECT_THAT(WhyNotSinkOf("x"), HasSubstr("sink sink belongs to query golden, this is query x"));
  EXPECT_THAT(WhyNotSinkOf(""), HasSubstr("belongs to query golden, this is a new query"));
}

}  // namespace
}  // namespace wavetank::runtime
