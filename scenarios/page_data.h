// The data of a report's page: JSON that may stand within a <script>, small enough for 100,000
// events, read by report_page/model.js.
//
//   format    1
//   run       as `wavetank run --json` writes it, with claim, file, virtual_ns, unjudged, and
//             when_ns in each violation
//   strings   each name once; the columns who, kind, from and to hold indices
//   shapes    each text once, without its numbers: the parts between them
//   events    columns of equal length, an event each: dt, the time since the event before in ns;
//             who; kind; shape; took, in ns (-1: no time); from and to (0: nobody, else index + 1).
//             numbers: what stands between the parts of each event's shape, one after the other
//   lives, bands, source, batches   as run_history.h has them
#ifndef WAVETANK_SCENARIOS_PAGE_DATA_H_
#define WAVETANK_SCENARIOS_PAGE_DATA_H_

#include <string>
#include <string_view>
#include <vector>

#include "scenarios/report.h"

namespace wavetank::scenarios {

// A text as its parts and the numbers between them: parts[0] numbers[0] parts[1] ... A number is
// one that is printed as it stood: no zero leads, and it has at most 15 digits.
struct TextShape {
  std::vector<std::string> parts;
  std::vector<int64_t> numbers;

  friend bool operator==(const TextShape&, const TextShape&) = default;
};
TextShape ShapeOf(std::string_view text);

std::string PageData(const RunReport& report);

// A run of an index, without its timeline. `page`: where its own page is, relative; "": nowhere.
struct IndexedRun {
  RunReport report;
  std::string page;
};
std::string IndexData(const std::vector<IndexedRun>& runs);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_PAGE_DATA_H_
