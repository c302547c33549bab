#include "runtime/structured/hash_aggregate.h"

#include <bit>
#include <utility>

#include "platform/check.h"
#include "runtime/columnar/row_key.h"

namespace wavetank::runtime {
namespace {

// NaN is above all else, as in comparisons.
bool Below(double a, double b) { return b != b ? a == a : a < b; }
bool Below(int64_t a, int64_t b) { return a < b; }

int64_t Plus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
double Plus(double a, double b) { return a + b; }

// words[groups[row]] = combine(it, values[row]) for rows that are not null; the first value as it
// is.
template <typename T, typename F>
void Fold(const Column& column, std::span<const uint32_t> groups, int64_t* words, uint8_t* seen,
          F combine) {
  const auto* const values = column.values_buffer().data<T>();
  const uint64_t* const validity = column.validity();
  for (size_t row = 0; row < groups.size(); ++row) {
    if (validity != nullptr && !BitAt(validity, static_cast<int64_t>(row))) continue;
    const uint32_t group = groups[row];
    const T value = values[row];
    int64_t& word = words[group];
    word =
        std::bit_cast<int64_t>(seen[group] != 0 ? combine(std::bit_cast<T>(word), value) : value);
    seen[group] = 1;
  }
}

template <typename T>
void Fold(Operator op, const Column& column, std::span<const uint32_t> groups, int64_t* words,
          uint8_t* seen) {
  switch (op) {
    case Operator::kSum:
      return Fold<T>(column, groups, words, seen, [](T a, T b) { return Plus(a, b); });
    case Operator::kMin:
      return Fold<T>(column, groups, words, seen, [](T a, T b) { return Below(b, a) ? b : a; });
    case Operator::kMax:
      return Fold<T>(column, groups, words, seen, [](T a, T b) { return Below(a, b) ? b : a; });
    default:
      WT_CHECK(false, "no aggregate");
  }
}

}  // namespace

void Accumulator::Resize(uint32_t groups) {
  if (groups <= words_.size()) return;
  const size_t more = groups - words_.size();
  words_.AppendRepeated(more, 0);
  if (!counts()) seen_.AppendRepeated(more, 0);
}

void Accumulator::Update(const Column* values, std::span<const uint32_t> groups) {
  if (!counts()) return Merge(*values, groups);
  const uint64_t* const validity = values == nullptr ? nullptr : values->validity();
  int64_t* const words = words_.data();
  if (validity == nullptr) {
    for (const uint32_t group : groups) ++words[group];
    return;
  }
  for (size_t row = 0; row < groups.size(); ++row) {
    words[groups[row]] += BitAt(validity, static_cast<int64_t>(row)) ? 1 : 0;
  }
}

void Accumulator::Merge(const Column& partials, std::span<const uint32_t> groups) {
  WT_CHECK(partials.type() == function_.type);
  if (counts()) {
    for (size_t row = 0; row < groups.size(); ++row) {
      int64_t& word = words_[groups[row]];
      word = Plus(word, partials.Int64At(static_cast<int64_t>(row)));
    }
  } else if (function_.type == DataType::kDouble) {
    Fold<double>(function_.op, partials, groups, words_.data(), seen_.data());
  } else {
    Fold<int64_t>(function_.op, partials, groups, words_.data(), seen_.data());
  }
}

Column Accumulator::Results(std::span<const uint32_t> groups) const {
  BufferBuilder<int64_t> values(groups.size());
  ValidityBuilder validity;
  for (const uint32_t group : groups) {
    values.Append(words_[group]);
    validity.Append(counts() || seen_[group] != 0);
  }
  const auto rows = static_cast<int64_t>(groups.size());
  return Column(function_.type, rows, values.Finish(), validity.Finish(rows));
}

HashAggregate::HashAggregate(std::vector<DataType> key_types,
                             const std::vector<AggregateFunction>& functions)
    : key_types_(std::move(key_types)),
      plain_string_(key_types_ == std::vector<DataType>{DataType::kString}) {
  for (const AggregateFunction& function : functions) accumulators_.emplace_back(function);
}

std::span<const uint32_t> HashAggregate::Assign(const std::vector<Column>& keys, int64_t rows) {
  WT_CHECK(keys.size() == key_types_.size());
  groups_.Clear();
  groups_.Reserve(static_cast<size_t>(rows));
  groups_.SetSize(static_cast<size_t>(rows));
  const BufferBuilder<uint64_t> hashes = HashRows(keys, rows);
  if (plain_string_) {
    table_.Assign(keys[0], hashes.data(), groups_.data());
  } else {
    table_.Assign(EncodeRowKeys(keys, rows), hashes.data(), groups_.data());
  }
  for (Accumulator& accumulator : accumulators_) accumulator.Resize(table_.size());
  return {groups_.data(), groups_.size()};
}

void HashAggregate::Update(const std::vector<Column>& keys,
                           const std::vector<const Column*>& values, int64_t rows) {
  WT_CHECK(values.size() == accumulators_.size());
  const std::span<const uint32_t> groups = Assign(keys, rows);
  for (size_t i = 0; i < accumulators_.size(); ++i) accumulators_[i].Update(values[i], groups);
}

void HashAggregate::Merge(const std::vector<Column>& keys, const std::vector<Column>& partials,
                          int64_t rows) {
  Merge(Assign(keys, rows), partials);
}

void HashAggregate::Merge(std::span<const uint32_t> groups, const std::vector<Column>& partials) {
  WT_CHECK(partials.size() == accumulators_.size());
  for (size_t i = 0; i < accumulators_.size(); ++i) accumulators_[i].Merge(partials[i], groups);
}

std::vector<Column> HashAggregate::Keys(std::span<const uint32_t> groups) const {
  BufferBuilder<int64_t> offsets(groups.size() + 1);
  BufferBuilder<char> bytes;
  ValidityBuilder validity;
  offsets.Append(0);
  for (const uint32_t group : groups) {
    const std::string_view key = table_.Key(group);
    bytes.Append(key.data(), key.size());
    offsets.Append(static_cast<int64_t>(bytes.size()));
    validity.Append(!table_.IsNull(group));
  }
  const auto rows = static_cast<int64_t>(groups.size());
  const Column keys(rows, offsets.Finish(), bytes.Finish(), validity.Finish(rows));
  if (plain_string_) return {keys};
  auto decoded = DecodeRowKeys(keys, key_types_);
  WT_CHECK(decoded.ok(), decoded.status().ToString());
  return *std::move(decoded);
}

std::vector<Column> HashAggregate::Results(std::span<const uint32_t> groups) const {
  std::vector<Column> results;
  results.reserve(accumulators_.size());
  for (const Accumulator& accumulator : accumulators_) {
    results.push_back(accumulator.Results(groups));
  }
  return results;
}

std::vector<Column> HashAggregate::Rows(std::span<const uint32_t> groups) const {
  std::vector<Column> rows = Keys(groups);
  for (Column& result : Results(groups)) rows.push_back(std::move(result));
  return rows;
}

}  // namespace wavetank::runtime
