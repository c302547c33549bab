// The report of `wavetank run --report=FILE.html`: for people who would rather look than read.
#ifndef WAVETANK_SCENARIOS_HTML_REPORT_H_
#define WAVETANK_SCENARIOS_HTML_REPORT_H_

#include <string>
#include <vector>

#include "scenarios/report.h"

namespace wavetank::scenarios {

// One page that stands alone: for each run its verdict, a lane a node over virtual time with its
// steps, faults and violations, and the timeline as a table.
std::string ToHtml(const std::vector<RunReport>& reports);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_HTML_REPORT_H_
