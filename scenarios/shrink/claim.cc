#include "scenarios/shrink/claim.h"

#include <cctype>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"

#include "scenarios/input.h"

namespace wavetank::scenarios {
namespace {

std::string Times(int64_t occurrence) {
  return occurrence <= 1 ? "" : absl::StrCat(" (time ", occurrence, ")");
}

std::string WhenOf(const Fault& fault) {
  switch (fault.when_case()) {
    case Fault::kAtMs:
      return " at " + absl::FormatDuration(absl::Milliseconds(fault.at_ms()));
    case Fault::kAtNs:
      return " at " + absl::FormatDuration(absl::Nanoseconds(fault.at_ns()));
    case Fault::kAtStep:
      return absl::StrCat(" at ", fault.at_step().step(), Times(fault.at_step().occurrence()));
    case Fault::kAtCall:
      return absl::StrCat(" at call ", fault.at_call().call(), " of ", fault.at_call().node());
    case Fault::kAtFileCall:
      return absl::StrCat(" at the ", fault.at_file_call().call(), " of ",
                          fault.at_file_call().files(), Times(fault.at_file_call().occurrence()));
    default:
      return " at random";
  }
}

std::string DoingOf(const Fault& fault) {
  std::string text = absl::StrCat(fault.kind(), " strikes");
  if (!fault.target().empty()) absl::StrAppend(&text, " ", fault.target());
  if (!fault.peer().empty()) absl::StrAppend(&text, " and ", fault.peer());
  return text + WhenOf(fault);
}

std::string InWord(std::string text) {
  for (char& c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return text;
}

}  // namespace

std::string ClaimOf(const Scenario& scenario) {
  const int64_t records = RecordsOf(scenario);
  const std::string what =
      records == 0 ? "its input" : absl::StrCat(records, records == 1 ? " record" : " records");
  std::string text = scenario.job().name();
  switch (scenario.expect().guarantee()) {
    case Expect::EXACTLY_ONCE:
      absl::StrAppend(&text, " answers ", what, " exactly once");
      break;
    case Expect::AT_LEAST_ONCE:
      absl::StrAppend(&text, " loses nothing of ", what);
      break;
    default:
      absl::StrAppend(&text, " reads ", what, " and does what is expected of it");
  }
  std::vector<std::string> doings;
  for (const Fault& fault : scenario.fault()) doings.push_back(DoingOf(fault));
  if (!doings.empty()) absl::StrAppend(&text, " although ", absl::StrJoin(doings, " and "));
  return text + ".";
}

std::string NameOf(const Scenario& scenario, const RunReport& report) {
  std::string name = absl::StrCat(scenario.job().name(), "_");
  absl::StrAppend(&name, report.violations.empty() ? VerdictName(report.verdict)
                                                   : report.violations.front().kind);
  if (scenario.fault_size() > 0) {
    const Fault& fault = scenario.fault(0);
    absl::StrAppend(&name, "_after_", fault.kind().substr(fault.kind().find('.') + 1));
    if (fault.has_at_step()) absl::StrAppend(&name, "_at_", fault.at_step().step());
  }
  return InWord(std::move(name));
}

}  // namespace wavetank::scenarios
