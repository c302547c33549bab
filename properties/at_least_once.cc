#include "properties/at_least_once.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace wavetank::properties {

void AtLeastOnceChecker::Report(const char* kind, std::string what,
                                std::vector<std::string> records) {
  if (!reported_.insert(absl::StrCat(kind, " ", what)).second) return;
  fresh_.push_back({kind, std::move(what), now_ns_, std::move(records), ""});
}

std::vector<Violation> AtLeastOnceChecker::Observe(int64_t now_ns, const BatchLogView& log,
                                                   const std::vector<OutputAttempt>& outputs,
                                                   int64_t failures) {
  now_ns_ = now_ns;
  CheckLog(log, failures);
  CheckWhatWasPutOut(outputs);
  for (const OutputAttempt& output : outputs) CheckOutput(output, failures);
  return std::exchange(fresh_, {});
}

// Everything seen before is there as it was, but for completed batches that were dropped.
void AtLeastOnceChecker::CheckWhatWasLogged(const BatchLogView& log) {
  std::map<int64_t, const LoggedInput*> there;
  for (const LoggedInput& input : log.inputs) {
    if (!there.empty() && input.time_ms <= there.rbegin()->first) {
      Report(violation_kinds::kDefinition,
             absl::StrCat("batch ", input.time_ms, " ms is logged after ", there.rbegin()->first,
                          " ms"));
    }
    there[input.time_ms] = &input;
  }
  if (log.dropped_up_to_ms != INT64_MIN && !answers_.contains(log.dropped_up_to_ms)) {
    Report(violation_kinds::kDefinition,
           absl::StrCat("the batch log has dropped batch ", log.dropped_up_to_ms,
                        " ms, which never was durable in it"));
  }
  const std::set<int64_t> completed(log.completed_ms.begin(), log.completed_ms.end());
  for (const LoggedInput& known : inputs_) {
    const int64_t time_ms = known.time_ms;
    const auto input = there.find(time_ms);
    if (input == there.end()) {
      if (time_ms <= log.dropped_up_to_ms && completed_.contains(time_ms)) continue;
      Report(violation_kinds::kDefinition,
             absl::StrCat("the batch log has lost the durable input of batch ", time_ms, " ms"));
    } else if (*input->second != known) {
      Report(violation_kinds::kDefinition,
             absl::StrCat("the logged input of batch ", time_ms, " ms has changed"));
    } else if (completed_.contains(time_ms) && !completed.contains(time_ms)) {
      Report(violation_kinds::kDefinition,
             absl::StrCat("the batch log has lost the completion of batch ", time_ms, " ms"));
    }
  }
}

void AtLeastOnceChecker::CheckLog(const BatchLogView& log, int64_t failures) {
  CheckWhatWasLogged(log);
  for (const LoggedInput& input : log.inputs) {
    if (answers_.contains(input.time_ms)) continue;  // known
    if (!inputs_.empty() && input.time_ms <= inputs_.back().time_ms) {
      Report(violation_kinds::kDefinition, absl::StrCat("batch ", input.time_ms, " ms comes after ",
                                                        inputs_.back().time_ms, " ms was seen"));
    }
    std::vector<std::string> lines;
    for (const std::string& piece : input.pieces) {
      const int64_t at_most = options_.times_input ? options_.times_input(piece) : 1;
      if (++pieces_[piece] > std::max<int64_t>(1, at_most)) {
        Report(violation_kinds::kDuplicated,
               absl::StrCat(piece, " is in batch ", input.time_ms, " ms and in an earlier one"),
               {piece});
      }
      const std::vector<std::string> more = options_.read_piece(piece);
      lines.insert(lines.end(), more.begin(), more.end());
    }
    const std::vector<NaiveRow> answer = options_.answer(lines);
    answers_[input.time_ms].insert(answer.begin(), answer.end());
    failures_at_input_[input.time_ms] = failures;
    if (!input.pieces.empty() || CatchesUp(input)) Advance();
    newest_input_ns_ = now_ns_;
    inputs_.push_back(input);
  }
  for (const int64_t time_ms : log.completed_ms) {
    if (!completed_.insert(time_ms).second) continue;
    failures_at_completion_[time_ms] = failures;
    const auto answer = answers_.find(time_ms);
    if (answer != answers_.end() && !answer->second.empty()) Advance();
    if (!answers_.contains(time_ms)) {
      Report(
          violation_kinds::kCommitOrder,
          absl::StrCat("batch ", time_ms, " ms is marked complete, but its input is not logged"));
    }
  }
}

// Once something is wrong, what comes after it is no progress: the run may end.
void AtLeastOnceChecker::Advance() {
  if (reported_.empty()) ++advances_;
}

