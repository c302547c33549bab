// ShownTable: the table that a reader makes up of what a file sink's batches have shown.
#ifndef WAVETANK_SCENARIOS_SHOWN_TABLE_H_
#define WAVETANK_SCENARIOS_SHOWN_TABLE_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "properties/decode_query.h"
#include "scenarios/table_rule.h"

namespace wavetank::scenarios {

class ShownTable {
 public:
  explicit ShownTable(TableRule rule) : rule_(std::move(rule)) {}

  // As the sink shows them now. Of a batch of a complete table that is superseded stays what it
  // showed.
  void Keep(const std::vector<properties::ShownBatch>& sink);

  const TableRule& rule() const { return rule_; }
  // By batch, as it was last shown; null: it was not.
  using BatchRows = std::shared_ptr<const std::vector<properties::NaiveRow>>;
  const std::vector<BatchRows>& batches() const { return batches_; }
  // The rows of the table, by key where it has keys.
  std::vector<const properties::NaiveRow*> Rows() const;
  // The same, ordered.
  std::vector<properties::NaiveRow> Sorted() const;

 private:
  const TableRule rule_;
  std::vector<BatchRows> batches_;
  std::vector<uint64_t> entry_hashes_;  // likewise
};

// Fields joined by commas.
std::vector<std::string> ToLines(const std::vector<properties::NaiveRow>& rows);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_SHOWN_TABLE_H_
