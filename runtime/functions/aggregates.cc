// Aggregates. Their parts merge in any grouping; sums of doubles depend on the order, which is
// fixed by the tasks of a batch.
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "platform/check.h"
#include "runtime/functions/extremes.h"
#include "runtime/functions/groups.h"
#include "runtime/functions/kernels.h"

namespace wavetank::runtime {
namespace {

// Integers wrap around, as Java's do.
struct Plus {
  int64_t operator()(int64_t a, int64_t b) const {
    return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  }
  double operator()(double a, double b) const { return a + b; }
};

// Rows, or those of an argument that are not null, or are true.
class CountState final : public AggregateState {
 public:
  explicit CountState(bool of_true = false) : of_true_(of_true) {}
  void Resize(uint32_t groups) override {
    if (groups > counts_.size()) counts_.AppendRepeated(groups - counts_.size(), 0);
  }
  void Update(std::span<const Column> arguments, std::span<const uint32_t> groups) override {
    const uint64_t* const validity = arguments.empty() ? nullptr : arguments[0].validity();
    int64_t* const counts = counts_.data();
    if (of_true_) {
      for (size_t row = 0; row < groups.size(); ++row) {
        const auto at = static_cast<int64_t>(row);
        counts[groups[row]] += !arguments[0].IsNull(at) && arguments[0].BoolAt(at) ? 1 : 0;
      }
      return;
    }
    if (validity == nullptr) {
      for (const uint32_t group : groups) ++counts[group];
      return;
    }
    for (size_t row = 0; row < groups.size(); ++row) {
      counts[groups[row]] += BitAt(validity, static_cast<int64_t>(row)) ? 1 : 0;
    }
  }
  void Merge(std::span<const Column> partials, std::span<const uint32_t> groups) override {
    const int64_t* const more = partials[0].int64s();
    for (size_t row = 0; row < groups.size(); ++row) {
      counts_[groups[row]] = Plus{}(counts_[groups[row]], more[row]);
    }
  }
  std::vector<Column> Partials(std::span<const uint32_t> groups) const override {
    Buffer counts = Values<int64_t>(static_cast<int64_t>(groups.size()), [&](int64_t row) {
      return counts_[groups[static_cast<size_t>(row)]];
    });
    return {
        Column(DataType::kInt64, static_cast<int64_t>(groups.size()), std::move(counts), Buffer())};
  }

 private:
  const bool of_true_;
  BufferBuilder<int64_t> counts_;
};

// Of values of one width: combine(so far, value), the first as it is; null without one.
template <typename T, typename Combine>
class FoldState final : public AggregateState {
 public:
  FoldState(DataType type, Combine combine) : type_(std::move(type)), combine_(combine) {}

  void Resize(uint32_t groups) override {
    if (groups <= values_.size()) return;
    const size_t more = groups - values_.size();
    values_.AppendRepeated(more, T{});
    seen_.AppendRepeated(more, 0);
  }
  void Update(std::span<const Column> arguments, std::span<const uint32_t> groups) override {
    const Column& column = arguments[0];
    WT_CHECK(column.type() == type_);
    const T* const given = column.values_buffer().data<T>();
    const uint64_t* const validity = column.validity();
    T* const values = values_.data();
    uint8_t* const seen = seen_.data();
    for (size_t row = 0; row < groups.size(); ++row) {
      if (validity != nullptr && !BitAt(validity, static_cast<int64_t>(row))) continue;
      const uint32_t group = groups[row];
      values[group] = seen[group] != 0 ? combine_(values[group], given[row]) : given[row];
      seen[group] = 1;
    }
  }
  void Merge(std::span<const Column> partials, std::span<const uint32_t> groups) override {
    Update(partials, groups);
  }
  // Of equals (0.0 and -0.0) the first one wins, so what came earlier does.
  void MergeEarlier(std::span<const Column> partials, std::span<const uint32_t> groups) override {
    const Column& column = partials[0];
    const T* const given = column.values_buffer().data<T>();
    for (size_t row = 0; row < groups.size(); ++row) {
      if (column.IsNull(static_cast<int64_t>(row))) continue;
      const uint32_t group = groups[row];
      values_[group] = seen_[group] != 0 ? combine_(given[row], values_[group]) : given[row];
      seen_[group] = 1;
    }
  }
  std::vector<Column> Partials(std::span<const uint32_t> groups) const override {
    BufferBuilder<T> values(groups.size());
    ValidityBuilder validity;
    for (const uint32_t group : groups) {
      values.Append(values_[group]);
      validity.Append(seen_[group] != 0);
    }
    const auto rows = static_cast<int64_t>(groups.size());
    return {Column(type_, rows, values.Finish(), validity.Finish(rows))};
  }

