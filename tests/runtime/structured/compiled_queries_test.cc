#include "runtime/structured/compiled_queries.h"

#include "gtest/gtest.h"

#include "runtime/structured/query_identity.h"

namespace wavetank::runtime {
namespace {

// As each node builds it, of nodes of its own.
StreamingQueryDefinition BuildCount(Session& session, const char* column) {
  session.ReadStream()
      .Format("text")
      .Load("in")
      .GroupBy({Col(column)})
      .Count()
      .WriteStream()
      .OutputMode("update")
      .Format("files")
      .Option("path", "out")
      .Start();
  return session.queries().back();
}

TEST(CompiledQueries, CompileAQueryOnceHoweverOftenItIsBuilt) {
  CompiledQueries compiled;
  Session first, second;
  const auto one = compiled.Compile(BuildCount(first, "value"), 2);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(*one, *compiled.Compile(BuildCount(second, "value"), 2));
  EXPECT_EQ((*one)->record.hash(), PlanRecord((*one)->query).hash());
  EXPECT_EQ((*one)->query.plan, compiled.Find((*one)->query.physical, nullptr));
}

TEST(CompiledQueries, TellPartitionsModesAndPlansApart) {
  CompiledQueries compiled;
  Session session;
  StreamingQueryDefinition query = BuildCount(session, "value");
  const auto two = compiled.Compile(query, 2);
  const auto three = compiled.Compile(query, 3);
  ASSERT_TRUE(two.ok() && three.ok());
  EXPECT_EQ((*two)->query.plan->shuffle_partitions, 2);
  EXPECT_EQ((*three)->query.plan->shuffle_partitions, 3);
  query.output_mode = "complete";
  const auto complete = compiled.Compile(query, 2);
  ASSERT_TRUE(complete.ok());
  EXPECT_EQ((*complete)->query.mode, QueryOutputMode::kComplete);
  EXPECT_FALSE(compiled.Compile(BuildCount(session, "nothing"), 2).ok());
  EXPECT_EQ(compiled.Find("no plan", nullptr), nullptr);
}

}  // namespace
}  // namespace wavetank::runtime
