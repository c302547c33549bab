// DataType: what a column holds: a kind and, of kinds that are made of others, those.
#ifndef WAVETANK_RUNTIME_TYPES_DATA_TYPE_H_
#define WAVETANK_RUNTIME_TYPES_DATA_TYPE_H_

#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wavetank::runtime {

// How the values of a column lie in memory: Arrow's layouts.
enum class Layout : uint8_t {
  kBits,    // one bit a row
  kFixed,   // as many bytes a row as the kind is wide
  kBytes,   // offsets into bytes
  kList,    // offsets into a column of elements
  kStruct,  // a column for each field
};

// What is known of each kind, by its number; there is no kind 0.
struct KindTraits {
  Layout layout = Layout::kFixed;
  uint8_t width = 0;
  bool is_integer = false;
  bool is_nested = false;
};
inline constexpr KindTraits kKindTraits[] = {
    {},
    {.layout = Layout::kBits},                       // bool
    {.width = 8, .is_integer = true},                // int64
    {.width = 8},                                    // double
    {.layout = Layout::kBytes},                      // string
    {.width = 8},                                    // timestamp
    {.width = 8},                                    // interval
    {.layout = Layout::kList, .is_nested = true},    // array
    {.width = 1, .is_integer = true},                // int8
    {.width = 2, .is_integer = true},                // int16
    {.width = 4, .is_integer = true},                // int32
    {.width = 4},                                    // float
    {.layout = Layout::kBytes},                      // binary
    {.width = 4},                                    // date
    {.layout = Layout::kBits},                       // null: as bool, and every row is null
    {.layout = Layout::kStruct, .is_nested = true},  // struct
};

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
    kInt8 = 8,
    kInt16 = 9,
    kInt32 = 10,
    kFloat = 11,
    kBinary = 12,  // bytes
    kDate = 13,    // int32 days since the epoch
    kNull = 14,    // of a bare NULL: every row is null; only within a query
    kStruct = 15,  // of fields with names; only within a query, as arrays
  };
  static constexpr Kind kLastKind = kStruct;

  DataType(Kind kind) : kind_(kind) {}  // NOLINT: kinds without children are types
  static DataType Array(DataType element);
  // REQUIRES: a name for each type, no name twice.
  static DataType Struct(std::vector<std::string> names, std::vector<DataType> types);

  Kind kind() const { return kind_; }
  const std::vector<DataType>& children() const;
  // REQUIRES: an array.
  const DataType& element() const { return children().front(); }
  // Of a struct's fields, as many as children.
  const std::vector<std::string>& names() const;
  // The number of the field with this name; -1: there is none.
  int FieldOf(std::string_view name) const;
  // Types that it is made of, itself among them.
  int64_t size() const;
  // Of these, on the longest way down: 1 without children.
  int depth() const;

  Layout layout() const { return traits().layout; }
  // Bytes of a value; 0: the layout is not kFixed.
  int width() const { return traits().width; }
  bool is_integer() const { return traits().is_integer; }
  bool is_number() const { return is_integer() || kind_ == kDouble || kind_ == kFloat; }
  // Strings and binary values: all that has bytes.
  bool is_bytes() const { return layout() == Layout::kBytes; }
  // Whether it has an order that extremes go by.
  bool is_ordered() const { return is_number() || is_bytes() || is_time(); }
  bool is_time() const { return kind_ == kTimestamp || kind_ == kDate; }
  // Whether it has children; such values are no literals, no keys and not written.
  bool is_nested() const { return traits().is_nested; }
  // Whether keys, aggregates and state take it.
  bool is_storable() const { return kind_ != kInterval && kind_ != kNull && !is_nested(); }

  friend bool operator==(const DataType& a, const DataType& b) {
    return a.kind_ == b.kind_ &&
           (a.made_of_ == b.made_of_ || (a.children() == b.children() && a.names() == b.names()));
  }
  friend bool operator==(const DataType& a, Kind b) { return a == DataType(b); }

 private:
  struct MadeOf;
  DataType(Kind kind, std::vector<std::string> names, std::vector<DataType> types);
  const KindTraits& traits() const { return kKindTraits[kind_]; }

  Kind kind_;
  std::shared_ptr<const MadeOf> made_of_;  // null: no children
};

static_assert(std::size(kKindTraits) == DataType::kLastKind + 1);

// "bool", "int64", "double", "string", "timestamp", "interval", "array<string>",
// "struct<name: string, count: int64>", ...
std::string DataTypeName(const DataType& type);
// Whether it is that of a kind whose columns may be encoded.
bool IsStorableKind(uint8_t number);

// The one type that both become where they meet, as in Spark's findTightestCommonType: of numbers
// the one that comes later among int8, int16, int32, int64, float and double (so int64 beside float
// is float); a date beside a timestamp is a timestamp; null beside anything is that; arrays, and
// structs with the same names, part by part. nullopt: there is none.
std::optional<DataType> CommonType(const DataType& a, const DataType& b);

// f(T{}) with the type of C++ that values of this kind have in memory: int8_t to int64_t (dates and
// times too), float or double. REQUIRES: the layout is kFixed.
template <typename F>
decltype(auto) WithValueType(const DataType& type, F&& f) {
  switch (type.kind()) {
    case DataType::kInt8:
      return f(int8_t{});
    case DataType::kInt16:
      return f(int16_t{});
    case DataType::kInt32:
    case DataType::kDate:
      return f(int32_t{});
    case DataType::kFloat:
      return f(float{});
    case DataType::kDouble:
      return f(double{});
    default:
      return f(int64_t{});
  }
}

// f(T{}) with the unsigned integer of as many bytes: for what only moves values about.
template <typename F>
decltype(auto) WithWidth(int width, F&& f) {
  switch (width) {
    case 1:
      return f(uint8_t{});
    case 2:
      return f(uint16_t{});
    case 4:
      return f(uint32_t{});
    default:
      return f(uint64_t{});
  }
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_TYPES_DATA_TYPE_H_
