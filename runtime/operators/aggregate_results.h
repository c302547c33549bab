// What an aggregate shows of its groups, from their keys and values as they stand in state.
#ifndef WAVETANK_RUNTIME_OPERATORS_AGGREGATE_RESULTS_H_
#define WAVETANK_RUNTIME_OPERATORS_AGGREGATE_RESULTS_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "platform/status_macros.h"
#include "runtime/columnar/row_key.h"
#include "runtime/operators/aggregate.h"

namespace wavetank::runtime {

// From keys and intermediate columns to keys and results.
inline RecordBatch Results(const AggregateSpec& spec, const std::vector<Column>& columns,
                           int64_t rows) {
  const auto keys = static_cast<ptrdiff_t>(spec.key_types.size());
  std::vector<Column> shown(columns.begin(), columns.begin() + keys);
  std::span<const Column> rest(columns.begin() + keys, columns.end());
  for (const AggregateCall& call : spec.calls) {
    const size_t count = call.intermediate().size();
    const AggregateParts& parts = *call.function->parts;
    shown.push_back(parts.result ? parts.result(rest.first(count)) : rest[0]);
    rest = rest.subspan(count);
  }
  return RecordBatch(spec.schema, std::move(shown), rows);
}

// From keys and values as they stand in state.
template <typename Bytes>
absl::StatusOr<RecordBatch> DecodeResults(const AggregateSpec& spec, const Bytes& keys,
                                          const Bytes& values, int64_t rows) {
  WT_ASSIGN_OR_RETURN(std::vector<Column> columns, DecodeRowKeys(keys, spec.key_types));
  WT_ASSIGN_OR_RETURN(std::vector<Column> results, DecodeRowKeys(values, spec.intermediate));
  for (Column& result : results) columns.push_back(std::move(result));
  return Results(spec, columns, rows);
}

// Copies of keys and values.
class StateRows {
 public:
  void Add(std::string_view key, std::string_view value) {
    keys_.String(key);
    values_.String(value);
  }

  absl::StatusOr<RecordBatch> Decode(const AggregateSpec& spec) {
    const int64_t rows = keys_.size();
    return DecodeResults(spec, keys_.Finish(), values_.Finish(), rows);
  }

 private:
  ColumnBuilder keys_{DataType::kString};
  ColumnBuilder values_{DataType::kString};
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_AGGREGATE_RESULTS_H_
