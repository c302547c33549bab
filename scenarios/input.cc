#include "scenarios/input.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "scenarios/field_bounds.h"

namespace wavetank::scenarios {
namespace {

// Event times begin here, in seconds since 1970: a round number that people recognise, and one that
// is told from milliseconds and microseconds.
constexpr int64_t kFirstEventSeconds = 2'000'000;
constexpr int64_t kFirstEventSecondsOfAnyFormat = 1'800'000'000;

template <typename T>
T Default(bool given, T value, T otherwise) {
  return given ? value : otherwise;
}

int WordsPerLine(const Generator& generator) {
  return Default(generator.has_words_per_line(), generator.words_per_line(), 4);
}

// What fits into memory.
absl::Status CheckSize(const ParsedScenario& parsed, const Generator& generator) {
  constexpr int64_t kMostWords = 10'000'000;
  if (int64_t{generator.records()} * WordsPerLine(generator) <= kMostWords) return absl::OkStatus();
  return parsed.ErrorAt(generator, "words_per_line", 0,
                        absl::StrCat("records times words_per_line must be at most ", kMostWords));
}

std::vector<std::string> WordLines(const Generator& generator, platform::Random random) {
  const int words = WordsPerLine(generator);
  const int vocabulary = Default(generator.has_vocabulary(), generator.vocabulary(), 20);
  std::vector<std::string> lines;
  for (int record = 0; record < generator.records(); ++record) {
    std::string line = absl::StrCat("r", record);
    for (int word = 1; word < words; ++word) {
      absl::StrAppend(&line, " w", random.Below(static_cast<uint64_t>(vocabulary)));
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string TimeText(int64_t event_ms, Generator::TimeFormat format) {
  switch (format) {
    case Generator::MILLISECONDS:
      return absl::StrCat(event_ms);
    case Generator::MICROSECONDS:
      return absl::StrCat(event_ms * 1000);
    case Generator::ISO_8601:
      return absl::FormatTime("%E4Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(event_ms),
                              absl::UTCTimeZone());
    default:
      return absl::StrCat(event_ms / 1000);
  }
}

std::vector<std::string> TimedLines(const Generator& generator, platform::Random random) {
  const bool seconds = generator.time_format() == Generator::SECONDS;
  const int64_t first_ms = 1000 * (seconds ? kFirstEventSeconds : kFirstEventSecondsOfAnyFormat);
  platform::Random formats = random.Fork("formats");
  const int vocabulary = Default(generator.has_vocabulary(), generator.vocabulary(), 20);
  std::vector<std::string> lines;
  for (int record = 0; record < generator.records(); ++record) {
    int64_t event_ms = first_ms + record * generator.event_step_ms();
    if (random.PartsPerMillion(static_cast<uint32_t>(generator.late_ppm()))) {
      event_ms -= random.Between(0, generator.late_by_ms());
    }
    const uint64_t word = random.Below(static_cast<uint64_t>(vocabulary));
    Generator::TimeFormat format = generator.time_format();
    if (format == Generator::ANY) {
      format = static_cast<Generator::TimeFormat>(
          formats.Between(Generator::SECONDS, Generator::ISO_8601));
    }
    lines.push_back(
        absl::StrCat(TimeText(event_ms, format), ",",
                     record % 2 == 0 ? absl::StrCat("r", record) : absl::StrCat("w", word)));
  }
  return lines;
}

void Disorder(const Generator& generator, platform::Random random,
              std::vector<std::string>& lines) {
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    if (!random.PartsPerMillion(static_cast<uint32_t>(generator.disorder_ppm()))) continue;
    const size_t farthest =
        std::min(lines.size() - 1, i + static_cast<size_t>(std::max(1, generator.disorder_by())));
    const size_t other = i + 1 + random.Below(farthest - i);
    std::swap(lines[i], lines[other]);
  }
}

void Duplicate(const Generator& generator, platform::Random random,
               std::vector<std::string>& lines) {
  const auto farthest = static_cast<size_t>(std::max(1, generator.duplicate_by()));
  std::multimap<size_t, std::string, std::greater<>> again;  // by the place before which it comes
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!random.PartsPerMillion(static_cast<uint32_t>(generator.duplicate_ppm()))) continue;
    again.emplace(std::min(lines.size(), i + 1 + random.Below(farthest)), lines[i]);
  }
  for (auto& [place, line] : again) {
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(place), std::move(line));
  }
}

void Malform(const Generator& generator, platform::Random random, std::vector<std::string>& lines) {
  static const std::string kNoTimes[] = {"",
                                         "word",
                                         ",word",
                                         "12:34,word",
                                         "2026-13-01,word",
                                         "0x1F,word",
                                         "1e9,word",
                                         "99999999999999999999,word"};
  static const std::string kOddBytes[] = {
      "", " ", "a,b \"c\" \\n", std::string("nul\0nul", 7), "\xff\xfe \xc3", "\ttab  blanks "};
  std::vector<std::string> all;
  for (std::string& line : lines) {
    if (random.PartsPerMillion(static_cast<uint32_t>(generator.malformed_ppm()))) {
      all.push_back(generator.has_event_step_ms() ? kNoTimes[random.Below(std::size(kNoTimes))]
                                                  : kOddBytes[random.Below(std::size(kOddBytes))]);
    }
    all.push_back(std::move(line));
  }
  lines = std::move(all);
}

std::vector<std::string> Generate(const Generator& generator, const platform::Random& random) {
  std::vector<std::string> lines = generator.has_event_step_ms()
                                       ? TimedLines(generator, random.Fork("timed lines"))
                                       : WordLines(generator, random.Fork("word lines"));
  Disorder(generator, random.Fork("disorder"), lines);
  Duplicate(generator, random.Fork("duplicate"), lines);
  Malform(generator, random.Fork("malformed"), lines);
  return lines;
}

absl::StatusOr<std::vector<std::string>> Records(const ParsedScenario& parsed, const Input& input,
                                                 const platform::Random& random,
                                                 const ReadHostFile& read_host_file) {
  switch (input.source_case()) {
    case Input::kLines:
      return std::vector<std::string>(input.lines().line().begin(), input.lines().line().end());
    case Input::kGenerator:
      WT_RETURN_IF_ERROR(CheckSize(parsed, input.generator()));
      return Generate(input.generator(), random);
    case Input::kFile: {
      const absl::StatusOr<std::string> text = read_host_file(input.file());
      if (!text.ok())
        return parsed.ErrorAt(input, "file", 0, platform::ToStd(text.status().message()));
      return LinesOfText(*text);
    }
    case Input::SOURCE_NOT_SET:
      break;
  }
  return parsed.ErrorAt(input, "name", 0, "an input needs lines, a file or a generator");
}

// A file's last line ends with "\n", so that no line's end is cut in two by the next file of a
// socket.
const char* LineEnd(Generator::LineEnds ends, bool last, platform::Random& random) {
  if (ends == Generator::MIXED) {
    ends = static_cast<Generator::LineEnds>(random.Between(Generator::NEWLINE, Generator::RETURN));
  }
  if (ends == Generator::CRLF) return "\r\n";
  return ends == Generator::RETURN && !last ? "\r" : "\n";
}

absl::Status CheckArrival(const ParsedScenario& parsed, const Arrival& arrival) {
  if (arrival.has_stall_after() != arrival.has_stall_ms()) {
    return parsed.ErrorAt(arrival, arrival.has_stall_ms() ? "stall_ms" : "stall_after", 0,
                          "stall_after and stall_ms go together");
  }
  if (arrival.has_rewind_after() != arrival.has_rewind_ms()) {
    return parsed.ErrorAt(arrival, arrival.has_rewind_ms() ? "rewind_ms" : "rewind_after", 0,
                          "rewind_after and rewind_ms go together");
  }
  return absl::OkStatus();
}

void Stall(const Arrival& arrival, InputPlan& plan) {
  const auto after = static_cast<size_t>(arrival.stall_after());
  if (!arrival.has_stall_after() || after >= plan.size()) return;
  const int64_t until_ms = plan[after].at_ms + arrival.stall_ms();
  for (size_t i = after; i < plan.size(); ++i) plan[i].at_ms = std::max(plan[i].at_ms, until_ms);
}

void Rewind(const Arrival& arrival, InputPlan& plan) {
  const auto after = static_cast<size_t>(arrival.rewind_after());
  if (!arrival.has_rewind_after() || after > plan.size()) return;
  const size_t files = std::min(
      after, static_cast<size_t>(Default(arrival.has_rewind_files(), arrival.rewind_files(), 1)));
  const int64_t every_ms = Default<int64_t>(arrival.has_every_ms(), arrival.every_ms(), 1000);
  const int64_t removed_ms = plan[after - 1].at_ms + every_ms;
  for (size_t i = after - files; i < after; ++i) {
    ArrivingFile gone{.at_ms = removed_ms, .name = plan[i].name, .removed = true};
    ArrivingFile again = plan[i];
    again.at_ms = removed_ms + arrival.rewind_ms();
    again.gone_for_ms = arrival.rewind_ms();
    plan.push_back(std::move(gone));
    plan.push_back(std::move(again));
  }
  std::multimap<int64_t, ArrivingFile> by_time;  // what comes together, as it was planned
  for (ArrivingFile& file : plan) by_time.emplace(file.at_ms, std::move(file));
  plan.clear();
  for (auto& [at_ms, file] : by_time) plan.push_back(std::move(file));
}

}  // namespace

