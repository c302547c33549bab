// Value: one value of a type, as a literal of a plan or an example holds it.
#ifndef WAVETANK_RUNTIME_TYPES_VALUE_H_
#define WAVETANK_RUNTIME_TYPES_VALUE_H_

#include <cstdint>
#include <string>
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

// Null (of a type that is told beside it), bool, int64, double, string, timestamp or interval.
using Value = std::variant<std::monostate, bool, int64_t, double, std::string, Timestamp, Interval>;

// Of a value that is not null. REQUIRES: it is not.
DataType TypeOf(const Value& value);

// Stable: for plans, their fingerprints, errors. "null:int64", "true", "12", "0.5:double",
// "'it\'s'", "timestamp 2026-01-31T00:00:00Z", "10s".
std::string ToText(const Value& value, const DataType& type);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_TYPES_VALUE_H_
