#include "scenarios/expectations.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "checkpoint/recovery.h"
#include "checkpoint/steps.h"
#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "scenarios/expect_part.h"
#include "scenarios/step_names.h"

namespace wavetank::scenarios {
namespace {

// Collects why a run is not a pass; the gravest reason gives the verdict.
class Judgement {
 public:
  explicit Judgement(RunReport& report) : report_(report) { report_.verdict = Verdict::kPass; }

  // REQUIRES: called in falling order of gravity.
  void Fail(Verdict verdict, std::string why) {
    if (report_.verdict == Verdict::kPass) report_.verdict = verdict;
    report_.reasons.push_back(std::move(why));
  }

 private:
  RunReport& report_;
};

// A checker reads what a driver reads, so it sees the damage too. The answers remain to be judged;
// a record that is put out again, because the log has lost that it was, is within a promise of at
// least once.
bool IsDamageSeen(const Expect& expect, const RunFacts& facts,
                  const properties::Violation& violation) {
  namespace kinds = properties::violation_kinds;
  if (expect.may_stop_size() == 0 || !facts.first_beyond.has_value()) return false;
  if (absl::Nanoseconds(violation.time_ns) < *facts.first_beyond) return false;
  if (violation.kind == kinds::kDuplicated) return expect.guarantee() == Expect::AT_LEAST_ONCE;
  return violation.kind != kinds::kLost && violation.kind != kinds::kPhantom &&
         violation.kind != kinds::kReordered && violation.kind != kinds::kMixedAttempts &&
         violation.kind != kinds::kWrongAnswer;
}

void JudgeViolations(const Expect& expect, const RunFacts& facts, Judgement& judgement) {
  const std::set<std::string> expected(expect.violation().begin(), expect.violation().end());
  std::set<std::string> seen;
  for (const properties::Violation& violation : facts.violations) {
    seen.insert(violation.kind);
    if (expected.contains(violation.kind) || IsDamageSeen(expect, facts, violation)) continue;
    judgement.Fail(Verdict::kViolation, absl::StrCat(violation.kind, ": ", violation.what));
  }
  for (const std::string& kind : expected) {
    if (seen.contains(kind)) continue;
    judgement.Fail(Verdict::kViolation,
                   absl::StrCat("the expected violation \"", kind, "\" was not found"));
  }
}

// That a part which the sink shows is damaged: no job reads it again, so none can stop for it.
bool AReaderIsTold(const Expect& expect, const RunFacts& facts) {
  return std::any_of(facts.violations.begin(), facts.violations.end(),
                     [&](const properties::Violation& violation) {
                       return violation.kind == properties::violation_kinds::kUnreadable &&
                              absl::StrContains(violation.what, "/staged/") &&
                              IsDamageSeen(expect, facts, violation);
                     });
}

// A stream that lives begins its log anew, from what it has in memory, and drops what a checker
// could not read before: that cannot tell any more which batch took what, but sees that all came
// out.
bool AllCameOut(const Expect& expect, const RunFacts& facts, const RunReport& report) {
  const bool blind =
      std::any_of(facts.violations.begin(), facts.violations.end(),
                  [&](const properties::Violation& violation) {
                    return violation.kind == properties::violation_kinds::kDefinition &&
                           IsDamageSeen(expect, facts, violation);
                  });
  const properties::RecordCounts& records = report.records;
  return blind && expect.guarantee() == Expect::AT_LEAST_ONCE && records.lost == 0 &&
         records.once + records.duplicated > 0;
}

void JudgeRange(const char* what, int64_t value, const Range& range, Judgement& judgement) {
  if (IsWithin(value, range)) return;
  judgement.Fail(Verdict::kViolation,
                 absl::StrCat(value, " records were ", what, ", expected ", TextOf(range)));
}

void JudgeRows(const Expect& expect, const RunFacts& facts, Judgement& judgement) {
  if (expect.row_size() == 0) return;
  const std::string why = DifferenceOfRows(expect.row(), facts.checker->Rows());
  if (!why.empty()) judgement.Fail(Verdict::kViolation, why);
}

// From the last fault to the next end of a batch.
void JudgeRecovery(const Expect& expect, const RunFacts& facts, Judgement& judgement) {
  if (!expect.has_recovery_ms() || !facts.last_fault.has_value()) return;
  const auto next =
      std::upper_bound(facts.batch_ends.begin(), facts.batch_ends.end(), *facts.last_fault);
  if (next == facts.batch_ends.end()) {
    judgement.Fail(Verdict::kInconclusive, "no batch ended after the last fault");
    return;
  }
  const int64_t took_ms = absl::ToInt64Milliseconds(*next - *facts.last_fault);
  if (took_ms > expect.recovery_ms()) {
    judgement.Fail(
        Verdict::kViolation,
        absl::StrCat("recovery took ", took_ms, " ms, expected at most ", expect.recovery_ms()));
  }
}

bool Matches(const simulator::StepCount& count, const Reached& reached) {
  return count.step == CanonicalStepName(reached.step()) &&
         std::all_of(reached.attribute().begin(), reached.attribute().end(),
                     [&](const Attribute& attribute) {
                       const std::pair<std::string, platform::StepValue> wanted(attribute.name(),
                                                                                ValueOf(attribute));
                       return std::find(count.attributes.begin(), count.attributes.end(), wanted) !=
                              count.attributes.end();
                     });
}

uint64_t TimesReached(const RunFacts& facts, const Reached& reached) {
  uint64_t times = 0;
  for (const simulator::StepCount& count : facts.steps) {
    if (Matches(count, reached)) times += count.count;
  }
  return times;
}

void JudgeStepsTooMany(const Expect& expect, const RunFacts& facts, Judgement& judgement) {
  for (const Reached& reached : expect.reached()) {
    const uint64_t times = TimesReached(facts, reached);
    if (!reached.has_at_most() || times <= static_cast<uint64_t>(reached.at_most())) continue;
    judgement.Fail(
        Verdict::kViolation,
        absl::StrCat("step ", reached.step(), " was reached ", times,
                     " times with these attributes, expected at most ", reached.at_most()));
  }
}

void JudgeSteps(const Expect& expect, const RunFacts& facts, Judgement& judgement) {
  for (const Reached& reached : expect.reached()) {
    const uint64_t times = TimesReached(facts, reached);
    const int by_default = reached.has_at_most() ? 0 : 1;
    const auto needed =
        static_cast<uint64_t>(reached.has_at_least() ? reached.at_least() : by_default);
    if (times >= needed) continue;
    judgement.Fail(Verdict::kInconclusive,
                   absl::StrCat("step ", reached.step(), " was reached ", times,
                                " times with these attributes, expected at least ", needed));
  }
}

void JudgeRecoveryRows(const Expect& expect, const RunReport& report, Judgement& judgement) {
  for (const std::string& row : expect.recovery_row()) {
    const auto& decided = report.recovery_rows;
    if (std::find(decided.begin(), decided.end(), row) != decided.end()) continue;
    judgement.Fail(Verdict::kInconclusive,
                   absl::StrCat("the recovery table's row ", row,
                                " never decided; those that did: ", absl::StrJoin(decided, ", ")));
  }
}

// By table, each once.
std::vector<std::string> RowsThatDecided(const RunFacts& facts) {
  std::set<int64_t> numbers;
  for (const simulator::StepCount& count : facts.steps) {
    if (count.step != checkpoint::steps::kRecoveryDecided.name) continue;
    for (const auto& [name, value] : count.attributes) {
      if (name == "row") numbers.insert(std::get<int64_t>(value));
    }
  }
  const std::vector<std::string_view> names = checkpoint::RecoveryRowNames();
  std::vector<std::string> rows;
  rows.reserve(numbers.size());
  for (const int64_t number : numbers) rows.emplace_back(names[static_cast<size_t>(number)]);
  return rows;
}

}  // namespace

absl::Status CheckExpectations(const ParsedScenario& parsed, const JobShape& shape,
                               const TextOfSteps& text) {
  const Expect& expect = parsed.scenario->expect();
  const std::vector<std::string> kinds = properties::AllViolationKinds();
  for (int i = 0; i < expect.violation_size(); ++i) {
    if (std::find(kinds.begin(), kinds.end(), expect.violation(i)) != kinds.end()) continue;
    return parsed.ErrorAt(expect, "violation", i,
                          absl::StrCat("there is no violation \"", expect.violation(i), "\"",
                                       platform::Suggestion(expect.violation(i), kinds)));
  }
  const std::vector<std::string_view> row_names = checkpoint::RecoveryRowNames();
  const std::vector<std::string> rows(row_names.begin(), row_names.end());
  for (int i = 0; i < expect.recovery_row_size(); ++i) {
    const std::string& row = expect.recovery_row(i);
    if (std::find(rows.begin(), rows.end(), row) != rows.end()) continue;
    return parsed.ErrorAt(
        expect, "recovery_row", i,
        absl::StrCat("no recovery table has a row \"", row, "\"", platform::Suggestion(row, rows)));
  }
  if (expect.breaks_stronger_promise() && expect.violation_size() == 0) {
    return parsed.ErrorAt(expect, "breaks_stronger_promise", 0,
                          "what breaks is a violation: say which, as `violation`");
  }
  for (const Reached& reached : expect.reached()) {
    WT_RETURN_IF_ERROR(CheckStep(parsed, text, reached, reached.step(), reached.attribute()));
    if (reached.has_at_most() && reached.at_least() > reached.at_most()) {
      return parsed.ErrorAt(reached, "at_most", 0, "at_most is below at_least");
    }
  }
  return CheckExpectedParts(parsed, shape);
}

std::string ExpectedEnd(const Expect& expect, const std::vector<std::string>& errors) {
  std::vector<std::string> said(expect.may_stop().begin(), expect.may_stop().end());
  if (!expect.error().empty()) said.push_back(expect.error());
  for (const std::string& error : errors) {
    for (const std::string& text : said) {
      if (absl::StrContains(error, text)) return error;
    }
  }
  return "";
}

void Judge(const Expect& expect, const RunFacts& facts, RunReport& report) {
  Judgement judgement(report);
  report.recovery_rows = RowsThatDecided(facts);
  report.ended_by = ExpectedEnd(expect, facts.errors);
  JudgeViolations(expect, facts, judgement);
  JudgeStepsTooMany(expect, facts, judgement);
  const bool error_seen = !report.ended_by.empty();
  const bool stopped = expect.may_stop_size() > 0 && error_seen;
  if (facts.checker != nullptr && !facts.stalled && !facts.cut && !stopped) {
    JudgeRows(expect, facts, judgement);
    JudgeRange("duplicated", report.records.duplicated, expect.duplicated(), judgement);
    JudgeRange("lost", report.records.lost, expect.lost(), judgement);
    JudgeRange("dropped as late", facts.checker->LateDropped(), expect.late_dropped(), judgement);
    JudgeRecovery(expect, facts, judgement);
    for (const ExpectPart& part : expect.part()) {
      for (const std::string& why : JudgePart(part, *facts.shape, *facts.checker)) {
        judgement.Fail(Verdict::kViolation, absl::StrCat(part.name(), ": ", why));
      }
    }
  }
  if (!expect.error().empty() && !error_seen && !facts.cut) {
    judgement.Fail(
        Verdict::kViolation,
        absl::StrCat("the job did not stop with an error that says \"", expect.error(), "\""));
  }
  for (const ExpectPart& part : expect.part()) {
    const bool stopped_it =
        part.error().empty() ||
        std::any_of(facts.errors.begin(), facts.errors.end(),
                    [&](const std::string& error) { return HasStopped(part, error); });
    if (stopped_it || facts.cut) continue;
    judgement.Fail(Verdict::kViolation,
                   absl::StrCat("query ", part.name(), " did not stop with an error that says \"",
                                part.error(), "\""));
  }
  for (const std::string& wanted : expect.error_logged()) {
    const bool logged =
        std::any_of(facts.errors.begin(), facts.errors.end(),
                    [&](const std::string& error) { return absl::StrContains(error, wanted); });
    if (logged) continue;
    judgement.Fail(Verdict::kViolation,
                   absl::StrCat("no process has logged an error that says \"", wanted, "\""));
  }
  if (facts.stalled && !error_seen && !AReaderIsTold(expect, facts) &&
      !AllCameOut(expect, facts, report)) {
    std::string why = "the work was not finished, and made no progress for the whole budget";
    if (!facts.errors.empty()) absl::StrAppend(&why, "; the last error: ", facts.errors.back());
    judgement.Fail(Verdict::kStalled, std::move(why));
  }
  if (facts.cut) {
    judgement.Fail(Verdict::kInconclusive,
                   absl::StrCat("the run was cut after ", report.events, " events"));
  }
  for (const std::string& fault : facts.faults_not_fired) {
    judgement.Fail(Verdict::kInconclusive, absl::StrCat("a listed fault never fired: ", fault));
  }
  JudgeSteps(expect, facts, judgement);
  JudgeRecoveryRows(expect, report, judgement);
  if (facts.checker == nullptr && expect.guarantee() != Expect::NONE) {
    judgement.Fail(Verdict::kInconclusive,
                   "this job leaves nothing durable that could be judged: neither a query nor a "
                   "stream's text files");
  }
}

}  // namespace wavetank::scenarios
