// Commands that are refused leave things as they were: the corrected one goes on, and a healthy job
// is not stopped by somebody's mistake.
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/structured/query_jobs.h"
#include "tests/runtime/structured/query_world.h"

namespace wavetank::runtime {
namespace {

using testing::HasSubstr;

QueryJob LinesFrom(const std::string& input, const std::string& checkpoint,
                   const std::string& sink) {
  return [=](Session& session) {
    session.ReadStream()
        .Format("text")
        .Load(input)
        .WriteStream()
        .QueryName("lines")
        .Format("file")
        .Option("path", sink)
        .Option("checkpointLocation", checkpoint)
        .Start();
  };
}

class RefusedStart : public testing::Test {
 protected:
  explicit RefusedStart(QueryOptions options = AvailableNow())
      : world_(21, LinesFrom("in", "checkpoint", "out"), options) {
    world_.Put("a.txt", "one\n");
  }

  absl::Status Run(const std::string& input, const std::string& checkpoint,
                   const std::string& sink) {
    std::optional<absl::Status> ended;
    world_.RunAside([&](platform::Node& node) {
      return world_.DriverMain(node, "m:7001", AvailableNow(), ended,
                               LinesFrom(input, checkpoint, sink));
    });
    return ended.value_or(absl::InternalError("it does not end"));
  }

  QueryWorld world_;
};

TEST_F(RefusedStart, ASinkOfAnotherBindsNothing) {
  ASSERT_EQ(world_.RunToTheEnd(), absl::OkStatus());
  EXPECT_THAT(Run("in", "second", "out").message(), HasSubstr("belongs to query"));
  EXPECT_EQ(Run("in", "second", "out2"), absl::OkStatus());
  std::string shown;
  for (const std::string& file :
       world_.world().machine("m").disk().image().Files("store/out2/part-00000")) {
    shown += world_.world().machine("m").disk().Get(file).value();
  }
  EXPECT_EQ(shown, "one\n");
}

TEST_F(RefusedStart, AnInputThatNeverCameBindsNothing) {
  const auto mistyped = LinesFrom("im", "checkpoint", "out");
  std::optional<absl::Status> ended;
  world_.world().Start("m", {"mistyped", {{"node", [&](platform::Node& node) {
                                             return world_.DriverMain(node, "m:7001", {}, ended,
                                                                      mistyped);
                                           }}}});
  world_.RunUntilStep("sink.fenced");
  world_.world().RunFor(absl::Seconds(3));
  EXPECT_EQ(ended, std::nullopt);
  world_.world().Crash("mistyped");
  EXPECT_EQ(world_.RunToTheEnd(), absl::OkStatus());
  EXPECT_EQ(world_.Table().value().rows.size(), 1U);
  // From its first batch on it is bound.
  EXPECT_THAT(Run("im", "checkpoint", "out").message(), HasSubstr("source.path"));
}

class RefusedBesideARunningOne : public RefusedStart {
 protected:
  RefusedBesideARunningOne() : RefusedStart(QueryOptions{}) {}
};

TEST_F(RefusedBesideARunningOne, DoesNotStopIt) {
  world_.StartDriver();
  world_.RunUntilStep("batch.committed");
  EXPECT_THAT(Run("in", "checkpoint", "elsewhere").message(), HasSubstr("sink.path"));
  world_.Put("b.txt", "two\n");
  world_.RunUntilStep("batch.committed");
  EXPECT_EQ(world_.driver_ended(), std::nullopt);
  EXPECT_EQ(world_.Table().value().rows.size(), 2U);
}

}  // namespace
}  // namespace wavetank::runtime
