// LineBegin: where the next line begins, in bytes that come in pieces from anywhere in a file. By
// the rule of line_splitter.h, or after a separator of one's own. So a file can be read in parts,
// by several readers who know nothing of each other: each takes the lines that begin in its part.
#ifndef WAVETANK_RUNTIME_CONNECTORS_LINE_BEGIN_H_
#define WAVETANK_RUNTIME_CONNECTORS_LINE_BEGIN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace wavetank::runtime {

class LineBegin {
 public:
  // "": the rule of line_splitter.h. REQUIRES: IsSeparator(separator).
  explicit LineBegin(std::string separator) : separator_(std::move(separator)) {}

  // Whether lines that such a separator ends can be told from anywhere: it does not overlap itself.
  static bool IsSeparator(std::string_view separator) {
    return separator.size() < 2 || (separator.size() == 2 && separator[0] != separator[1]);
  }

  // How many bytes before a place tell whether a line begins there.
  size_t looks_back() const { return separator_.size() == 2 ? 2 : 1; }

  // After these bytes, or within them: where the first line begins, counted from their first one.
  // nullopt: the bytes that come next will tell.
  std::optional<size_t> Find(std::string_view bytes) {
    if (bytes.empty()) return std::nullopt;
    if (separator_.empty()) return AfterReturnOrNewline(bytes);
    if (separator_.size() == 1) return After(bytes.find(separator_), 1);
    if (std::exchange(half_, false) && bytes.front() == separator_[1]) return 1;
    const std::optional<size_t> found = After(bytes.find(separator_), 2);
    half_ = !found && bytes.back() == separator_[0];
    return found;
  }

 private:
  static std::optional<size_t> After(size_t end, size_t size) {
    return end == std::string_view::npos ? std::nullopt : std::optional(end + size);
  }
  std::optional<size_t> AfterReturnOrNewline(std::string_view bytes) {
    if (half_) return bytes.front() == '\n' ? 1 : 0;
    const size_t end = bytes.find_first_of("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    if (bytes[end] == '\n') return end + 1;
    half_ = end + 1 == bytes.size();
    if (half_) return std::nullopt;
    return bytes[end + 1] == '\n' ? end + 2 : end + 1;
  }

  const std::string separator_;
  bool half_ = false;  // the newest byte may be half of a line's end
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_LINE_BEGIN_H_
