#include "runtime/plan/mode_rules.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "runtime/plan/analyser.h"
#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

// A query with each operator, and what is said to it in append, update and complete mode; "": it
// is permitted.
struct Row {
  std::string name;
  PlanOperator op;
  DataFrame frame;
  std::string append;
  std::string update;
  std::string complete;
};

constexpr char kNoTable[] =
    "it shows a whole table, and the query has no aggregate: use \"append\"";
constexpr char kNoKey[] =
    "sessions are of a key, and there is none besides the session: group by it too";
constexpr char kNoEnd[] =
    "which rows are first is not known before the last one, and a stream has none: ";
constexpr char kOfTable[] = " what an aggregate shows in \"complete\" mode";
constexpr char kJoined[] =
    "a join of streams shows a row once, and never changes it: use \"append\"";

DataFrame TimedJoin(const DataFrame& timed, JoinType type) {
  return timed.Alias("a").Join(timed.Alias("b"), Col("a.time") == Col("b.time"), type);
}

std::vector<Row> Rows(QueryBuilder& builder) {
  const DataFrame lines = builder.Source();
  const DataFrame timed = lines.WithColumn("time", Cast(Col("value"), DataType::kTimestamp))
                              .WithWatermark("time", absl::Seconds(1));
  const DataFrame counts = lines.GroupBy({Col("value")}).Count();
  const DataFrame windows = timed.GroupBy({Window(Col("time"), absl::Seconds(5))}).Count();
  const auto never = [](const std::string& keys) {
    return "it shows a row once, when it is final, and no row of GroupBy(" + keys +
           ") ever is: group by a column with a watermark (WithWatermark) or a Window of it, or "
           "use "
           "\"update\" or \"complete\"";
  };
  const std::string not_shown =
      "its output has not all keys of GroupBy, value is left out or changed, so a reader could not "
      "tell which row a later one replaces: select the keys as they are, or use another mode";
  const DataFrame again = windows.GroupBy({Col("window.start")}).Count();
  return {
      {"source", PlanOperator::kSource, lines, "", "", kNoTable},
      {"project", PlanOperator::kProject, lines.Select({Lower(Col("value"))}), "", "", kNoTable},
      {"filter", PlanOperator::kFilter, lines.Where(Col("value") != ""), "", "", kNoTable},
      {"explode", PlanOperator::kExplode, lines.Select({Explode(Split(Col("value"), " "))}), "", "",
       kNoTable},
      {"watermark", PlanOperator::kWatermark, timed, "", "", kNoTable},
      {"aggregate", PlanOperator::kAggregate, counts, never("value"), "", ""},
      {"aggregate, key not shown", PlanOperator::kAggregate, counts.Select({Col("count")}),
       never("value"), not_shown, ""},
      {"aggregate by windows", PlanOperator::kAggregate, windows, "", "", ""},
      {"aggregate of an aggregate", PlanOperator::kAggregate, again, "",
       "what GroupBy(window.start) shows changes again, and another operator that keeps state "
       "reads "
       "it: use \"append\"",
       "what GroupBy(window.start) shows is its whole table each time, and another operator that "
       "keeps state reads it: use \"append\""},
      {"join", PlanOperator::kJoin,
       lines.Alias("a").Join(lines.Alias("b"), Col("a.value") == Col("b.value")), "", kJoined,
       kJoined},
      {"left join that is bound", PlanOperator::kJoin, TimedJoin(timed, JoinType::kLeft), "",
       kJoined, kJoined},
      {"full join that is bound", PlanOperator::kJoin, TimedJoin(timed, JoinType::kFull), "",
       kJoined, kJoined},
      {"semi join that is bound", PlanOperator::kJoin, TimedJoin(timed, JoinType::kLeftSemi), "",
       kJoined, kJoined},
      {"anti join", PlanOperator::kJoin, TimedJoin(timed, JoinType::kLeftAnti),
       "a left anti join of streams is not shown: use a left join, and keep the rows whose right "
       "columns are null",
       kJoined, kJoined},
      {"left join without a watermark", PlanOperator::kJoin,
       timed.Alias("a").Join(lines.Alias("b"), Col("a.value") == Col("b.value"), JoinType::kLeft),
       "of a left join of streams the right side needs a watermark, from which follows that a left "
       "row can meet none any more: call WithWatermark on it",
       kJoined, kJoined},
      {"right join without a bound", PlanOperator::kJoin,
       timed.Alias("a").Join(timed.Alias("b"), Col("a.value") == Col("b.value"), JoinType::kRight),
       "nothing says when a right row of a right join of streams can meet none any more: join by a "
       "column with a watermark or a window of it, or bound right times from below by left ones in "
       "its condition",
       kJoined, kJoined},
      {"full join that is bound on one side", PlanOperator::kJoin,
       timed.Alias("a").Join(timed.Alias("b"),
                             Col("a.value") == Col("b.value") && Col("a.time") >= Col("b.time"),
                             JoinType::kFull),
       "nothing says when a right row of a full join of streams can meet none any more: join by a "
       "column with a watermark or a window of it, or bound right times from below by left ones in "
       "its condition",
       kJoined, kJoined},
      {"union", PlanOperator::kUnion, lines.Union(lines), "", "", kNoTable},
      {"sessions", PlanOperator::kAggregate,
       timed.GroupBy({SessionWindow(Col("time"), absl::Seconds(5)), Col("value")}).Count(), "",
       "a session that grows or meets another has other bounds then, and a reader could not tell "
       "which row it replaces: use \"append\" or \"complete\"",
       ""},
      {"sessions of no key", PlanOperator::kAggregate,
       timed.GroupBy({SessionWindow(Col("time"), absl::Seconds(5))}).Count(), kNoKey,
       "a session that grows or meets another has other bounds then, and a reader could not tell "
       "which row it replaces: use \"append\" or \"complete\"",
       kNoKey},
      {"sort", PlanOperator::kSort, counts.OrderBy({Col("count")}),
       kNoEnd + std::string("sort") + kOfTable, kNoEnd + std::string("sort") + kOfTable, ""},
      {"sort of no table", PlanOperator::kSort, lines.OrderBy({Col("value")}),
       kNoEnd + std::string("sort") + kOfTable, kNoEnd + std::string("sort") + kOfTable,
       "a whole table is sorted or limited once it is whole: put it behind GroupBy, and nothing "
       "that keeps state behind it"},
      {"limit", PlanOperator::kLimit, counts.Limit(3), kNoEnd + std::string("limit") + kOfTable,
       kNoEnd + std::string("limit") + kOfTable, ""},
      {"drop duplicates", PlanOperator::kDropDuplicates, lines.DropDuplicates(), "", "", kNoTable},
      {"drop duplicates, then aggregate", PlanOperator::kDropDuplicates,
       lines.DropDuplicates().GroupBy({}).Count(), never(""), "", ""},
  };
}

