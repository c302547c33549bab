#include "scenarios/input.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

#include "platform/status_macros.h"
#include "scenarios/field_bounds.h"

namespace wavetank::scenarios {
namespace {

// Event times begin here, in seconds since 1970: a round number that people recognise.
constexpr int64_t kFirstEventSeconds = 2'000'000;

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

std::vector<std::string> TimedLines(const Generator& generator, platform::Random random) {
  const int vocabulary = Default(generator.has_vocabulary(), generator.vocabulary(), 20);
  std::vector<std::string> lines;
  for (int record = 0; record < generator.records(); ++record) {
    int64_t event_ms = kFirstEventSeconds * 1000 + record * generator.event_step_ms();
    if (random.PartsPerMillion(static_cast<uint32_t>(generator.late_ppm()))) {
      event_ms -= random.Between(0, generator.late_by_ms());
    }
    const uint64_t word = random.Below(static_cast<uint64_t>(vocabulary));
    lines.push_back(
        absl::StrCat(event_ms / 1000, ",",
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

std::vector<std::string> Generate(const Generator& generator, const platform::Random& random) {
  std::vector<std::string> lines = generator.has_event_step_ms()
                                       ? TimedLines(generator, random.Fork("timed lines"))
                                       : WordLines(generator, random.Fork("word lines"));
  Disorder(generator, random.Fork("disorder"), lines);
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
      if (!text.ok()) return parsed.ErrorAt(input, "file", 0, text.status().ToString());
      std::vector<std::string> lines = absl::StrSplit(*text, '\n');
      if (lines.back().empty()) lines.pop_back();
      return lines;
    }
    case Input::SOURCE_NOT_SET:
      break;
  }
  return parsed.ErrorAt(input, "name", 0, "an input needs lines, a file or a generator");
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
  InputPlan plan;
  for (int64_t begin = 0; begin < all; begin += each) {
    const auto number = static_cast<int64_t>(plan.size());
    ArrivingFile file;
    file.at_ms = arrival.first_ms() + number * every_ms;
    file.name = absl::StrFormat("input-%05d.txt", number);
    file.lines.assign(records.begin() + begin, records.begin() + std::min(all, begin + each));
    plan.push_back(std::move(file));
  }
  return plan;
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
