// Value: one value of a type, as a literal of a plan or an example holds it.
#ifndef WAVETANK_RUNTIME_TYPES_VALUE_H_
#define WAVETANK_RUNTIME_TYPES_VALUE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "runtime/types/data_type.h"

namespace wavetank::runtime {

struct Timestamp {
  int64_t micros = 0;
  friend bool operator==(Timestamp, Timestamp) = default;
};
struct Interval {
  int64_t micros = 0;
  friend bool operator==(Interval, Interval) = default;
};
struct Date {
  int32_t days = 0;
  friend bool operator==(Date, Date) = default;
};
struct Binary {
  std::string bytes;
  friend bool operator==(const Binary&, const Binary&) = default;
};

// Null (of a type that is told beside it), or a value of the type that the alternative is of.
using Value = std::variant<std::monostate, bool, int64_t, double, std::string, Timestamp, Interval,
                           int8_t, int16_t, int32_t, float, Binary, Date>;

// Of a value that is not null. REQUIRES: it is not.
DataType TypeOf(const Value& value);

// Stable: for plans, their fingerprints, errors. "null:int64", "true", "12", "12:int32",
// "0.5:double", "0.5:float", "'it\'s'", "X'01FF'", "date 2026-01-31",
// "timestamp 2026-01-31T00:00:00Z", "10s".
std::string ToText(const Value& value, const DataType& type);

// "X'01FF'": bytes for people, as SQL writes them.
std::string BinaryText(std::string_view bytes);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_TYPES_VALUE_H_
