#include "properties/micro_batch_protocol.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::properties {
namespace {

using testing::HasSubstr;
using Is = BatchStep::Is;

TEST(MicroBatchProtocol, FollowsEachDriverOfEachQuery) {
  MicroBatchProtocol protocol;
  const auto observe = [&](const char* driver, const char* query, Is is, int64_t batch) {
    return protocol.Observe(driver, query, {is, batch});
  };
  for (const char* query : {"a", "b"}) {
    EXPECT_EQ(observe("app#1/driver", query, Is::kTakenOver, -1), "");
    EXPECT_EQ(observe("app#1/driver", query, Is::kFenced, -1), "");
    EXPECT_EQ(observe("app#1/driver", query, Is::kPlanned, 0), "");
  }
  // One that takes over what another has defined.
  EXPECT_EQ(observe("app#1/driver", "a", Is::kDefined, 0), "");
  EXPECT_EQ(observe("app#2/driver", "a", Is::kTakenOver, 0), "");
  EXPECT_EQ(observe("app#2/driver", "a", Is::kFenced, -1), "");
  EXPECT_EQ(observe("app#2/driver", "a", Is::kRun, 0), "");
  // The other does not know yet.
  EXPECT_EQ(observe("app#1/driver", "a", Is::kRun, 0), "");
  EXPECT_EQ(observe("app#2/driver", "a", Is::kPrepared, 0), "");
  EXPECT_EQ(observe("app#2/driver", "a", Is::kUnsure, 0), "");
  EXPECT_EQ(observe("app#2/driver", "a", Is::kFenced, -1), "");
  EXPECT_EQ(observe("app#2/driver", "a", Is::kAskedVisible, 0), "");
  EXPECT_EQ(observe("app#2/driver", "a", Is::kPlanned, 1), "");
  EXPECT_EQ(observe("app#2/driver", "a", Is::kCommittedWithNext, 0), "");
  EXPECT_EQ(observe("app#2/driver", "a", Is::kDefined, 1), "");
  // An error that may pass.
  EXPECT_EQ(observe("app#2/driver", "a", Is::kTakenOver, 1), "");
}

TEST(MicroBatchProtocol, SaysOnceWhatIsNotAllowed) {
  MicroBatchProtocol protocol;
  EXPECT_EQ(protocol.Observe("d", "q", {Is::kTakenOver, 4}), "");
  EXPECT_EQ(protocol.Observe("d", "q", {Is::kRun, 4}),
            "driver d of query q reaches batch.run of batch 4 after taking the log over, at batch "
            "4, which the protocol does not allow");
  EXPECT_EQ(protocol.Observe("d", "q", {Is::kPrepared, 4}), "");
  EXPECT_THAT(protocol.Observe("d", "q", {Is::kCommitted, 4}), HasSubstr("after preparing"));
  EXPECT_THAT(protocol.Observe("d", "q", {Is::kPlanned, 6}), HasSubstr("of batch 6"));
}

TEST(MicroBatchProtocol, KnowsTheStepsByTheirNames) {
  EXPECT_EQ(BatchStepOf("batch.defined", 0, 0), Is::kDefined);
  EXPECT_EQ(BatchStepOf("sink.asked", 0, 0), Is::kAskedVisible);
  EXPECT_EQ(BatchStepOf("sink.asked", 2, 0), Is::kAskedGone);
  EXPECT_EQ(BatchStepOf("batch.committed", 0, 0), Is::kCommitted);
  EXPECT_EQ(BatchStepOf("batch.committed", 0, 1), Is::kCommittedWithNext);
  EXPECT_EQ(BatchStepOf("task.started", 0, 0), std::nullopt);
}

}  // namespace
}  // namespace wavetank::properties
