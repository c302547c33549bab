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

// "2026-01-31T10:11:12.5+02:00" has the shape "dddd-dd-ddTdd:dd:dd.d+dd:dd".
std::string ShapeOf(const std::string& text) {
  std::string shape = text;
  for (char& c : shape) c = c >= '0' && c <= '9' ? 'd' : c;
  return shape;
}

std::optional<absl::Time> IsoTime(std::string text) {
  std::string shape = ShapeOf(text);
  absl::Duration offset;
  // The offset, and the fraction, are taken off the end; what is left has one of a few shapes.
  const size_t time_of_day = shape.find_first_of("T ");
  if (time_of_day != std::string::npos) {
    const size_t sign = shape.find_first_of("+-", time_of_day);
    if (sign != std::string::npos) {
      const std::string offset_shape = shape.substr(sign + 1);
      if (offset_shape != "dd:dd" && offset_shape != "dddd" && offset_shape != "dd") return {};
      const int hours = std::stoi(text.substr(sign + 1, 2));
      const int minutes = offset_shape == "dd" ? 0 : std::stoi(text.substr(text.size() - 2));
      if (hours > 18 || minutes > 59) return {};
      offset = absl::Hours(hours) + absl::Minutes(minutes);
      if (text[sign] == '-') offset = -offset;
      text.resize(sign);
    } else if (text.back() == 'Z') {
      text.pop_back();
    }
  }
  absl::Duration fraction;
  if (const size_t point = text.find('.'); point != std::string::npos) {
    const std::string digits = text.substr(point + 1);
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) return {};
    fraction = absl::Microseconds(std::stoll((digits + "000000").substr(0, 6)));
    text.resize(point);
    if (ShapeOf(text).size() != 19) return {};
  }
  shape = ShapeOf(text);
  if (shape == "dddd-dd-dd") text += "T00:00:00";
  if (shape == "dddd-dd-ddTdd:dd" || shape == "dddd-dd-dd dd:dd") text += ":00";
  shape = ShapeOf(text);
  if (shape != "dddd-dd-ddTdd:dd:dd" && shape != "dddd-dd-dd dd:dd:dd") return {};
  if (text.substr(17) == "60") return {};
  text[10] = 'T';
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%Y-%m-%dT%H:%M:%S", text, absl::UTCTimeZone(), &time, &error)) return {};
  return time + fraction - offset;
}

std::optional<int64_t> EventMicros(std::string text) {
  while (!text.empty() && text.front() == ' ') text.erase(0, 1);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  std::string digits = text;
  const bool negative = !digits.empty() && digits.front() == '-';
  if (negative || (!digits.empty() && digits.front() == '+')) digits.erase(0, 1);
  if (digits.empty()) return {};
  if (digits.find_first_not_of("0123456789") == std::string::npos) {
    while (digits.size() > 1 && digits.front() == '0') digits.erase(0, 1);
    if (digits.size() > 18) return {};
    if (std::stoll(digits) > 253'402'300'799'999'999) return {};  // beyond the year 9999
    const int64_t number = std::stoll(digits) * (negative ? -1 : 1);
    if (digits.size() <= 11) return number * 1'000'000;
    return digits.size() <= 14 ? number * 1000 : number;
  }
  const std::optional<absl::Time> time = IsoTime(text);
  if (!time) return {};
  return absl::ToUnixMicros(*time);
}

// Towards the past.
int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

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
    answer.next_final.emplace();  // without a time nothing is
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
    answer.next_final.emplace();
    return answer;
  }
};

class LineCount : public NaiveQuery {
 public:
  NaiveAnswer Run(const NaiveBatch& batch) override {
    lines_ += batch.lines.size();
    NaiveAnswer answer;
    answer.rows = {{std::to_string(lines_)}};
    answer.next_final.emplace();
    return answer;
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
      const size_t comma = line.find(',');
      const std::optional<int64_t> event_us =
          comma == std::string::npos ? std::nullopt : EventMicros(line.substr(0, comma));
      if (!event_us) {
        ++answer.without_time;
        continue;
      }
      const int64_t event_ms = FloorDivide(*event_us, 1000);
      answer.max_event_ms = std::max(answer.max_event_ms.value_or(event_ms), event_ms);
      const int64_t start_ms = FloorDivide(event_ms, window_ms_) * window_ms_;
      if (batch.late_watermark_ms && start_ms + window_ms_ <= *batch.late_watermark_ms) {
        ++answer.dropped;
      } else {
        ++counts_[{start_ms, line.substr(comma + 1)}];
      }
    }
    while (!counts_.empty()) {
      const auto& [key, count] = *counts_.begin();
      const auto& [start_ms, word] = key;
      if (!batch.watermark_ms || start_ms + window_ms_ > *batch.watermark_ms) break;
      answer.rows.push_back(
          {TimeText(start_ms), TimeText(start_ms + window_ms_), word, std::to_string(count)});
      counts_.erase(counts_.begin());
    }
    answer.next_final.emplace();
    if (!counts_.empty()) {
      answer.next_final->watermark_ms = std::get<0>(counts_.begin()->first) + window_ms_;
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
