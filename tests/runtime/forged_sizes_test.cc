// Sizes and counts in what a peer says that knows the cluster's secret: none is believed, so that
// nothing is made room for that has not come.
#include <climits>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "platform/check.h"
#include "platform/little_endian.h"
#include "runtime/cluster/messages.h"
#include "runtime/columnar/record_batch.h"
#include "runtime/dstream/driver.h"
#include "runtime/dstream/streaming_context.h"
#include "runtime/dstream/wire.h"
#include "simulator/sim_world.h"
#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

using platform::Node;
using testing::HasSubstr;

TEST(ForgedSizes, OfPartitionsOfAPlan) {
  QueryBuilder builder;
  const DataFrame counts = builder.Source().GroupBy({Col("value")}).Count();
  EXPECT_TRUE(CompileFrame(counts, "update", {.shuffle_partitions = 1024}).ok());
  const absl::Status refused =
      CompileFrame(counts, "update", {.shuffle_partitions = INT_MAX}).status();
  EXPECT_THAT(refused.ToString(), HasSubstr("a physical plan: 2147483647 partitions"));
}

// Of a task, what a body asks before it runs.
class Alone final : public TaskContext {
 public:
  explicit Alone(Node& node) : node_(node), store_(node, "") {}
  Node& node() override { return node_; }
  checkpoint::Store& store() override { return store_; }
  const TaskId& id() const override { return id_; }
  Task<absl::StatusOr<std::vector<ShuffleBlock>>> FetchShuffle(int) override {
    co_return std::vector<ShuffleBlock>();
  }
  Task<absl::StatusOr<std::vector<ShuffleBlock>>> FetchOutputs() override {
    co_return std::vector<ShuffleBlock>();
  }
  void LetGoOfShuffle(int, int) override {}
  void PutShuffle(int, std::shared_ptr<const platform::Attachment>) override {}
  Task<absl::StatusOr<std::string>> CallDriver(std::string, std::string, absl::Duration) override {
    co_return std::string();
  }

 private:
  Node& node_;
  checkpoint::LocalStore store_;
  const TaskId id_{.driver = "d", .graph = 1, .stage = 0, .partition = 0, .attempt = 0};
};

Task<void> RunTask(Node& node, const StreamingGraph& graph, BatchTask task, absl::Status& ended,
                   bool& done) {
  TaskRegistry registry;
  RegisterTasks(graph, registry);
  Alone context(node);
  const auto result = co_await registry.at(kBatchTaskKind)->Run(context, EncodeToString(task));
  ended = result.status();
  done = true;
}

absl::Status EndOf(int64_t head, int64_t side, int64_t targets) {
  StreamingContext context(absl::Seconds(1));
  context.TextFileStream("in")
      .Map([](const std::string& line) { return std::pair(line, int64_t{1}); })
      .ReduceByKey([](int64_t a, int64_t b) { return a + b; })
      .SaveAsTextFiles("out/counts");
  BatchTask forged;
  forged.head = head;
  forged.narrow = {1};
  forged.tail = 2;
  forged.side = side;
  forged.targets = targets;
  simulator::SimWorld world({.seed = 1});
  world.AddMachine("m");
  absl::Status ended = absl::UnknownError("not over");
  bool done = false;
  world.Start("m", {"p", {{"node", [&](Node& node) {
                             return RunTask(node, context.graph(), forged, ended, done);
                           }}}});
  WT_CHECK(world.RunUntil([&done] { return done; }) == simulator::RunEnd::kDone);
  return ended;
}

TEST(ForgedSizes, OfPartitionsOfADStreamsTask) {
  EXPECT_TRUE(EndOf(0, 0, 4).ok());
  const std::vector<std::tuple<int64_t, int64_t, int64_t>> forged = {{0, 0, int64_t{1} << 31},
                                                                     {0, 0, INT64_MAX},
                                                                     {0, 0, -1},
                                                                     {int64_t{1} << 40, 0, 4},
                                                                     {-1, 0, 4},
                                                                     {0, 1, 4},
                                                                     {0, -1, 4},
                                                                     {3, 0, 4}};
  for (const auto& [head, side, targets] : forged) {
    const absl::Status refused = EndOf(head, side, targets);
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
    EXPECT_THAT(std::string(refused.message()),
                HasSubstr(absl::StrCat("from operator ", head, " to 2, of side ", side, " for ",
                                       targets, " partitions, is none of its plan")));
  }
}

TEST(ForgedSizes, OfFieldsOfAMessage) {
  cluster::FetchRequest request;
  for (int i = 0; i < 1000; ++i) request.add_sources();
  const std::string thousand = request.SerializeAsString();
  EXPECT_TRUE(ParseMessage(thousand, request));
  EXPECT_EQ(request.sources_size(), 1000);
  EXPECT_FALSE(ParseMessage(thousand, request, 999));
  std::string million;
  while (million.size() < thousand.size() << 11) million += thousand;
  EXPECT_FALSE(ParseMessage(million, request));
  EXPECT_FALSE(ParseMessage("\xff", request));
}

TEST(ForgedSizes, OfRowsOfABatch) {
  ColumnBuilder numbers(DataType::kInt64);
  numbers.Int64(1).Int64(2).Int64(3);
  const RecordBatch batch(
      std::make_shared<const Schema>(std::vector<Field>{{"n", DataType::kInt64}}),
      {numbers.Finish()}, 3);
  std::string bytes = batch.Encode();
  ASSERT_TRUE(RecordBatch::Decode(bytes).ok());
  for (const uint64_t rows : {uint64_t{4}, uint64_t{1} << 39, uint64_t{1} << 60, UINT64_MAX}) {
    std::string forged;
    platform::AppendNumber(rows, forged);
    bytes.replace(8, forged.size(), forged);  // behind the magic and the number of columns
    const absl::Status refused = RecordBatch::Decode(bytes).status();
    EXPECT_TRUE(absl::IsDataLoss(refused)) << refused;
  }
}

}  // namespace
}  // namespace wavetank::runtime
