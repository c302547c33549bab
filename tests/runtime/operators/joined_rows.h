// Rows of two sides that are joined by a key and a range of time, for tests of joins.
#ifndef WAVETANK_TESTS_RUNTIME_OPERATORS_JOINED_ROWS_H_
#define WAVETANK_TESTS_RUNTIME_OPERATORS_JOINED_ROWS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "platform/random.h"
#include "runtime/operators/join.h"
#include "tests/runtime/operators/expressions.h"

namespace wavetank::runtime::joined {

constexpr int64_t kSecond = 1'000'000;
// Of a left row and its right ones: how much later, and earlier, the left one may be.
constexpr int64_t kLater = 3;
constexpr int64_t kEarlier = 5;

// In seconds; the rest of the columns are made of it.
struct Row {
  std::optional<std::string> key;
  std::optional<int64_t> time;
  int64_t id = 0;
};
using Rows = std::vector<Row>;

// (key; time, id) and (key; least and most time of a left row, time, id).
inline SchemaPtr SideSchema(int port) {
  std::vector<Field> fields = {{"key", DataType::kString}};
  if (port == 1) {
    fields.push_back({"least", DataType::kTimestamp});
    fields.push_back({"most", DataType::kTimestamp});
  }
  fields.push_back({"time", DataType::kTimestamp});
  fields.push_back({"id", DataType::kInt64});
  return std::make_shared<const Schema>(std::move(fields));
}
constexpr int kTimeColumn[] = {1, 3};

inline RecordBatch BatchOf(int port, const Rows& rows) {
  ColumnBuilder keys(DataType::kString);
  ColumnBuilder times[3] = {ColumnBuilder(DataType::kTimestamp),
                            ColumnBuilder(DataType::kTimestamp),
                            ColumnBuilder(DataType::kTimestamp)};
  ColumnBuilder ids(DataType::kInt64);
  for (const Row& row : rows) {
    row.key ? keys.String(*row.key) : keys.Null();
    const int64_t shifts[] = {-kEarlier, kLater, 0};
    for (size_t i = 0; i < 3; ++i) {
      row.time ? times[i].Int64((*row.time + shifts[i]) * kSecond) : times[i].Null();
    }
    ids.Int64(row.id);
  }
  std::vector<Column> columns = {keys.Finish()};
  if (port == 1) {
    columns.push_back(times[0].Finish());
    columns.push_back(times[1].Finish());
  }
  columns.push_back(times[2].Finish());
  columns.push_back(ids.Finish());
  return RecordBatch(SideSchema(port), std::move(columns), static_cast<int64_t>(rows.size()));
}

enum class Time { kNone, kRange };

inline std::shared_ptr<JoinSpec> SpecOf(Time time) {
  auto spec = std::make_shared<JoinSpec>();
  spec->keys = 1;
  spec->output = std::make_shared<const Schema>(std::vector<Field>{
      {"left_time", DataType::kTimestamp},
      {"left_id", DataType::kInt64},
      {"least", DataType::kTimestamp},
      {"most", DataType::kTimestamp},
      {"right_time", DataType::kTimestamp},
      {"right_id", DataType::kInt64},
  });
  for (int port = 0; port < 2; ++port) {
    JoinSide& side = spec->sides[port];
    side.rows = SideSchema(port);
    if (time == Time::kNone) continue;
    side.event_time_column = side.evict_column = kTimeColumn[port];
    side.evict_offset_micros = -kSecond * (port == 0 ? kEarlier : kLater);
  }
  if (time == Time::kRange) {
    const auto column = [](int number) { return ColumnOf(number, DataType::kTimestamp); };
    spec->condition = CallOf("and",
                             {CallOf(">=", {column(0), column(2)}, DataType::kBool),
                              CallOf("<=", {column(0), column(3)}, DataType::kBool)},
                             DataType::kBool);
  }
  return spec;
}

// A row's own cells, between tabs.
inline std::string OwnText(int port, const Row& row) {
  const std::string text = BatchOf(port, {row}).RowText(0);
  return text.substr(text.find('\t') + 1);
}

inline Rows RandomSide(platform::Random& random, int64_t now) {
  Rows rows(random.Below(25));
  for (Row& row : rows) {
    if (!random.OneIn(8)) row.key = std::string(random.Below(3), 'k');
    if (!random.OneIn(8)) row.time = now + random.Between(-8, 4);
    row.id = random.Between(0, 1);
  }
  return rows;
}

inline Epoch EpochOf(int64_t id, absl::Time late, absl::Time evict) {
  return {.id = id, .timestamp = absl::UnixEpoch(), .seed = 0, .late = late, .evict = evict};
}

}  // namespace wavetank::runtime::joined

#endif  // WAVETANK_TESTS_RUNTIME_OPERATORS_JOINED_ROWS_H_
