// JoinWalk: rows of one side of a join, and of each, in their order, the entries of the other
// side's state that have its join keys. What comes out does not depend on where it is left and gone
// on with.
#ifndef WAVETANK_RUNTIME_OPERATORS_JOIN_WALK_H_
#define WAVETANK_RUNTIME_OPERATORS_JOIN_WALK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "checkpoint/state_table.h"
#include "runtime/columnar/record_batch.h"

namespace wavetank::runtime {

// What an entry of a join's state says of the rows alike that it stands for. Durable: u64 copies,
// and of a side that keeps it u64 met.
struct JoinEntry {
  uint64_t copies = 0;
  uint64_t met = 0;  // of them, those that have met a row of the other side
};
// Nothing: the bytes are of no entry.
std::optional<JoinEntry> ReadJoinEntry(std::string_view value);

class JoinWalk {
 public:
  enum class Way : uint8_t {
    kLooks,         // for entries
    kMeetsNothing,  // whatever there is
    kIsAlone,       // likewise, and stands among the partners without one
  };
  struct Partner {
    uint32_t row = 0;                                   // of the batch
    uint32_t entry = checkpoint::StateTable::kNoEntry;  // kNoEntry: the row is alone
    uint64_t copies = 1;                                // rows that the entry stands for
    std::string_view own = {};  // its columns behind the join keys, as they stand in its key
  };

  // Begins with these rows, of which each goes its way; no ways: all look. `prefix`: the widths of
  // the join keys, with which the columns begin.
  void Start(RecordBatch rows, std::span<const uint8_t> prefix, std::vector<Way> ways = {});
  // kInvalidArgument: a row is too long to be kept.
  absl::Status CheckKeys() const;

  const RecordBatch& rows() const { return rows_; }
  // The row keys of all columns, by row.
  std::span<const std::string_view> keys() const { return keys_; }
  Way way(size_t row) const { return ways_.empty() ? Way::kLooks : ways_[row]; }

  // The partners of the next rows, a few at a time, so that what is found is in the cache when it
  // is read. None: all rows are through. REQUIRES: the other side's table, found by such prefixes.
  absl::Status Find(const checkpoint::StateTable& others, std::vector<Partner>& partners);

  int64_t HeldBytes() const;

 private:
  void LookUp(const checkpoint::StateTable& others);

  RecordBatch rows_;
  std::vector<Way> ways_;
  Column encoded_;
  std::vector<std::string_view> keys_;
  std::vector<std::string_view> prefixes_;
  // Of which some are looked up: the first entry of each.
  std::vector<uint32_t> firsts_;
  size_t looked_up_begin_ = 0;
  size_t looked_up_end_ = 0;
  // Where the walk is.
  size_t next_row_ = 0;
  size_t row_ = 0;
  uint32_t chain_ = checkpoint::StateTable::kNoEntry;
  std::vector<uint32_t> numbers_;
  std::vector<size_t> found_;  // of each number, which of the partners it is
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_JOIN_WALK_H_
