// Aggregates that keep each value: collect_list and what is computed of it at the end. A group's
// partial is its values' bytes, one behind the other, so what such an aggregate keeps grows with
// its rows: for windows and finished rows rather than for groups that stay.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_set.h"

#include "platform/check.h"
#include "runtime/columnar/row_key.h"
#include "runtime/functions/groups.h"
#include "runtime/functions/kernels.h"
#include "runtime/functions/slots.h"

namespace wavetank::runtime {
namespace {

// A value's bytes: of bool one, of fixed width as many as that, of others all, behind their length.
void AppendValue(const Column& column, int64_t row, std::string& bytes) {
  const DataType& type = column.type();
  if (type.is_bytes()) {
    const std::string_view text = column.StringAt(row);
    const auto size = static_cast<uint32_t>(text.size());
    bytes.append(reinterpret_cast<const char*>(&size), sizeof size).append(text);
  } else if (type == DataType::kBool) {
    bytes.push_back(column.BoolAt(row) ? '\1' : '\0');
  } else {
    const auto width = static_cast<size_t>(type.width());
    bytes.append(column.values<char>() + static_cast<size_t>(row) * width, width);
  }
}

// Calls give(bytes) for each value, as ColumnBuilder::Bytes takes them.
template <typename Give>
void ForEachValue(const DataType& type, std::string_view bytes, const Give& give) {
  while (!bytes.empty()) {
    size_t size = type == DataType::kBool ? 1 : static_cast<size_t>(type.width());
    if (type.is_bytes()) {
      uint32_t length = 0;
      WT_CHECK(bytes.size() >= sizeof length, "collected values end early");
      std::memcpy(&length, bytes.data(), sizeof length);
      bytes.remove_prefix(sizeof length);
      size = length;
    }
    WT_CHECK(bytes.size() >= size, "collected values end early");
    give(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
}

// Values that are equal have the same bytes. REQUIRES: NormaliseKey has seen them.
class Collection {
 public:
  void Add(std::string_view value, bool distinct) {
    if (distinct && !known_.emplace(value).second) return;
    bytes_.append(value);
  }
  // About.
  size_t size() const { return bytes_.size() + known_.size() * (sizeof(std::string) + 8); }
  void AddAll(const DataType& type, std::string_view values, bool distinct) {
    if (!distinct) {
      bytes_.append(values);
      return;
    }
    ForEachValue(type, values, [&](std::string_view value) {
      std::string one;
      if (type.is_bytes()) {
        const auto size = static_cast<uint32_t>(value.size());
        one.append(reinterpret_cast<const char*>(&size), sizeof size);
      }
      Add(one.append(value), true);
    });
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  absl::flat_hash_set<std::string> known_;  // of distinct ones
};

// Partials: the values; a column of their type, all null, that tells it; what stands behind the
// values in the call, which is a literal, null until a row has come.
class CollectState final : public AggregateState {
 public:
  CollectState(std::span<const DataType> arguments, bool distinct)
      : type_(arguments[0]), distinct_(distinct) {
    for (const DataType& type : arguments.subspan(1)) literals_.emplace_back(type);
  }

  void Resize(uint32_t groups) override {
    if (groups > collections_.size()) collections_.resize(groups);
    for (Slots& literal : literals_) literal.Resize(groups);
  }
  void Update(std::span<const Column> arguments, std::span<const uint32_t> groups) override {
    const Column values = distinct_ ? NormaliseKey(arguments[0]) : arguments[0];
    std::string bytes;
    for (size_t i = 0; i < groups.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      for (size_t literal = 0; literal < literals_.size(); ++literal) {
        literals_[literal].Set(groups[i], arguments[literal + 1], row);
      }
      if (values.IsNull(row)) continue;
      bytes.clear();
      AppendValue(values, row, bytes);
      Held change(*this, groups[i]);
      collections_[groups[i]].Add(bytes, distinct_);
    }
  }
  void Merge(std::span<const Column> partials, std::span<const uint32_t> groups) override {
    TakeLiterals(partials, groups);
    for (size_t i = 0; i < groups.size(); ++i) {
      const std::string_view values = partials[0].StringAt(static_cast<int64_t>(i));
      Held change(*this, groups[i]);
      collections_[groups[i]].AddAll(type_, values, distinct_);
    }
  }
  void MergeEarlier(std::span<const Column> partials, std::span<const uint32_t> groups) override {
    TakeLiterals(partials, groups);
    for (size_t i = 0; i < groups.size(); ++i) {
      Held change(*this, groups[i]);
      Collection& later = collections_[groups[i]];
      Collection all;
      all.AddAll(type_, partials[0].StringAt(static_cast<int64_t>(i)), distinct_);
      all.AddAll(type_, later.bytes(), distinct_);
      later = std::move(all);
    }
  }
  std::vector<Column> Partials(std::span<const uint32_t> groups) const override {
    ColumnBuilder values(DataType::kBinary);
    ColumnBuilder types(type_);
    for (const uint32_t group : groups) {
      values.String(collections_[group].bytes());
      types.Null();
    }
    std::vector<Column> columns = {values.Finish(), types.Finish()};
    for (const Slots& literal : literals_) columns.push_back(literal.Take(groups));
    return columns;
  }

  int64_t bytes() const override { return held_bytes_; }

 private:
  // While it lives, what a group comes to hold is counted.
  class Held {
   public:
    Held(CollectState& state, uint32_t group)
        : state_(state), group_(group), before_(state.collections_[group].size()) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() {
      state_.held_bytes_ += static_cast<int64_t>(state_.collections_[group_].size() - before_);
    }

   private:
    CollectState& state_;
    const uint32_t group_;
    const size_t before_;
  };

  void TakeLiterals(std::span<const Column> partials, std::span<const uint32_t> groups) {
    for (size_t i = 0; i < groups.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      for (size_t literal = 0; literal < literals_.size(); ++literal) {
        const Column& given = partials[literal + 2];
        if (!given.IsNull(row)) literals_[literal].Set(groups[i], given, row);
      }
    }
  }

  const DataType type_;
  const bool distinct_;
  std::vector<Collection> collections_;
  std::vector<Slots> literals_;
  int64_t held_bytes_ = 0;
};

// A group's values, and the literals behind them.
struct Collected {
  Column values;
  std::span<const Column> literals;
  int64_t row = 0;
};

// add(collected, builder) appends what a group gives.
template <typename Add>
std::shared_ptr<const AggregateParts> CollectParts(
    bool distinct, const std::function<DataType(const DataType& value)>& gives, Add add) {
  auto parts = std::make_shared<AggregateParts>();
  parts->intermediate = [](std::span<const DataType> arguments) {
    std::vector<DataType> types = {DataType::kBinary};
    types.insert(types.end(), arguments.begin(), arguments.end());
    return types;
  };
  parts->make = [distinct](std::span<const DataType> arguments) {
    return std::make_unique<CollectState>(arguments, distinct);
  };
  parts->result = [gives, add](std::span<const Column> intermediate) {
    const DataType& type = intermediate[1].type();
    ColumnBuilder results(gives(type));
    for (int64_t row = 0; row < intermediate[0].size(); ++row) {
      ColumnBuilder values(type);
      ForEachValue(type, intermediate[0].StringAt(row),
                   [&values](std::string_view value) { values.Bytes(value); });
      add(Collected{values.Finish(), intermediate.subspan(2), row}, results);
    }
    return results.Finish();
  };
  return parts;
}

DataType AsTheValues(const DataType& value) { return value; }
DataType AsArrays(const DataType& value) { return DataType::Array(value); }
DataType AsDouble(const DataType&) { return DataType::kDouble; }
DataType AsText(const DataType&) { return DataType::kString; }

// The rows in their values' order.
std::vector<int64_t> Sorted(const Column& values) {
  std::vector<int64_t> rows(static_cast<size_t>(values.size()));
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
  std::ranges::sort(rows, [&values](int64_t a, int64_t b) {
    if (values.type().is_bytes()) return values.StringAt(a) < values.StringAt(b);
    return WithValueType(values.type(), [&]<typename T>(T) {
      return TotalOrder::Less(values.values<T>()[a], values.values<T>()[b]);
    });
  });
  return rows;
}

void AddWhole(const Collected& group, ColumnBuilder& out) {
  out.Array(group.values, 0, group.values.size());
}

void AddJoined(const Collected& group, ColumnBuilder& out) {
  if (group.values.size() == 0) {
    out.Null();
    return;
  }
  const std::string_view between =
      group.literals.empty() ? "" : group.literals[0].StringAt(group.row);
  std::string text(group.values.StringAt(0));
  for (int64_t i = 1; i < group.values.size(); ++i) {
    text.append(between).append(group.values.StringAt(i));
  }
  out.String(text);
}

// Between the two values that are next to that place, in proportion.
void AddPercentile(const Collected& group, ColumnBuilder& out) {
  if (group.values.size() == 0) {
    out.Null();
    return;
  }
  const double share = group.literals.empty() ? 0.5 : group.literals[0].DoubleAt(group.row);
  const Column values = NormaliseKey(group.values);
  const std::vector<int64_t> rows = Sorted(values);
  const double place = share * static_cast<double>(rows.size() - 1);
  const auto below = static_cast<size_t>(std::floor(place));
  const auto above = static_cast<size_t>(std::ceil(place));
  const double low = values.DoubleAt(rows[below]);
  const double high = values.DoubleAt(rows[above]);
  const double share_of_high = place - std::floor(place);
  out.Double(below == above || low == high ? low
                                           : low * (1 - share_of_high) + high * share_of_high);
}

// The least value that no less than that share of them is at or below.
void AddDiscretePercentile(const Collected& group, ColumnBuilder& out) {
  if (group.values.size() == 0) {
    out.Null();
    return;
  }
  const Column values = NormaliseKey(group.values);
  const std::vector<int64_t> rows = Sorted(values);
  const double place =
      std::ceil(group.literals[0].DoubleAt(group.row) * static_cast<double>(rows.size()));
  const auto at = static_cast<size_t>(std::max(place, 1.0)) - 1;
  out.Copy(values, rows[std::min(at, rows.size() - 1)]);
}

// The least of those that are most often there.
void AddMode(const Collected& group, ColumnBuilder& out) {
  const Column values = NormaliseKey(group.values);
  const std::vector<int64_t> rows = Sorted(values);
  std::string one;
  std::string before;
  int64_t best = -1;
  size_t times = 0;
  size_t most = 0;
  for (const int64_t row : rows) {
    one.clear();
    AppendValue(values, row, one);
    times = one == before ? times + 1 : 1;
    before = one;
    if (times <= most) continue;
    most = times;
    best = row;
  }
  best < 0 ? out.Null() : out.Copy(values, best);
}

std::string RefuseShare(const CallArguments& arguments) {
  const auto* const share = std::get_if<double>(&arguments.literals[1]);
  if (share != nullptr && *share >= 0 && *share <= 1) return "";
  return "a percentage is from 0 to 1";
}
std::string RefuseNullBetween(const CallArguments& arguments) {
  const bool is_null =
      arguments.literals.size() > 1 && !std::holds_alternative<std::string>(arguments.literals[1]);
  return is_null ? "what stands between the texts is a text" : "";
}

}  // namespace

void AddCollected(std::vector<Function>& functions) {
  const ExampleTerm null = ExampleTerm::Null(DataType::kInt64);
  const auto add = [&functions](Function function) -> Function& {
    function.nulls = Nulls::kAnyTime;
    functions.push_back(std::move(function));
    return functions.back();
  };
  const ResultType an_array = {
      .of = [](const CallArguments& arguments) { return AsArrays(arguments.types[0]); },
      .text = "an array of the values"};
  add({.name = "collect_list",
       .parameters = {{"value", Accepts::kStorable}},
       .result = an_array,
       .parts = CollectParts(false, AsArrays, AddWhole),
       .help = "the values that are not null, as they came; empty without one",
       .examples = {{.rows = {{4}, {null}, {5}, {4}}, .gives = "[4, 5, 4]"}}});
  add({.name = "collect_set",
       .parameters = {{"value", Accepts::kStorable}},
       .result = an_array,
       .parts = CollectParts(true, AsArrays, AddWhole),
       .help = "the values that are not null, each once, as they came first; empty without one",
       .examples = {{.rows = {{4}, {null}, {5}, {4}}, .gives = "[4, 5]"}}});
  add({.name = "listagg",
       .parameters = {{"text", Accepts::kString},
                      {.name = "between", .accepts = Accepts::kString, .literal = true}},
       .optional = 1,
       .result = Gives(DataType::kString),
       .refuses = RefuseNullBetween,
       .parts = CollectParts(false, AsText, AddJoined),
       .help = "the texts that are not null, as they came, one behind the other; null without one",
       .examples = {{.arguments = {", "},
                     .rows = {{"b"}, {ExampleTerm::Null(DataType::kString)}, {"a"}},
                     .gives = "b, a"}}});
  const Parameter share = {.name = "percentage", .accepts = Accepts::kDouble, .literal = true};
  add({.name = "percentile",
       .parameters = {{"number", Accepts::kDouble}, share},
       .result = Gives(DataType::kDouble),
       .refuses = RefuseShare,
       .parts = CollectParts(false, AsDouble, AddPercentile),
       .help = "the number that such a share of them is at or below, from 0 to 1, between the two "
               "next ones in proportion; null without one",
       .examples = {{.arguments = {0.25}, .rows = {{1}, {null}, {5}, {9}}, .gives = "3"}}});
  add({.name = "median",
       .parameters = {{"number", Accepts::kDouble}},
       .result = Gives(DataType::kDouble),
       .parts = CollectParts(false, AsDouble, AddPercentile),
       .help = "percentile at 0.5",
       .examples = {{.rows = {{1}, {null}, {5}, {9}, {7}}, .gives = "6"}}});
  add({.name = "percentile_approx",
       .parameters = {{"value", Accepts::kOrdered}, share},
       .result = GivesTypeOf(0),
       .refuses = RefuseShare,
       .parts = CollectParts(false, AsTheValues, AddDiscretePercentile),
       .help = "the least value that such a share of them, from 0 to 1, is at or below: exactly, "
               "for all are kept; null without one",
       .examples = {{.arguments = {0.5}, .rows = {{1}, {null}, {5}, {9}, {7}}, .gives = "5"}}});
  add({.name = "mode",
       .parameters = {{"value", Accepts::kOrdered}},
       .result = GivesTypeOf(0),
       .parts = CollectParts(false, AsTheValues, AddMode),
       .help = "the value that is there most often, the least of several; null without one",
       .examples = {{.rows = {{4}, {null}, {5}, {4}}, .gives = "4"}}});
}

}  // namespace wavetank::runtime
