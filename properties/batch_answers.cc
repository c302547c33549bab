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
  std::optional<int64_t> watermark = watermark_ms();
  if (answer.max_event_ms.has_value()) {
    const int64_t demanded = *answer.max_event_ms - query_->watermark_delay_ms();
    watermark = std::max(watermark.value_or(demanded), demanded);
  }
  watermarks_ms_.push_back(watermark);
  state_ = std::exchange(answer.state, {});
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

std::optional<std::string> BatchAnswers::Compare(int64_t batch, int64_t dropped_late,
                                                 int64_t without_time) const {
  const NaiveAnswer& answer = at(batch);
  if (answer.dropped == dropped_late && answer.without_time == without_time) return std::nullopt;
  return absl::StrCat(dropped_late, " late rows and ", without_time, " without a time dropped, ",
                      answer.dropped, " and ", answer.without_time, " are");
}

}  // namespace wavetank::properties