absl::StatusOr<InputPlan> PlanInput(const ParsedScenario& parsed, const Input& input,
                                    const platform::Random& random,
                                    const ReadHostFile& read_host_file) {
  WT_RETURN_IF_ERROR(CheckBounds(parsed, input));
  WT_ASSIGN_OR_RETURN(const std::vector<std::string> records,
                      Records(parsed, input, random, read_host_file));
  const Arrival& arrival = input.arrival();
  const auto all = static_cast<int64_t>(records.size());
  const int64_t each = Default<int64_t>(arrival.has_records_each(), arrival.records_each(), all);
  const int64_t every_ms = Default<int64_t>(arrival.has_every_ms(), arrival.every_ms(), 1000);
  constexpr int64_t kLongestMs = int64_t{365} * 86'400'000;
  const int64_t files = all == 0 ? 0 : (all + each - 1) / each;
  if (every_ms > 0 && files > kLongestMs / every_ms) {
    return parsed.ErrorAt(arrival, "every_ms", 0, "the last record comes after more than a year");
  }
  WT_RETURN_IF_ERROR(CheckArrival(parsed, arrival));
  platform::Random ends = random.Fork("line ends");
  const int64_t burst = Default<int64_t>(arrival.has_burst(), arrival.burst(), 1);
  InputPlan plan;
  for (int64_t begin = 0; begin < all; begin += each) {
    const auto number = static_cast<int64_t>(plan.size());
    ArrivingFile file;
    file.at_ms = arrival.first_ms() + number / burst * every_ms;
    file.name = absl::StrFormat("input-%05d.txt", number);
    const auto last = std::min(all, begin + each);
    for (int64_t record = begin; record < last; ++record) {
      absl::StrAppend(&file.text, records[static_cast<size_t>(record)],
                      LineEnd(input.generator().line_ends(), record + 1 == last, ends));
    }
    file.lines = LinesOfText(file.text);
    plan.push_back(std::move(file));
  }
  Stall(arrival, plan);
  Rewind(arrival, plan);
  return plan;
}

