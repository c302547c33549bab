// The plan of a query in its log, and how it comes to workers.
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/check.h"
#include "runtime/functions/user_function.h"
#include "runtime/plan/plan_codec.h"
#include "runtime/structured/compile_query.h"
#include "tests/runtime/structured/query_jobs.h"

namespace wavetank::runtime {
namespace {

using testing::HasSubstr;

// The words of WordCountJob, without one of them.
QueryJob WithoutTheWord(std::string word, std::string column) {
  return [=](Session& session) {
    session.ReadStream()
        .Format("text")
        .Load("in")
        .Select({Explode(Split(Col("value"), " ")).As("word")})
        .Where(Col("word") != word)
        .GroupBy({Col("word")})
        .Count()
        .Select({Col("word"), Col("count").As(column)})
        .WriteStream()
        .QueryName("words")
        .OutputMode("update")
        .Format("file")
        .Option("path", "out")
        .Option("checkpointLocation", "checkpoint")
        .Start();
  };
}

absl::Status RunJob(QueryWorld& world, const QueryJob& job) {
  std::optional<absl::Status> ended;
  world.RunAside([&](platform::Node& node) {
    return world.DriverMain(node, "m:7000", AvailableNow(), ended, job);
  });
  return ended.value_or(absl::InternalError("it does not end"));
}

TEST(PlanRecord, StandsInTheLogAndBatchesNameIt) {
  QueryWorld world(1, WithoutTheWord("x", "count"), AvailableNow());
  world.Put("a", "a b x\n");
  ASSERT_TRUE(world.RunToTheEnd().ok());
  const auto history = world.History();
  ASSERT_TRUE(history.ok()) << history.status();
  ASSERT_TRUE(history->plan().has_value());
  EXPECT_EQ(history->batches().at(0).prepared->plan_hash(), history->plan()->hash());
  EXPECT_THAT(history->plan()->text(), HasSubstr("filter (word#1 != 'x')"));
  Session session;
  WithoutTheWord("x", "count")(session);
  const LogicalPlanPtr kept =
      DecodePlan(history->plan()->plan(), FunctionRegistry::BuiltIn()).value();
  EXPECT_EQ(ToText(kept, AttributeText::kNamesAndIds),
            ToText(AnalyseQuery(session.queries()[0], {})->analysed, AttributeText::kNamesAndIds));
}

// Workers that registered with the job as it was run what the driver gives them.
TEST(PlanRecord, OfAChangedPlanPrecedesTheFirstBatchUnderIt) {
  QueryWorld world(2, WithoutTheWord("x", "count"), AvailableNow());
  world.Put("a", "a x\n");
  ASSERT_TRUE(world.RunToTheEnd().ok());
  const std::string first = world.History()->plan()->hash();
  world.Put("b", "a x y\n");
  ASSERT_TRUE(RunJob(world, WithoutTheWord("y", "count")).ok());
  const auto history = world.History();
  ASSERT_EQ(history->batches().size(), 2U);
  EXPECT_NE(history->plan()->hash(), first);
  EXPECT_EQ(history->batches()[0].prepared->plan_hash(), first);
  EXPECT_EQ(history->batches()[1].prepared->plan_hash(), history->plan()->hash());
}

// The hash is of what is computed; what people call it is kept too.
TEST(PlanRecord, OfAPlanThatWasRenamedTellsTheNewNames) {
  QueryWorld world(6, WithoutTheWord("x", "n"), AvailableNow());
  world.Put("a", "a x\n");
  ASSERT_TRUE(world.RunToTheEnd().ok());
  const std::string before = world.History()->plan()->hash();
  world.Put("b", "a\n");
  const absl::Status ended = RunJob(world, WithoutTheWord("x", "m"));
  ASSERT_TRUE(ended.ok()) << ended;
  EXPECT_EQ(world.History()->plan()->hash(), before);
  EXPECT_THAT(world.History()->plan()->text(), HasSubstr("as m#"));
}

// A function of the job's own is on every node, since each runs the job's code; plans name it.
QueryJob Shouting(bool registered) {
  return [=](Session& session) {
    const auto shout = [](std::string_view word) { return std::string(word) + "!"; };
    if (registered) {
      WT_CHECK(
          session
              .RegisterFunction(UserFunction("shout", shout, {.version = 2, .deterministic = true}))
              .ok());
    }
    session.ReadStream()
        .Format("text")
        .Load("in")
        .Select({(registered ? Call("shout", {Col("value")}) : Col("value")).As("word")})
        .WriteStream()
        .QueryName("words")
        .Format("file")
        .Option("path", "out")
        .Option("checkpointLocation", "checkpoint")
        .Start();
  };
}

TEST(JobFunctions, AreCalledByTheirNamesOnWorkers) {
  QueryWorld world(4, Shouting(true), AvailableNow());
  world.Put("a", "hey\nho\n");
  ASSERT_TRUE(world.RunToTheEnd().ok());
  const SinkTable table = world.Table().value();
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_EQ(table.rows[0], TextRow{"hey!"});
  EXPECT_THAT(world.History()->plan()->text(), HasSubstr("shout@2(value#0)"));
}

TEST(JobFunctions, ThatAWorkerHasNotAreNamed) {
  QueryWorld world(5, Shouting(false), AvailableNow());
  ASSERT_TRUE(world.RunToTheEnd().ok());
  world.Put("a", "hey\n");
  const absl::Status ended = RunJob(world, Shouting(true));
  EXPECT_TRUE(absl::IsFailedPrecondition(ended)) << ended;
  EXPECT_THAT(ended.message(),
              HasSubstr("calls a function that this program has not: there is no function "
                        "\"shout\""));
}

TEST(PlanRecord, IsTheSameWhateverItsColumnsAreCalled) {
  const auto hash = [](const std::string& word, const std::string& column) {
    QueryWorld world(3, WithoutTheWord(word, column), AvailableNow());
    world.Put("a", "a\n");
    EXPECT_TRUE(world.RunToTheEnd().ok());
    return world.History()->plan()->hash();
  };
  EXPECT_EQ(hash("x", "m"), hash("x", "n"));
  EXPECT_NE(hash("x", "n"), hash("y", "n"));
}

}  // namespace
}  // namespace wavetank::runtime
