#include "runtime/plan/mode_rules.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"

#include "platform/text.h"
#include "runtime/plan/join_shape.h"

namespace wavetank::runtime {
namespace {

std::string KeyNames(const LogicalPlan& aggregate) {
  std::string names;
  for (int i = 0; i < aggregate.keys; ++i) {
    absl::StrAppend(&names, i == 0 ? "" : ", ", aggregate.output[static_cast<size_t>(i)].name);
  }
  return names;
}

// Which key of the aggregate each attribute of `node`'s output carries. nullopt: rows have no key
// of their own any more.
std::optional<std::map<int, int>> CarriedKeys(const LogicalPlan& node) {
  std::map<int, int> carried;
  if (node.op == PlanOperator::kAggregate) {
    for (int i = 0; i < node.keys; ++i) carried[node.output[static_cast<size_t>(i)].id] = i;
    return carried;
  }
  if (node.inputs.size() != 1 || node.op == PlanOperator::kExplode) return std::nullopt;
  const std::optional<std::map<int, int>> below = CarriedKeys(*node.input());
  if (!below || node.op != PlanOperator::kProject) return below;
  for (const ExpressionPtr& column : node.expressions) {
    const ExpressionNode* value = WithoutAlias(column).get();
    if (IsCall(*value, "window_end")) value = value->operands[0].get();
    const auto found = below->find(value->attribute);
    if (value->kind == ExpressionKind::kAttribute && found != below->end()) {
      carried[column->attribute] = found->second;
    }
  }
  return carried;
}

// Whether something that keeps state stands between the node and the sink.
bool FeedsState(const LogicalPlan& node, const LogicalPlanPtr& root) {
  for (const LogicalPlanPtr& above : InOrder(root)) {
    if (!IsStateful(above->op) || above.get() == &node) continue;
    for (const LogicalPlanPtr& below : InOrder(above)) {
      if (below.get() == &node) return true;
    }
  }
  return false;
}

// Where rows of any age may still come out though what is below has an event time; "": nowhere.
std::string WhatLosesEventTimes(const LogicalPlan& node) {
  for (const LogicalPlan* at = &node; !at->inputs.empty(); at = at->input().get()) {
    const bool has_times = std::ranges::any_of(
        at->inputs, [](const LogicalPlanPtr& input) { return !input->event_times.empty(); });
    if (!has_times || !at->event_times.empty()) continue;
    if (at->op == PlanOperator::kJoin) {
      return "the Join below it keeps rows for ever, so that pairs of any age may still come: "
             "bound "
             "the event times of both sides by one another in its condition, with a watermark on "
             "each";
    }
    if (at->op == PlanOperator::kUnion) {
      return "an input of the Union below it has no watermark on that column: call WithWatermark "
             "on "
             "each";
    }
  }
  return "";
}

std::string MustHaveAKeyBesides(const LogicalPlan& node) {
  if (SessionKey(node) != 0) return "";
  return "sessions are of a key, and there is none besides the session: group by it too";
}

std::string MustBeFinal(const LogicalPlan& node, const LogicalPlanPtr&) {
  if (const std::string keyless = MustHaveAKeyBesides(node); !keyless.empty()) return keyless;
  if (!node.event_times.empty()) return "";
  const std::string never =
      absl::StrCat("it shows a row once, when it is final, and no row of GroupBy(", KeyNames(node),
                   ") ever is: ");
  const std::string lost = WhatLosesEventTimes(node);
  if (!lost.empty()) return never + lost;
  return never +
         "group by a column with a watermark (WithWatermark) or a Window of it, or use \"update\" "
         "or "
         "\"complete\"";
}

// A change set is folded by the keys of its rows: without them no reader could tell which row a
// later one replaces.
std::string MustShowItsKeys(const LogicalPlan& node, const LogicalPlanPtr& root) {
  if (SessionKey(node) >= 0) {
    return "a session that grows or meets another has other bounds then, and a reader could not "
           "tell which row it replaces: use \"append\" or \"complete\"";
  }
  if (FeedsState(node, root)) {
    return absl::StrCat("what GroupBy(", KeyNames(node),
                        ") shows changes again, and another operator that keeps state reads it: "
                        "use \"append\"");
  }
  if (OutputKeys(*root)) return "";
  const std::optional<std::map<int, int>> carried = CarriedKeys(*root);
  if (!carried && FindOnWay(*root, PlanOperator::kExplode) == nullptr) {
    return "its rows meet others after GroupBy, and a reader could not tell which of them a later "
           "row replaces: use \"append\"";
  }
  if (!carried) {
    return "Explode after GroupBy makes several rows of one group, and a reader could not tell "
           "which of them a later row replaces: explode before GroupBy, or use another mode";
  }
  std::string lost;
  for (int key = 0; key < node.keys; ++key) {
    const bool shown =
        std::ranges::any_of(*carried, [key](const auto& column) { return column.second == key; });
    if (shown) continue;
    absl::StrAppend(&lost, lost.empty() ? "" : ", ", node.output[static_cast<size_t>(key)].name);
  }
  return absl::StrCat("its output has not all keys of GroupBy, ", lost,
                      " is left out or changed, so a reader could not tell which row a later one "
                      "replaces: select the keys as they are, or use another mode");
}

std::string MustBeTheLastState(const LogicalPlan& node, const LogicalPlanPtr& root) {
  if (const std::string keyless = MustHaveAKeyBesides(node); !keyless.empty()) return keyless;
  if (!FeedsState(node, root)) return "";
  return absl::StrCat("what GroupBy(", KeyNames(node),
                      ") shows is its whole table each time, and another operator that keeps state "
                      "reads it: use \"append\"");
}

// A row without a partner is shown once none can come any more: by what is known of the other
// side's times.
std::string MustSettleItsRows(const LogicalPlan& node, const LogicalPlanPtr&) {
  const std::string type(JoinTypeName(node.join));
  if (node.join == JoinType::kInner) return "";
  if (node.join == JoinType::kLeftAnti) {
    return "a left anti join of streams is not shown: use a left join, and keep the rows whose "
           "right columns are null";
  }
  const JoinShape shape = ShapeOf(node);
  const bool shows_left = node.join != JoinType::kRight;
  const bool shows_right = node.join == JoinType::kRight || node.join == JoinType::kFull;
  for (const size_t side : {0, 1}) {
    if (!(side == 0 ? shows_left : shows_right) || shape.sides[side].eviction) continue;
    const std::string own = side == 0 ? "left" : "right";
    const std::string other = side == 0 ? "right" : "left";
    if (!shape.sides[1 - side].late) {
      return absl::StrCat("of a ", type, " join of streams the ", other,
                          " side needs a watermark, from which follows that a ", own,
                          " row can meet none any more: call WithWatermark on it");
    }
    return absl::StrCat("nothing says when a ", own, " row of a ", type,
                        " join of streams can meet none any more: join by a column with a "
                        "watermark or a window of it, or bound ",
                        own, " times from below by ", other, " ones in its condition");
  }
  return "";
}

// A stream has no end by which all its rows would be known.
std::string NoLastRow(const LogicalPlan& node, const LogicalPlanPtr&) {
  return absl::StrCat(
      "which rows are first is not known before the last one, and a stream has none: ",
      node.op == PlanOperator::kSort ? "sort" : "limit",
      " what an aggregate shows in \"complete\" mode");
}

std::string OnlyOfTheTable(const LogicalPlan& node, const LogicalPlanPtr& root) {
  const bool of_table = FindOnWay(node, PlanOperator::kAggregate) != nullptr;
  if (of_table && !FeedsState(node, root)) return "";
  return "a whole table is sorted or limited once it is whole: put it behind GroupBy, and nothing "
         "that keeps state behind it";
}

std::string JoinsShowRowsOnce(const LogicalPlan&, const LogicalPlanPtr&) {
  return "a join of streams shows a row once, and never changes it: use \"append\"";
}

// Whether rows of the source come to the sink past every aggregate.
bool PassesAggregates(const LogicalPlan& source, const LogicalPlan& node) {
  if (&node == &source) return true;
  if (node.op == PlanOperator::kAggregate) return false;
  return std::ranges::any_of(
      node.inputs, [&](const LogicalPlanPtr& input) { return PassesAggregates(source, *input); });
}

// Complete mode is of a table, which only an aggregate keeps.
std::string MustHaveAnAggregate(const LogicalPlan& node, const LogicalPlanPtr& root) {
  if (!PassesAggregates(node, *root)) return "";
  for (const LogicalPlanPtr& other : InOrder(root)) {
    if (other->op != PlanOperator::kAggregate) continue;
    return "it shows a whole table, and rows of a source come into it past the aggregate: group "
           "them "
           "too, or use \"append\"";
  }
  return "it shows a whole table, and the query has no aggregate: use \"append\"";
}

}  // namespace

const std::vector<ModeRule>& ModeRules() {
  using enum QueryOutputMode;
  using enum PlanOperator;
  static const std::vector<ModeRule> rules = {
      {kSource, kAppend, nullptr},
      {kSource, kUpdate, nullptr},
      {kSource, kComplete, MustHaveAnAggregate},
      {kProject, kAppend, nullptr},
      {kProject, kUpdate, nullptr},
      {kProject, kComplete, nullptr},
      {kExplode, kAppend, nullptr},
      {kExplode, kUpdate, nullptr},
      {kExplode, kComplete, nullptr},
      {kFilter, kAppend, nullptr},
      {kFilter, kUpdate, nullptr},
      {kFilter, kComplete, nullptr},
      {kWatermark, kAppend, nullptr},
      {kWatermark, kUpdate, nullptr},
      {kWatermark, kComplete, nullptr},
      {kAggregate, kAppend, MustBeFinal},
      {kAggregate, kUpdate, MustShowItsKeys},
      {kAggregate, kComplete, MustBeTheLastState},
      {kJoin, kAppend, MustSettleItsRows},
      {kJoin, kUpdate, JoinsShowRowsOnce},
      {kJoin, kComplete, JoinsShowRowsOnce},
      {kUnion, kAppend, nullptr},
      {kUnion, kUpdate, nullptr},
      {kUnion, kComplete, nullptr},
      {kDropDuplicates, kAppend, nullptr},
      {kDropDuplicates, kUpdate, nullptr},
      {kDropDuplicates, kComplete, nullptr},
      {kDropDuplicatesWithin, kAppend, nullptr},
      {kDropDuplicatesWithin, kUpdate, nullptr},
      {kDropDuplicatesWithin, kComplete, nullptr},
      {kSort, kAppend, NoLastRow},
      {kSort, kUpdate, NoLastRow},
      {kSort, kComplete, OnlyOfTheTable},
      {kLimit, kAppend, NoLastRow},
      {kLimit, kUpdate, NoLastRow},
      {kLimit, kComplete, OnlyOfTheTable},
  };
  return rules;
}

absl::Status CheckMode(const LogicalPlanPtr& analysed, QueryOutputMode mode) {
  const std::vector<LogicalPlanPtr> order = InOrder(analysed);
  for (auto node = order.rbegin(); node != order.rend(); ++node) {
    for (const ModeRule& rule : ModeRules()) {
      if (rule.op != (*node)->op || rule.mode != mode || rule.refuses == nullptr) continue;
      const std::string why = rule.refuses(**node, analysed);
      if (why.empty()) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("OutputMode(\"", platform::ToAbsl(OutputModeName(mode)), "\"): ", why));
    }
  }
  return absl::OkStatus();
}

std::optional<std::vector<int>> OutputKeys(const LogicalPlan& root) {
  const LogicalPlan* const aggregate = FindOnWay(root, PlanOperator::kAggregate);
  if (aggregate == nullptr) return std::nullopt;
  const std::optional<std::map<int, int>> carried = CarriedKeys(root);
  if (!carried) return std::nullopt;
  std::vector<int> columns;
  for (int key = 0; key < aggregate->keys; ++key) {
    const auto found = std::ranges::find_if(root.output, [&](const Attribute& attribute) {
      const auto carries = carried->find(attribute.id);
      return carries != carried->end() && carries->second == key;
    });
    if (found == root.output.end()) return std::nullopt;
    columns.push_back(static_cast<int>(found - root.output.begin()));
  }
  return columns;
}

}  // namespace wavetank::runtime
