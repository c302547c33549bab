#include "runtime/columnar/fixed_key_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "platform/check.h"
#include "runtime/columnar/folded.h"

namespace wavetank::runtime {
namespace {

constexpr int kFirstPower = 10;
// Rows whose slots are fetched ahead of use.
constexpr size_t kAhead = 16;

}  // namespace

bool AreFixedKeys(std::span<const DataType> types) {
  return !types.empty() && types.size() <= 2 && std::ranges::all_of(types, [](const auto& type) {
    return type.layout() == Layout::kBits || type.layout() == Layout::kFixed;
  });
}

template <size_t columns>
FixedKeyTable<columns>::FixedKeyTable(std::vector<DataType> types)
    : types_(std::move(types)), shift_(64 - kFirstPower) {
  WT_CHECK(types_.size() == columns && AreFixedKeys(types_));
  slots_.AppendRepeated(size_t{1} << kFirstPower, Slot{});
}

template <size_t columns>
size_t FixedKeyTable<columns>::Home(const Words& words, uint8_t nulls) const {
  uint64_t hash = nulls;
  for (size_t i = 0; i < columns; ++i) hash = Folded(hash ^ words[i], kFoldBy[i]);
  return hash >> shift_;
}

template <size_t columns>
void FixedKeyTable<columns>::Gather(std::span<const Column> keys, size_t rows) {
  rows_.Clear();
  rows_.Reserve(rows);
  rows_.SetSize(rows);
  row_nulls_.Clear();
  for (size_t i = 0; i < columns; ++i) {
    const Column& column = keys[i];
    WT_CHECK(column.type() == types_[i] && static_cast<size_t>(column.size()) == rows);
    if (types_[i].layout() == Layout::kBits) {
      for (size_t row = 0; row < rows; ++row) {
        rows_[row][i] = column.BoolAt(static_cast<int64_t>(row)) ? 1 : 0;
      }
    } else {
      WithWidth(types_[i].width(), [&]<typename T>(T) {
        const T* const values = column.values<T>();
        for (size_t row = 0; row < rows; ++row) rows_[row][i] = values[row];
      });
    }
    if (column.null_count() == 0) continue;
    if (row_nulls_.size() == 0) row_nulls_.AppendRepeated(rows, 0);
    for (size_t row = 0; row < rows; ++row) {
      if (!column.IsNull(static_cast<int64_t>(row))) continue;
      rows_[row][i] = 0;
      row_nulls_[row] |= static_cast<uint8_t>(1 << i);
    }
  }
}

template <size_t columns>
void FixedKeyTable<columns>::Assign(std::span<const Column> keys, std::span<uint32_t> groups) {
  WT_CHECK(keys.size() == columns);
  Gather(keys, groups.size());
  if (row_nulls_.size() == 0) return AssignRows<false>(groups);
  AssignRows<true>(groups);
}

template <size_t columns>
template <bool kNulls>
void FixedKeyTable<columns>::AssignRows(std::span<uint32_t> groups) {
  const size_t rows = groups.size();
  const auto nulls = [&](size_t row) -> uint8_t { return kNulls ? row_nulls_[row] : 0; };
  for (size_t row = 0; row < rows; ++row) {
    const size_t ahead = std::min(row + kAhead, rows - 1);
    __builtin_prefetch(slots_.data() + Home(rows_[ahead], nulls(ahead)));
    groups[row] = Find(rows_[row], nulls(row));
  }
}

template <size_t columns>
uint32_t FixedKeyTable<columns>::Find(const Words& words, uint8_t nulls) {
  const size_t mask = slots_.size() - 1;
  for (size_t at = Home(words, nulls);; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.number == 0) return Add(words, nulls, at);
    if (slot.words == words && slot.nulls == nulls) return slot.number - 1;
  }
}

template <size_t columns>
uint32_t FixedKeyTable<columns>::Add(const Words& words, uint8_t nulls, size_t slot) {
  const uint32_t number = size();
  WT_CHECK(number < UINT32_MAX - 1);
  keys_.Append(words);
  nulls_.Append(nulls);
  slots_[slot] = {words, nulls, number + 1};
  if (keys_.size() * 8 > slots_.size() * 5) Grow();
  return number;
}

template <size_t columns>
void FixedKeyTable<columns>::Grow() {
  const BufferBuilder<Slot> before = std::exchange(slots_, BufferBuilder<Slot>());
  slots_.AppendRepeated(before.size() * 2, Slot{});
  --shift_;
  const size_t mask = slots_.size() - 1;
  for (size_t i = 0; i < before.size(); ++i) {
    const Slot& slot = before[i];
    if (slot.number == 0) continue;
    size_t at = Home(slot.words, static_cast<uint8_t>(slot.nulls));
    while (slots_[at].number != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

template <size_t columns>
std::vector<Column> FixedKeyTable<columns>::Keys(std::span<const uint32_t> groups) const {
  const auto rows = static_cast<int64_t>(groups.size());
  std::vector<Column> keys;
  for (size_t i = 0; i < columns; ++i) {
    ValidityBuilder validity;
    for (const uint32_t group : groups) validity.Append(((nulls_[group] >> i) & 1) == 0);
    Buffer values;
    if (types_[i].layout() == Layout::kBits) {
      BufferBuilder<uint64_t> bits;
      bits.AppendRepeated(static_cast<size_t>(BitWords(rows)), 0);
      for (int64_t row = 0; row < rows; ++row) {
        if (keys_[groups[static_cast<size_t>(row)]][i] != 0) SetBit(bits.data(), row);
      }
      values = bits.Finish();
    } else {
      values = WithWidth(types_[i].width(), [&]<typename T>(T) {
        BufferBuilder<T> words(groups.size());
        for (size_t row = 0; row < groups.size(); ++row) {
          words.data()[row] = static_cast<T>(keys_[groups[row]][i]);
        }
        words.SetSize(groups.size());
        return words.Finish();
      });
    }
    keys.emplace_back(types_[i], rows, std::move(values), validity.Finish(rows));
  }
  return keys;
}

template class FixedKeyTable<1>;
template class FixedKeyTable<2>;

}  // namespace wavetank::runtime
