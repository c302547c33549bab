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
    case DataType::kInt8:
      return "int8";
    case DataType::kInt16:
      return "int16";
    case DataType::kInt32:
      return "int32";
    case DataType::kFloat:
      return "float";
    case DataType::kBinary:
      return "binary";
    case DataType::kDate:
      return "date";
    case DataType::kNull:
      return "null";
  }
  WT_CHECK(false, "no such data type");
}

bool IsStorableKind(uint8_t number) {
  return number >= DataType::kBool && number <= DataType::kLastKind &&
         DataType(static_cast<DataType::Kind>(number)).is_storable();
}

std::optional<DataType> CommonType(const DataType& a, const DataType& b) {
  if (a == b || b == DataType::kNull) return a;
  if (a == DataType::kNull) return b;
  if (a.is_time() && b.is_time()) return DataType::kTimestamp;
  if (!a.is_number() || !b.is_number()) return std::nullopt;
  constexpr DataType::Kind kFromTheWidest[] = {
      DataType::kDouble, DataType::kFloat, DataType::kInt64, DataType::kInt32, DataType::kInt16};
  for (const DataType::Kind kind : kFromTheWidest) {
    if (a.kind() == kind || b.kind() == kind) return kind;
  }
  return std::nullopt;
}

}  // namespace wavetank::runtime
