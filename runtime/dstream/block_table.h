// BlockTable: what stages of batches before have written and workers keep, for the windows that
// reach those batches.
//
// What is kept counts as long as all of it is there: a stage of which a part is lost is run again
// as a whole, and so is what was made from it, so that a graph never reads two outcomes of one
// stage.
#ifndef WAVETANK_RUNTIME_DSTREAM_BLOCK_TABLE_H_
#define WAVETANK_RUNTIME_DSTREAM_BLOCK_TABLE_H_

#include <compare>
#include <cstddef>
#include <map>
#include <set>
#include <vector>

#include "runtime/cluster/cluster.h"
#include "runtime/dstream/batch_schedule.h"
#include "runtime/dstream/operator.h"

namespace wavetank::runtime {

// What one stage writes for one batch (StagePlan).
struct WrittenId {
  BatchNumber batch;
  OperatorId tail;
  int side = 0;
  int path = 0;
  friend auto operator<=>(const WrittenId&, const WrittenId&) = default;
};

class BlockTable {
 public:
  struct Written {
    std::vector<TaskOutput> outputs;            // by partition
    std::set<WrittenId> made_from;              // directly or not, as far as windows reach
    BatchNumber until;                          // the last batch that may read it
    std::vector<BatchNumber> row_batches = {};  // by partition: of which its rows are
  };

  // `cluster` outlives the table.
  explicit BlockTable(Cluster& cluster) : cluster_(cluster) {}
  BlockTable(const BlockTable&) = delete;
  BlockTable& operator=(const BlockTable&) = delete;
  ~BlockTable();

  // Null: it is not kept. Valid until the table changes.
  const Written* Find(const WrittenId& id) const;
  // What was made from one that was there before is forgotten.
  void Put(const WrittenId& id, Written written);
  // Forgets what workers have no more, and what was made from it; how much that was.
  size_t DropLost();
  // Lets go what no batch reads from this one on.
  void LetGoBefore(BatchNumber next);

  size_t size() const { return written_.size(); }

 private:
  using Entries = std::map<WrittenId, Written>;
  Entries::iterator Drop(Entries::iterator entry);
  size_t DropMadeFrom(const std::set<WrittenId>& gone);

  Cluster& cluster_;
  Entries written_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_BLOCK_TABLE_H_
