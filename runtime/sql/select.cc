#include "runtime/sql/select.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "runtime/sql/sql_error.h"

namespace wavetank::runtime::sql {
namespace {

std::string LastPart(const std::string& name) { return name.substr(name.rfind('.') + 1); }

bool IsStar(const ExpressionNode& item) {
  return item.kind == ExpressionKind::kName && (item.name == "*" || item.name.ends_with(".*"));
}

// "t.word" is "word", as far as can be told without the tables.
bool SameColumn(const std::string& a, const std::string& b) {
  if (absl::EqualsIgnoreCase(a, b)) return true;
  const bool one_is_qualified = absl::StrContains(a, '.') != absl::StrContains(b, '.');
  return one_is_qualified && absl::EqualsIgnoreCase(LastPart(a), LastPart(b));
}

bool Mentions(const ExpressionNode& node, const std::string& name) {
  if (node.kind == ExpressionKind::kName) return absl::EqualsIgnoreCase(node.name, name);
  return std::ranges::any_of(node.operands, [&](const auto& o) { return Mentions(*o, name); });
}

LogicalPlan Over(LogicalPlanPtr input, PlanOperator op) {
  LogicalPlan node;
  node.op = op;
  node.inputs = {std::move(input)};
  return node;
}

class GroupedSelect {
 public:
  GroupedSelect(ParseContext& context, const Select& select) : context_(context), select_(select) {}

  absl::StatusOr<LogicalPlanPtr> Plan(LogicalPlanPtr from) {
    WT_RETURN_IF_ERROR(FindKeys());
    NameAggregates();
    std::vector<ExpressionPtr> items;
    for (const ExpressionPtr& item : select_.items) {
      WT_ASSIGN_OR_RETURN(items.emplace_back(), Item(item));
    }
    ExpressionPtr having;
    if (select_.having != nullptr) {
      WT_ASSIGN_OR_RETURN(having, OfGroups(select_.having, /*in_having=*/true));
    }
    // DISTINCT in other words; the engine's groups have an aggregate.
    if (aggregates_.empty()) Aggregate(Count().node());

    LogicalPlan aggregate = Over(std::move(from), PlanOperator::kAggregate);
    aggregate.keys = static_cast<int>(keys_.size());
    std::vector<std::string> shown;
    for (const Key& key : keys_) {
      aggregate.expressions.push_back(NamedAs(key.value, key.name));
      shown.push_back(key.window ? absl::StrCat(key.name, ".start") : key.name);
      if (key.window) shown.push_back(absl::StrCat(key.name, ".end"));
    }
    for (const Named& each : aggregates_) {
      aggregate.expressions.push_back(NamedAs(each.value, each.name));
      shown.push_back(each.name);
    }
    LogicalPlanPtr plan = Placed(std::move(aggregate));
    if (having != nullptr) {
      LogicalPlan filter = Over(std::move(plan), PlanOperator::kFilter);
      filter.expressions = {std::move(having)};
      plan = Placed(std::move(filter));
    }
    const bool as_it_is = std::ranges::equal(items, shown, [](const auto& item, const auto& name) {
      return item->kind == ExpressionKind::kName && item->name == name;
    });
    if (as_it_is) return plan;
    LogicalPlan project = Over(std::move(plan), PlanOperator::kProject);
    project.expressions = std::move(items);
    return Placed(std::move(project));
  }

 private:
  struct Named {
    ExpressionPtr value;
    std::string text;
    std::string name;  // of its column
  };
  struct Key : Named {
    bool window = false;
  };

