#include "properties/programs/row_functions.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "platform/check.h"

namespace wavetank::properties {
namespace {

using enum ProgramArgument;

struct Function {
  ProgramArgument kind;
  std::string_view name;
  // Of its number; none: it has none.
  std::optional<std::pair<int64_t, int64_t>> bounds = std::nullopt;
};

constexpr std::pair<int64_t, int64_t> kAnyNumber = {-1'000'000, 1'000'000};
constexpr std::pair<int64_t, int64_t> kDivisor = {1, 1'000};
constexpr std::pair<int64_t, int64_t> kFew = {1, 5};

// Those of values are functions of rows too, and leave the key.
constexpr Function kFunctions[] = {
    {kValueFunction, "add", kAnyNumber},
    {kValueFunction, "times", kAnyNumber},
    {kValueFunction, "rest", kDivisor},
    {kValueFunction, "negate"},
    {kRowFunction, "keyed", kDivisor},  // by the rest of the value
    {kRowFunction, "swap"},
    {kRowFunction, "prefix", kDivisor},  // so much of the key
    {kRowsFunction, "split"},
    {kRowsFunction, "repeat", kFew},
    {kRowsFunction, "mirror"},
    {kPredicate, "even"},
    {kPredicate, "odd"},
    {kPredicate, "above", kAnyNumber},
    {kPredicate, "shorter", kDivisor},
    {kValuesFunction, "upto", kFew},
    {kValuesFunction, "twice"},
    {kValuesFunction, "positive"},
    {kFold, "sum"},
    {kFold, "max"},
    {kFold, "min"},
    {kFold, "xor"},
    {kInvertible, "sum"},
    {kInvertible, "xor"},
    {kUpdate, "total"},
    {kUpdate, "batches"},
    {kUpdate, "latest"},
    {kUpdate, "timed"},
    {kUpdate, "limit", kDivisor},
    {kStateFunction, "visits"},
    {kStateFunction, "sums"},
    {kStateFunction, "rounds", kFew},
    {kStateFunction, "once"},
    {kStorageLevel, "MEMORY_ONLY"},
    {kStorageLevel, "MEMORY_AND_DISK"},
    {kStorageLevel, "DISK_ONLY"},
    {kStorageLevel, "MEMORY_ONLY_2"},
    {kStorageLevel, "MEMORY_AND_DISK_2"},
    {kStorageLevel, "DISK_ONLY_2"},
};

bool IsOf(const Function& function, ProgramArgument kind) {
  return function.kind == kind || (kind == kRowFunction && function.kind == kValueFunction);
}

const Function* Find(ProgramArgument kind, std::string_view name) {
  const auto* const found = std::ranges::find_if(
      kFunctions, [&](const Function& each) { return IsOf(each, kind) && each.name == name; });
  return found == std::end(kFunctions) ? nullptr : found;
}

bool IsOfValue(std::string_view name) { return Find(kValueFunction, name) != nullptr; }

int64_t SumOf(const std::vector<int64_t>& values) {
  int64_t sum = 0;
  for (const int64_t value : values) sum = WrappingAdd(sum, value);
  return sum;
}

int64_t SizeOf(std::string_view text) { return static_cast<int64_t>(text.size()); }

}  // namespace

int64_t WrappingAdd(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
int64_t WrappingSubtract(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
int64_t WrappingTimes(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}
int64_t RestOf(int64_t value, int64_t divisor) {
  WT_CHECK(divisor >= 1);
  const int64_t rest = value % divisor;
  return rest < 0 ? rest + divisor : rest;
}

ProgramRow RowOfLine(std::string_view line) {
  const size_t comma = line.rfind(',');
  int64_t number = 1;
  if (comma != std::string_view::npos &&
      absl::SimpleAtoi(std::string(line.substr(comma + 1)), &number)) {
    return {std::string(line.substr(0, comma)), number};
  }
  return {std::string(line), 1};
}

FunctionWord ReadFunctionWord(std::string_view word) {
  const size_t colon = word.find(':');
  if (colon == std::string_view::npos) return {word, std::nullopt};
  int64_t number = 0;
  if (!absl::SimpleAtoi(std::string(word.substr(colon + 1)), &number)) return {word, std::nullopt};
  return {word.substr(0, colon), number};
}

std::string WhyNoFunction(ProgramArgument kind, std::string_view word) {
  const FunctionWord read = ReadFunctionWord(word);
  const Function* const function = Find(kind, read.name);
  if (function == nullptr) {
    std::vector<std::string> names;
    for (const Function& each : kFunctions) {
      if (IsOf(each, kind)) names.emplace_back(each.name);
    }
    return absl::StrCat("\"", std::string(word), "\" is none of ", absl::StrJoin(names, ", "));
  }
  const auto& bounds = function->bounds;
  const bool right = bounds.has_value()
                         ? read.number.has_value() && *read.number >= bounds->first &&
                               *read.number <= bounds->second
                         : !read.number.has_value();
  if (right) return "";
  if (!bounds.has_value()) return absl::StrCat(std::string(read.name), " takes no number");
  return absl::StrCat(std::string(read.name), " takes a number from ", bounds->first, " to ",
                      bounds->second, ", as ", std::string(read.name), ":3");
}

std::vector<std::string> FunctionsOf(
    ProgramArgument kind, const std::function<int64_t(int64_t low, int64_t high)>& number) {
  std::vector<std::string> words;
  for (const Function& each : kFunctions) {
    if (!IsOf(each, kind)) continue;
    std::string& word = words.emplace_back(each.name);
    if (!each.bounds.has_value()) continue;
    constexpr int64_t kDrawnMost = 20;
    const int64_t low = std::max(each.bounds->first, -kDrawnMost);
    absl::StrAppend(&word, ":", number(low, std::min(each.bounds->second, kDrawnMost)));
  }
  return words;
}

ProgramRow ApplyToRow(const std::string& word, const ProgramRow& row) {
  const FunctionWord function = ReadFunctionWord(word);
  if (IsOfValue(function.name)) return {row.first, ApplyToValue(word, row.second)};
  if (function.name == "keyed") {
    return {absl::StrCat("k", RestOf(row.second, *function.number)), row.second};
  }
  if (function.name == "swap") return {absl::StrCat(row.second), SizeOf(row.first)};
  WT_CHECK(function.name == "prefix");
  return {row.first.substr(0, static_cast<size_t>(*function.number)), row.second};
}

std::vector<ProgramRow> RowsOf(const std::string& word, const ProgramRow& row) {
  const FunctionWord function = ReadFunctionWord(word);
  std::vector<ProgramRow> rows;
  if (function.name == "split") {
    for (const auto piece : absl::StrSplit(row.first, ' ', absl::SkipEmpty())) {
      rows.emplace_back(std::string(piece), row.second);
    }
    return rows;
  }
  if (function.name == "mirror") {
    return {row, {row.first, WrappingSubtract(0, row.second)}};
  }
  WT_CHECK(function.name == "repeat");
  rows.assign(static_cast<size_t>(RestOf(row.second, *function.number)), row);
  return rows;
}

bool Holds(const std::string& predicate, const ProgramRow& row) {
  const FunctionWord function = ReadFunctionWord(predicate);
  if (function.name == "even") return RestOf(row.second, 2) == 0;
  if (function.name == "odd") return RestOf(row.second, 2) == 1;
  if (function.name == "above") return row.second > *function.number;
  WT_CHECK(function.name == "shorter");
  return SizeOf(row.first) < *function.number;
}

int64_t ApplyToValue(const std::string& word, int64_t value) {
  const FunctionWord function = ReadFunctionWord(word);
  if (function.name == "add") return WrappingAdd(value, *function.number);
  if (function.name == "times") return WrappingTimes(value, *function.number);
  if (function.name == "rest") return RestOf(value, *function.number);
  WT_CHECK(function.name == "negate");
  return WrappingSubtract(0, value);
}

std::vector<int64_t> ValuesOf(const std::string& word, int64_t value) {
  const FunctionWord function = ReadFunctionWord(word);
  if (function.name == "twice") return {value, WrappingAdd(value, value)};
  if (function.name == "positive") {
    return value > 0 ? std::vector<int64_t>{value} : std::vector<int64_t>();
  }
  WT_CHECK(function.name == "upto");
  std::vector<int64_t> values;
  for (int64_t at = 0; at < RestOf(value, *function.number); ++at) values.push_back(at);
  return values;
}

int64_t FoldValues(const std::string& fold, int64_t a, int64_t b) {
  if (fold == "sum") return WrappingAdd(a, b);
  if (fold == "max") return std::max(a, b);
  if (fold == "min") return std::min(a, b);
  WT_CHECK(fold == "xor");
  return a ^ b;
}

int64_t UnfoldValues(const std::string& fold, int64_t a, int64_t b) {
  if (fold == "sum") return WrappingSubtract(a, b);
  WT_CHECK(fold == "xor");
  return a ^ b;
}

std::optional<int64_t> UpdatedState(const std::string& update, int64_t batch_time_ms,
                                    const std::string& key, const std::vector<int64_t>& values,
                                    std::optional<int64_t> state) {
  const FunctionWord function = ReadFunctionWord(update);
  const int64_t before = state.value_or(0);
  const int64_t total = WrappingAdd(before, SumOf(values));
  if (function.name == "total") return total;
  // How many batches it has been called in: also in those that have nothing of the key.
  if (function.name == "batches") return before + 1;
  // What has had no values is gone.
  if (function.name == "latest") return values.empty() ? std::nullopt : std::optional(total);
  if (function.name == "timed") {
    return WrappingAdd(WrappingTimes(total, 31), batch_time_ms + SizeOf(key));
  }
  WT_CHECK(function.name == "limit");
  const int64_t count = before + static_cast<int64_t>(values.size());
  return count >= *function.number ? std::nullopt : std::optional(count);
}

StateStep StepOfState(const std::string& function, const std::string& key,
                      std::optional<int64_t> value, std::optional<int64_t> state) {
  const FunctionWord read = ReadFunctionWord(function);
  if (!value.has_value()) return {.row = ProgramRow(key + " left", state.value_or(0))};
  const int64_t next = state.value_or(0) + 1;
  if (read.name == "visits") return {.update = next, .row = ProgramRow(key, next)};
  if (read.name == "sums") return {.update = WrappingAdd(state.value_or(0), *value)};
  // One that has one is only looked at.
  if (read.name == "once") {
    return {.update = state.has_value() ? std::nullopt : std::optional<int64_t>(1),
            .row = ProgramRow(key, state.has_value() ? 1 : 0)};
  }
  WT_CHECK(read.name == "rounds");
  if (next < *read.number || !state.has_value()) {
    return {.update = next, .row = ProgramRow(key, next)};
  }
  return {.remove = true, .row = ProgramRow(key, -next)};
}

const std::vector<ProgramRow>& InitialStates() {
  static const std::vector<ProgramRow> states = {{"key1", 1}, {"w1", 10}, {"", 3}, {"nobody", 7}};
  return states;
}

int64_t OfGroups(const std::vector<int64_t>& left, const std::vector<int64_t>& right) {
  int64_t mixed = WrappingAdd(SumOf(left), 1'000 * static_cast<int64_t>(left.size()));
  mixed = WrappingTimes(mixed, 7'919);
  return WrappingAdd(mixed,
                     WrappingAdd(SumOf(right), 100'000 * static_cast<int64_t>(right.size())));
}

int64_t OfPair(std::optional<int64_t> left, std::optional<int64_t> right) {
  const int64_t of_left = left.has_value() ? WrappingTimes(3, *left) : 1'000'003;
  return WrappingAdd(of_left, right.has_value() ? WrappingTimes(5, *right) : -2'000'003);
}

ProgramRow FoldRows(const std::string& fold, const ProgramRow& a, const ProgramRow& b) {
  return {std::max(a.first, b.first), FoldValues(fold, a.second, b.second)};
}

ProgramRow CountedRow(const ProgramRow& row, int64_t count) {
  return {absl::StrCat(row.first, "=", row.second), count};
}

ProgramRow CountRow(int64_t count) { return {"count", count}; }

int64_t OfAverage(int64_t sum, int64_t count) {
  return WrappingAdd(WrappingTimes(sum, 100), count);
}

}  // namespace wavetank::properties
