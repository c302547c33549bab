#include "properties/batch_answers.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "properties/row_difference.h"

namespace wavetank::properties {
namespace {

std::string Text(const NaiveRow& row) { return absl::StrJoin(row, ","); }

std::vector<NaiveRow> Sorted(std::vector<NaiveRow> rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

void BatchAnswers::Add(const NaiveBatch& batch) {
  NaiveAnswer answer;
  if (known()) {
    answer = query_->Run(batch);
  } else {
    answer.unknown = answers_.back().unknown;
  }
  late_dropped_ += answer.dropped;
  std::optional<int64_t> watermark = watermark_ms();
  if (answer.max_event_ms.has_value()) {
    const int64_t demanded = *answer.max_event_ms - query_->watermark_delay_ms();
    watermark = std::max(watermark.value_or(demanded), demanded);
  }
  if (!answer.seen.empty()) {
    event_times_.Add(answer.seen);
    watermark = event_times_.global_ms();
  }
  watermarks_ms_.push_back(watermark);
  newest_ran_under_ms_ = batch.watermark_ms;
  state_ = std::exchange(answer.state, {});
  answers_.push_back(std::move(answer));
}

std::optional<bool> BatchAnswers::another_is_due() const {
  if (answers_.empty()) return false;
  const std::optional<NaiveNextFinal>& next = answers_.back().next_final;
  if (!next) return std::nullopt;
  const std::optional<int64_t> watermark = watermark_ms();
  const bool moved = watermark && (!newest_ran_under_ms_ || *watermark > *newest_ran_under_ms_);
  return moved && next->watermark_ms && *watermark >= *next->watermark_ms;
}

std::optional<BatchAnswers::Difference> BatchAnswers::Compare(
    int64_t batch, const std::vector<NaiveRow>& shown) const {
  const NaiveAnswer& answer = at(batch);
  if (answer.rows == shown || !answer.unknown.empty()) return std::nullopt;
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
  RowDifference rows = DifferenceOf(expected, actual);
  const std::string what = absl::StrCat("shows ", rows.extra, " rows that it must not, and lacks ",
                                        rows.missing, ", ", rows.records.front(), " among them");
  return Difference{what, std::move(rows.records)};
}

std::optional<std::string> BatchAnswers::Compare(int64_t batch, int64_t dropped_late,
                                                 int64_t without_time) const {
  const NaiveAnswer& answer = at(batch);
  const bool same = answer.dropped == dropped_late && answer.without_time == without_time;
  if (same || !answer.unknown.empty()) return std::nullopt;
  return absl::StrCat(dropped_late, " late rows and ", without_time, " without a time dropped, ",
                      answer.dropped, " and ", answer.without_time, " are");
}

}  // namespace wavetank::properties
