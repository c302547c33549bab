#include "runtime/plan/plan_codec.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "platform/random.h"
#include "runtime/plan/analyser.h"
#include "runtime/plan/optimiser/optimiser.h"
#include "runtime/plan/resolve.h"
#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

using testing::HasSubstr;

Expression LiteralOf(const Value& value) {
  ExpressionNode node;
  node.value = value;
  node.type = TypeOf(value);
  return Expression(std::make_shared<const ExpressionNode>(std::move(node)));
}

std::vector<DataFrame> Frames(QueryBuilder& builder) {
  const DataFrame lines = builder.Source();
  const DataFrame timed =
      lines.WithColumn("time", Cast(SubstringBefore(Col("value"), ","), DataType::kTimestamp))
          .WithWatermark("time", absl::Seconds(90));
  return {
      lines,
      lines.Select({Explode(Split(Col("value"), " ")).As("word")})
          .Where(Col("word") != "" && Length(Col("word")) < 7 && Literal(0.5) < 1.5)
          .GroupBy({Col("word")})
          .Count(),
      timed.GroupBy({Window(Col("time"), absl::Seconds(10)), Col("value").As("v")})
          .Agg({Count().As("n"), Max(Col("time")), Sum(Length(Col("value")))}),
      lines.Alias("a").Join(lines.Alias("b"), Col("a.value") < Col("b.value"), JoinType::kLeft),
      timed.Union(timed).DropDuplicates({"value"}),
      timed.Select({Null(DataType::kDouble).As("x"), Literal(true).As("y"),
                    Literal(absl::UnixEpoch()).As("z"), Col("time")}),
      lines.Select({LiteralOf(int8_t{-7}).As("a"), LiteralOf(int16_t{300}).As("b"),
                    LiteralOf(int32_t{70'000}).As("c"), LiteralOf(0.25F).As("d"),
                    LiteralOf(Binary{std::string("\0\xff", 2)}).As("e"),
                    LiteralOf(Date{-1}).As("f"), Coalesce({Null(), Col("value")}).As("g")}),
      lines.WithColumn("s", Struct({Col("value"), Struct({Literal(1).As("n")}).As("in")}))
          .Select({Col("s.in.n"), Cast(Col("s"), DataType::kString).As("text")}),
  };
}

TEST(PlanCodec, GivesBackBothForms) {
  QueryBuilder builder;
  const FunctionRegistry functions;
  for (const DataFrame& frame : Frames(builder)) {
    const LogicalPlanPtr unresolved = DecodePlan(EncodePlan(frame.plan()), functions).value();
    EXPECT_EQ(ToText(unresolved), ToText(frame.plan()));
    // What a front end wrote is analysed alike, whichever way it came.
    const LogicalPlanPtr analysed = Analyse(frame.plan()).value();
    EXPECT_EQ(ToText(Analyse(unresolved).value(), AttributeText::kNamesAndIds),
              ToText(analysed, AttributeText::kNamesAndIds));
    const LogicalPlanPtr decoded = DecodePlan(EncodePlan(analysed), functions).value();
    EXPECT_EQ(ToText(decoded, AttributeText::kNamesAndIds),
              ToText(analysed, AttributeText::kNamesAndIds));
    EXPECT_EQ(EncodePlan(decoded), EncodePlan(analysed));
    EXPECT_EQ(decoded->event_times, analysed->event_times);
    EXPECT_EQ(ToText(Optimise(decoded, OptimiserRules()), AttributeText::kNamesAndIds),
              ToText(Optimise(analysed, OptimiserRules()), AttributeText::kNamesAndIds));
  }
}

// An int16 literal whose plan is made to say int8 wherever its type stands.
bool DecodesAsInt8(int16_t value) {
  QueryBuilder builder;
  const DataFrame frame = builder.Source().Select({LiteralOf(value).As("a")});
  std::string bytes = EncodePlan(Analyse(frame.plan()).value());
  const auto replace = [&bytes](const std::string& from, const std::string& to) {
    int count = 0;
    for (size_t at = 0; (at = bytes.find(from, at)) != std::string::npos; at += to.size()) {
      bytes.replace(at, from.size(), to);
      ++count;
    }
    return count;
  };
  EXPECT_GT(replace("\x08\x09", "\x08\x08"), 0);          // kind
  EXPECT_EQ(replace("\x48\xc8\x01", "\x40\xc8\x01") +     // int16_value: 100
                replace("\x48\xd8\x04", "\x40\xd8\x04"),  // 300
            1);
  return DecodePlan(bytes, FunctionRegistry()).ok();
}

TEST(PlanCodec, RefusesLiteralsBeyondTheirType) {
  EXPECT_TRUE(DecodesAsInt8(100));
  EXPECT_FALSE(DecodesAsInt8(300));
}

TEST(PlanCodec, KeepsWhatSeveralReadAsOneNode) {
  QueryBuilder builder;
  DataFrame frame = builder.Source();
  // A plan of 41 nodes, which has 2^20 ways to its source.
  for (int i = 0; i < 20; ++i) frame = frame.Union(frame).Where(Col("value") != "");
  const LogicalPlanPtr analysed = Analyse(frame.plan()).value();
  EXPECT_EQ(InOrder(analysed).size(), 41U);
  const LogicalPlanPtr decoded = DecodePlan(EncodePlan(analysed), FunctionRegistry()).value();
  EXPECT_EQ(InOrder(decoded).size(), 41U);
  EXPECT_LT(ToText(Optimise(decoded, OptimiserRules())).size(), 10'000U);
}

TEST(PlanCodec, RefusesOtherVersionsAndFunctionsThatAreNotThere) {
  QueryBuilder builder;
  FunctionRegistry functions;
  ASSERT_TRUE(functions
                  .Add({.name = "mine",
                        .version = 3,
                        .parameters = {{"text", Accepts::kString}},
                        .result = GivesTypeOf(0),
                        .kernel = [](const KernelCall& call) { return call.operands[0].column; }})
                  .ok());
  const DataFrame frame = builder.Source().Select({Call("mine", {Col("value")}).As("m")});
  const std::string bytes = EncodePlan(Analyse(frame.plan(), functions).value());
  EXPECT_TRUE(DecodePlan(bytes, functions).ok());
  EXPECT_THAT(
      DecodePlan(bytes, FunctionRegistry()).status().message(),
      HasSubstr("calls a function that this program has not: there is no function \"mine\""));
  EXPECT_EQ(DecodePlan(bytes + '\x08' + '\x02', functions).status().message(),
            "the plan has version 2, this build reads version 1");
}

TEST(PlanCodec, RefusesAnalysedPlansThatNameWhatIsNotThere) {
  QueryBuilder builder;
  const LogicalPlanPtr source = Analyse(builder.Source().plan()).value();
  const auto status = [&](const ExpressionPtr& condition) {
    return DecodePlan(EncodePlan(MakeFilter(source, condition)), FunctionRegistry()).status();
  };
  const Attribute value = source->output[0];
  const auto is_null = [](const Attribute& attribute) {
    return BuiltInCall("isnull", {Reference(attribute)});
  };
  EXPECT_TRUE(status(is_null(value)).ok());
  EXPECT_TRUE(absl::IsDataLoss(status(is_null({99, "other", DataType::kString}))));
  EXPECT_TRUE(absl::IsDataLoss(status(is_null({value.id, "value", DataType::kInt64}))));
}

// Bytes that others wrote, or that rotted, are an error, whatever they are.
RC_GTEST_PROP(PlanCodec, SurvivesDamagedBytes, (uint64_t seed)) {
  platform::Random random(seed);
  QueryBuilder builder;
  const std::vector<DataFrame> frames = Frames(builder);
  const DataFrame& frame = frames[random.Below(frames.size())];
  std::string bytes = EncodePlan(Analyse(frame.plan()).value());
  for (uint64_t flips = random.Between(1, 4); flips > 0; --flips) {
    bytes[random.Below(bytes.size())] ^= static_cast<char>(1U << random.Below(8));
  }
  if (random.Below(4) == 0) bytes.resize(random.Below(bytes.size()));
  const auto decoded = DecodePlan(bytes, FunctionRegistry::BuiltIn());
  if (decoded.ok()) RC_ASSERT(!ToText(*decoded).empty());
}

}  // namespace
}  // namespace wavetank::runtime
