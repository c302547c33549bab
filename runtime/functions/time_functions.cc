// Timestamps, intervals beside them, and windows of event time.
#include <algorithm>
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

// Whether there is such a window; its start.
bool StartOf(__int128 start, int64_t size_micros, int64_t* into) {
  const bool fits = start >= std::numeric_limits<int64_t>::min() &&
                    start + size_micros <= std::numeric_limits<int64_t>::max();
  if (fits) *into = static_cast<int64_t>(start);
  return fits;
}

// The earliest first. A row that is in none for want of a time has one null: whoever groups by it
// counts that row.
Column WindowStartsKernel(const KernelCall& call) {
  const int64_t size = call.operands[1].column.Int64At(0);
  const int64_t slide = call.operands[2].column.Int64At(0);
  const int64_t first = call.operands[3].column.Int64At(0);
  ColumnBuilder arrays(call.type);
  for (int64_t row = 0; row < call.rows; ++row) {
    const Operand& times = call.operands[0];
    const int64_t at = row * times.stride();
    ColumnBuilder starts(DataType::kTimestamp);
    if (times.column.IsNull(at)) {
      starts.Null();
    } else {
      const int64_t time = times.column.Int64At(at);
      __int128 into = (__int128{time} - first) % slide;
      if (into < 0) into += slide;
      const __int128 last = time - into;
      // The last of those that still have the time in them is the earliest.
      const __int128 earlier = (__int128{size} - 1 - into) / slide;
      for (__int128 i = size > into ? earlier : -1; i >= 0; --i) {
        int64_t start = 0;
        if (StartOf(last - i * slide, size, &start)) starts.Int64(start);
      }
    }
    const Column elements = starts.Finish();
    arrays.Array(elements, 0, elements.size());
  }
  return arrays.Finish();
}

Column WindowOfKernel(const KernelCall& call) {
  const Operand& starts = call.operands[0];
  if (!starts.scalar) return starts.column;
  ColumnBuilder builder(call.type);
  for (int64_t row = 0; row < call.rows; ++row) builder.Copy(starts.column, 0);
  return builder.Finish();
}

// Null, too, where the session would end beyond the latest timestamp.
Kernel SessionKernel(bool end) {
  return [end](const KernelCall& call) {
    return ValuesOrNull<int64_t>(call.type, call.rows,
                                 CombinedValidity(call.operands.first(2), call.rows),
                                 [&](int64_t row, int64_t* bound) {
                                   const int64_t at = Int64At(call.operands[0], row);
                                   const int64_t gap = Int64At(call.operands[1], row);
                                   int64_t ends = 0;
                                   if (gap <= 0 || __builtin_add_overflow(at, gap, &ends))
                                     return false;
                                   *bound = end ? ends : at;
                                   return true;
                                 });
  };
}

std::string RefuseWindows(const CallArguments& arguments) {
  int64_t micros[3] = {};
  for (size_t i = 0; i < 3; ++i) {
    const auto* const interval = std::get_if<Interval>(&arguments.literals[i + 1]);
    if (interval == nullptr) return "size, slide and start are intervals";
    micros[i] = interval->micros;
  }
  const auto [size, slide, first] = micros;
  if (size <= 0 || slide <= 0) return "use whole microseconds, at least one";
  if (slide > size) return "windows slide by no more than their size";
  const bool beyond = first >= slide || first <= -slide;
  return beyond ? "the start is less than the slide" : "";
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
  const std::vector<Parameter> sliding = {{"time", Accepts::kTimestamp},
                                          {"size", Accepts::kInterval, '\0', true},
                                          {"slide", Accepts::kInterval, '\0', true},
                                          {"start", Accepts::kInterval, '\0', true}};
  functions.push_back({.name = "window_starts",
                       .parameters = sliding,
                       .result = Gives(DataType::Array(DataType::kTimestamp)),
                       .refuses = RefuseWindows,
                       .nulls = Nulls::kNever,
                       .kernel = WindowStartsKernel,
                       .help = "the starts of the windows that a time lies in, one every slide, "
                               "from `start` after 1970 on; of null a null",
                       .examples = {{.arguments = {Timestamp{17'000'000}, Interval{10'000'000},
                                                   Interval{5'000'000}, Interval{0}},
                                     .gives = "[1970-01-01T00:00:10Z, 1970-01-01T00:00:15Z]"}}});
  functions.push_back(
      {.name = "window_of",
       .parameters = sliding,
       .result = Gives(DataType::kTimestamp),
       .refuses = RefuseWindows,
       .kernel = WindowOfKernel,
       .help = "a start that window_starts gave, as it is: by what rows are grouped",
       .examples = {{.arguments = {Timestamp{15'000'000}, Interval{10'000'000}, Interval{5'000'000},
                                   Interval{0}},
                     .gives = "1970-01-01T00:00:15Z"}}});
  const std::vector<Parameter> session = {{"time", Accepts::kTimestamp},
                                          {"gap", Accepts::kInterval}};
  functions.push_back({.name = "session_start",
                       .parameters = session,
                       .result = Gives(DataType::kTimestamp),
                       .nulls = Nulls::kOfArgumentsToo,
                       .kernel = SessionKernel(/*end=*/false),
                       .help = "where the session of a time alone begins; null if the gap is not "
                               "above 0",
                       .examples = {{.arguments = {Timestamp{17'000'000}, Interval{5'000'000}},
                                     .gives = "1970-01-01T00:00:17Z"}}});
  functions.push_back({.name = "session_end",
                       .parameters = session,
                       .result = Gives(DataType::kTimestamp),
                       .nulls = Nulls::kOfArgumentsToo,
                       .kernel = SessionKernel(/*end=*/true),
                       .help = "where the session of a time alone ends; null if the gap is not "
                               "above 0",
                       .examples = {{.arguments = {Timestamp{17'000'000}, Interval{5'000'000}},
                                     .gives = "1970-01-01T00:00:22Z"}}});
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
