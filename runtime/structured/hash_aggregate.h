// HashAggregate: groups in the order in which they came, and their running aggregates, updated a
// batch at a time. The same for raw rows (Update) and for partial aggregates (Merge): a partial is
// its group's key and the aggregates so far.
#ifndef WAVETANK_RUNTIME_STRUCTURED_HASH_AGGREGATE_H_
#define WAVETANK_RUNTIME_STRUCTURED_HASH_AGGREGATE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/columnar/column.h"
#include "runtime/columnar/key_table.h"
#include "runtime/structured/expression.h"

namespace wavetank::runtime {

struct AggregateFunction {
  Operator op = Operator::kCount;
  DataType type = DataType::kInt64;  // of the result; of the values too, except for kCount

  friend bool operator==(const AggregateFunction&, const AggregateFunction&) = default;
};

// One aggregate of every group: 8 bytes, and whether there was a value.
class Accumulator {
 public:
  explicit Accumulator(AggregateFunction function) : function_(function) {}

  // Makes room for new groups.
  void Resize(uint32_t groups);
  // Row i belongs to groups[i]. Null `values`: rows themselves are counted.
  void Update(const Column* values, std::span<const uint32_t> groups);
  void Merge(const Column& partials, std::span<const uint32_t> groups);
  Column Results(std::span<const uint32_t> groups) const;

 private:
  bool counts() const { return function_.op == Operator::kCount; }

  AggregateFunction function_;
  BufferBuilder<int64_t> words_;  // doubles by their bits
  BufferBuilder<uint8_t> seen_;   // not for counts
};

class HashAggregate {
 public:
  HashAggregate(std::vector<DataType> key_types, const std::vector<AggregateFunction>& functions);

  uint32_t size() const { return table_.size(); }
  // Of a group's key: row_key.h.
  uint64_t Hash(uint32_t group) const { return table_.Hash(group); }

  // `keys` are normalised (row_key.h). `values` has a column for each function, null for Count().
  void Update(const std::vector<Column>& keys, const std::vector<const Column*>& values,
              int64_t rows);
  void Merge(const std::vector<Column>& keys, const std::vector<Column>& partials, int64_t rows);
  // Adds the one group there is without keys, if it is not there. REQUIRES: no keys.
  void Touch() { Assign({}, 1); }
  // Merges partials of groups that are there.
  void Merge(std::span<const uint32_t> groups, const std::vector<Column>& partials);

  // Of these groups: the key columns, then the aggregates.
  std::vector<Column> Rows(std::span<const uint32_t> groups) const;
  std::vector<Column> Keys(std::span<const uint32_t> groups) const;
  std::vector<Column> Results(std::span<const uint32_t> groups) const;

 private:
  std::span<const uint32_t> Assign(const std::vector<Column>& keys, int64_t rows);

  std::vector<DataType> key_types_;
  // A single string is its own key; anything else goes by its row key.
  bool plain_string_;
  KeyTable table_;
  std::vector<Accumulator> accumulators_;
  BufferBuilder<uint32_t> groups_;  // of the batch at hand
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_HASH_AGGREGATE_H_
