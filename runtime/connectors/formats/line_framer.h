// Lines out of bytes that come in pieces, by a format's options: LineSplitter's rule, or a
// separator of one's own. ByteOrderMark: what some writers put before a file's first line.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_LINE_FRAMER_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_LINE_FRAMER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/columnar/line_splitter.h"

namespace wavetank::runtime {

class LineFramer {
 public:
  // "": the rule of line_splitter.h. REQUIRES: at most two bytes.
  explicit LineFramer(std::string separator) : separator_(std::move(separator)) {}

  bool has_separator() const { return !separator_.empty(); }

  // Calls line(std::string_view) for each line that this piece ends.
  template <typename Line>
  void Push(std::string_view piece, const Line& line) {
    if (!has_separator()) return splitter_.Push(piece, line);
    if (!piece.empty() && !rest_.empty() && separator_.size() == 2 &&
        rest_.back() == separator_[0] && piece.front() == separator_[1]) {
      rest_.pop_back();
      piece.remove_prefix(1);
      EndRest(line);
    }
    for (size_t at = piece.find(separator_); at != std::string_view::npos;
         at = piece.find(separator_)) {
      if (rest_.empty()) {
        line(piece.substr(0, at));
      } else {
        rest_.append(piece.substr(0, at));
        EndRest(line);
      }
      piece.remove_prefix(at + separator_.size());
    }
    rest_.append(piece);
  }
  // The last line, if the bytes did not end with a line's end.
  template <typename Line>
  void Finish(const Line& line) {
    if (!has_separator()) return splitter_.Finish(line);
    if (!rest_.empty()) EndRest(line);
  }

 private:
  template <typename Line>
  void EndRest(const Line& line) {
    line(std::string_view(rest_));
    rest_.clear();
  }

  const std::string separator_;
  LineSplitter splitter_;
  std::string rest_;
};

// Takes UTF-8's mark off the beginning of a file.
class ByteOrderMark {
 public:
  explicit ByteOrderMark(bool may_come) : done_(!may_come) {}

  // Calls push(std::string_view) with what of the bytes is no mark.
  template <typename Push>
  void Pass(std::string_view bytes, const Push& push) {
    if (done_) return push(bytes);
    while (!bytes.empty() && matched_ < kMark.size() && bytes.front() == kMark[matched_]) {
      ++matched_;
      bytes.remove_prefix(1);
    }
    if (bytes.empty() && matched_ < kMark.size()) return;
    done_ = true;
    if (matched_ > 0 && matched_ < kMark.size()) push(kMark.substr(0, matched_));
    push(bytes);
  }
  // The file ends: what began as a mark was none.
  template <typename Push>
  void Finish(const Push& push) {
    if (!done_ && matched_ > 0) push(kMark.substr(0, matched_));
    done_ = true;
  }

 private:
  static constexpr std::string_view kMark = "\xef\xbb\xbf";

  bool done_;
  size_t matched_ = 0;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_LINE_FRAMER_H_
