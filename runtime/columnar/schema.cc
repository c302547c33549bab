#include "runtime/columnar/schema.h"

namespace wavetank::runtime {

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
