// Slots: one value of each group.
#ifndef WAVETANK_RUNTIME_FUNCTIONS_SLOTS_H_
#define WAVETANK_RUNTIME_FUNCTIONS_SLOTS_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/check.h"
#include "runtime/columnar/column.h"
#include "runtime/types/data_type.h"

namespace wavetank::runtime {

// One value of a storable type a group, null at first.
class Slots {
 public:
  explicit Slots(DataType type) : type_(std::move(type)) { WT_CHECK(type_.is_storable()); }

  const DataType& type() const { return type_; }
  void Resize(uint32_t groups) {
    if (groups <= set_.size()) return;
    const size_t more = groups - set_.size();
    set_.AppendRepeated(more, 0);
    if (type_.is_bytes()) {
      texts_.resize(groups);
    } else {
      words_.AppendRepeated(more, 0);
    }
  }

  bool IsNull(uint32_t group) const { return set_[group] == 0; }
  std::string_view Get(uint32_t group, std::string_view) const { return texts_[group]; }
  template <typename T>
  T Get(uint32_t group, T) const {
    T value;
    std::memcpy(&value, &words_[group], sizeof value);
    return value;
  }

  void Set(uint32_t group, const Column& from, int64_t row) {
    set_[group] = from.IsNull(row) ? 0 : 1;
    if (set_[group] == 0) return;
    if (type_.is_bytes()) {
      texts_[group] = from.StringAt(row);
    } else if (type_ == DataType::kBool) {
      words_[group] = from.BoolAt(row) ? 1 : 0;
    } else {
      WithWidth(type_.width(), [&]<typename T>(T) { words_[group] = from.values<T>()[row]; });
    }
  }

  Column Take(std::span<const uint32_t> groups) const {
    const auto width = static_cast<size_t>(std::max(type_.width(), 1));
    ColumnBuilder builder(type_);
    for (const uint32_t group : groups) {
      if (IsNull(group)) {
        builder.Null();
      } else if (type_.is_bytes()) {
        builder.String(texts_[group]);
      } else {
        builder.Bytes({reinterpret_cast<const char*>(&words_[group]), width});
      }
    }
    return builder.Finish();
  }

 private:
  DataType type_;
  BufferBuilder<uint8_t> set_;
  BufferBuilder<uint64_t> words_;   // of types of a width, in their lower bytes; bools as 0, 1
  std::vector<std::string> texts_;  // of the others
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_SLOTS_H_
