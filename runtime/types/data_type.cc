#include "runtime/types/data_type.h"

#include <algorithm>
#include <set>
#include <utility>

#include "platform/check.h"

namespace wavetank::runtime {

struct DataType::MadeOf {
  std::vector<std::string> names;
  std::vector<DataType> types;
  int64_t size = 1;
  int depth = 1;
};

DataType::DataType(Kind kind, std::vector<std::string> names, std::vector<DataType> types)
    : kind_(kind) {
  auto made_of = std::make_shared<MadeOf>();
  for (const DataType& type : types) {
    made_of->size += type.size();
    made_of->depth = std::max(made_of->depth, type.depth() + 1);
  }
  made_of->names = std::move(names);
  made_of->types = std::move(types);
  made_of_ = std::move(made_of);
}

DataType DataType::Array(DataType element) { return DataType(kArray, {}, {std::move(element)}); }

DataType DataType::Struct(std::vector<std::string> names, std::vector<DataType> types) {
  WT_CHECK(names.size() == types.size());
  WT_CHECK(std::set<std::string>(names.begin(), names.end()).size() == names.size());
  return DataType(kStruct, std::move(names), std::move(types));
}

const std::vector<DataType>& DataType::children() const {
  static const std::vector<DataType> none;
  return made_of_ == nullptr ? none : made_of_->types;
}

const std::vector<std::string>& DataType::names() const {
  static const std::vector<std::string> none;
  return made_of_ == nullptr ? none : made_of_->names;
}

int DataType::FieldOf(std::string_view name) const {
  const auto found = std::ranges::find(names(), name);
  return found == names().end() ? -1 : static_cast<int>(found - names().begin());
}

int64_t DataType::size() const { return made_of_ == nullptr ? 1 : made_of_->size; }
int DataType::depth() const { return made_of_ == nullptr ? 1 : made_of_->depth; }

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
    case DataType::kStruct: {
      std::string text = "struct<";
      for (size_t i = 0; i < type.names().size(); ++i) {
        text += (i == 0 ? "" : ", ") + type.names()[i] + ": " + DataTypeName(type.children()[i]);
      }
      return text + ">";
    }
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
  if (a.is_nested() && a.kind() == b.kind() && a.names() == b.names()) {
    std::vector<DataType> children;
    for (size_t i = 0; i < a.children().size(); ++i) {
      const std::optional<DataType> both = CommonType(a.children()[i], b.children()[i]);
      if (!both) return std::nullopt;
      children.push_back(*both);
    }
    return a.kind() == DataType::kArray ? DataType::Array(std::move(children.front()))
                                        : DataType::Struct(a.names(), std::move(children));
  }
  if (!a.is_number() || !b.is_number()) return std::nullopt;
  constexpr DataType::Kind kFromTheWidest[] = {
      DataType::kDouble, DataType::kFloat, DataType::kInt64, DataType::kInt32, DataType::kInt16};
  for (const DataType::Kind kind : kFromTheWidest) {
    if (a.kind() == kind || b.kind() == kind) return kind;
  }
  return std::nullopt;
}

}  // namespace wavetank::runtime
