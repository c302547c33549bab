// Functions over whole batches (ForeachBatch): whatever ends, each batch is applied, in order, with
// the same rows each time; so a function that knows its batches applies each record once.
#include "runtime/connectors/batch_function.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/structured/query_jobs.h"

namespace wavetank::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What stands outside of the world, and outlives its crashes.
struct Applied {
  std::vector<int64_t> batches;                      // in the order of the calls that ended
  std::map<int64_t, std::vector<std::string>> rows;  // of the first call
  std::vector<std::string> wrong;                    // what a function must never see
  absl::Status fails_once = absl::OkStatus();

  void Take(int64_t batch, std::vector<std::string> lines) {
    if (batch > 0 && !rows.contains(batch - 1)) {
      wrong.push_back(absl::StrCat("batch ", batch, " before the one before"));
    }
    const auto [first, is_new] = rows.try_emplace(batch, lines);
    if (!is_new && first->second != lines) {
      wrong.push_back(absl::StrCat("batch ", batch, " has other rows"));
    }
    batches.push_back(batch);
  }
};

Task<absl::Status> Apply(PreparedBatch& batch, Applied& applied) {
  std::vector<std::string> lines;
  while (true) {
    auto rows = co_await batch.Next();
    if (!rows.ok()) co_return rows.status();
    if (!*rows) break;
    for (int64_t row = 0; row < (*rows)->num_rows(); ++row) lines.push_back((*rows)->RowText(row));
  }
  if (!applied.fails_once.ok()) co_return std::exchange(applied.fails_once, absl::OkStatus());
  applied.Take(batch.id(), std::move(lines));
  co_return absl::OkStatus();
}

QueryJob CountsIntoAFunction(Applied& applied) {
  return [&applied](Session& session) {
    session.ReadStream()
        .Format("text")
        .Option("maxFilesPerTrigger", "1")
        .Load("in")
        .GroupBy({Col("value")})
        .Count()
        .WriteStream()
        .QueryName("counts")
        .OutputMode("update")
        .ForeachBatch([&applied](PreparedBatch& batch) { return Apply(batch, applied); })
        .Option("checkpointLocation", "checkpoint")
        .Start();
  };
}

void PutInput(QueryWorld& world) {
  world.Put("a", "x\ny\nx\n");
  world.Put("b", "y\nz\n");
}

void ExpectAllApplied(const Applied& applied, const std::string& after) {
  EXPECT_THAT(applied.wrong, ElementsAre()) << after;
  ASSERT_EQ(applied.rows.size(), 2U) << after;
  EXPECT_THAT(applied.rows.at(0), ::testing::UnorderedElementsAre("x\t2", "y\t1")) << after;
  EXPECT_THAT(applied.rows.at(1), ::testing::UnorderedElementsAre("y\t2", "z\t1")) << after;
}

TEST(BatchFunction, IsGivenEachBatchOnceWhileNothingFails) {
  Applied applied;
  QueryWorld world(1, CountsIntoAFunction(applied), AvailableNow());
  PutInput(world);
  EXPECT_EQ(world.RunToTheEnd(), absl::OkStatus());
  ExpectAllApplied(applied, "nothing");
  EXPECT_THAT(applied.batches, ElementsAre(0, 1));
}

TEST(BatchFunction, IsGivenEachBatchWhateverEndsWherever) {
  for (const char* process : {"driver", "w1", "w2"}) {
    for (const bool power_loss : {false, true}) {
      int64_t again = 0;
      bool fired = true;
      for (uint64_t call = 1; fired; ++call) {
        const QueryFault fault{
            .step = "", .process = process, .number = call, .power_loss = power_loss};
        Applied applied;
        QueryWorld world(call, CountsIntoAFunction(applied), AvailableNow());
        PutInput(world);
        world.SetFault(fault);
        EXPECT_EQ(world.RunToTheEnd(), absl::OkStatus()) << process << fault.ToText();
        ExpectAllApplied(applied, absl::StrCat(process, ": ", fault.ToText()));
        again += static_cast<int64_t>(applied.batches.size()) - 2;
        fired = world.fired();
        ASSERT_LT(call, 5000U);
      }
      EXPECT_TRUE(process != std::string("driver") || again > 0) << "no batch came again";
    }
  }
}

TEST(BatchFunction, IsTriedAgainAfterAnErrorThatMayPass) {
  Applied applied;
  applied.fails_once = absl::UnavailableError("the bank is closed");
  QueryWorld world(1, CountsIntoAFunction(applied), AvailableNow());
  PutInput(world);
  EXPECT_EQ(world.RunToTheEnd(), absl::OkStatus());
  ExpectAllApplied(applied, "an error");
}

TEST(BatchFunction, StopsTheQueryByAnErrorThatMeansIt) {
  Applied applied;
  applied.fails_once = absl::FailedPreconditionError("the account is closed");
  QueryWorld world(1, CountsIntoAFunction(applied), AvailableNow());
  PutInput(world);
  const absl::Status stopped = world.RunToTheEnd();
  EXPECT_EQ(stopped.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(stopped.message()), HasSubstr("the account is closed"));
  EXPECT_THAT(std::string(stopped.message()), HasSubstr("query counts, batch 0"));
  // And goes on with that batch once it is mended.
  EXPECT_EQ(world.RunToTheEnd(), absl::OkStatus());
  ExpectAllApplied(applied, "a new start");
}

TEST(BatchFunction, LeavesNoRowsOfBatchesThatAreOver) {
  Applied applied;
  QueryWorld world(1, CountsIntoAFunction(applied), AvailableNow());
  PutInput(world);
  EXPECT_EQ(world.RunToTheEnd(), absl::OkStatus());
  std::vector<std::string> names;
  world.RunAside([&names](platform::Node& node) -> Task<void> {
    checkpoint::LocalStore store(node, "store");
    names = (co_await store.ListNames("checkpoint/prepared")).value();
  });
  ASSERT_FALSE(names.empty());
  for (const std::string& name : names) EXPECT_TRUE(name.starts_with("1-")) << name;
}

}  // namespace
}  // namespace wavetank::runtime
