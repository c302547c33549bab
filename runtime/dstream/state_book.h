// StateBook: which state the batches of a stream go on from: what the log's marks of complete
// batches name, as long as a batch may need it.
#ifndef WAVETANK_RUNTIME_DSTREAM_STATE_BOOK_H_
#define WAVETANK_RUNTIME_DSTREAM_STATE_BOOK_H_

#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/state_version.h"
#include "runtime/dstream/batch_schedule.h"
#include "runtime/dstream/operator.h"

namespace wavetank::runtime {

// What an operator has kept.
struct KeptState {
  BatchNumber batch;  // after which it was so; 0: before the first
  std::vector<checkpoint::StateVersion> partitions = {};
};
using KeptStates = std::map<OperatorId, KeptState>;

// What workers may have of it in memory: what attempts have left that counted.
struct NewestState {
  BatchNumber batch;  // after which
  std::vector<std::string> attempts = {};
};
using NewestStates = std::map<OperatorId, NewestState>;

class StateBook {
 public:
  // The mark of the batch names them.
  void Completed(BatchNumber batch, KeptStates states) { marks_[batch] = std::move(states); }

  // What the newest batch before it has left: none, before the first.
  const KeptStates& Before(BatchNumber batch) const {
    static const KeptStates kNone;
    const auto after = marks_.lower_bound(batch);
    return after == marks_.begin() ? kNone : std::prev(after)->second;
  }

  // Keeps what these batches go on from.
  void Keep(const std::set<BatchNumber>& batches) {
    for (auto mark = marks_.begin(); mark != marks_.end();) {
      const auto next = std::next(mark);
      const auto by = batches.upper_bound(mark->first);
      const bool needed = by != batches.end() && (next == marks_.end() || next->first >= *by);
      if (!needed) marks_.erase(mark);
      mark = next;
    }
  }

  // Each version that is kept.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (const auto& [batch, states] : marks_) {
      for (const auto& [op, state] : states) {
        for (const checkpoint::StateVersion& version : state.partitions) visit(op, version);
      }
    }
  }

 private:
  std::map<BatchNumber, KeptStates> marks_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_STATE_BOOK_H_
