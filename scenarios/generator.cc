#include "scenarios/generator.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/status_macros.h"
#include "scenarios/line_mishaps.h"

namespace wavetank::scenarios {
namespace {

// Event times begin here, in seconds since 1970: a round number that people recognise, and one that
// is told from milliseconds and microseconds.
constexpr int64_t kFirstEventSeconds = 2'000'000;
constexpr int64_t kFirstEventSecondsOfAnyFormat = 1'800'000'000;

int WordsPerLine(const Generator& generator) {
  return generator.has_words_per_line() ? generator.words_per_line() : 4;
}

int VocabularyOf(const Generator& generator) {
  return generator.has_vocabulary() ? generator.vocabulary() : 20;
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
  const int vocabulary = VocabularyOf(generator);
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
  const bool seconds = generator.time_format() == Generator::SECONDS;
  const int64_t first_ms = 1000 * (seconds ? kFirstEventSeconds : kFirstEventSecondsOfAnyFormat);
  platform::Random formats = random.Fork("formats");
  const int vocabulary = VocabularyOf(generator);
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
        absl::StrCat(EventTimeText(event_ms, format), ",",
                     record % 2 == 0 ? absl::StrCat("r", record) : absl::StrCat("w", word)));
  }
  return lines;
}

const std::vector<std::string>& OddLines(const Generator& generator) {
  static const std::vector<std::string> kNoTimes = {"",
                                                    "word",
                                                    ",word",
                                                    "12:34,word",
                                                    "2026-13-01,word",
                                                    "0x1F,word",
                                                    "1e9,word",
                                                    "99999999999999999999,word"};
  static const std::vector<std::string> kOddBytes = {
      "", " ", "a,b \"c\" \\n", std::string("nul\0nul", 7), "\xff\xfe \xc3", "\ttab  blanks "};
  return generator.has_event_step_ms() ? kNoTimes : kOddBytes;
}

}  // namespace

std::string EventTimeText(int64_t event_ms, Generator::TimeFormat format) {
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

absl::StatusOr<std::vector<std::string>> Generate(const ParsedScenario& parsed,
                                                  const Generator& generator,
                                                  const platform::Random& random) {
  WT_RETURN_IF_ERROR(CheckSize(parsed, generator));
  std::vector<std::string> lines = generator.has_event_step_ms()
                                       ? TimedLines(generator, random.Fork("timed lines"))
                                       : WordLines(generator, random.Fork("word lines"));
  ChangePlaces(generator.disorder_ppm(), generator.disorder_by(), random.Fork("disorder"), lines);
  ComeAgain(generator.duplicate_ppm(), generator.duplicate_by(), random.Fork("duplicate"), lines);
  InsertLines(generator.malformed_ppm(), OddLines(generator), random.Fork("malformed"), lines);
  return lines;
}

}  // namespace wavetank::scenarios
