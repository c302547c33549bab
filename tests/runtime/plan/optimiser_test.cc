#include "runtime/plan/optimiser/optimiser.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "platform/random.h"
#include "runtime/functions/cast.h"
#include "runtime/functions/registry.h"
#include "runtime/functions/user_function.h"
#include "runtime/plan/analyser.h"
#include "tests/runtime/columnar/random_batch.h"
#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

std::string Rewritten(const DataFrame& frame, LogicalPlanPtr (*rule)(const LogicalPlanPtr&)) {
  return ToText(rule(Analyse(frame.plan()).value()));
}

TEST(FoldConstants, EvaluatesWhatDependsOnNoRowAndSimplifiesConditions) {
  QueryBuilder builder;
  EXPECT_EQ(
      Rewritten(builder.Source().Where(Length(Col("value")) > Literal(1) + 2 * 3), FoldConstants),
      "filter (length(value) > 7)\nsource text\n");
  EXPECT_EQ(Rewritten(builder.Source().Where(Literal(1) < 2 && Col("value") != ""), FoldConstants),
            "filter (value != '')\nsource text\n");
  EXPECT_EQ(Rewritten(builder.Source().Where(Col("value") != "" || Literal(1) < 2), FoldConstants),
            "filter true\nsource text\n");
  EXPECT_EQ(
      Rewritten(builder.Source().Select({Cast(Literal("x"), DataType::kInt64)}), FoldConstants),
      "project null:int64 as cast('x' as int64)\nsource text\n");
}

// The batch's own time is not known when the query is compiled.
TEST(FoldConstants, LeavesCurrentTimestampAlone) {
  QueryBuilder builder;
  EXPECT_EQ(
      Rewritten(builder.Source().Where(CurrentTimestamp() > absl::UnixEpoch()), FoldConstants),
      "filter (current_timestamp() > timestamp 1970-01-01T00:00:00Z)\nsource text\n");
}

TEST(CombineFilters, MakesOneOfTwo) {
  QueryBuilder builder;
  EXPECT_EQ(Rewritten(builder.Source().Where(Col("value") != "").Where(Col("value") < "x"),
                      CombineFilters),
            "filter ((value != '') && (value < 'x'))\nsource text\n");
}

TEST(PushFilters, BelowProjectsInTermsOfWhatTheColumnsAreMadeOf) {
  QueryBuilder builder;
  EXPECT_EQ(Rewritten(builder.Source().Select({Length(Col("value")).As("n")}).Where(Col("n") > 3),
                      PushFiltersBelowProjects),
            "project length(value) as n\nfilter (length(value) > 3)\nsource text\n");
}

TEST(PushFilters, BelowExplodesUnlessTheyNeedTheParts) {
  QueryBuilder builder;
  const auto push = [](const LogicalPlanPtr& plan) {
    return PushFiltersBelowExplodes(PushFiltersBelowProjects(plan));
  };
  const DataFrame words = builder.Source().WithColumn("word", Explode(Split(Col("value"), " ")));
  EXPECT_EQ(Rewritten(words.Where(Col("value") != ""), push),
            "project value, word\nexplode split(value, ' ') as word keep value\n"
            "filter (value != '')\nsource text\n");
  EXPECT_EQ(Rewritten(words.Where(Col("word") != ""), push),
            "project value, word\nfilter (word != '')\n"
            "explode split(value, ' ') as word keep value\nsource text\n");
}

// The event times that pass a watermark decide what is late; those of a group are its state.
TEST(PushFilters, NeverPastWatermarksAndAggregates) {
  QueryBuilder builder;
  const DataFrame timed = builder.Source()
                              .WithColumn("time", Cast(Col("value"), DataType::kTimestamp))
                              .WithWatermark("time", absl::Seconds(1));
  const auto optimise = [](const LogicalPlanPtr& plan) { return Optimise(plan, OptimiserRules()); };
  EXPECT_EQ(Rewritten(timed.Where(Col("value") != ""), optimise),
            "filter (value != '')\nwatermark 0 time delay 1s\n"
            "project value, cast(value as timestamp) as time\nsource text\n");
  EXPECT_EQ(Rewritten(builder.Source().GroupBy({Col("value")}).Count().Where(Col("value") != ""),
                      optimise),
            "filter (value != '')\naggregate 0 by value give count(1) as count\nsource text\n");
}

