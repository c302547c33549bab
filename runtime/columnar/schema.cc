#include "runtime/columnar/schema.h"

#include "platform/check.h"

namespace wavetank::runtime {

std::string_view DataTypeName(DataType type) {
  switch (type) {
    case DataType::kBool:
      return "bool";
    case DataType::kInt64:
      return "int64";
    case DataType::kDouble:
      return "double";
    case DataType::kString:
      return "string";
    case DataType::kTimestamp:
      return "timestamp";
  }
  WT_CHECK(false, "no such data type");
}

bool IsDataType(uint8_t number) {
  return number >= static_cast<uint8_t>(DataType::kBool) &&
         number <= static_cast<uint8_t>(DataType::kTimestamp);
}

int Schema::IndexOf(std::string_view name) const {
  for (int i = 0; i < size(); ++i) {
    if (field(i).name == name) return i;
  }
  return -1;
}

std::string Schema::ToText() const {
  std::string text;
  for (const Field& field : fields_) {
    if (!text.empty()) text += ", ";
    text += field.name;
    text += ": ";
    text += DataTypeName(field.type);
  }
  return text;
}

}  // namespace wavetank::runtime