  absl::Status Wrong(const ExpressionPtr& node, std::string_view what) const {
    return ErrorAt(context_.tokens.text(),
                   context_.places.Find(node.get()).value_or(select_.offset), what);
  }
  LogicalPlanPtr Placed(LogicalPlan node) {
    auto plan = std::make_shared<const LogicalPlan>(std::move(node));
    context_.places.Put(plan, select_.group_offset);
    return plan;
  }
  ExpressionPtr NamedAs(const ExpressionPtr& value, const std::string& name) {
    if (value->kind == ExpressionKind::kName && LastPart(value->name) == name) return value;
    if (OutputName(*value) == name) return value;
    ExpressionPtr alias = Expression(value).As(name).node();
    context_.places.Put(alias, context_.places.Find(value.get()).value_or(select_.offset));
    return alias;
  }
  bool IsAggregate(const ExpressionNode& node) const {
    if (node.kind != ExpressionKind::kCall) return false;
    const FunctionPtr function = context_.functions.Find(node.name);
    return function != nullptr && function->is_aggregate();
  }

  // GROUP BY 2 is by the second column; by a name that a column of the SELECT is given, by what
  // that column computes. A column of the input that is called so goes before: one that the
  // computation itself reads is there.
  absl::StatusOr<ExpressionPtr> Meant(const ExpressionPtr& group) const {
    if (const auto* const number = std::get_if<int32_t>(&group->value);
        group->kind == ExpressionKind::kLiteral && number != nullptr) {
      const auto size = static_cast<int32_t>(select_.items.size());
      if (*number < 1 || *number > size) {
        return Wrong(group,
                     absl::StrCat("there is no column ", *number, ": the SELECT has ", size));
      }
      const ExpressionPtr& item = select_.items[static_cast<size_t>(*number - 1)];
      if (IsStar(*item)) return Wrong(group, "a * is no column to group by: name it");
      return WithoutAlias(item);
    }
    if (group->kind != ExpressionKind::kName) return group;
    for (const ExpressionPtr& item : select_.items) {
      const bool called =
          item->kind == ExpressionKind::kAlias && absl::EqualsIgnoreCase(item->name, group->name);
      if (called && !Mentions(*item->operands[0], group->name)) return WithoutAlias(item);
    }
    return group;
  }

  absl::Status FindKeys() {
    std::vector<ExpressionPtr> groups = select_.groups;
    if (select_.by_all) {
      for (const ExpressionPtr& item : select_.items) {
        if (!HasAggregate(*item, context_.functions)) groups.push_back(WithoutAlias(item));
      }
    }
    for (const ExpressionPtr& group : groups) {
      WT_ASSIGN_OR_RETURN(const ExpressionPtr value, Meant(group));
      if (HasAggregate(*value, context_.functions)) {
        return Wrong(group, absl::StrCat(ToText(*value),
                                         " is an aggregate, which is known once "
                                         "the rows are grouped: group by something else"));
      }
      Key key;
      key.value = value;
      key.text = ToText(*value);
      key.window = IsCall(*value, kWindowCall) || IsCall(*value, kSessionWindowCall);
      if (std::ranges::find(keys_, key.text, &Key::text) != keys_.end()) continue;
      key.name = value->kind == ExpressionKind::kName ? LastPart(value->name) : OutputName(*value);
      for (const ExpressionPtr& item : select_.items) {
        if (item->kind != ExpressionKind::kAlias || ToText(*WithoutAlias(item)) != key.text) {
          continue;
        }
        key.name = item->name;
        break;
      }
      key.name = Free(key.name);
      keys_.push_back(std::move(key));
    }
    return absl::OkStatus();
  }

  std::string Free(const std::string& name) const {
    const auto taken = [&](const std::string& other) {
      return std::ranges::find(keys_, other, &Key::name) != keys_.end() ||
             std::ranges::find(aggregates_, other, &Named::name) != aggregates_.end();
    };
    std::string free = name;
    for (int i = 2; taken(free); ++i) free = absl::StrCat(name, " ", i);
    return free;
  }

  // Those that a column of the SELECT gives a name have it.
  void NameAggregates() {
    for (const ExpressionPtr& item : select_.items) {
      const ExpressionPtr& value = WithoutAlias(item);
      if (IsAggregate(*value)) Aggregate(value, OutputName(*item));
    }
  }

