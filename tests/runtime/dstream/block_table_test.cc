#include "runtime/dstream/block_table.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A cluster that has lost some graphs' outputs.
class Keeping final : public Cluster {
 public:
  int worker_count() const override { return 1; }
  Task<absl::Status> WaitForWorkers(int, absl::Duration) override { co_return absl::OkStatus(); }
  Task<absl::StatusOr<GraphResults>> Run(StageGraph) override { co_return GraphResults(); }
  bool IsKept(const TaskOutput& output) const override { return !lost.contains(output.id.graph); }
  void LetGo(const std::vector<TaskOutput>& outputs) override {
    if (!outputs.empty()) let_go.push_back(outputs.front().id.graph);
  }
  void Handle(std::string, Handler) override {}

  std::set<int64_t> lost;
  std::vector<int64_t> let_go;
};

WrittenId Of(int64_t batch, int64_t tail) {
  return {.batch = BatchNumber(batch), .tail = OperatorId(tail)};
}

BlockTable::Written By(int64_t graph, int64_t until, std::set<WrittenId> made_from = {}) {
  return {.outputs = {{.id = {.driver = "d", .graph = graph}, .worker = {}}},
          .made_from = std::move(made_from),
          .until = BatchNumber(until)};
}

TEST(BlockTable, LetsGoOfWhatNoBatchReadsAnyMore) {
  Keeping cluster;
  {
    BlockTable blocks(cluster);
    blocks.Put(Of(1, 3), By(11, 4));
    blocks.Put(Of(2, 3), By(12, 5));
    blocks.LetGoBefore(BatchNumber(4));
    EXPECT_THAT(cluster.let_go, IsEmpty());
    blocks.LetGoBefore(BatchNumber(5));
    EXPECT_THAT(cluster.let_go, ElementsAre(11));
    EXPECT_EQ(blocks.Find(Of(1, 3)), nullptr);
    ASSERT_NE(blocks.Find(Of(2, 3)), nullptr);
    blocks.Put(Of(2, 3), By(13, 5));
    EXPECT_THAT(cluster.let_go, ElementsAre(11, 12)) << "it was replaced";
  }
  EXPECT_THAT(cluster.let_go, ElementsAre(11, 12, 13)) << "nobody knows of it any more";
}

TEST(BlockTable, ForgetsWhatIsLostAndWhatWasMadeFromIt) {
  Keeping cluster;
  BlockTable blocks(cluster);
  blocks.Put(Of(1, 3), By(11, 9));
  blocks.Put(Of(1, 5), By(11, 9, {Of(1, 3)}));
  blocks.Put(Of(1, 7), By(12, 9, {Of(1, 2), Of(1, 3)}));
  blocks.Put(Of(2, 3), By(12, 9));
  EXPECT_EQ(blocks.DropLost(), 0U);
  cluster.lost = {11};
  EXPECT_EQ(blocks.DropLost(), 3U);
  EXPECT_EQ(blocks.size(), 1U);
  EXPECT_NE(blocks.Find(Of(2, 3)), nullptr);
  // Made again, and so must be what was made from the one before.
  blocks.Put(Of(2, 5), By(13, 9, {Of(2, 3)}));
  blocks.Put(Of(2, 3), By(14, 9));
  EXPECT_EQ(blocks.Find(Of(2, 5)), nullptr);
}

}  // namespace
}  // namespace wavetank::runtime