TEST(PruneColumns, KeepsWhatIsNeededAbove) {
  QueryBuilder builder;
  EXPECT_EQ(Rewritten(builder.Source()
                          .WithColumn("n", Length(Col("value")))
                          .WithColumn("word", Explode(Split(Col("value"), " ")))
                          .Select({Col("word")}),
                      PruneColumns),
            "project word\nproject word\nexplode split(value, ' ') as word\n"
            "project value\nsource text\n");
}

TEST(PruneColumns, KeepsEventTimesAndAggregates) {
  QueryBuilder builder;
  EXPECT_EQ(Rewritten(builder.Source()
                          .WithColumn("time", Cast(Col("value"), DataType::kTimestamp))
                          .WithWatermark("time", absl::Seconds(1))
                          .Select({Col("value")})
                          .GroupBy({Col("value")})
                          .Count()
                          .Select({Col("value")}),
                      PruneColumns),
            "project value\naggregate 0 by value give count(1) as count\nproject value\n"
            "watermark 0 time delay 1s\nproject value, cast(value as timestamp) as time\n"
            "source text\n");
}

TEST(RemoveNoOps, DropsProjectionsThatChangeNothingAndFiltersThatKeepAll) {
  QueryBuilder builder;
  EXPECT_EQ(Rewritten(builder.Source().Select({Col("value")}).Where(true), RemoveNoOps),
            "source text\n");
  EXPECT_EQ(Rewritten(builder.Source().Where(false), RemoveNoOps), "filter false\nsource text\n");
}

// The work of a filter that was pushed below what it needs is done once.
TEST(ShareSubexpressions, ComputesOnceWhatAFilterAndTheProjectionAboveItNeed) {
  QueryBuilder builder;
  const auto optimise = [](const LogicalPlanPtr& plan) { return Optimise(plan, OptimiserRules()); };
  EXPECT_EQ(Rewritten(builder.Source()
                          .Select({Cast(Col("value"), DataType::kTimestamp).As("time")})
                          .Where(Col("time").IsNotNull()),
                      optimise),
            "project $2 as time\nfilter not(isnull($2))\n"
            "project cast(value as timestamp) as $2\nsource text\n");
}

TEST(ShareSubexpressions, ComputesOnceWhatOneOperatorNeedsTwice) {
  QueryBuilder builder;
  EXPECT_EQ(Rewritten(builder.Source().Select({(Length(Trim(Col("value"))) + 1).As("a"),
                                               Length(Trim(Col("value"))).As("b"),
                                               Trim(Col("value")).As("c")}),
                      ShareSubexpressions),
            "project ($4 + 1) as a, $4 as b, $5 as c\n"
            "project length($6) as $4, $6 as $5\n"
            "project trim(value) as $6\nsource text\n");
  EXPECT_EQ(Rewritten(builder.Source().Where(Length(Col("value")) > 2 && Length(Col("value")) < 9),
                      ShareSubexpressions),
            "project value\nfilter (($1 > 2) && ($1 < 9))\n"
            "project value, length(value) as $1\nsource text\n");
}

// A key tells by what it is that it is a window: rows without one are in no group.
TEST(FoldConstants, LeavesWindowsAlone) {
  QueryBuilder builder;
  const DataFrame frame =
      builder.Source()
          .GroupBy({Window(Cast(Literal("bad"), DataType::kTimestamp), absl::Seconds(10))})
          .Count();
  for (const auto& rules : {std::vector<OptimiserRule>(), OptimiserRules()}) {
    QueryRun run(frame, "complete", {.shuffle_partitions = 1, .rules = &rules});
    EXPECT_EQ(run.RunBatch({"a", "b"}, 1), Lines());
    EXPECT_EQ(run.sum.rows_without_time, 2);
  }
}

std::string OptimisedText(const DataFrame& frame) {
  return ToText(Optimise(Analyse(frame.plan()).value(), OptimiserRules()));
}

TEST(PushFilters, GoAsFarAsTheyCanThroughHundredsOfProjections) {
  QueryBuilder builder;
  DataFrame frame = builder.Source();
  for (int i = 0; i < 300; ++i) frame = frame.WithColumn("c" + std::to_string(i), Col("value"));
  const std::string text = OptimisedText(frame.Where(Col("c299") != ""));
  EXPECT_NE(text.find("filter (value != '')\nsource text\n"), std::string::npos);
}

