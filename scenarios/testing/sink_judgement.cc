#include "scenarios/testing/sink_judgement.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"

namespace wavetank::testing {

SinkJudgement JudgeView(const SinkView& view, const SinkLog& log, bool all, bool replaces) {
  SinkJudgement judgement;
  std::map<std::string, int> times;
  for (const std::string& row : view) {
    if (++times[row] > 1) judgement.twice = row;
  }
  std::map<std::string, size_t> batch_of;
  std::vector<size_t> there(log.batches.size());
  size_t required = 0;  // batches
  for (size_t batch = 0; batch < log.batches.size(); ++batch) {
    const SinkLog::Batch& logged = log.batches[batch];
    for (const std::string& row : logged.rows) {
      batch_of[row] = batch;
      there[batch] += times.contains(row) ? 1 : 0;
    }
    if (all || logged.acknowledged) required = batch + 1;
  }
  for (const auto& [row, count] : times) {
    if (!batch_of.contains(row)) judgement.uncounted = row;
  }
  size_t newest = 0;  // of which something is there, counted from 1
  for (size_t batch = 0; batch < there.size(); ++batch) {
    if (there[batch] > 0) newest = batch + 1;
    const size_t rows = log.batches[batch].rows.size();
    const bool part = there[batch] > 0 && there[batch] < rows;
    if (part) judgement.half = absl::StrCat("batch ", batch, ": ", there[batch], " of ", rows);
  }
  for (size_t batch = 0; batch < there.size(); ++batch) {
    const size_t rows = log.batches[batch].rows.size();
    const bool replaced = replaces && batch + 1 < std::max(required, newest);
    if (replaced && there[batch] > 0 && newest > batch + 1) {
      judgement.half = absl::StrCat("batch ", batch, " beside batch ", newest - 1);
    }
    if (replaced || there[batch] == rows) continue;
    if (batch + 1 <= required) {
      judgement.lost =
          absl::StrCat(rows - there[batch], " of the ", rows, " rows of batch ", batch);
    } else if (batch + 1 < newest) {
      judgement.half = absl::StrCat("batch ", newest - 1, " before batch ", batch);
    }
  }
  return judgement;
}

}  // namespace wavetank::testing
