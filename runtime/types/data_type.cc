#include "runtime/types/data_type.h"

#include "platform/check.h"

namespace wavetank::runtime {

DataType DataType::Array(DataType element) {
  DataType type(kArray);
  type.children_ = std::make_shared<const std::vector<DataType>>(1, std::move(element));
  return type;
}

const std::vector<DataType>& DataType::children() const {
  static const std::vector<DataType> none;
  return children_ == nullptr ? none : *children_;
}

std::string DataTypeName(const DataType& type) {
  switch (type.kind()) {
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
    case DataType::kInterval:
      return "interval";
    case DataType::kArray:
      return "array<" + DataTypeName(type.element()) + ">";
  }
  WT_CHECK(false, "no such data type");
}

bool IsStorableKind(uint8_t number) {
  return number >= DataType::kBool && number <= DataType::kTimestamp;
}

}  // namespace wavetank::runtime