// What would grow beyond bounds stays where it is.
TEST(PushFilters, LeaveWhatWouldGrowWithoutBound) {
  QueryBuilder builder;
  DataFrame frame = builder.Source().WithColumn("a", Length(Col("value")));
  for (int i = 0; i < 40; ++i) frame = frame.WithColumn("a", Col("a") + Col("a"));
  EXPECT_LT(OptimisedText(frame.Where(Col("a") > 0)).size(), 100'000U);
  DataFrame many = builder.Source();
  for (int i = 0; i < 500; ++i) many = many.Where(Col("value") != std::to_string(i));
  QueryRun run(many, "append");
  EXPECT_EQ(run.RunBatch({"x", "499"}, 1), (Lines{"x"}));
}

// A function that gives each row another value is not called twice for one, nor moved.
TEST(OptimiserRules, LeaveAFunctionThatThrowsToTheRowThatNeedsIt) {
  QueryBuilder builder;
  const auto fails = [](int64_t) -> int64_t { throw std::runtime_error("never"); };
  ASSERT_TRUE(
      builder.session.RegisterFunction(UserFunction("fails", fails, {.deterministic = true})).ok());
  builder.Source().Select({Call("fails", {Expression(1)}).As("n")}).WriteStream().Start();
  EXPECT_TRUE(CompileQuery(builder.session.queries()[0], {}).ok());
}

TEST(OptimiserRules, NeitherMoveNorCopyWhatIsNotDeterministic) {
  QueryBuilder builder;
  FunctionRegistry functions;
  ASSERT_TRUE(functions
                  .Add({.name = "roll",
                        .version = 1,
                        .parameters = {{"text", Accepts::kString}},
                        .result = GivesTypeOf(0),
                        .deterministic = false,
                        .kernel = [](const KernelCall& call) { return call.operands[0].column; },
                        .help = "another value each time"})
                  .ok());
  const DataFrame rolled = builder.Source().Select({Call("roll", {Col("value")}).As("r")});
  const auto optimised = [&](const DataFrame& frame) {
    return ToText(Optimise(Analyse(frame.plan(), functions).value(), OptimiserRules()));
  };
  EXPECT_EQ(optimised(rolled.Where(Col("r") != "")),
            "filter (r != '')\nproject roll@1(value) as r\nsource text\n");
  EXPECT_EQ(optimised(builder.Source().Select(
                {Call("roll", {Col("value")}).As("a"), Call("roll", {Col("value")}).As("b")})),
            "project roll@1(value) as a, roll@1(value) as b\nsource text\n");
  EXPECT_EQ(optimised(builder.Source().Where(Call("roll", {Literal("x")}) != "")),
            "filter (roll@1('x') != '')\nsource text\n");
}

TEST(PruneColumns, KeepsTheColumnsOfAUnionByTheirPlace) {
  QueryBuilder builder;
  const DataFrame two =
      builder.Source().Select({Col("value").As("a"), Lower(Col("value")).As("b")});
  EXPECT_EQ(Rewritten(two.Union(two).Select({Col("b")}), PruneColumns),
            "project b\nunion as a, b\n  (1) project value as a, lower(value) as b\n"
            "  source text\n  as (1)\n");
}

// A random query, with the types of its columns as they are at each step.
class RandomQuery {
 public:
  explicit RandomQuery(platform::Random& random)
      : random_(random), columns_({{"value", DataType::kString}}), frame_(builder_.Source()) {
    for (uint64_t steps = random_.Below(6); steps > 0; --steps) Step();
    random_.Below(2) == 0 ? Aggregate() : ShowBinaryAsText();
  }

  const DataFrame& frame() const { return frame_; }
  std::string mode() {
    if (!aggregated_) return "append";
    if (!shows_keys_) return "complete";
    return random_.Below(2) == 0 ? "update" : "complete";
  }

 private:
  bool Chance(uint64_t of) { return random_.Below(of) == 0; }

  DataType Type() { return RandomType(random_); }
  DataType OrderedType() {
    const DataType type = Type();
    return type.is_ordered() ? type : DataType::kInt64;
  }

  Expression Leaf(DataType type) {
    for (int tries = 0; tries < 4; ++tries) {
      const Field& field = columns_[random_.Below(columns_.size())];
      if (field.type == type) return Col(field.name);
    }
    const int number = static_cast<int>(random_.Between(-1, 2));
    switch (type.kind()) {
      case DataType::kBool:
        return number > 0;
      case DataType::kInt64:
        return number;
      case DataType::kDouble:
        return number * 0.5;
      case DataType::kString:
        return std::string(random_.Below(3), 'a');
      case DataType::kBinary:
        return Binary{std::string(random_.Below(3), '\xff')};
      case DataType::kTimestamp:
        return absl::FromUnixSeconds(number);
      case DataType::kDate:
        return Date{number};
      default:
        return Cast(number, type);
    }
  }

  Expression Make(DataType type, int depth) {
    if (depth == 0 || Chance(4)) return Leaf(type);
    if (Chance(10)) return Coalesce({Null(), Make(type, depth - 1)});
    if (Chance(4)) {
      DataType from = Type();
      while (!CanCast(from, type)) from = Type();
      return Cast(Make(from, depth - 1), type);
    }
    const Expression a = Make(type, depth - 1);
    const Expression b = Make(type, depth - 1);
    switch (type.kind()) {
      case DataType::kBool:
        return Condition(a, b, depth);
      case DataType::kInt64:
        return Chance(3)   ? a % b
               : Chance(2) ? a * b - a
                           : Length(Make(DataType::kString, depth - 1));
      case DataType::kInt8:
      case DataType::kInt16:
      case DataType::kInt32:
        return Chance(3) ? a % b : Chance(2) ? a * b - a : Round(a, -1);
      case DataType::kFloat:
        return Chance(3) ? Round(a, 1) : -a + b;
      case DataType::kDouble:
        return Chance(2) ? a / b : -a + b;
      case DataType::kString:
        return Chance(3) ? Lower(a) : Chance(2) ? Trim(a) : Substring(a, 1, 2);
      case DataType::kTimestamp:
        return Chance(3) ? CurrentTimestamp() : a;
      default:
        return a;
    }
  }

  Expression Condition(const Expression& a, const Expression& b, int depth) {
    const DataType type = Type();
    // Numbers of two types meet, too.
    DataType other = Type();
    if (!CommonType(type, other)) other = type;
    const Expression x = Make(type, depth - 1);
    const Expression y = Make(other, depth - 1);
    switch (random_.Below(7)) {
      case 0:
        return a && b;
      case 1:
        return a || b;
      case 2:
        return !a;
      case 3:
        return x.IsNull();
      case 4:
        return x < y;
      case 5:
        return x == y;
      default:
        return x >= y;
    }
  }

  void SetColumn(std::string name, DataType type) {
    for (Field& field : columns_) {
      if (field.name == name) {
        field.type = type;
        return;
      }
    }
    columns_.push_back({std::move(name), type});
  }

  void Step() {
    const std::string name(1, static_cast<char>('a' + random_.Below(4)));
    const DataType type = Type();
    switch (random_.Below(6)) {
      case 0:
      case 1: {
        if (name == event_time_) return;
        frame_ = frame_.WithColumn(name, Make(type, 3));
        return SetColumn(name, type);
      }
      case 2:
      case 3:
        frame_ = frame_.Where(Make(DataType::kBool, 3));
        return;
      case 4: {
        if (name == event_time_) return;
        frame_ = frame_.WithColumn(name, Explode(Split(Make(DataType::kString, 2), " ")));
        return SetColumn(name, DataType::kString);
      }
      default:
        return Chance(2) ? Watermark() : Select();
    }
  }

  void Watermark() {
    if (!event_time_.empty()) return;
    event_time_ = "time";
    frame_ =
        frame_
            .WithColumn("time",
                        Cast(Col(columns_[0].name), DataType::kString).Cast(DataType::kTimestamp))
            .WithWatermark("time", absl::Seconds(2));
    SetColumn("time", DataType::kTimestamp);
  }

  void Select() {
    std::vector<Expression> chosen;
    std::vector<Field> fields;
    for (const Field& field : columns_) {
      if (field.name != event_time_ && Chance(3)) continue;
      chosen.push_back(Col(field.name));
      fields.push_back(field);
    }
    if (chosen.empty()) return;
    frame_ = frame_.Select(chosen);
    columns_ = fields;
  }

  void Aggregate() {
    aggregated_ = true;
    std::vector<Expression> keys;
    if (!event_time_.empty() && Chance(2)) keys.push_back(Window(Col("time"), absl::Seconds(3)));
    const DataType key_type = Type();
    const Expression key = Make(key_type, 2);
    const bool keyed = key.node()->kind != ExpressionKind::kLiteral;
    if (keyed) keys.push_back(key.As("key"));
    DataType number = Type();
    while (!number.is_number()) number = Type();
    const DataType least = OrderedType();
    const DataType by = Type();
    frame_ = frame_.GroupBy(keys).Agg(
        {Count().As("count"), Sum(Make(DataType::kDouble, 2)).As("s"), Sum(Make(number, 2)).As("n"),
         Max(Make(DataType::kInt64, 2)).As("m"), Min(Make(least, 2)).As("least"),
         MinBy(Make(by, 2), Make(OrderedType(), 2)).As("by")});
    const bool binary_key = keyed && key_type == DataType::kBinary;
    const bool binary = binary_key || least == DataType::kBinary || by == DataType::kBinary;
    if (!binary && !Chance(2)) return;
    std::vector<Expression> shown = {Col("m"), Col("count") + 1, Col("n"),
                                     Cast(Col("least"), DataType::kString),
                                     Cast(Col("by"), DataType::kString)};
    if (binary_key) shown.push_back(Cast(Col("key"), DataType::kString));
    frame_ = frame_.Where(Col("count") != 2).Select(shown);
    shows_keys_ = keys.empty();
  }

  // No sink writes binary values.
  void ShowBinaryAsText() {
    for (const Field& field : columns_) {
      if (field.type != DataType::kBinary) continue;
      frame_ = frame_.WithColumn(field.name, Cast(Col(field.name), DataType::kString));
    }
  }

  platform::Random& random_;
  QueryBuilder builder_;
  std::vector<Field> columns_;
  std::string event_time_;
  bool aggregated_ = false;
  bool shows_keys_ = true;
  DataFrame frame_;
};

// Without what depends on how many operators there are.
OperatorReport OfAllPlans(OperatorReport sum) {
  sum.rows_in = sum.rows_out = 0;
  return sum;
}

// Random lines for three batches give the same rows in the same order, the same statistics and the
// same state whether `rules` are applied or not.
void ExpectRulesChangeNothing(uint64_t seed, const std::vector<OptimiserRule>& rules) {
  platform::Random random(seed);
  RandomQuery query(random);
  const std::string mode = query.mode();
  const std::vector<OptimiserRule> none;
  QueryRun plain(query.frame(), mode, {.shuffle_partitions = 2, .rules = &none});
  QueryRun optimised(query.frame(), mode, {.shuffle_partitions = 2, .rules = &rules});
  RC_ASSERT(*plain.plan().output_schema == *optimised.plan().output_schema);
  RC_ASSERT(plain.plan().output_keys == optimised.plan().output_keys);
  RC_ASSERT(plain.plan().state_fingerprint == optimised.plan().state_fingerprint);
  for (int batch = 0; batch < 3; ++batch) {
    Lines lines;
    for (int64_t line = random.Between(0, 12); line > 0; --line) {
      constexpr const char* kLines[] = {"", "a", "a b", "7", " 3", "true", "-1", "2.5", "Aa  a"};
      const int64_t number = random.Between(0, 9) + batch * 3;
      lines.push_back(random.Below(2) == 0 ? std::to_string(number)
                                           : kLines[random.Below(std::size(kLines))]);
    }
    RC_ASSERT(plain.RunBatch(lines, 2) == optimised.RunBatch(lines, 2));
    RC_ASSERT(OfAllPlans(plain.sum) == OfAllPlans(optimised.sum));
    RC_ASSERT(plain.watermark() == optimised.watermark());
  }
}

RC_GTEST_PROP(Optimiser, AllRulesTogetherChangeNoResult, (uint64_t seed)) {
  ExpectRulesChangeNothing(seed, OptimiserRules());
}

RC_GTEST_PROP(Optimiser, NoRuleAloneChangesAResult, (uint64_t seed)) {
  const OptimiserRule& rule = OptimiserRules()[seed % OptimiserRules().size()];
  ExpectRulesChangeNothing(platform::MixBits(seed), {rule});
}

}  // namespace
}  // namespace wavetank::runtime
