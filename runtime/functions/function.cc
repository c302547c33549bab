#include "runtime/functions/function.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"

namespace wavetank::runtime {

std::string Function::SignatureText() const {
  std::string text = name + "(";
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (i == least_arguments()) text += "[";
    if (i > 0) text += ", ";
    absl::StrAppend(&text, parameters[i].name, ": ", AcceptsText(parameters[i].accepts));
  }
  if (repeats > 0) text += ", ...";
  if (optional > 0) text += "]";
  return text + ")";
}

ResultType Gives(DataType type) {
  std::string name = DataTypeName(type);
  return {.of = [type = std::move(type)](const CallArguments&) { return type; },
          .text = std::move(name)};
}

ResultType GivesTypeOf(size_t argument) {
  return {.of = [argument](const CallArguments& arguments) { return arguments.types[argument]; },
          .as = argument};
}

bool Function::TakesTypes(std::span<const DataType> arguments) const {
  if (!TakesThisMany(arguments.size())) return false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (Accepted(parameter(i).accepts, arguments[i]) != arguments[i]) return false;
    // The nearest of its letter: that one equals those before it.
    for (size_t before = parameter(i).same == '\0' ? 0 : i; before > 0; --before) {
      if (parameter(before - 1).same != parameter(i).same) continue;
      if (arguments[before - 1] != arguments[i]) return false;
      break;
    }
  }
  return true;
}

namespace {

// The only type that it takes; nullopt: several.
std::optional<DataType> OnlyType(Accepts accepts) {
  switch (accepts) {
    case Accepts::kBool:
      return DataType::kBool;
    case Accepts::kInt8:
      return DataType::kInt8;
    case Accepts::kInt16:
      return DataType::kInt16;
    case Accepts::kInt32:
      return DataType::kInt32;
    case Accepts::kInt64:
      return DataType::kInt64;
    case Accepts::kFloat:
      return DataType::kFloat;
    case Accepts::kDouble:
      return DataType::kDouble;
    case Accepts::kString:
      return DataType::kString;
    case Accepts::kBinary:
      return DataType::kBinary;
    case Accepts::kDate:
      return DataType::kDate;
    case Accepts::kTimestamp:
      return DataType::kTimestamp;
    case Accepts::kInterval:
      return DataType::kInterval;
    default:
      return std::nullopt;
  }
}

bool IsAmong(Accepts accepts, const DataType& type) {
  switch (accepts) {
    case Accepts::kNumber:
    case Accepts::kTotal:
      return type.is_number();
    case Accepts::kOrdered:
      return type.is_ordered();
    case Accepts::kArray:
      return type.kind() == DataType::kArray;
    case Accepts::kStruct:
      return type.kind() == DataType::kStruct;
    case Accepts::kComparable:
      return !type.is_nested();
    case Accepts::kStorable:
      return type.is_storable();
    default:
      return true;
  }
}

}  // namespace

std::string AcceptsText(Accepts accepts) {
  switch (accepts) {
    case Accepts::kAnything:
      return "anything";
    case Accepts::kDouble:
    case Accepts::kNumber:
    case Accepts::kTotal:
      return "a number";
    case Accepts::kInterval:
      return "an interval";
    case Accepts::kOrdered:
      return "a number, string, binary, date or timestamp";
    case Accepts::kArray:
      return "an array";
    case Accepts::kStruct:
      return "a struct";
    case Accepts::kComparable:
      return "a single value";
    case Accepts::kStorable:
      return "a bool, number, string, binary, date or timestamp";
    default:
      return DataTypeName(*OnlyType(accepts));
  }
}

std::optional<DataType> Accepted(Accepts accepts, const DataType& type) {
  if (const std::optional<DataType> only = OnlyType(accepts)) {
    return CommonType(type, *only) == only ? only : std::nullopt;
  }
  const bool number = accepts == Accepts::kNumber || accepts == Accepts::kTotal;
  if (number && type == DataType::kNull) return DataType::kDouble;
  if (!IsAmong(accepts, type)) return std::nullopt;
  if (accepts != Accepts::kTotal) return type;
  return type.is_integer() ? DataType::kInt64 : DataType::kDouble;
}

}  // namespace wavetank::runtime