InputPlan ArrivingIn(const InputPlan& plan, std::string_view directory) {
  InputPlan arriving;
  for (const ArrivingFile& file : plan) {
    if (file.directory == directory) arriving.push_back(file);
  }
  return arriving;
}

const ArrivingFile* FindArrival(const InputPlan& plan, std::string_view name) {
  const auto found = std::find_if(plan.begin(), plan.end(), [name](const ArrivingFile& file) {
    return file.name == name && !file.removed;
  });
  return found == plan.end() ? nullptr : &*found;
}

int64_t TimesInput(const InputPlan& plan, std::string_view name, int64_t forget_after_ms) {
  // The job measures with a clock that may drift.
  const int64_t least_ms = forget_after_ms - forget_after_ms / 5;
  return std::count_if(plan.begin(), plan.end(), [&](const ArrivingFile& file) {
    const bool is_new = file.gone_for_ms < 0 || file.gone_for_ms >= least_ms;
    return file.name == name && !file.removed && is_new;
  });
}

bool IsRewound(const InputPlan& plan) {
  return std::any_of(plan.begin(), plan.end(),
                     [](const ArrivingFile& file) { return file.removed; });
}

std::vector<std::string> LinesOfText(const std::string& text) {
  std::vector<std::string> lines;
  std::string line;
  bool begun = false;
  for (size_t i = 0; i < text.size(); ++i) {
    begun = text[i] != '\n' && text[i] != '\r';
    if (begun) {
      line.push_back(text[i]);
      continue;
    }
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    lines.push_back(std::exchange(line, ""));
  }
  if (begun) lines.push_back(line);
  return lines;
}

bool IsRecordId(const std::string& word) {
  return word.size() > 1 && word[0] == 'r' &&
         std::all_of(word.begin() + 1, word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<std::string> RecordIds(const std::vector<std::string>& lines) {
  std::vector<std::string> ids;
  for (const std::string& line : lines) {
    for (const auto word : absl::StrSplit(line, absl::ByAnyChar(" ,"))) {
      std::string text(word);
      if (IsRecordId(text)) ids.push_back(std::move(text));
    }
  }
  return ids;
}

}  // namespace wavetank::scenarios
