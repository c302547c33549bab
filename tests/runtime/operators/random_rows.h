// Random rows of a time and a key, and operators over them, for tests of every operator.
#ifndef WAVETANK_TESTS_RUNTIME_OPERATORS_RANDOM_ROWS_H_
#define WAVETANK_TESTS_RUNTIME_OPERATORS_RANDOM_ROWS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform/random.h"
#include "runtime/columnar/record_batch.h"
#include "runtime/operators/aggregate.h"
#include "runtime/operators/join.h"
#include "tests/runtime/operators/expressions.h"
#include "tests/runtime/operators/own_operators.h"

namespace wavetank::runtime {

// Rows of (time, key), a few keys in a narrow time.
inline RecordBatch RandomRows(platform::Random& random, int64_t rows) {
  ColumnBuilder times(DataType::kTimestamp);
  ColumnBuilder keys(DataType::kString);
  for (int64_t row = 0; row < rows; ++row) {
    if (random.Below(8) == 0)
      times.Null();
    else
      times.Int64(random.Between(0, 20) * 1'000'000);
    std::string key(1, static_cast<char>('a' + random.Below(4)));
    if (random.Below(4) == 0) key += " b";
    random.Below(8) == 0 ? keys.Null() : keys.String(key);
  }
  return RecordBatch(TimedKeySchema(), {times.Finish(), keys.Finish()}, rows);
}

// The same, without nulls.
inline RecordBatch RandomWholeRows(platform::Random& random, int64_t rows) {
  ColumnBuilder times(DataType::kTimestamp);
  ColumnBuilder keys(DataType::kString);
  for (int64_t row = 0; row < rows; ++row) {
    times.Int64(random.Between(0, 20) * 1'000'000);
    keys.String(std::string(1, static_cast<char>('a' + random.Below(4))));
  }
  return RecordBatch(TimedKeySchema(), {times.Finish(), keys.Finish()}, rows);
}

inline RecordBatch KeysOf(const RecordBatch& rows) {
  return RecordBatch(WordSchema(), {rows.column(1)}, rows.num_rows());
}

inline RecordBatch KeyFirst(const RecordBatch& rows) {
  return RecordBatch(std::make_shared<const Schema>(std::vector<Field>{
                         {"key", DataType::kString}, {"time", DataType::kTimestamp}}),
                     {rows.column(1), rows.column(0)}, rows.num_rows());
}

inline std::shared_ptr<AggregateSpec> CountByTimeAndKey(QueryOutputMode mode) {
  auto spec = std::make_shared<AggregateSpec>();
  spec->key_types = {DataType::kTimestamp, DataType::kString};
  spec->keys = {ColumnOf(0, DataType::kTimestamp), ColumnOf(1, DataType::kString)};
  spec->calls = {{FunctionRegistry::BuiltIn().Find("count"), {}}};
  spec->intermediate = spec->calls[0].intermediate();
  spec->schema = spec->partial_schema = std::make_shared<const Schema>(std::vector<Field>{
      {"time", DataType::kTimestamp}, {"key", DataType::kString}, {"count", DataType::kInt64}});
  spec->mode = mode;
  spec->event_time_key = 0;
  spec->span_micros = 1'000'000;
  return spec;
}

inline RecordBatch RandomPartials(platform::Random& random, int64_t rows) {
  const RecordBatch keys = RandomRows(random, rows);
  ColumnBuilder counts(DataType::kInt64);
  for (int64_t row = 0; row < rows; ++row) counts.Int64(random.Between(1, 3));
  return RecordBatch(CountByTimeAndKey(QueryOutputMode::kUpdate)->partial_schema,
                     {keys.column(0), keys.column(1), counts.Finish()}, rows);
}

inline std::shared_ptr<AggregateSpec> CountBySession(QueryOutputMode mode) {
  auto spec = CountByTimeAndKey(mode);
  spec->key_types = {DataType::kString, DataType::kTimestamp, DataType::kTimestamp};
  spec->schema = spec->partial_schema =
      std::make_shared<const Schema>(std::vector<Field>{{"key", DataType::kString},
                                                        {"start", DataType::kTimestamp},
                                                        {"end", DataType::kTimestamp},
                                                        {"count", DataType::kInt64}});
  spec->event_time_key = 2;
  spec->span_micros = 0;
  return spec;
}

inline std::vector<RecordBatch> RandomSessions(platform::Random& random, int64_t rows) {
  const RecordBatch keys = RandomWholeRows(random, rows);
  ColumnBuilder ends(DataType::kTimestamp);
  ColumnBuilder counts(DataType::kInt64);
  for (int64_t row = 0; row < rows; ++row) {
    ends.Int64(keys.column(0).Int64At(row) + random.Between(1, 2) * 1'000'000);
    counts.Int64(random.Between(1, 3));
  }
  return {RecordBatch(CountBySession(QueryOutputMode::kAppend)->partial_schema,
                      {keys.column(1), keys.column(0), ends.Finish(), counts.Finish()}, rows)};
}

// Of a side: (key; time), by which rows are late and go.
inline JoinSpec TimedPairs() {
  JoinSpec spec;
  spec.keys = 1;
  const auto side = std::make_shared<const Schema>(
      std::vector<Field>{{"key", DataType::kString}, {"time", DataType::kTimestamp}});
  for (JoinSide& of : spec.sides) of = {.rows = side, .event_time_column = 1, .evict_column = 1};
  spec.output = std::make_shared<const Schema>(
      std::vector<Field>{{"left", DataType::kTimestamp}, {"right", DataType::kTimestamp}});
  return spec;
}

inline std::vector<RecordBatch> TwoPorts(platform::Random& random, int64_t rows) {
  std::vector<RecordBatch> ports = {KeyFirst(RandomRows(random, rows))};
  ports.push_back(KeyFirst(RandomRows(random, rows / 2)));
  return ports;
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_OPERATORS_RANDOM_ROWS_H_
