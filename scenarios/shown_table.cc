#include "scenarios/shown_table.h"

#include <algorithm>
#include <map>
#include <string>

#include "absl/strings/str_join.h"

namespace wavetank::scenarios {

using properties::NaiveRow;
using properties::TableIs;

void ShownTable::Keep(const std::vector<properties::ShownBatch>& sink) {
  size_t index = sink.empty() ? 0 : static_cast<size_t>(sink.front().batch);
  for (const properties::ShownBatch& batch : sink) {
    if (index >= batches_.size()) {
      batches_.resize(index + 1);
      entry_hashes_.resize(index + 1);
    }
    const size_t at = index++;
    if (batch.rows == nullptr || entry_hashes_[at] == batch.entry_hash) continue;
    entry_hashes_[at] = batch.entry_hash;
    batches_[at] = batch.rows;
  }
}

std::vector<const NaiveRow*> ShownTable::Rows() const {
  std::map<NaiveRow, const NaiveRow*> by_key;
  std::vector<const NaiveRow*> rows;
  for (const BatchRows& batch : batches_) {
    if (rule_.table == TableIs::kNewestRows) rows.clear();
    if (batch == nullptr) continue;
    for (const NaiveRow& row : *batch) {
      if (rule_.table == TableIs::kLastRowOfEachKey) {
        by_key[KeyOf(rule_, row)] = &row;
      } else {
        rows.push_back(&row);
      }
    }
  }
  for (const auto& [key, row] : by_key) rows.push_back(row);
  return rows;
}

std::vector<NaiveRow> ShownTable::Sorted() const {
  std::vector<NaiveRow> rows;
  for (const NaiveRow* const row : Rows()) rows.push_back(*row);
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<std::string> ToLines(const std::vector<NaiveRow>& rows) {
  std::vector<std::string> lines;
  lines.reserve(rows.size());
  for (const NaiveRow& row : rows) lines.push_back(absl::StrJoin(row, ","));
  return lines;
}

}  // namespace wavetank::scenarios
