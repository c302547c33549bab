// The rows of a file of objects (DStream::SaveAsObjectFiles), read by checkpoint/FORMAT.md alone:
// of the engine neither its reader nor its codecs are used.
#ifndef WAVETANK_PROPERTIES_OBJECT_ROWS_H_
#define WAVETANK_PROPERTIES_OBJECT_ROWS_H_

#include <string>
#include <string_view>
#include <vector>

namespace wavetank::properties {

struct ObjectRows {
  // In order, each as SaveAsTextFiles would show it; of a type that its file's name for it does not
  // say, the encoding in hexadecimal digits.
  std::vector<std::string> rows;
  std::string damage = {};  // why it cannot be read; empty: it can
};

// Of one file.
ObjectRows DecodeObjectRows(std::string_view file);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_OBJECT_ROWS_H_
