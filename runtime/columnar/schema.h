// Schema: the names and types of a batch's columns.
#ifndef WAVETANK_RUNTIME_COLUMNAR_SCHEMA_H_
#define WAVETANK_RUNTIME_COLUMNAR_SCHEMA_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/types/data_type.h"

namespace wavetank::runtime {

struct Field {
  std::string name;
  DataType type = DataType::kInt64;

  friend bool operator==(const Field&, const Field&) = default;
};

class Schema {
 public:
  Schema() = default;
  explicit Schema(std::vector<Field> fields) : fields_(std::move(fields)) {}

  const std::vector<Field>& fields() const { return fields_; }
  int size() const { return static_cast<int>(fields_.size()); }
  const Field& field(int i) const { return fields_[static_cast<size_t>(i)]; }
  // -1: there is none.
  int IndexOf(std::string_view name) const;
  // "word: string, count: int64"
  std::string ToText() const;

  friend bool operator==(const Schema&, const Schema&) = default;

 private:
  std::vector<Field> fields_;
};

using SchemaPtr = std::shared_ptr<const Schema>;

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_COLUMNAR_SCHEMA_H_
