// LineSplitter: lines out of bytes that come in pieces, for every source of text. A line ends with
// "\n", "\r\n" or "\r", as in Spark's text sources; the end is not part of it. Bytes are not
// interpreted otherwise: malformed UTF-8 passes as it is.
#ifndef WAVETANK_RUNTIME_COLUMNAR_LINE_SPLITTER_H_
#define WAVETANK_RUNTIME_COLUMNAR_LINE_SPLITTER_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace wavetank::runtime {

// How many of the first bytes of `piece` are whole lines, whatever comes after it: a "\r" at its
// end may be half of a line's end.
inline size_t WholeLines(std::string_view piece) {
  if (piece.ends_with('\r')) piece.remove_suffix(1);
  const size_t last_end = piece.find_last_of("\r\n");
  return last_end == std::string_view::npos ? 0 : last_end + 1;
}

class LineSplitter {
 public:
  // Calls line(std::string_view) for each line that this piece ends.
  template <typename Line>
  void Push(std::string_view piece, const Line& line) {
    if (after_return_ && !piece.empty()) {
      after_return_ = false;
      if (piece.front() == '\n') piece.remove_prefix(1);
    }
    while (!piece.empty()) {
      const size_t newline = piece.find('\n');
      std::string_view segment = piece.substr(0, newline);
      bool returned = false;  // a "\r" was the segment's last byte
      for (size_t end = segment.find('\r'); end != std::string_view::npos;
           end = segment.find('\r')) {
        Emit(segment.substr(0, end), line);
        segment.remove_prefix(end + 1);
        returned = segment.empty();
      }
      if (newline == std::string_view::npos) {
        rest_.append(segment);
        after_return_ = returned;
        return;
      }
      if (!returned) Emit(segment, line);
      piece.remove_prefix(newline + 1);
    }
  }
  // The last line, if the bytes did not end with a line's end.
  template <typename Line>
  void Finish(const Line& line) {
    if (!rest_.empty()) line(std::string_view(rest_));
    Drop();
  }
  // Forgets the unfinished line.
  void Drop() {
    rest_.clear();
    after_return_ = false;
  }
  size_t unfinished_bytes() const { return rest_.size(); }

 private:
  template <typename Line>
  void Emit(std::string_view end_of_line, const Line& line) {
    if (rest_.empty()) return line(end_of_line);
    rest_.append(end_of_line);
    line(std::string_view(rest_));
    rest_.clear();
  }

  std::string rest_;
  bool after_return_ = false;  // a "\n" that comes next belongs to the line that ended with "\r"
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_COLUMNAR_LINE_SPLITTER_H_
