// What a reader of a sink sees, held against what the query's log says must be there.
#ifndef WAVETANK_SCENARIOS_TESTING_SINK_JUDGEMENT_H_
#define WAVETANK_SCENARIOS_TESTING_SINK_JUDGEMENT_H_

#include <string>
#include <vector>

#include "scenarios/testing/sink_driver.h"

namespace wavetank::testing {

using SinkView = std::vector<std::string>;

// Each is empty, or says what.
struct SinkJudgement {
  std::string twice;      // a row that is there more than once
  std::string lost;       // of what the sink has acknowledged
  std::string half;       // of a batch of which a part is there
  std::string uncounted;  // a row that must not be there
};

// `all`: every batch must be there, and not those alone that were acknowledged. `replaces`: a batch
// takes the place of the one before.
SinkJudgement JudgeView(const SinkView& view, const SinkLog& log, bool all, bool replaces);

}  // namespace wavetank::testing

#endif  // WAVETANK_SCENARIOS_TESTING_SINK_JUDGEMENT_H_
