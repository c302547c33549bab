#include "scenarios/report.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"

namespace wavetank::scenarios {
namespace {

struct VerdictRow {
  Verdict verdict;
  const char* name;
  int exit_status;
  int gravity;
};
constexpr std::array<VerdictRow, 5> kVerdicts = {{
    {Verdict::kPass, "pass", 0, 0},
    {Verdict::kInconclusive, "inconclusive", 5, 1},
    {Verdict::kStalled, "stalled", 3, 2},
    {Verdict::kViolation, "violation", 1, 3},
    {Verdict::kNondeterministic, "nondeterministic", 4, 4},
}};

const VerdictRow& Row(Verdict verdict) {
  return *std::find_if(kVerdicts.begin(), kVerdicts.end(),
                       [verdict](const VerdictRow& row) { return row.verdict == verdict; });
}

double Seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

}  // namespace

std::string VerdictName(Verdict verdict) { return Row(verdict).name; }

int ExitStatus(const std::vector<Verdict>& verdicts) {
  const VerdictRow* gravest = &Row(Verdict::kPass);
  for (const Verdict verdict : verdicts) {
    if (Row(verdict).gravity > gravest->gravity) gravest = &Row(verdict);
  }
  return gravest->exit_status;
}

std::string Format(const TimelineLine& line) {
  return absl::StrFormat("%s %11.6f s  %-16s %-8s %s", line.marked ? "!" : " ",
                         Seconds(line.time_ns), line.who, line.kind, line.text);
}

std::string ToJson(const RunReport& report) {
  nlohmann::ordered_json json;
  json["scenario"] = report.scenario;
  json["seed"] = report.seed;
  json["verdict"] = VerdictName(report.verdict);
  json["trace_hash"] = absl::StrFormat("%016x", report.trace_hash);
  json["virtual_seconds"] = Seconds(report.virtual_ns);
  json["events"] = report.events;
  json["records"] = nullptr;
  if (report.records.told_apart)
    json["records"] = {{"once", report.records.once},
                       {"duplicated", report.records.duplicated},
                       {"lost", report.records.lost},
                       {"phantom", report.records.phantom},
                       {"reordered", report.records.reordered}};
  json["violations"] = nlohmann::ordered_json::array();
  for (const properties::Violation& violation : report.violations) {
    json["violations"].push_back({{"kind", violation.kind},
                                  {"what", violation.what},
                                  {"when", Seconds(violation.time_ns)},
                                  {"records", violation.records},
                                  {"step", violation.step}});
  }
  json["reasons"] = report.reasons;
  json["recovery_rows"] = report.recovery_rows;
  json["ended_by"] = report.ended_by;
  // Records may hold bytes that are no text: they are replaced, not refused.
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string Summary(const RunReport& report) {
  std::string name = VerdictName(report.verdict);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  std::string text = absl::StrFormat("%-12s %s (seed %d)\n", name, report.scenario, report.seed);
  if (!report.claim.empty()) absl::StrAppend(&text, "  claim    ", report.claim, "\n");
  for (const std::string& reason : report.reasons)
    absl::StrAppend(&text, "  why      ", reason, "\n");
  for (const properties::Violation& violation : report.violations) {
    absl::StrAppend(&text, absl::StrFormat("  found    %s at %.6f s: %s\n", violation.kind,
                                           Seconds(violation.time_ns), violation.what));
  }
  const properties::RecordCounts& records = report.records;
  if (records.told_apart) {
    absl::StrAppend(&text, "  records  ", records.once, " once, ", records.duplicated,
                    " duplicated, ", records.lost, " lost, ", records.phantom, " phantom, ",
                    records.reordered, " reordered\n");
  } else {
    absl::StrAppend(&text, "  records  not told apart: this job has none with an id\n");
  }
  if (!report.unjudged.empty()) absl::StrAppend(&text, "  unjudged ", report.unjudged, "\n");
  if (!report.ended_by.empty()) absl::StrAppend(&text, "  ended by ", report.ended_by, "\n");
  if (!report.recovery_rows.empty()) {
    absl::StrAppend(&text, "  decided  ", absl::StrJoin(report.recovery_rows, ", "), "\n");
  }
  absl::StrAppend(&text,
                  absl::StrFormat("  trace    %016x, %d events, %.3f virtual seconds\n",
                                  report.trace_hash, report.events, Seconds(report.virtual_ns)));
  return text;
}

}  // namespace wavetank::scenarios