  const std::string& Aggregate(const ExpressionPtr& value, const std::string& name = "") {
    const std::string text = ToText(*value);
    const auto known = std::ranges::find(aggregates_, text, &Named::text);
    if (known != aggregates_.end()) return known->name;
    aggregates_.push_back({value, text, Free(name.empty() ? text : name)});
    return aggregates_.back().name;
  }

  absl::StatusOr<ExpressionPtr> Item(const ExpressionPtr& item) {
    if (IsStar(*item)) {
      return Wrong(item,
                   "a * beside groups is every column, and those are not in a group: name "
                   "what is wanted of each");
    }
    WT_ASSIGN_OR_RETURN(ExpressionPtr value, OfGroups(WithoutAlias(item), /*in_having=*/false));
    std::string name = OutputName(*item);
    if (item->kind == ExpressionKind::kName) name = LastPart(item->name);
    if (IsCall(*item, "get_field")) {
      name = std::get<std::string>(item->operands[1]->value);
    }
    return NamedOutput(std::move(value), name);
  }

  // A column that has the name already is left alone.
  ExpressionPtr NamedOutput(ExpressionPtr value, const std::string& name) {
    if (value->kind == ExpressionKind::kName && value->name == name) return value;
    const size_t place = context_.places.Find(value.get()).value_or(select_.offset);
    value = Expression(std::move(value)).As(name).node();
    context_.places.Put(value, place);
    return value;
  }

  const Key* WindowCalled(const std::string& name) const {
    for (const Key& key : keys_) {
      const bool called =
          absl::EqualsIgnoreCase(key.name, name) || absl::EqualsIgnoreCase(key.value->name, name);
      if (key.window && called) return &key;
    }
    return nullptr;
  }

  static ExpressionPtr Bound(const Key& window, const std::string& bound) {
    return Col(absl::StrCat(window.name, ".", absl::AsciiStrToLower(bound))).node();
  }
  static ExpressionPtr Whole(const Key& window) {
    return Call("named_struct", {"start", Expression(Bound(window, "start")), "end",
                                 Expression(Bound(window, "end"))})
        .node();
  }

  // What `node` is of a group: keys and aggregates are columns now.
  absl::StatusOr<ExpressionPtr> OfGroups(const ExpressionPtr& node, bool in_having) {
    return Changed(node, context_.places,
                   [&](const ExpressionPtr& part) { return Part(part, in_having); });
  }

  absl::StatusOr<ExpressionPtr> Part(const ExpressionPtr& node, bool in_having) {
    if (IsAggregate(*node)) return Col(Aggregate(node)).node();
    if (node->kind == ExpressionKind::kLiteral) return nullptr;
    const std::string text = ToText(*node);
    for (const Key& key : keys_) {
      if (key.text != text) continue;
      return key.window ? Whole(key) : Col(key.name).node();
    }
    if (IsCall(*node, "window_time") && node->operands.size() == 1) return WindowTime(node);
    if (IsCall(*node, "get_field")) {
      const std::string of = ToText(*node->operands[0]);
      const auto* const field = std::get_if<std::string>(&node->operands[1]->value);
      for (const Key& key : keys_) {
        if (key.window && key.text == of && field != nullptr) return Bound(key, *field);
      }
    }
    if (node->kind != ExpressionKind::kName) return nullptr;
    const size_t dot = node->name.rfind('.');
    if (const Key* const window = WindowCalled(node->name)) return Whole(*window);
    if (dot != std::string::npos) {
      if (const Key* const window = WindowCalled(node->name.substr(0, dot))) {
        return Bound(*window, node->name.substr(dot + 1));
      }
    }
    for (const Key& key : keys_) {
      if (key.value->kind != ExpressionKind::kName) continue;
      if (SameColumn(key.value->name, node->name)) return Col(key.name).node();
      // A field of it.
      if (!absl::StartsWithIgnoreCase(node->name, absl::StrCat(key.value->name, "."))) continue;
      return Col(absl::StrCat(key.name, node->name.substr(key.value->name.size()))).node();
    }
    if (in_having) {
      for (const ExpressionPtr& item : select_.items) {
        if (item->kind != ExpressionKind::kAlias) continue;
        if (!absl::EqualsIgnoreCase(item->name, node->name)) continue;
        return OfGroups(WithoutAlias(item), /*in_having=*/false);
      }
    }
    return Wrong(node, absl::StrCat("\"", node->name,
                                    "\" is of a row, not of a group: add it to "
                                    "GROUP BY, or aggregate it, as in min(",
                                    node->name, ")"));
  }