 private:
  const DataType type_;
  const Combine combine_;
  BufferBuilder<T> values_;
  BufferBuilder<uint8_t> seen_;
};

// Of bools: whether all are true, or any is; null without one.
class TruthState final : public AggregateState {
 public:
  explicit TruthState(bool all) : all_(all) {}
  void Resize(uint32_t groups) override {
    if (groups > values_.size()) values_.resize(groups);
  }
  void Update(std::span<const Column> arguments, std::span<const uint32_t> groups) override {
    for (size_t row = 0; row < groups.size(); ++row) {
      const auto at = static_cast<int64_t>(row);
      if (arguments[0].IsNull(at)) continue;
      std::optional<bool>& value = values_[groups[row]];
      const bool given = arguments[0].BoolAt(at);
      value = all_ ? value.value_or(true) && given : value.value_or(false) || given;
    }
  }
  void Merge(std::span<const Column> partials, std::span<const uint32_t> groups) override {
    Update(partials, groups);
  }
  std::vector<Column> Partials(std::span<const uint32_t> groups) const override {
    ColumnBuilder builder(DataType::kBool);
    for (const uint32_t group : groups) {
      values_[group].has_value() ? builder.Bool(*values_[group]) : builder.Null();
    }
    return {builder.Finish()};
  }

 private:
  const bool all_;
  std::vector<std::optional<bool>> values_;
};

// The sum of doubles and their number.
class AverageState final : public AggregateState {
 public:
  void Resize(uint32_t groups) override {
    sums_.Resize(groups);
    counts_.Resize(groups);
  }
  void Update(std::span<const Column> arguments, std::span<const uint32_t> groups) override {
    sums_.Update(arguments, groups);
    counts_.Update(arguments, groups);
  }
  void Merge(std::span<const Column> partials, std::span<const uint32_t> groups) override {
    sums_.Merge(partials.first(1), groups);
    counts_.Merge(partials.subspan(1), groups);
  }
  std::vector<Column> Partials(std::span<const uint32_t> groups) const override {
    return {sums_.Partials(groups)[0], counts_.Partials(groups)[0]};
  }

