// Timestamps, intervals beside them, and tumbling windows of event time.
#include <limits>
#include <utility>

#include "platform/check.h"
#include "runtime/functions/groups.h"
#include "runtime/functions/kernels.h"

namespace wavetank::runtime {
namespace {

// Null where the window would begin before the earliest timestamp.
Column WindowStartKernel(const KernelCall& call) {
  const int64_t size_micros = call.operands[1].column.Int64At(0);
  WT_CHECK(size_micros > 0);
  return ValuesOrNull<int64_t>(call.type, call.rows,
                               CombinedValidity(call.operands.first(1), call.rows),
                               [&](int64_t row, int64_t* start) {
                                 const int64_t at = Int64At(call.operands[0], row);
                                 int64_t into = at % size_micros;
                                 if (into < 0) into += size_micros;
                                 return !__builtin_sub_overflow(at, into, start);
                               });
}

Column WindowEndKernel(const KernelCall& call) {
  const int64_t size_micros = call.operands[1].column.Int64At(0);
  Buffer ends = Values<int64_t>(call.rows, [&](int64_t row) {
    int64_t end = 0;
    const bool beyond = __builtin_add_overflow(Int64At(call.operands[0], row), size_micros, &end);
    return beyond ? std::numeric_limits<int64_t>::max() : end;
  });
  return Column(call.type, call.rows, std::move(ends),
                CombinedValidity(call.operands.first(1), call.rows));
}

// Null beyond the earliest and the latest timestamp.
template <typename Combine>
Kernel IntervalKernel(Combine combine) {
  return [combine](const KernelCall& call) {
    const int64_t micros = call.operands[1].column.Int64At(0);
    return ValuesOrNull<int64_t>(call.type, call.rows,
                                 CombinedValidity(call.operands.first(1), call.rows),
                                 [&](int64_t row, int64_t* moved) {
                                   return combine(Int64At(call.operands[0], row), micros, moved);
                                 });
  };
}

std::string RefuseSize(const CallArguments& arguments) {
  const auto* const size = std::get_if<Interval>(&arguments.literals[1]);
  return size != nullptr && size->micros > 0 ? "" : "use whole microseconds, at least one";
}

Column CurrentTimestampKernel(const KernelCall& call) {
  ColumnBuilder builder(DataType::kTimestamp);
  for (int64_t row = 0; row < call.rows; ++row) builder.Time(call.timestamp);
  return builder.Finish();
}

}  // namespace

void AddTimeFunctions(std::vector<Function>& functions) {
  const std::vector<Parameter> window = {{"time", Accepts::kTimestamp},
                                         {"size", Accepts::kInterval, '\0', true}};
  functions.push_back({.name = "window_start",
                       .parameters = window,
                       .result = Gives(DataType::kTimestamp),
                       .refuses = RefuseSize,
                       .nulls = Nulls::kOfArgumentsToo,
                       .kernel = WindowStartKernel,
                       .help = "the start of the window [start, start + size) since 1970 that a "
                               "time lies in",
                       .examples = {{.arguments = {Timestamp{17'000'000}, Interval{10'000'000}},
                                     .gives = "1970-01-01T00:00:10Z"}}});
  functions.push_back({.name = "window_end",
                       .parameters = window,
                       .result = Gives(DataType::kTimestamp),
                       .kernel = WindowEndKernel,
                       .help = "the end of a window, of its start",
                       .examples = {{.arguments = {Timestamp{10'000'000}, Interval{10'000'000}},
                                     .gives = "1970-01-01T00:00:20Z"}}});
  const std::vector<Parameter> moved = {{"time", Accepts::kTimestamp},
                                        {"interval", Accepts::kInterval, '\0', true}};
  functions.push_back({.name = kAddInterval,
                       .parameters = moved,
                       .result = Gives(DataType::kTimestamp),
                       .nulls = Nulls::kOfArgumentsToo,
                       .sign = "+",
                       .kernel = IntervalKernel([](int64_t at, int64_t by, int64_t* moved_to) {
                         return !__builtin_add_overflow(at, by, moved_to);
                       }),
                       .help = "the time that is an interval later",
                       .examples = {{.arguments = {Timestamp{10'000'000}, Interval{5'000'000}},
                                     .gives = "1970-01-01T00:00:15Z"}}});
  functions.push_back({.name = kSubtractInterval,
                       .parameters = moved,
                       .result = Gives(DataType::kTimestamp),
                       .nulls = Nulls::kOfArgumentsToo,
                       .sign = "-",
                       .kernel = IntervalKernel([](int64_t at, int64_t by, int64_t* moved_to) {
                         return !__builtin_sub_overflow(at, by, moved_to);
                       }),
                       .help = "the time that is an interval earlier",
                       .examples = {{.arguments = {Timestamp{10'000'000}, Interval{5'000'000}},
                                     .gives = "1970-01-01T00:00:05Z"}}});
  functions.push_back({.name = "current_timestamp",
                       .result = Gives(DataType::kTimestamp),
                       .nulls = Nulls::kNever,
                       .kernel = CurrentTimestampKernel,
                       .help = "the batch's time, the same whenever the batch is run",
                       .no_example = "it depends on the batch"});
}

}  // namespace wavetank::runtime
