// AccumulatorTotals: whether the accumulators of a stream have come to what its complete batches
// add, each once, whatever was tried again, ran twice, or began anew.
//
// What they have come to is read where it is durable, and where the next driver goes on from it: in
// the batch log (checkpoint/FORMAT.md), at each change of that.
#ifndef WAVETANK_SCENARIOS_ACCUMULATOR_TOTALS_H_
#define WAVETANK_SCENARIOS_ACCUMULATOR_TOTALS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "properties/at_least_once.h"
#include "properties/verdict.h"

namespace wavetank::scenarios {

class AccumulatorTotals {
 public:
  // By name, as a count of the batch's lines by other code than the job's has it.
  using Totals = std::map<std::string, int64_t>;
  explicit AccumulatorTotals(std::function<Totals(const properties::LoggedInput& input)> adds)
      : adds_(std::move(adds)) {}

  // At each change of the log. Gives what is newly wrong.
  std::vector<properties::Violation> ObserveLog(int64_t now_ns,
                                                const properties::BatchLogView& log);

 private:
  const std::function<Totals(const properties::LoggedInput& input)> adds_;
  std::map<int64_t, Totals> batches_;  // by batch time: what it adds
  std::set<int64_t> completed_;        // in the log, or dropped from it
  std::set<std::string> reported_;
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_ACCUMULATOR_TOTALS_H_
