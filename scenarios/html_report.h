// The report of `wavetank run --report=FILE.html`: for people who would rather look than read.
// docs/reading_a_report.md tells how it is read.
#ifndef WAVETANK_SCENARIOS_HTML_REPORT_H_
#define WAVETANK_SCENARIOS_HTML_REPORT_H_

#include <string>
#include <vector>

#include "scenarios/page_data.h"
#include "scenarios/report.h"

namespace wavetank::scenarios {

// One page that stands alone: a run's timeline, batches and records. It has the messages and disk
// calls if the run retained them (simulator::Retain::kVerbose).
std::string ToHtml(const RunReport& report);

// One page: a row a run, with links to their own.
std::string IndexToHtml(const std::vector<IndexedRun>& runs);

// Names for the pages of runs in one directory, by scenario: letters, digits, '_' and '-' alone,
// and none twice.
std::vector<std::string> PageNames(const std::vector<std::string>& scenarios);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_HTML_REPORT_H_
