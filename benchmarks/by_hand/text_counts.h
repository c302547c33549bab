// The three works of the D-Streams paper (Zaharia et al., SOSP 2013) over lines of text, as one
// would write them by hand for one thread: Grep, WordCount, TopKCount.
#ifndef WAVETANK_BENCHMARKS_BY_HAND_TEXT_COUNTS_H_
#define WAVETANK_BENCHMARKS_BY_HAND_TEXT_COUNTS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace wavetank::by_hand {

// Calls line(std::string_view) for each line of `text`, which ends with one.
template <typename Line>
void ForEachLine(std::string_view text, const Line& line) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    line(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

inline int64_t Grep(std::string_view text, std::string_view pattern) {
  int64_t lines = 0;
  ForEachLine(text, [&](std::string_view line) {
    lines += line.find(pattern) != std::string_view::npos ? 1 : 0;
  });
  return lines;
}

using WordCounts = absl::flat_hash_map<std::string, int64_t>;

inline void CountWords(std::string_view text, WordCounts& counts) {
  ForEachLine(text, [&](std::string_view line) {
    while (!line.empty()) {
      const size_t end = std::min(line.find(' '), line.size());
      if (end > 0) ++counts[absl::string_view(line.data(), end)];
      line.remove_prefix(std::min(end + 1, line.size()));
    }
  });
}

// The `k` most frequent ones, the most frequent first.
inline std::vector<std::pair<std::string, int64_t>> TopWords(
    std::vector<std::pair<std::string, int64_t>> words, size_t k) {
  k = std::min(k, words.size());
  std::partial_sort(words.begin(), words.begin() + static_cast<ptrdiff_t>(k), words.end(),
                    [](const auto& a, const auto& b) {
                      return a.second != b.second ? a.second > b.second : a.first < b.first;
                    });
  words.resize(k);
  return words;
}

// The counts of the last batches, moved on by what comes and what leaves.
class CountedWindow {
 public:
  explicit CountedWindow(size_t batches) : batches_(batches) {}

  const WordCounts& Add(WordCounts counts) {
    for (const auto& [word, count] : counts) total_[word] += count;
    window_.push_back(std::move(counts));
    if (window_.size() > batches_) {
      for (const auto& [word, count] : window_.front()) {
        const auto at = total_.find(word);
        if ((at->second -= count) == 0) total_.erase(at);
      }
      window_.erase(window_.begin());
    }
    return total_;
  }

 private:
  const size_t batches_;
  std::vector<WordCounts> window_;
  WordCounts total_;
};

}  // namespace wavetank::by_hand

#endif  // WAVETANK_BENCHMARKS_BY_HAND_TEXT_COUNTS_H_
