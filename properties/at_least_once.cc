#include "properties/at_least_once.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "properties/attempt_tokens.h"
#include "properties/row_difference.h"

namespace wavetank::properties {

std::string NameOf(const LoggedOffsets& range) {
  return absl::StrCat("partition ", range.partition, " [", range.begin, ", ", range.end, ")");
}

void AtLeastOnceChecker::Report(const char* kind, std::string what,
                                std::vector<std::string> records) {
  if (!reported_.insert(absl::StrCat(kind, " ", what)).second) return;
  fresh_.push_back({kind, std::move(what), now_ns_, std::move(records), ""});
}

std::vector<Violation> AtLeastOnceChecker::ObserveLog(int64_t now_ns, const BatchLogView& log,
                                                      int64_t failures) {
  now_ns_ = now_ns;
  CheckLog(log, failures);
  return std::exchange(fresh_, {});
}

std::vector<Violation> AtLeastOnceChecker::ObserveOutput(int64_t now_ns,
                                                         const OutputAttempt& output,
                                                         int64_t failures) {
  now_ns_ = now_ns;
  CheckOutput(output, failures);
  return std::exchange(fresh_, {});
}

// What was dropped stays so, and need not be looked for again.
void AtLeastOnceChecker::CheckDropped(const BatchLogView& log) {
  if (log.dropped_up_to_ms != INT64_MIN && !answers_.contains(log.dropped_up_to_ms)) {
    Report(violation_kinds::kDefinition,
           absl::StrCat("the batch log has dropped batch ", log.dropped_up_to_ms,
                        " ms, which never was durable in it"));
  }
  if (log.dropped_up_to_ms < dropped_up_to_ms_) {
    Report(violation_kinds::kDefinition,
           absl::StrCat("the batch log had dropped batches up to ", dropped_up_to_ms_,
                        " ms and does not say so any more"));
  }
  dropped_up_to_ms_ = std::max(dropped_up_to_ms_, log.dropped_up_to_ms);
  const int64_t first_ms = log.inputs.empty() ? INT64_MAX : log.inputs.front().time_ms;
  if (kept_from_ > 0 && first_ms <= inputs_[kept_from_ - 1].time_ms) {
    Report(violation_kinds::kDefinition,
           absl::StrCat("batch ", first_ms, " ms is in the batch log again, which had dropped it"));
  }
  for (; kept_from_ < inputs_.size(); ++kept_from_) {
    const int64_t time_ms = inputs_[kept_from_].time_ms;
    if (time_ms >= first_ms || time_ms > dropped_up_to_ms_ || !completed_.contains(time_ms)) return;
  }
}

// Everything seen before is there as it was, but for completed batches that were dropped.
void AtLeastOnceChecker::CheckWhatWasLogged(const BatchLogView& log) {
  for (size_t index = 1; index < log.inputs.size(); ++index) {
    const int64_t before_ms = log.inputs[index - 1].time_ms;
    if (log.inputs[index].time_ms > before_ms) continue;
    Report(violation_kinds::kDefinition, absl::StrCat("batch ", log.inputs[index].time_ms,
                                                      " ms is logged after ", before_ms, " ms"));
    return;
  }
  std::vector<int64_t> completed = log.completed_ms;
  std::sort(completed.begin(), completed.end());
  auto there = log.inputs.begin();
  for (size_t index = kept_from_; index < inputs_.size(); ++index) {
    LoggedInput& known = inputs_[index];
    const int64_t time_ms = known.time_ms;
    while (there != log.inputs.end() && there->time_ms < time_ms) ++there;
    const bool was_completed = completed_.contains(time_ms);
    if (there == log.inputs.end() || there->time_ms != time_ms) {
      const bool dropped = time_ms <= log.dropped_up_to_ms;
      if (dropped && was_completed) continue;
      // Its completion will not show any more.
      if (dropped && given_up_.insert(time_ms).second) ++completed_inputs_;
      Report(violation_kinds::kDefinition,
             absl::StrCat("the batch log has lost the durable input of batch ", time_ms, " ms"));
    } else if (*there != known) {
      Report(violation_kinds::kDefinition,
             absl::StrCat("the logged input of batch ", time_ms, " ms has changed"));
      // What is put out from now on is put out of it.
      for (const Piece& piece : known.pieces) --pieces_[piece];
      known = *there;
      TakeInput(known);
    } else if (was_completed && !std::binary_search(completed.begin(), completed.end(), time_ms)) {
      Report(violation_kinds::kDefinition,
             absl::StrCat("the batch log has lost the completion of batch ", time_ms, " ms"));
    }
  }
}

PieceLines AtLeastOnceChecker::LinesOf(const LoggedInput& input) const {
  PieceLines lines;
  for (const Piece& piece : input.pieces) {
    lines[piece.stream].push_back(options_.read_piece(piece));
  }
  return lines;
}

void AtLeastOnceChecker::TakeInput(const LoggedInput& input) {
  for (const Piece& piece : input.pieces) {
    const int64_t at_most = options_.times_input ? options_.times_input(piece) : 1;
    if (++pieces_[piece] > std::max<int64_t>(1, at_most)) {
      Report(violation_kinds::kDuplicated,
             absl::StrCat(piece.path, " is in batch ", input.time_ms, " ms and in an earlier one"),
             {piece.path});
    }
  }
  std::vector<int64_t> times;
  for (const LoggedInput& before : inputs_) {
    if (before.time_ms < input.time_ms) times.push_back(before.time_ms);
  }
  times.push_back(input.time_ms);
  const JudgedBatch batch{.time_ms = input.time_ms,
                          .zero_ms = zero_ms_,
                          .times = std::move(times),
                          .pieces_at = [this, &input](int64_t time_ms) {
                            if (time_ms == input.time_ms) return LinesOf(input);
                            const auto found = std::ranges::lower_bound(inputs_, time_ms, {},
                                                                        &LoggedInput::time_ms);
                            const bool there = found != inputs_.end() && found->time_ms == time_ms;
                            return there ? LinesOf(*found) : PieceLines();
                          }};
  std::vector<std::vector<NaiveRow>>& answers = answers_[input.time_ms];
  answers.clear();
  for (const OutputJudge& judge : options_.judges) {
    answers.push_back(judge.answer(batch));
    std::sort(answers.back().begin(), answers.back().end());
  }
}

// Whether a batch without output lacks some.
bool AtLeastOnceChecker::MustPutOut(int64_t time_ms) const {
  const auto answers = answers_.find(time_ms);
  return answers != answers_.end() &&
         std::any_of(answers->second.begin(), answers->second.end(),
                     [](const std::vector<NaiveRow>& answer) { return !answer.empty(); });
}

void AtLeastOnceChecker::CheckLog(const BatchLogView& log, int64_t failures) {
  zero_ms_ = log.zero_ms;
  CheckDropped(log);
  CheckWhatWasLogged(log);
  for (const LoggedInput& input : log.inputs) {
    if (answers_.contains(input.time_ms)) continue;  // known
    if (!inputs_.empty() && input.time_ms <= inputs_.back().time_ms) {
      Report(violation_kinds::kDefinition, absl::StrCat("batch ", input.time_ms, " ms comes after ",
                                                        inputs_.back().time_ms, " ms was seen"));
    }
    TakeInput(input);
    failures_at_input_[input.time_ms] = failures;
    if (!input.pieces.empty() || CatchesUp(input)) Advance();
    newest_input_ns_ = now_ns_;
    inputs_.push_back(input);
    if (completed_.contains(input.time_ms)) ++completed_inputs_;
    // A log that is damaged may show an input only when it is mended, after its output.
    const auto early = early_.extract(input.time_ms);
    if (early.empty()) continue;
    for (const auto& [attempt, output] : early.mapped()) CheckOutput(output, failures);
  }
  for (const int64_t time_ms : log.completed_ms) {
    if (!completed_.insert(time_ms).second) continue;
    failures_at_completion_[time_ms] = failures;
    if (answers_.contains(time_ms) && !given_up_.contains(time_ms)) ++completed_inputs_;
    if (MustPutOut(time_ms)) Advance();
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

void AtLeastOnceChecker::CheckOutput(const OutputAttempt& output, int64_t failures) {
  const int64_t time_ms = output.time_ms;
  if (!answers_.contains(time_ms)) {
    Report(violation_kinds::kInputDurable,
           absl::StrCat("batch ", time_ms, " ms has output, but its input is not durable"));
    early_[time_ms].insert_or_assign(output.attempt, output);
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
  if (!output.complete) {
    if (attempts.complete.erase(output.attempt) == 0) return;
    Report(violation_kinds::kVisibility, absl::StrCat("attempt ", output.attempt, " of batch ",
                                                      time_ms, " ms was complete and is no more"));
    return;
  }
  const auto [judged, is_new] = attempts.complete.try_emplace(output.attempt, output.content_hash);
  if (!is_new && std::exchange(judged->second, output.content_hash) == output.content_hash) return;
  CheckTokens(output);
  CheckRows(output);
}

void AtLeastOnceChecker::CheckTokens(const OutputAttempt& output) {
  if (!options_.tokens) return;
  std::vector<std::string> tokens;
  for (const NaiveRow& row : output.rows) {
    for (std::string& token : options_.tokens(row)) tokens.push_back(std::move(token));
  }
  const std::string wrong = MixedAttempts(tokens);
  if (wrong.empty()) return;
  Report(violation_kinds::kMixedAttempts,
         absl::StrCat("attempt ", output.attempt, " of batch ", output.time_ms,
                      " ms is marked complete with ", wrong));
}

void AtLeastOnceChecker::CheckRows(const OutputAttempt& output) {
  const std::vector<std::vector<NaiveRow>>& answers = answers_[output.time_ms];
  for (size_t i = 0; i < options_.judges.size(); ++i) {
    const OutputJudge& judge = options_.judges[i];
    const std::vector<NaiveRow>& answer = answers[i];
    std::vector<NaiveRow> actual = judge.read ? judge.read(output.rows) : output.rows;
    std::sort(actual.begin(), actual.end());
    if (actual == answer) continue;
    std::vector<std::string> records = DifferenceOf(answer, actual).records;
    const std::string first = records.front();
    constexpr size_t kMostRecords = 5;
    records.resize(std::min(records.size(), kMostRecords));
    Report(violation_kinds::kWrongAnswer,
           absl::StrCat("attempt ", output.attempt, " of batch ", output.time_ms,
                        " ms is marked complete with wrong rows", judge.name.empty() ? "" : ", ",
                        judge.name, ": ", first),
           records);
  }
}

std::vector<Violation> AtLeastOnceChecker::Finish(int64_t now_ns,
                                                  const std::vector<Piece>& all_pieces) {
  now_ns_ = now_ns;
  for (const Piece& piece : all_pieces) {
    if (!pieces_.contains(piece)) {
      Report(violation_kinds::kLost, absl::StrCat(piece.path, " is in no batch"), {piece.path});
    }
  }
  for (const LoggedInput& input : inputs_) {
    if (!completed_.contains(input.time_ms)) {
      if (given_up_.contains(input.time_ms)) continue;
      Report(violation_kinds::kLost,
             absl::StrCat("batch ", input.time_ms, " ms was never completed"));
    } else if (attempts_[input.time_ms].complete.empty() && MustPutOut(input.time_ms)) {
      Report(violation_kinds::kLost,
             absl::StrCat("batch ", input.time_ms,
                          " ms is marked complete without a complete output"));
    }
  }
  return std::exchange(fresh_, {});
}

int64_t AtLeastOnceChecker::TimesInBatches(const Piece& piece) const {
  const auto found = pieces_.find(piece);
  return found == pieces_.end() ? 0 : std::max<int64_t>(1, found->second);
}

std::vector<int64_t> AtLeastOnceChecker::repeated_batches() const {
  std::vector<int64_t> repeated;
  for (const auto& [time_ms, attempts] : attempts_) {
    if (attempts.names.size() > 1) repeated.push_back(time_ms);
  }
  return repeated;
}

}  // namespace wavetank::properties
