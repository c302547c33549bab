#include "runtime/structured/data_frame.h"

#include "gtest/gtest.h"

namespace wavetank::runtime {
namespace {

TEST(Session, HoldsTheQueriesThatWereStartedInOrder) {
  Session session;
  const DataFrame lines = session.ReadStream().Format("text").Option("a", "b").Load("in");
  lines.WriteStream().QueryName("copy").Format("file").Option("path", "out").Start();
  lines.GroupBy({Col("value")})
      .Count()
      .WriteStream()
      .OutputMode("complete")
      .ProcessingTime(absl::Seconds(2))
      .Start();
  ASSERT_EQ(session.queries().size(), 2U);
  const StreamingQueryDefinition& copy = session.queries()[0];
  EXPECT_EQ(copy.name, "copy");
  EXPECT_EQ(copy.output_mode, "append");
  EXPECT_EQ(copy.sink_format, "file");
  EXPECT_EQ(copy.options.at("path"), "out");
  EXPECT_EQ(copy.plan->source, (SourceDescription{"text", "in", {{"a", "b"}}}));
  const StreamingQueryDefinition& counts = session.queries()[1];
  EXPECT_EQ(counts.name, "query-2");
  EXPECT_EQ(counts.output_mode, "complete");
  EXPECT_EQ(counts.trigger_interval, absl::Seconds(2));
}

TEST(DataFrame, IsUnchangedByWhatIsBuiltOnIt) {
  Session session;
  const DataFrame lines = session.ReadStream().Format("text").Load("in");
  const std::string before = ToText(lines.plan());
  lines.Where(Col("value") != "").Select({Col("value")});
  EXPECT_EQ(ToText(lines.plan()), before);
}

}  // namespace
}  // namespace wavetank::runtime
