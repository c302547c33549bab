// DataType: what a column holds: a kind and, of kinds that are made of others, those.
#ifndef WAVETANK_RUNTIME_TYPES_DATA_TYPE_H_
#define WAVETANK_RUNTIME_TYPES_DATA_TYPE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wavetank::runtime {

// A value, cheap to copy. Kinds without children convert by themselves: DataType type = kInt64.
class DataType {
 public:
  // The numbers are part of the encoding of batches, state keys and plans.
  enum Kind : uint8_t {
    kBool = 1,
    kInt64 = 2,
    kDouble = 3,
    kString = 4,     // bytes; text functions read them as UTF-8
    kTimestamp = 5,  // int64 microseconds since the epoch, UTC
    kInterval = 6,   // int64 microseconds; only as a literal
    kArray = 7,      // of one child; only within a query, neither in its state nor in its output
  };

  DataType(Kind kind) : kind_(kind) {}  // NOLINT: kinds without children are types
  static DataType Array(DataType element);

  Kind kind() const { return kind_; }
  const std::vector<DataType>& children() const;
  // REQUIRES: an array.
  const DataType& element() const { return children().front(); }

  bool is_number() const { return kind_ == kInt64 || kind_ == kDouble; }
  // Whether keys, aggregates and sinks take it.
  bool is_storable() const { return kind_ != kInterval && kind_ != kArray; }

  friend bool operator==(const DataType& a, const DataType& b) {
    return a.kind_ == b.kind_ && a.children() == b.children();
  }
  friend bool operator==(const DataType& a, Kind b) { return a == DataType(b); }

 private:
  Kind kind_;
  std::shared_ptr<const std::vector<DataType>> children_;  // null: none
};

// "bool", "int64", "double", "string", "timestamp", "interval", "array<string>".
std::string DataTypeName(const DataType& type);
// Whether it is that of a kind whose columns may be encoded.
bool IsStorableKind(uint8_t number);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_TYPES_DATA_TYPE_H_
