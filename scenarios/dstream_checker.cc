#include "scenarios/dstream_checker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "platform/text.h"

namespace wavetank::scenarios {
namespace {

using properties::NaiveRow;
using properties::OutputAttempt;
using properties::Violation;

void AddCounts(const OutputAttempt& attempt, std::map<std::string, int64_t>& counts) {
  for (const NaiveRow& row : attempt.rows) {
    int64_t count = 0;
    if (row.size() == 2 && absl::SimpleAtoi(row[1], &count)) counts[row[0]] += count;
  }
}

std::vector<OutputAttempt> CanonicalOutputs(
    const properties::DurableFiles& files, const std::string& prefix,
    const std::function<std::vector<NaiveRow>(std::vector<NaiveRow>)>& canonical) {
  std::vector<OutputAttempt> outputs = properties::DecodeTextOutputs(files, prefix);
  if (canonical == nullptr) return outputs;
  for (OutputAttempt& output : outputs) output.rows = canonical(std::move(output.rows));
  return outputs;
}

}  // namespace

DStreamChecker::DStreamChecker(JobPaths paths, std::unique_ptr<DStreamPieces> pieces,
                               DStreamOracle oracle)
    : paths_(std::move(paths)),
      pieces_(std::move(pieces)),
      checker_(
          {.answer = std::move(oracle.answer),
           .read_piece = [this](const std::string& piece) { return pieces_->Lines(piece); },
           .times_input = [this](const std::string& piece) { return pieces_->TimesInput(piece); }}),
      log_(paths_.checkpoint + "/",
           [directory = paths_.checkpoint](const properties::DurableFiles& files) {
             return properties::DecodeBatchLog(files, directory);
           }),
      decoded_outputs_(paths_.output + "/counts-", [prefix = paths_.output + "/counts",
                                                    canonical = std::move(oracle.canonical)](
                                                       const properties::DurableFiles& files) {
        return CanonicalOutputs(files, prefix, canonical);
      }) {}

std::vector<Violation> DStreamChecker::Observe(int64_t now_ns,
                                               const properties::DurableFiles& files,
                                               int64_t failures) {
  const auto& log = log_.At(files);
  if (!log.ok()) {
    std::string text(platform::ToStd(log.status().message()));
    if (!unreadable_.insert(text).second) return {};
    return {{properties::violation_kinds::kUnreadable, text, now_ns, {}, ""}};
  }
  // At an instant at which a reader would get no answer there is nothing to judge.
  if (!log->has_value()) return {};
  outputs_ = decoded_outputs_.At(files);
  for (const properties::LoggedInput& input : (*log)->inputs) {
    if (input.time_ms <= pieces_up_to_ms_) continue;
    pieces_up_to_ms_ = input.time_ms;
    for (const std::string& piece : input.pieces) ++pieces_in_batches_[piece];
  }
  std::vector<Violation> found = pieces_->Observe(now_ns, files, **log);
  for (Violation& violation : checker_.Observe(now_ns, **log, outputs_, failures)) {
    found.push_back(std::move(violation));
  }
  return found;
}

bool DStreamChecker::Done() const {
  if (checker_.batches_logged() != checker_.batches_completed() || !pieces_->Complete()) {
    return false;
  }
  const std::vector<std::string> owed = pieces_->Owed();
  return std::all_of(owed.begin(), owed.end(), [this](const std::string& piece) {
    return pieces_in_batches_.contains(piece);
  });
}

std::vector<Violation> DStreamChecker::Finish(int64_t now_ns) {
  return checker_.Finish(now_ns, pieces_->Owed());
}

properties::RecordCounts DStreamChecker::Counts() const {
  std::map<std::string, int64_t> came_out;
  for (const OutputAttempt& attempt : outputs_) AddCounts(attempt, came_out);
  std::map<std::string, int64_t> batches;  // by record, the time of the first that put it out
  for (const OutputAttempt& attempt : outputs_) {
    for (const NaiveRow& row : attempt.rows) {
      const auto first = batches.emplace(row[0], attempt.time_ms).first;
      first->second = std::min(first->second, attempt.time_ms);
    }
  }
  std::vector<int64_t> first_seen;
  std::map<std::string, int64_t> given;
  const auto times = [this](const std::string& piece) {
    const auto found = pieces_in_batches_.find(piece);
    return found == pieces_in_batches_.end() ? 0 : found->second;
  };
  for (const std::string& id : RecordIds(pieces_->Given(times))) {
    if (++given[id] > 1) continue;
    first_seen.push_back(came_out.contains(id) ? batches[id] : -1);
  }
  properties::RecordCounts counts = properties::CountRecords(given, came_out);
  if (pieces_->InOrder()) counts.reordered = properties::CountReordered(first_seen);
  for (const auto& [word, count] : came_out) {
    counts.phantom += IsRecordId(word) && !given.contains(word) ? 1 : 0;
  }
  return counts;
}

std::vector<std::string> DStreamChecker::Rows() const {
  std::map<int64_t, const OutputAttempt*> complete;
  for (const OutputAttempt& attempt : outputs_) {
    if (attempt.complete) complete[attempt.time_ms] = &attempt;
  }
  std::map<std::string, int64_t> counts;
  for (const auto& [time_ms, attempt] : complete) AddCounts(*attempt, counts);
  std::vector<std::string> rows;
  rows.reserve(counts.size());
  for (const auto& [word, count] : counts) rows.push_back(absl::StrCat(word, ",", count));
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace wavetank::scenarios
