// HashAggregate: groups in the order in which they came, and their running aggregates, updated a
// batch at a time.
#ifndef WAVETANK_RUNTIME_OPERATORS_HASH_AGGREGATE_H_
#define WAVETANK_RUNTIME_OPERATORS_HASH_AGGREGATE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "runtime/columnar/column.h"
#include "runtime/columnar/fixed_key_table.h"
#include "runtime/columnar/key_table.h"
#include "runtime/functions/function.h"

namespace wavetank::runtime {

// One aggregate of all groups.
struct AggregateCall {
  FunctionPtr function;  // an aggregate
  std::vector<DataType> arguments;

  std::vector<DataType> intermediate() const { return function->parts->intermediate(arguments); }
};

// The running aggregates of groups that somebody else numbers, from 0. The same for raw rows
// (Update) and for partial aggregates (Merge): a partial is the intermediate columns so far.
class RunningAggregates {
 public:
  explicit RunningAggregates(const std::vector<AggregateCall>& calls);

  uint32_t size() const { return size_; }
  // What it holds in memory; of texts that aggregates keep, a guess.
  int64_t bytes() const { return bytes_a_group_ * size_ + growing_bytes(); }
  // Of it, what groups hold that grow with their rows, or are large.
  int64_t growing_bytes() const;

  // Makes room for new groups.
  void Resize(uint32_t groups);
  // Row i belongs to groups[i]. `arguments` are those of each call, one after the other, and so are
  // `partials`. REQUIRES: there is room.
  void Update(std::span<const Column> arguments, std::span<const uint32_t> groups);
  void Merge(std::span<const Column> partials, std::span<const uint32_t> groups);
  // Merges partials of rows that came before all others.
  void MergeEarlier(std::span<const Column> partials, std::span<const uint32_t> groups);

  // The intermediate columns of each call, of these groups.
  std::vector<Column> Intermediate(std::span<const uint32_t> groups) const;

 private:
  struct Running {
    std::unique_ptr<AggregateState> state;
    size_t arguments = 0;
    size_t intermediate = 0;
  };
  std::vector<Running> running_;
  int64_t bytes_a_group_ = 0;
  uint32_t size_ = 0;
};

class HashAggregate {
 public:
  HashAggregate(std::vector<DataType> key_types, const std::vector<AggregateCall>& calls);

  uint32_t size() const { return running_.size(); }
  int64_t bytes() const;
  int64_t growing_bytes() const { return running_.growing_bytes(); }

  // `keys` are normalised (row_key.h). `arguments` are those of each call, one after the other.
  void Update(const std::vector<Column>& keys, std::span<const Column> arguments, int64_t rows);

  // Of these groups: the key columns, then the intermediate ones of each call.
  std::vector<Column> Partials(std::span<const uint32_t> groups) const;

 private:
  // A single string is its own key; anything else that is not fixed goes by its row key.
  using Table = std::variant<KeyTable, FixedKeyTable<1>, FixedKeyTable<2>>;
  static Table TableOf(const std::vector<DataType>& key_types);
  void Assign(const std::vector<Column>& keys);
  std::vector<Column> Keys(std::span<const uint32_t> groups) const;

  const std::vector<DataType> key_types_;
  const bool plain_string_;
  Table table_;
  RunningAggregates running_;
  BufferBuilder<uint32_t> groups_;  // of the batch at hand
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_HASH_AGGREGATE_H_