  // The last instant of the window.
  absl::StatusOr<ExpressionPtr> WindowTime(const ExpressionPtr& node) const {
    const ExpressionNode& of = *node->operands[0];
    for (const Key& key : keys_) {
      const bool is_named = of.kind == ExpressionKind::kName && WindowCalled(of.name) == &key;
      const bool meant = key.window && (key.text == ToText(of) || is_named);
      if (meant) return (Expression(Bound(key, "end")) - absl::Microseconds(1)).node();
    }
    return Wrong(node, "window_time is of a window that rows are grouped by");
  }

  ParseContext& context_;
  const Select& select_;
  std::vector<Key> keys_;
  std::vector<Named> aggregates_;
};

}  // namespace

bool HasAggregate(const ExpressionNode& node, const FunctionRegistry& functions) {
  if (node.kind == ExpressionKind::kCall) {
    const FunctionPtr function = functions.Find(node.name);
    if (function != nullptr && function->is_aggregate()) return true;
  }
  return std::ranges::any_of(node.operands,
                             [&](const auto& o) { return HasAggregate(*o, functions); });
}

absl::StatusOr<ExpressionPtr> Changed(const ExpressionPtr& node, Places& places,
                                      const Change& change) {
  const std::optional<size_t> place = places.Find(node.get());
  WT_ASSIGN_OR_RETURN(ExpressionPtr other, change(node));
  if (other == nullptr) {
    ExpressionNode copy = *node;
    bool same = true;
    for (ExpressionPtr& operand : copy.operands) {
      WT_ASSIGN_OR_RETURN(ExpressionPtr changed, Changed(operand, places, change));
      same = same && changed == operand;
      operand = std::move(changed);
    }
    if (same) return node;
    other = std::make_shared<const ExpressionNode>(std::move(copy));
  }
  if (place) places.Put(other, *place);
  return other;
}

absl::StatusOr<LogicalPlanPtr> PlanOf(ParseContext& context, const Select& select,
                                      LogicalPlanPtr from) {
  const bool aggregates =
      std::ranges::any_of(select.items,
                          [&](const auto& i) { return HasAggregate(*i, context.functions); }) ||
      (select.having != nullptr && HasAggregate(*select.having, context.functions));
  LogicalPlanPtr plan = std::move(from);
  if (select.grouped || aggregates) {
    WT_ASSIGN_OR_RETURN(plan, GroupedSelect(context, select).Plan(std::move(plan)));
  } else if (select.having != nullptr) {
    return ErrorAt(context.tokens.text(), context.places.Find(select.having.get()).value_or(0),
                   "HAVING is of groups, and there is no GROUP BY: use WHERE");
  } else if (select.items.size() != 1 || select.items[0]->kind != ExpressionKind::kName ||
             select.items[0]->name != "*") {
    LogicalPlan project = Over(std::move(plan), PlanOperator::kProject);
    project.expressions = select.items;
    plan = std::make_shared<const LogicalPlan>(std::move(project));
    context.places.Put(plan, select.offset);
  }
  if (!select.distinct) return plan;
  plan = std::make_shared<const LogicalPlan>(Over(std::move(plan), PlanOperator::kDropDuplicates));
  context.places.Put(plan, select.offset);
  return plan;
}

}  // namespace wavetank::runtime::sql
