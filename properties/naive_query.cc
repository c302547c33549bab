#include "properties/naive_query.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "absl/time/time.h"

#include "platform/check.h"

namespace wavetank::properties {
namespace {

std::vector<std::string> SplitAt(char separator, const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return parts;
}

std::string TimeText(int64_t ms) {
  return absl::FormatTime("%E4Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixMillis(ms), absl::UTCTimeZone());
}

class WordCount : public NaiveQuery {
 public:
  explicit WordCount(NaiveMode mode) : mode_(mode) {
    WT_CHECK(mode != NaiveMode::kAppend, "a count without a watermark is never final");
  }

  NaiveAnswer Run(const NaiveBatch& batch) override {
    std::set<std::string> changed;
    for (const std::string& line : batch.lines) {
      for (const std::string& word : SplitAt(' ', line)) {
        ++counts_[word];
        changed.insert(word);
      }
    }
    NaiveAnswer answer;
    for (const auto& [word, count] : counts_) {
      if (mode_ == NaiveMode::kUpdate && !changed.contains(word)) continue;
      answer.rows.push_back({word, std::to_string(count)});
    }
    return answer;
  }

 private:
  const NaiveMode mode_;
  std::map<std::string, int64_t> counts_;
};

class EachWord : public NaiveQuery {
 public:
  NaiveAnswer Run(const NaiveBatch& batch) override {
    NaiveAnswer answer;
    for (const std::string& line : batch.lines) {
      for (const std::string& word : SplitAt(' ', line)) answer.rows.push_back({word, "1"});
    }
    return answer;
  }
};

class LineCount : public NaiveQuery {
 public:
  NaiveAnswer Run(const NaiveBatch& batch) override {
    lines_ += batch.lines.size();
    return {.rows = {{std::to_string(lines_)}}, .dropped = 0, .max_event_ms = std::nullopt};
  }

 private:
  size_t lines_ = 0;
};

class WindowedCount : public NaiveQuery {
 public:
  WindowedCount(int64_t window_ms, int64_t delay_ms) : window_ms_(window_ms), delay_ms_(delay_ms) {}

  int64_t watermark_delay_ms() const override { return delay_ms_; }

  NaiveAnswer Run(const NaiveBatch& batch) override {
    NaiveAnswer answer;
    for (const std::string& line : batch.lines) {
      const std::vector<std::string> fields = SplitAt(',', line);
      WT_CHECK(fields.size() == 2, "a timed line is \"<seconds>,<word>\": " + line);
      const int64_t event_ms = std::stoll(fields[0]) * 1000;
      answer.max_event_ms = std::max(answer.max_event_ms.value_or(event_ms), event_ms);
      int64_t start_ms = event_ms / window_ms_ * window_ms_;
      if (start_ms > event_ms) start_ms -= window_ms_;  // before 1970
      if (start_ms + window_ms_ <= batch.late_watermark_ms) {
        ++answer.dropped;
      } else {
        ++counts_[{start_ms, fields[1]}];
      }
    }
    while (!counts_.empty()) {
      const auto& [key, count] = *counts_.begin();
      const auto& [start_ms, word] = key;
      if (start_ms + window_ms_ > batch.watermark_ms) break;
      answer.rows.push_back(
          {TimeText(start_ms), TimeText(start_ms + window_ms_), word, std::to_string(count)});
      counts_.erase(counts_.begin());
    }
    return answer;
  }

 private:
  const int64_t window_ms_;
  const int64_t delay_ms_;
  std::map<std::tuple<int64_t, std::string>, int64_t> counts_;
};

}  // namespace

std::unique_ptr<NaiveQuery> NaiveWordCount(NaiveMode mode) {
  return std::make_unique<WordCount>(mode);
}

std::unique_ptr<NaiveQuery> NaiveWords() { return std::make_unique<EachWord>(); }

std::unique_ptr<NaiveQuery> NaiveLineCount() { return std::make_unique<LineCount>(); }

std::unique_ptr<NaiveQuery> NaiveWindowedCount(int64_t window_ms, int64_t watermark_delay_ms) {
  return std::make_unique<WindowedCount>(window_ms, watermark_delay_ms);
}

}  // namespace wavetank::properties
