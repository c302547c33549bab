// PlainValue: one value of a row as the interpreter holds it, and what it knows of types.
#ifndef WAVETANK_PROPERTIES_INTERPRETER_PLAIN_VALUE_H_
#define WAVETANK_PROPERTIES_INTERPRETER_PLAIN_VALUE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace wavetank::runtime::plan {
class Literal;
class Type;
}  // namespace wavetank::runtime::plan

namespace wavetank::properties {

// Numbers of kinds in plan bytes (Type.kind).
enum class PlainKind : int {
  kBool = 1,
  kInt64 = 2,
  kDouble = 3,
  kString = 4,
  kTimestamp = 5,
  kInterval = 6,
  kArray = 7,
  kInt8 = 8,
  kInt16 = 9,
  kInt32 = 10,
  kFloat = 11,
  kBinary = 12,
  kDate = 13,
  kNull = 14,
  kStruct = 15,
};
PlainKind KindOf(const runtime::plan::Type& type);
bool IsInteger(PlainKind kind);

// Null, or a value of its type's kind: integers of every width as int64_t, times and intervals in
// microseconds, dates in days, floats as the double that they are, strings and binary values as
// their bytes, arrays and structs by their children.
struct PlainValue {
  using Children = std::vector<PlainValue>;
  std::variant<std::monostate, bool, int64_t, double, std::string, Children> value;

  PlainValue() = default;
  PlainValue(bool v) : value(v) {}                    // NOLINT: values convert
  PlainValue(int64_t v) : value(v) {}                 // NOLINT
  PlainValue(double v) : value(v) {}                  // NOLINT
  PlainValue(std::string v) : value(std::move(v)) {}  // NOLINT
  PlainValue(const char*) = delete;                   // it would be a bool
  explicit PlainValue(Children v) : value(std::move(v)) {}

  bool is_null() const { return value.index() == 0; }
  // REQUIRES: such a value.
  bool truth() const { return std::get<bool>(value); }
  int64_t number() const { return std::get<int64_t>(value); }
  double real() const { return std::get<double>(value); }
  const std::string& text() const { return std::get<std::string>(value); }
  const Children& children() const { return std::get<Children>(value); }
};

using PlainRow = std::vector<PlainValue>;

// Below 0, 0 or above 0. Null is below all else and equals itself; so is NaN above all else; -0 is
// 0; false is below true; text goes by its bytes; rows and arrays go value by value.
int Compare(const PlainValue& a, const PlainValue& b);
int Compare(const PlainRow& a, const PlainRow& b);

struct PlainLess {
  bool operator()(const PlainValue& a, const PlainValue& b) const { return Compare(a, b) < 0; }
  bool operator()(const PlainRow& a, const PlainRow& b) const { return Compare(a, b) < 0; }
};

// As a key holds it: one zero, one NaN.
PlainValue AsKey(const PlainValue& value);

// As the value lies in a plan.
PlainValue ValueOf(const runtime::plan::Literal& literal);

// What an output shows: "\N" for null, times as RFC 3339 in UTC, numbers with the fewest digits.
std::string TextOf(const PlainValue& value, PlainKind kind);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_INTERPRETER_PLAIN_VALUE_H_