 private:
  FoldState<double, Plus> sums_{DataType::kDouble, Plus()};
  CountState counts_;
};

template <typename T, typename Combine>
std::unique_ptr<AggregateState> Fold(const DataType& type, Combine combine) {
  return std::make_unique<FoldState<T, Combine>>(type, combine);
}

// Combines values of one width with those of the partials.
template <typename T, typename Combine>
void CombineInPlace(const Column& partials, std::span<char* const> values, size_t offset) {
  const T* const given = partials.values<T>();
  for (size_t row = 0; row < values.size(); ++row) {
    char* const at = values[row] + offset;
    T value;
    std::memcpy(&value, at, sizeof value);
    value = Combine()(value, given[row]);
    std::memcpy(at, &value, sizeof value);
  }
}

template <typename T, typename Combine>
MergeInPlace InPlace(T neutral) {
  return {.neutral = std::string(reinterpret_cast<const char*>(&neutral), sizeof neutral),
          .merge = CombineInPlace<T, Combine>};
}

template <Extreme which>
struct Further {
  template <typename T>
  T operator()(T a, T b) const {
    return which == Extreme::kLeast ? (TotalOrder::Less(b, a) ? b : a)
                                    : (TotalOrder::Less(a, b) ? b : a);
  }
};

std::vector<DataType> TheArguments(std::span<const DataType> arguments) {
  return {arguments.begin(), arguments.end()};
}

// Aggregates whose intermediate columns are like their arguments.
std::shared_ptr<const AggregateParts> SumParts() {
  auto parts = std::make_shared<AggregateParts>();
  parts->intermediate = TheArguments;
  parts->make = [](std::span<const DataType> arguments) {
    return arguments[0] == DataType::kDouble ? Fold<double>(arguments[0], Plus())
                                             : Fold<int64_t>(arguments[0], Plus());
  };
  parts->in_place = [](std::span<const DataType> arguments) -> std::optional<MergeInPlace> {
    if (arguments[0] == DataType::kDouble) return std::nullopt;
    return InPlace<int64_t, Plus>(0);
  };
  return parts;
}

template <Extreme which>
std::shared_ptr<const AggregateParts> ExtremeParts() {
  auto parts = std::make_shared<AggregateParts>();
  parts->intermediate = TheArguments;
  parts->make = [](std::span<const DataType> arguments) {
    if (arguments[0].is_bytes()) return MakeExtremes(arguments, which);
    return WithValueType(arguments[0],
                         [&]<typename T>(T) { return Fold<T>(arguments[0], Further<which>()); });
  };
  parts->in_place = [](std::span<const DataType> arguments) -> std::optional<MergeInPlace> {
    if (arguments[0].layout() != Layout::kFixed) return std::nullopt;
    return WithValueType(arguments[0], []<typename T>(T) -> std::optional<MergeInPlace> {
      if constexpr (std::is_integral_v<T>) {
        using Limits = std::numeric_limits<T>;
        return InPlace<T, Further<which>>(which == Extreme::kLeast ? Limits::max() : Limits::min());
      }
      return std::nullopt;
    });
  };
  return parts;
}

template <Extreme which>
std::shared_ptr<const AggregateParts> ExtremeByParts() {
  auto parts = std::make_shared<AggregateParts>();
  parts->intermediate = TheArguments;
  parts->make = [](std::span<const DataType> arguments) { return MakeExtremes(arguments, which); };
  parts->result = [](std::span<const Column> intermediate) { return intermediate[0]; };
  return parts;
}

std::shared_ptr<const AggregateParts> AverageParts() {
  auto parts = std::make_shared<AggregateParts>();
  parts->intermediate = [](std::span<const DataType>) {
    return std::vector<DataType>{DataType::kDouble, DataType::kInt64};
  };
  parts->make = [](std::span<const DataType>) { return std::make_unique<AverageState>(); };
  parts->result = [](std::span<const Column> intermediate) {
    const double* const sums = intermediate[0].doubles();
    const int64_t* const counts = intermediate[1].int64s();
    const Operand sum{intermediate[0]};
    const int64_t rows = intermediate[0].size();
    return ValuesOrNull<double>(DataType::kDouble, rows, CombinedValidity({&sum, 1}, rows),
                                [&](int64_t row, double* result) {
                                  *result = sums[row] / static_cast<double>(counts[row]);
                                  return true;
                                });
  };
  return parts;
}

std::shared_ptr<const AggregateParts> TruthParts(bool all) {
  auto parts = std::make_shared<AggregateParts>();
  parts->intermediate = TheArguments;
  parts->make = [all](std::span<const DataType>) { return std::make_unique<TruthState>(all); };
  return parts;
}

// Of integers: a fold that merges in any order.
template <typename Combine>
std::shared_ptr<const AggregateParts> BitParts(int64_t neutral) {
  auto parts = std::make_shared<AggregateParts>();
  parts->intermediate = TheArguments;
  parts->make = [](std::span<const DataType> arguments) {
    return Fold<int64_t>(arguments[0], Combine());
  };
  parts->in_place = [neutral](std::span<const DataType>) {
    return InPlace<int64_t, Combine>(neutral);
  };
  return parts;
}

std::shared_ptr<const AggregateParts> CountParts(bool of_true = false) {
  auto parts = std::make_shared<AggregateParts>();
  parts->intermediate = [](std::span<const DataType>) {
    return std::vector<DataType>{DataType::kInt64};
  };
  parts->make = [of_true](std::span<const DataType>) {
    return std::make_unique<CountState>(of_true);
  };
  parts->in_place = [](std::span<const DataType>) { return InPlace<int64_t, Plus>(0); };
  return parts;
}

}  // namespace

void AddAggregates(std::vector<Function>& functions) {
  const ExampleTerm null = ExampleTerm::Null(DataType::kInt64);
  functions.push_back({.name = "count",
                       .parameters = {{"value", Accepts::kAnything}},
                       .optional = 1,
                       .result = Gives(DataType::kInt64),
                       .nulls = Nulls::kNever,
                       .parts = CountParts(),
                       .help = "rows, or the values that are not null",
                       .examples = {{.rows = {{}, {}, {}}, .gives = "3"},
                                    {.rows = {{4}, {null}, {4}}, .gives = "2"}}});
  functions.push_back(
      {.name = "sum",
       .parameters = {{"number", Accepts::kTotal}},
       .result = {.of = [](const CallArguments& arguments) { return arguments.types[0]; },
                  .text = "int64 of integers, double of others"},
       .nulls = Nulls::kAnyTime,
       .parts = SumParts(),
       .help = "the sum; that of integers wraps around; null without a value",
       .examples = {{.rows = {{4}, {null}, {5}}, .gives = "9"}}});
  functions.push_back({.name = "avg",
                       .parameters = {{"number", Accepts::kDouble}},
                       .result = Gives(DataType::kDouble),
                       .nulls = Nulls::kAnyTime,
                       .parts = AverageParts(),
                       .help = "the mean; null without a value",
                       .examples = {{.rows = {{4}, {null}, {5}}, .gives = "4.5"}}});
  functions.push_back({.name = "min",
                       .parameters = {{"value", Accepts::kOrdered}},
                       .result = GivesTypeOf(0),
                       .nulls = Nulls::kAnyTime,
                       .parts = ExtremeParts<Extreme::kLeast>(),
                       .help = "the least value, strings by their bytes; null without one",
                       .examples = {{.rows = {{4}, {null}, {5}}, .gives = "4"},
                                    {.rows = {{"b"}, {"a"}, {"B"}}, .gives = "B"}}});
  functions.push_back({.name = "max",
                       .parameters = {{"value", Accepts::kOrdered}},
                       .result = GivesTypeOf(0),
                       .nulls = Nulls::kAnyTime,
                       .parts = ExtremeParts<Extreme::kGreatest>(),
                       .help = "the greatest value, NaN above all; null without one",
                       .examples = {{.rows = {{4}, {null}, {5}}, .gives = "5"},
                                    {.rows = {{"b"}, {"ba"}, {"a"}}, .gives = "ba"}}});
  const std::vector<Parameter> value_and_order = {{"value", Accepts::kStorable},
                                                  {"order", Accepts::kOrdered}};
  functions.push_back({.name = "min_by",
                       .parameters = value_and_order,
                       .result = GivesTypeOf(0),
                       .nulls = Nulls::kAnyTime,
                       .parts = ExtremeByParts<Extreme::kLeast>(),
                       .help =
                           "the value, be it null, in the row whose `order` is least: the first "
                           "of several; rows without an order do not count",
                       .examples = {{.rows = {{"a", 10}, {"b", 50}, {"c", 20}}, .gives = "a"}}});
  functions.push_back({.name = "max_by",
                       .parameters = value_and_order,
                       .result = GivesTypeOf(0),
                       .nulls = Nulls::kAnyTime,
                       .parts = ExtremeByParts<Extreme::kGreatest>(),
                       .help = "the value, be it null, in the row whose `order` is greatest: the "
                               "first of several; rows without an order do not count",
                       .examples = {{.rows = {{"a", 10}, {"b", 50}, {"c", 20}}, .gives = "b"}}});
  functions.push_back({.name = "count_if",
                       .parameters = {{"condition", Accepts::kBool}},
                       .result = Gives(DataType::kInt64),
                       .nulls = Nulls::kNever,
                       .parts = CountParts(/*of_true=*/true),
                       .help = "the rows in which it is true",
                       .examples = {{.rows = {{true}, {false}, {true}}, .gives = "2"}}});
  functions.push_back(
      {.name = "bool_and",
       .parameters = {{"condition", Accepts::kBool}},
       .result = Gives(DataType::kBool),
       .nulls = Nulls::kAnyTime,
       .parts = TruthParts(/*all=*/true),
       .help = "whether it is true in each row where it is not null; null without one",
       .examples = {{.rows = {{true}, {false}}, .gives = "false"}}});
  functions.push_back({.name = "bool_or",
                       .parameters = {{"condition", Accepts::kBool}},
                       .result = Gives(DataType::kBool),
                       .nulls = Nulls::kAnyTime,
                       .parts = TruthParts(/*all=*/false),
                       .help = "whether it is true in a row; null without one where it is not null",
                       .examples = {{.rows = {{true}, {false}}, .gives = "true"}}});
  const auto bits = [&functions, &null](std::string name,
                                        std::shared_ptr<const AggregateParts> parts,
                                        std::string help, std::string gives) {
    functions.push_back({.name = std::move(name),
                         .parameters = {{"bits", Accepts::kInt64}},
                         .result = Gives(DataType::kInt64),
                         .nulls = Nulls::kAnyTime,
                         .parts = std::move(parts),
                         .help = std::move(help),
                         .examples = {{.rows = {{3}, {null}, {6}}, .gives = std::move(gives)}}});
  };
  bits("bit_and", BitParts<std::bit_and<>>(-1), "the bits that all values have; null without one",
       "2");
  bits("bit_or", BitParts<std::bit_or<>>(0), "the bits that any value has; null without one", "7");
  bits("bit_xor", BitParts<std::bit_xor<>>(0),
       "the bits that an odd number of values has; null without one", "5");
}

}  // namespace wavetank::runtime
