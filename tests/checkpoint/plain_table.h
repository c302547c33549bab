// PlainTable: the contract of a state table, written as plainly as possible: rows in order, and
// those at the last Accept.
#ifndef WAVETANK_TESTS_CHECKPOINT_PLAIN_TABLE_H_
#define WAVETANK_TESTS_CHECKPOINT_PLAIN_TABLE_H_

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/state_table.h"

namespace wavetank::checkpoint {

using Rows = std::vector<std::pair<std::string, std::string>>;

inline Rows RowsOf(const StateTable& table) {
  Rows rows;
  table.ForEach([&](std::string_view key, std::string_view value) {
    rows.emplace_back(std::string(key), std::string(value));
  });
  return rows;
}

class PlainTable {
 public:
  void Put(const std::string& key, const std::string& value) {
    for (auto& [other, there] : slots_) {
      if (other != key) continue;
      there = value;
      return;
    }
    slots_.emplace_back(key, value);
  }
  void Remove(const std::string& key) {
    for (auto& [other, there] : slots_) {
      if (other == key) there = std::nullopt;
    }
  }
  void Accept() {
    std::erase_if(slots_, [](const auto& slot) { return !slot.second.has_value(); });
    accepted_ = slots_;
  }
  void TakeBack() { slots_ = accepted_; }

  Rows rows() const {
    Rows rows;
    for (const auto& [key, value] : slots_) {
      if (value.has_value()) rows.emplace_back(key, *value);
    }
    return rows;
  }
  std::optional<std::string> Get(const std::string& key) const {
    for (const auto& [other, there] : slots_) {
      if (other == key) return there;
    }
    return std::nullopt;
  }
  // From `begin` on, below `end` if that is set, by key.
  Rows Sorted(const std::string& begin, const std::optional<std::string>& end) const {
    Rows sorted = rows();
    std::erase_if(sorted, [&](const auto& row) {
      return row.first < begin || (end.has_value() && row.first >= *end);
    });
    std::ranges::sort(sorted);
    return sorted;
  }

 private:
  std::vector<std::pair<std::string, std::optional<std::string>>> slots_;
  std::vector<std::pair<std::string, std::optional<std::string>>> accepted_;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_TESTS_CHECKPOINT_PLAIN_TABLE_H_
