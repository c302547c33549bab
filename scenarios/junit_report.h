// The report of `wavetank run --junit=FILE`: for systems that show the results of tests.
#ifndef WAVETANK_SCENARIOS_JUNIT_REPORT_H_
#define WAVETANK_SCENARIOS_JUNIT_REPORT_H_

#include <string>
#include <vector>

#include "scenarios/report.h"

namespace wavetank::scenarios {

// A test case a run, in the XML that JUnit's Ant task writes: a run that did not pass is a failure
// with its reasons, an inconclusive one an error. The seed and the trace's hash are properties.
std::string ToJUnit(const std::vector<RunReport>& reports);

// For an attribute or between tags: what XML 1.0 cannot hold, a control character or what is not
// UTF-8, is U+FFFD.
std::string EscapeXml(const std::string& text);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_JUNIT_REPORT_H_
