// TableRule: how a reader makes up a query's table of the rows that its batches show.
#ifndef WAVETANK_SCENARIOS_TABLE_RULE_H_
#define WAVETANK_SCENARIOS_TABLE_RULE_H_

#include <optional>
#include <vector>

#include "properties/decode_query.h"
#include "runtime/structured/compile_query.h"
#include "scenarios/oracle.h"

namespace wavetank::scenarios {

struct TableRule {
  properties::TableIs table = properties::TableIs::kAllRows;
  // Of the last row of each key: which columns are the key. Unset: all but the last.
  std::optional<std::vector<bool>> keys = {};
};

TableRule RuleOf(Fold fold);
TableRule RuleOf(const runtime::StreamingQueryPlan& plan);

// Whether a reader of the manifest makes up the table by this rule.
bool IsReadBy(const TableRule& rule, const properties::FileSinkView& view);

// The fields of a row that are its key. REQUIRES: the rule is one of keys.
properties::NaiveRow KeyOf(const TableRule& rule, const properties::NaiveRow& row);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_TABLE_RULE_H_
