// LikePattern: a pattern of SQL's LIKE: % is any text, _ one code point, \ makes a %, _ or \ behind
// it itself.
#ifndef WAVETANK_RUNTIME_FUNCTIONS_LIKE_PATTERN_H_
#define WAVETANK_RUNTIME_FUNCTIONS_LIKE_PATTERN_H_

#include <string>
#include <string_view>
#include <vector>

namespace wavetank::runtime {

class LikePattern {
 public:
  // What is wrong with the pattern, or "".
  static std::string Refuses(std::string_view pattern);
  // REQUIRES: it is not refused.
  explicit LikePattern(std::string_view pattern);

  // Whether the pattern is of the whole text. Never takes more steps than the product of the sizes.
  bool Matches(std::string_view text) const;

 private:
  // Text that is itself; or, if empty, any one code point.
  using Token = std::string;
  // What stands between two %.
  using Segment = std::vector<Token>;

  static size_t MatchFrom(const Segment& segment, std::string_view text, size_t begin);
  static size_t MatchUpTo(const Segment& segment, std::string_view text, size_t end);

  std::vector<Segment> segments_;  // at least one; only the first and the last may be empty
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_LIKE_PATTERN_H_
