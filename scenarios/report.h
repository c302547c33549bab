// The outcome of one run of a scenario, as people and programs read it.
#ifndef WAVETANK_SCENARIOS_REPORT_H_
#define WAVETANK_SCENARIOS_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "properties/verdict.h"
#include "scenarios/run_history.h"

namespace wavetank::scenarios {

// Against the file's expectations: an expected violation is a pass.
enum class Verdict { kPass, kViolation, kStalled, kNondeterministic, kInconclusive };
std::string VerdictName(Verdict verdict);

// The command's exit status for several runs: the gravest, in the order 4, 1, 3, 5, 0.
int ExitStatus(const std::vector<Verdict>& verdicts);

struct TimelineLine {
  int64_t time_ns = 0;
  std::string who;   // "m1", "app/driver"
  std::string kind;  // "step", "fault", "log", ...
  std::string text;
  bool marked = false;        // faults and violations
  int64_t began_ns = kNever;  // of what takes time
  std::string from = {};      // of a message, the nodes at its ends
  std::string to = {};
};

// One line of text, in columns; marked lines begin with "!".
std::string Format(const TimelineLine& line);

struct RunReport {
  std::string scenario;
  std::string file;
  std::string claim;
  uint64_t seed = 0;
  Verdict verdict = Verdict::kInconclusive;
  std::vector<std::string> reasons;  // why not a pass; for a stall, what did not happen
  uint64_t trace_hash = 0;
  int64_t virtual_ns = 0;
  uint64_t events = 0;
  properties::RecordCounts records;
  std::vector<properties::Violation> violations;
  std::string unjudged;  // what of the answers nobody could judge, and why
  std::string ended_by;  // the error, when one that the file expects has ended the job
  std::vector<std::string> recovery_rows;  // those that decided, by name, in the tables' order
  std::vector<TimelineLine> timeline;
  // For the page (run_page.h); empty where nothing was retained.
  std::vector<ProcessLife> lives;
  std::vector<FaultBand> bands;
  std::vector<SourcePiece> source;
  std::vector<BatchHistory> batches;
};

// One JSON object, without a line end, with the fields that scenarios/README.md lists.
std::string ToJson(const RunReport& report);
// "PASS  name  claim" and what there is to say of it, for a terminal.
std::string Summary(const RunReport& report);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_REPORT_H_
