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

}  // namespace

DStreamChecker::DStreamChecker(JobPaths paths, std::unique_ptr<DStreamPieces> pieces,
                               DStreamOracle oracle)
    : paths_(std::move(paths)),
      outputs_prefix_(paths_.output + "/counts"),
      canonical_(std::move(oracle.canonical)),
      pieces_(std::move(pieces)),
      checker_(
          {.answer = std::move(oracle.answer),
           .read_piece = [this](const std::string& piece) { return pieces_->Lines(piece); },
           .times_input = [this](const std::string& piece) { return pieces_->TimesInput(piece); }}),
      log_(properties::FencedLogFiles(paths_.checkpoint),
           [directory = paths_.checkpoint](const properties::DurableFiles& files) {
             return properties::DecodeBatchLog(files, directory);
           }) {}

void DStreamChecker::NoteOutputs(const std::set<std::string>& changed) {
  for (auto path = changed.lower_bound(outputs_prefix_);
       path != changed.end() && path->starts_with(outputs_prefix_); ++path) {
    std::string directory = properties::AttemptDirectory(*path, outputs_prefix_);
    if (!directory.empty()) changed_outputs_.insert(std::move(directory));
  }
}

std::vector<Violation> DStreamChecker::ObserveOutputs(int64_t now_ns,
                                                      const properties::DurableFiles& files,
                                                      int64_t failures) {
  std::vector<Violation> found;
  for (const std::string& directory : std::exchange(changed_outputs_, {})) {
    std::optional<OutputAttempt> output =
        properties::DecodeTextOutput(files, outputs_prefix_, directory);
    const auto known = outputs_.find(directory);
    if (!output.has_value() && known == outputs_.end()) continue;
    if (!output.has_value()) {
      const OutputAttempt gone{.time_ms = known->second.time_ms, .attempt = known->second.attempt};
      outputs_.erase(known);
      for (Violation& violation : checker_.ObserveOutput(now_ns, gone, failures)) {
        found.push_back(std::move(violation));
      }
      continue;
    }
    if (canonical_ != nullptr) output->rows = canonical_(std::move(output->rows));
    for (Violation& violation : checker_.ObserveOutput(now_ns, *output, failures)) {
      found.push_back(std::move(violation));
    }
    outputs_[directory] = *std::move(output);
  }
  return found;
}

std::vector<Violation> DStreamChecker::Observe(int64_t now_ns,
                                               const properties::ObservedFiles& observed,
                                               int64_t failures) {
  done_.reset();
  log_changed_ = log_.Note(observed) || log_changed_;
  pieces_changed_ = properties::AnyBelow(observed.changed, paths_.checkpoint) || pieces_changed_;
  NoteOutputs(observed.changed);
  const auto& log = log_.Get(observed.files);
  if (!log.ok()) {
    std::string text(platform::ToStd(log.status().message()));
    if (!unreadable_.insert(text).second) return {};
    return {{properties::violation_kinds::kUnreadable, text, now_ns, {}, ""}};
  }
  // At an instant at which a reader would get no answer there is nothing to judge.
  if (!log->has_value()) return {};
  std::vector<Violation> found;
  const auto add = [&found](std::vector<Violation> more) {
    for (Violation& violation : more) found.push_back(std::move(violation));
  };
  if (std::exchange(pieces_changed_, false)) add(pieces_->Observe(now_ns, observed.files, **log));
  if (std::exchange(log_changed_, false)) add(checker_.ObserveLog(now_ns, **log, failures));
  pieces_->ObserveTime(now_ns);
  add(ObserveOutputs(now_ns, observed.files, failures));
  return found;
}

bool DStreamChecker::Done() const {
  if (!done_.has_value()) done_ = IsDone();
  return *done_;
}

bool DStreamChecker::IsDone() const {
  if (checker_.batches_logged() != checker_.batches_completed() || !pieces_->Complete()) {
    return false;
  }
  const std::vector<std::string> owed = pieces_->Owed();
  return std::all_of(owed.begin(), owed.end(), [this](const std::string& piece) {
    return checker_.TimesInBatches(piece) > 0;
  });
}

std::vector<Violation> DStreamChecker::Finish(int64_t now_ns) {
  return checker_.Finish(now_ns, pieces_->Owed());
}

properties::RecordCounts DStreamChecker::Counts() const {
  std::map<std::string, int64_t> came_out;
  for (const auto& [directory, attempt] : outputs_) AddCounts(attempt, came_out);
  std::map<std::string, int64_t> batches;  // by record, the time of the first that put it out
  for (const auto& [directory, attempt] : outputs_) {
    for (const NaiveRow& row : attempt.rows) {
      const auto first = batches.emplace(row[0], attempt.time_ms).first;
      first->second = std::min(first->second, attempt.time_ms);
    }
  }
  std::vector<int64_t> first_seen;
  std::map<std::string, int64_t> given;
  const auto times = [this](const std::string& piece) { return checker_.TimesInBatches(piece); };
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
  for (const auto& [directory, attempt] : outputs_) {
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