TEST(ModeRules, SayToEachOperatorUnderEachModeWhatIsWrong) {
  QueryBuilder builder;
  for (const Row& row : Rows(builder)) {
    const LogicalPlanPtr analysed = Analyse(row.frame.plan()).value();
    const auto expect = [&](QueryOutputMode mode, const std::string& why) {
      const std::string expected =
          why.empty() ? "" : "OutputMode(\"" + std::string(OutputModeName(mode)) + "\"): " + why;
      EXPECT_EQ(CheckMode(analysed, mode).message(), expected) << row.name;
    };
    expect(QueryOutputMode::kAppend, row.append);
    expect(QueryOutputMode::kUpdate, row.update);
    expect(QueryOutputMode::kComplete, row.complete);
  }
}

// A row is added to both tables, or the operator is not one of analysed plans.
TEST(ModeRules, HaveARowForEveryOperatorUnderEveryMode) {
  QueryBuilder builder;
  std::map<std::pair<PlanOperator, QueryOutputMode>, int> rules;
  for (const ModeRule& rule : ModeRules()) ++rules[{rule.op, rule.mode}];
  for (const Row& row : Rows(builder)) {
    for (const auto mode :
         {QueryOutputMode::kAppend, QueryOutputMode::kUpdate, QueryOutputMode::kComplete}) {
      EXPECT_EQ((rules[{row.op, mode}]), 1) << row.name;
    }
  }
  EXPECT_EQ(rules.size(), 12U * 3U);
}

}  // namespace
}  // namespace wavetank::runtime
