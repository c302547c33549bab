// LineLimit: whether text that comes in pieces has a line that is longer than it may be. A line is
// what line_splitter.h says.
#ifndef WAVETANK_RUNTIME_CONNECTORS_LINE_LIMIT_H_
#define WAVETANK_RUNTIME_CONNECTORS_LINE_LIMIT_H_

#include <cstdint>
#include <string_view>

namespace wavetank::runtime {

class LineLimit {
 public:
  // REQUIRES: `most_bytes` > 0.
  explicit LineLimit(uint64_t most_bytes) : most_(most_bytes) {}

  // False: the newest line is longer. Nothing may be added any more.
  bool Add(std::string_view piece) {
    for (; !piece.empty(); piece.remove_prefix(Run(piece).size())) {
      if (!AddRun(Run(piece))) return false;
    }
    return true;
  }

  // Of the newest line: where it begins, and how much of it has come.
  uint64_t begin() const { return begin_; }
  uint64_t length() const { return length_; }

 private:
  // No line within it is too long.
  std::string_view Run(std::string_view piece) const { return piece.substr(0, most_); }

  bool AddRun(std::string_view run) {
    std::string_view first = run.substr(0, run.find('\n'));
    first = first.substr(0, first.find('\r'));
    length_ += first.size();
    if (length_ > most_) return false;
    if (first.size() < run.size()) {
      const size_t rest = run.find_last_of("\r\n") + 1;
      begin_ = taken_ + rest;
      length_ = run.size() - rest;
    }
    taken_ += run.size();
    return true;
  }

  const uint64_t most_;
  uint64_t taken_ = 0;
  uint64_t begin_ = 0;
  uint64_t length_ = 0;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_LINE_LIMIT_H_
