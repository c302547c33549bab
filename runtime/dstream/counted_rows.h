// CountedRows: for which rows each operator does something in a batch, as the plan says, whatever
// workers keep.
#ifndef WAVETANK_RUNTIME_DSTREAM_COUNTED_ROWS_H_
#define WAVETANK_RUNTIME_DSTREAM_COUNTED_ROWS_H_

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "runtime/dstream/batch_schedule.h"
#include "runtime/dstream/graph.h"

namespace wavetank::runtime {

// What one operator makes of the rows that come to it by one way.
struct OperatorWork {
  OperatorId op;
  uint64_t way = 0;  // a hash of the operators and turns from it up
  friend auto operator<=>(const OperatorWork&, const OperatorWork&) = default;
};
// Of a stage, by its way (StagePlan).
std::vector<OperatorWork> WorkBy(const std::vector<std::pair<OperatorId, int>>& way);

class CountedRows {
 public:
  // Of a plan with accumulators; of another, nothing. REQUIRES: its windows and intervals are right
  // (StreamingGraph::Validate).
  explicit CountedRows(const StreamingGraph& graph);

  // Whether some of it is missing, for a batch has more than StreamingGraph::kMostStages of stages.
  bool is_full() const { return is_full_; }
  // Whether that batch does such work for the rows of that one, if each state goes on from the
  // batch before it, and nothing is kept. What leaves a window has come into it in a batch before.
  bool Has(BatchNumber batch, BatchNumber of_rows, const OperatorWork& work) const;

 private:
  // How many batches ago those were whose rows it is for.
  using Agos = std::map<OperatorWork, std::set<int64_t>>;
  void Add(const std::vector<StagePlan>& plan, Agos& agos);

  bool is_full_ = false;
  std::map<int64_t, Agos> by_slide_;  // outputs of one slide are due together
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_COUNTED_ROWS_H_
