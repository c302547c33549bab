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
  if (repeats_last) text += ", ...";
  if (optional > 0) text += "]";
  return text + ")";
}

ResultType Gives(DataType type) {
  std::string name = DataTypeName(type);
  return {.of = [type = std::move(type)](std::span<const DataType>) { return type; },
          .text = std::move(name)};
}

ResultType GivesTypeOf(size_t argument) {
  return {.of = [argument](std::span<const DataType> arguments) { return arguments[argument]; },
          .as = argument};
}

std::string AcceptsText(Accepts accepts) {
  switch (accepts) {
    case Accepts::kAnything:
      return "anything";
    case Accepts::kBool:
      return "bool";
    case Accepts::kInt64:
      return "int64";
    case Accepts::kDouble:
    case Accepts::kNumber:
      return "a number";
    case Accepts::kString:
      return "string";
    case Accepts::kTimestamp:
      return "timestamp";
    case Accepts::kInterval:
      return "an interval";
    case Accepts::kOrdered:
      return "a number, string or timestamp";
    case Accepts::kArray:
      return "an array";
    case Accepts::kComparable:
      return "a single value";
    case Accepts::kStorable:
      return "a bool, number, string or timestamp";
  }
  WT_CHECK(false, "no such parameter");
}

bool Accept(Accepts accepts, const DataType& type) {
  switch (accepts) {
    case Accepts::kAnything:
      return true;
    case Accepts::kBool:
      return type == DataType::kBool;
    case Accepts::kInt64:
      return type == DataType::kInt64;
    case Accepts::kDouble:
    case Accepts::kNumber:
      return type.is_number();
    case Accepts::kString:
      return type == DataType::kString;
    case Accepts::kTimestamp:
      return type == DataType::kTimestamp;
    case Accepts::kInterval:
      return type == DataType::kInterval;
    case Accepts::kOrdered:
      return type.is_number() || type == DataType::kString || type == DataType::kTimestamp;
    case Accepts::kArray:
      return type.kind() == DataType::kArray;
    case Accepts::kComparable:
      return type.kind() != DataType::kArray;
    case Accepts::kStorable:
      return type.is_storable();
  }
  WT_CHECK(false, "no such parameter");
}

}  // namespace wavetank::runtime
