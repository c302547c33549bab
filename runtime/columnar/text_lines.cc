#include "runtime/columnar/text_lines.h"

#include <memory>
#include <utility>

#include "runtime/columnar/line_splitter.h"

namespace wavetank::runtime {

SchemaPtr TextSchema() {
  return std::make_shared<const Schema>(std::vector<Field>{{"value", DataType::kString}});
}

RecordBatch TextLines(std::string_view text) {
  BufferBuilder<int64_t> offsets(text.size() / 32 + 2);
  BufferBuilder<char> bytes(text.size());
  offsets.Append(0);
  const auto append = [&](std::string_view line) {
    bytes.Append(line.data(), line.size());
    offsets.Append(static_cast<int64_t>(bytes.size()));
  };
  LineSplitter splitter;
  splitter.Push(text, append);
  splitter.Finish(append);
  const auto rows = static_cast<int64_t>(offsets.size()) - 1;
  Column values(rows, offsets.Finish(), bytes.Finish(), Buffer());
  return RecordBatch(TextSchema(), {std::move(values)}, rows);
}

}  // namespace wavetank::runtime
