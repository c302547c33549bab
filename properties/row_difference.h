// RowDifference: what of the rows that must be there is missing, and what is there beyond them.
#ifndef WAVETANK_PROPERTIES_ROW_DIFFERENCE_H_
#define WAVETANK_PROPERTIES_ROW_DIFFERENCE_H_

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"

#include "properties/naive_query.h"

namespace wavetank::properties {

struct RowDifference {
  size_t missing = 0;
  size_t extra = 0;
  std::vector<std::string> records;  // "missing a,1", then "extra b,2"
};

// REQUIRES: both are sorted.
inline RowDifference DifferenceOf(const std::vector<NaiveRow>& expected,
                                  const std::vector<NaiveRow>& actual) {
  std::vector<NaiveRow> missing;
  std::set_difference(expected.begin(), expected.end(), actual.begin(), actual.end(),
                      std::back_inserter(missing));
  std::vector<NaiveRow> extra;
  std::set_difference(actual.begin(), actual.end(), expected.begin(), expected.end(),
                      std::back_inserter(extra));
  RowDifference difference{.missing = missing.size(), .extra = extra.size(), .records = {}};
  difference.records.reserve(missing.size() + extra.size());
  for (const NaiveRow& row : missing) {
    difference.records.push_back("missing " + absl::StrJoin(row, ","));
  }
  for (const NaiveRow& row : extra) {
    difference.records.push_back("extra " + absl::StrJoin(row, ","));
  }
  return difference;
}

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_ROW_DIFFERENCE_H_
