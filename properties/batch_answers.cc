#include "properties/batch_answers.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace wavetank::properties {
namespace {

std::string Text(const NaiveRow& row) { return absl::StrJoin(row, ","); }

std::vector<NaiveRow> Sorted(std::vector<NaiveRow> rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

void BatchAnswers::Add(const NaiveBatch& batch) {
  NaiveAnswer answer = query_->Run(batch);
  late_dropped_ += answer.dropped;
  if (answer.max_event_ms.has_value()) {
    const int64_t demanded = *answer.max_event_ms - query_->watermark_delay_ms();
    watermark_ms_ = std::max(watermark_ms_.value_or(demanded), demanded);
  }
  answers_.push_back(std::move(answer));
}

std::optional<BatchAnswers::Difference> BatchAnswers::Compare(
    int64_t batch, const std::vector<NaiveRow>& shown) const {
  const NaiveAnswer& answer = at(batch);
  if (answer.rows == shown) return std::nullopt;
  const std::vector<NaiveRow> expected = Sorted(answer.rows);
  const std::vector<NaiveRow> actual = Sorted(shown);
  if (expected == actual) {
    if (!answer.ordered) return std::nullopt;
    const auto [due, there] =
        std::mismatch(answer.rows.begin(), answer.rows.end(), shown.begin(), shown.end());
    return Difference{absl::StrCat("shows its rows in another order than replay: ", Text(*there),
                                   " where ", Text(*due), " is due"),
                      {Text(*there)}};
  }
  std::vector<NaiveRow> missing;
  std::set_difference(expected.begin(), expected.end(), actual.begin(), actual.end(),
                      std::back_inserter(missing));
  std::vector<NaiveRow> extra;
  std::set_difference(actual.begin(), actual.end(), expected.begin(), expected.end(),
                      std::back_inserter(extra));
  Difference difference;
  difference.records.reserve(missing.size() + extra.size());
  for (const NaiveRow& row : missing) difference.records.push_back("missing " + Text(row));
  for (const NaiveRow& row : extra) difference.records.push_back("extra " + Text(row));
  difference.what = absl::StrCat("shows ", extra.size(), " rows that it must not, and lacks ",
                                 missing.size(), ", ", difference.records.front(), " among them");
  return difference;
}

}  // namespace wavetank::properties