// Whether it is logged sooner after its predecessor than batch times follow one another.
bool AtLeastOnceChecker::CatchesUp(const LoggedInput& input) const {
  constexpr int64_t kNsPerMs = 1'000'000;
  if (inputs_.empty()) return true;
  const int64_t interval_ms = input.time_ms - inputs_.back().time_ms;
  return now_ns_ - newest_input_ns_ < interval_ms * kNsPerMs / 2;
}

void AtLeastOnceChecker::CheckWhatWasPutOut(const std::vector<OutputAttempt>& outputs) {
  std::set<std::pair<int64_t, std::string>> there;
  for (const OutputAttempt& output : outputs) {
    if (output.complete) there.emplace(output.time_ms, output.attempt);
  }
  for (auto& batch : attempts_) {
    std::erase_if(batch.second.complete, [&](const auto& known) {
      if (there.contains({batch.first, known.first})) return false;
      Report(violation_kinds::kVisibility,
             absl::StrCat("attempt ", known.first, " of batch ", batch.first,
                          " ms was complete and is gone"));
      return true;
    });
  }
}

void AtLeastOnceChecker::CheckOutput(const OutputAttempt& output, int64_t failures) {
  const int64_t time_ms = output.time_ms;
  const auto answer = answers_.find(time_ms);
  if (answer == answers_.end()) {
    Report(violation_kinds::kInputDurable,
           absl::StrCat("batch ", time_ms, " ms has output, but its input is not durable"));
    return;
  }
  Attempts& attempts = attempts_[time_ms];
  if (attempts.names.insert(output.attempt).second) {
    // One attempt without failures, and one more for each that came before the completion mark.
    const auto done = failures_at_completion_.find(time_ms);
    const int64_t until = done == failures_at_completion_.end() ? failures : done->second;
    const int64_t allowed = 1 + until - failures_at_input_[time_ms];
    if (static_cast<int64_t>(attempts.names.size()) > allowed) {
      Report(violation_kinds::kDuplicated,
             absl::StrCat("batch ", time_ms, " ms was put out by ", attempts.names.size(),
                          " attempts, which its ", allowed - 1, " failures do not excuse"));
    }
  }
  if (!output.damage.empty()) {
    Report(violation_kinds::kUnreadable,
           absl::StrCat("attempt ", output.attempt, " of batch ", time_ms, " ms: ", output.damage));
    return;
  }
  if (!output.complete) return;
  const auto [judged, is_new] = attempts.complete.try_emplace(output.attempt, output.content_hash);
  if (!is_new && std::exchange(judged->second, output.content_hash) == output.content_hash) return;
  CheckRows(output, answer->second);
}

void AtLeastOnceChecker::CheckRows(const OutputAttempt& output,
                                   const std::multiset<NaiveRow>& answer) {
  const std::multiset<NaiveRow> actual(output.rows.begin(), output.rows.end());
  if (actual == answer) return;
  std::vector<std::string> records;
  for (const NaiveRow& row : answer) {
    if (actual.count(row) < answer.count(row))
      records.push_back("missing " + absl::StrJoin(row, ","));
  }
  for (const NaiveRow& row : actual) {
    if (actual.count(row) > answer.count(row))
      records.push_back("extra " + absl::StrJoin(row, ","));
  }
  const std::string first = records.front();
  constexpr size_t kMostRecords = 5;
  records.resize(std::min(records.size(), kMostRecords));
  Report(violation_kinds::kWrongAnswer,
         absl::StrCat("attempt ", output.attempt, " of batch ", output.time_ms,
                      " ms is marked complete with wrong rows: ", first),
         records);
}

std::vector<Violation> AtLeastOnceChecker::Finish(int64_t now_ns,
                                                  const std::vector<std::string>& all_pieces) {
  now_ns_ = now_ns;
  for (const std::string& piece : all_pieces) {
    if (!pieces_.contains(piece)) {
      Report(violation_kinds::kLost, absl::StrCat(piece, " is in no batch"), {piece});
    }
  }
  for (const LoggedInput& input : inputs_) {
    if (!completed_.contains(input.time_ms)) {
      Report(violation_kinds::kLost,
             absl::StrCat("batch ", input.time_ms, " ms was never completed"));
    } else if (attempts_[input.time_ms].complete.empty() && !answers_[input.time_ms].empty()) {
      Report(violation_kinds::kLost,
             absl::StrCat("batch ", input.time_ms,
                          " ms is marked complete without a complete output"));
    }
  }
  return std::exchange(fresh_, {});
}

std::vector<int64_t> AtLeastOnceChecker::repeated_batches() const {
  std::vector<int64_t> repeated;
  for (const auto& [time_ms, attempts] : attempts_) {
    if (attempts.names.size() > 1) repeated.push_back(time_ms);
  }
  return repeated;
}

}  // namespace wavetank::properties
