// What rows that a receiver has brought in are in a block: lines, each row one. Whatever a row is
// encoded as, in it stands "\\" for a backslash and "\n" for the end of a line. A line of text
// without these stands as it is.
#ifndef WAVETANK_RUNTIME_DSTREAM_RECEIVED_ROWS_H_
#define WAVETANK_RUNTIME_DSTREAM_RECEIVED_ROWS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"

#include "runtime/columnar/line_splitter.h"
#include "runtime/dstream/codec.h"
#include "runtime/dstream/operator.h"

namespace wavetank::runtime::internal {

// As a line of a block.
inline std::string EscapeLine(std::string_view bytes) {
  std::string line;
  line.reserve(bytes.size());
  for (const char c : bytes) {
    if (c == '\\' || c == '\n' || c == '\r') line.push_back('\\');
    line.push_back(c == '\n' ? 'n' : c == '\r' ? 'r' : c);
  }
  return line;
}
// kDataLoss: it is no such line.
inline absl::Status UnescapeLine(std::string_view line, std::string& bytes) {
  bytes.clear();
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\') {
      bytes.push_back(line[i]);
      continue;
    }
    const char escaped = ++i < line.size() ? line[i] : '\0';
    if (escaped != '\\' && escaped != 'n' && escaped != 'r') {
      return absl::DataLossError("a line of a block has a backslash that begins nothing");
    }
    bytes.push_back(escaped == 'n' ? '\n' : escaped == 'r' ? '\r' : '\\');
  }
  return absl::OkStatus();
}

// Text stands in blocks as it is, so that people can read them.
template <typename T>
std::string LineOf(const T& row) {
  if constexpr (std::is_same_v<T, std::string>) return EscapeLine(row);
  return EscapeLine(EncodeToString(row));
}
template <typename T>
absl::Status RowOf(std::string_view line, std::string& bytes, T& row) {
  const absl::Status unescaped = UnescapeLine(line, bytes);
  if (!unescaped.ok()) return unescaped;
  if constexpr (std::is_same_v<T, std::string>) {
    row = bytes;
    return absl::OkStatus();
  } else {
    return DecodeFromString(bytes, row);
  }
}

template <typename T>
class ReceivedFeed final : public ByteFeed {
 public:
  explicit ReceivedFeed(RowSink& sink) : sink_(static_cast<TypedSink<T>&>(sink)) {}
  absl::Status Push(std::string_view piece) override {
    splitter_.Push(piece, [this](std::string_view line) { Append(line); });
    Flush();
    return status_;
  }
  absl::Status Finish() override {
    splitter_.Finish([this](std::string_view line) { Append(line); });
    Flush();
    if (status_.ok()) sink_.Finish();
    return status_;
  }

 private:
  static constexpr size_t kChunkRows = 1024;
  void Append(std::string_view line) {
    if (!status_.ok()) return;
    status_ = RowOf(line, bytes_, rows_.emplace_back());
    if (rows_.size() == kChunkRows) Flush();
  }
  void Flush() {
    if (status_.ok() && !rows_.empty()) sink_.Take(rows_);
    rows_.clear();
  }

  TypedSink<T>& sink_;
  LineSplitter splitter_;
  std::string bytes_;
  std::vector<T> rows_;
  absl::Status status_;
};

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_RECEIVED_ROWS_H_
