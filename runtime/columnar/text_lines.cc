#include "runtime/columnar/text_lines.h"

#include <cstring>
#include <memory>
#include <utility>

namespace wavetank::runtime {

SchemaPtr TextSchema() {
  return std::make_shared<const Schema>(std::vector<Field>{{"value", DataType::kString}});
}

RecordBatch TextLines(std::string_view text) {
  BufferBuilder<int64_t> offsets(text.size() / 32 + 2);
  BufferBuilder<char> bytes(text.size());
  offsets.Append(0);
  const char* line = text.data();
  const char* const end = line + text.size();
  while (line != end) {
    const auto left = static_cast<size_t>(end - line);
    const auto* const newline = static_cast<const char*>(std::memchr(line, '\n', left));
    const char* const stop = newline == nullptr ? end : newline;
    auto length = static_cast<size_t>(stop - line);
    if (newline != nullptr && length > 0 && stop[-1] == '\r') --length;
    bytes.Append(line, length);
    offsets.Append(static_cast<int64_t>(bytes.size()));
    line = newline == nullptr ? end : newline + 1;
  }
  const auto rows = static_cast<int64_t>(offsets.size()) - 1;
  Column values(rows, offsets.Finish(), bytes.Finish(), Buffer());
  return RecordBatch(TextSchema(), {std::move(values)}, rows);
}

}  // namespace wavetank::runtime
