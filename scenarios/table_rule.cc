#include "scenarios/table_rule.h"

namespace wavetank::scenarios {
namespace {

using properties::NaiveRow;
using properties::TableIs;

std::vector<bool> KeysOf(const TableRule& rule, size_t columns) {
  if (rule.keys.has_value()) return *rule.keys;
  std::vector<bool> keys(columns, true);
  if (!keys.empty()) keys.back() = false;
  return keys;
}

}  // namespace

TableRule RuleOf(Fold fold) {
  switch (fold) {
    case Fold::kUnion:
      return {.table = TableIs::kAllRows};
    case Fold::kByKey:
      return {.table = TableIs::kLastRowOfEachKey};
    case Fold::kOneRow:
      return {.table = TableIs::kLastRowOfEachKey, .keys = std::vector<bool>{false}};
    case Fold::kNewest:
      return {.table = TableIs::kNewestRows};
  }
  return {};
}

TableRule RuleOf(const runtime::StreamingQueryPlan& plan) {
  switch (plan.mode) {
    case runtime::QueryOutputMode::kAppend:
      return {.table = TableIs::kAllRows};
    case runtime::QueryOutputMode::kComplete:
      return {.table = TableIs::kNewestRows};
    case runtime::QueryOutputMode::kUpdate:
      break;
  }
  std::vector<bool> keys(static_cast<size_t>(plan.output_schema->size()), false);
  for (const int column : *plan.output_keys) keys[static_cast<size_t>(column)] = true;
  return {.table = TableIs::kLastRowOfEachKey, .keys = std::move(keys)};
}

bool IsReadBy(const TableRule& rule, const properties::FileSinkView& view) {
  if (view.table != rule.table) return false;
  return rule.table != TableIs::kLastRowOfEachKey ||
         view.key_columns == KeysOf(rule, view.key_columns.size());
}

NaiveRow KeyOf(const TableRule& rule, const NaiveRow& row) {
  const std::vector<bool> keys = KeysOf(rule, row.size());
  NaiveRow key;
  for (size_t i = 0; i < row.size() && i < keys.size(); ++i) {
    if (keys[i]) key.push_back(row[i]);
  }
  return key;
}

}  // namespace wavetank::scenarios
