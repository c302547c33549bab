// HashAggregate: groups in the order in which they came, and their running aggregates, updated a
// batch at a time. The same for raw rows (Update) and for partial aggregates (Merge): a partial is
// its group's key and the intermediate columns so far.
#ifndef WAVETANK_RUNTIME_OPERATORS_HASH_AGGREGATE_H_
#define WAVETANK_RUNTIME_OPERATORS_HASH_AGGREGATE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "runtime/columnar/column.h"
#include "runtime/columnar/key_table.h"
#include "runtime/functions/function.h"

namespace wavetank::runtime {

// One aggregate of all groups.
struct AggregateCall {
  FunctionPtr function;  // an aggregate
  std::vector<DataType> arguments;

  std::vector<DataType> intermediate() const { return function->parts->intermediate(arguments); }
};

class HashAggregate {
 public:
  HashAggregate(std::vector<DataType> key_types, const std::vector<AggregateCall>& calls);

  uint32_t size() const { return table_.size(); }
  // What it holds in memory; of texts that aggregates keep, a guess.
  int64_t bytes() const;

  // `keys` are normalised (row_key.h). `arguments` are those of each call, one after the other.
  void Update(const std::vector<Column>& keys, std::span<const Column> arguments, int64_t rows);
  void Merge(const std::vector<Column>& keys, std::span<const Column> partials, int64_t rows);
  // Adds the one group there is without keys, if it is not there. REQUIRES: no keys.
  void Touch() { Assign({}, 1); }
  // Merges partials, of rows that came before all others, of groups that are there.
  void MergeEarlier(std::span<const uint32_t> groups, std::span<const Column> partials);

  // Of these groups: the key columns, then the intermediate ones of each call.
  std::vector<Column> Partials(std::span<const uint32_t> groups) const;
  std::vector<Column> Keys(std::span<const uint32_t> groups) const;
  std::vector<Column> Intermediate(std::span<const uint32_t> groups) const;

 private:
  std::span<const uint32_t> Assign(const std::vector<Column>& keys, int64_t rows);

  std::vector<DataType> key_types_;
  // A single string is its own key; anything else goes by its row key.
  bool plain_string_;
  KeyTable table_;
  struct Running {
    std::unique_ptr<AggregateState> state;
    size_t arguments = 0;
    size_t intermediate = 0;
  };
  std::vector<Running> running_;
  int64_t bytes_a_group_ = 0;       // of running values
  BufferBuilder<uint32_t> groups_;  // of the batch at hand
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_HASH_AGGREGATE_H_
