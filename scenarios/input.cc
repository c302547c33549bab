#include "scenarios/input.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "scenarios/field_bounds.h"
#include "scenarios/generator.h"
#include "scenarios/records.h"

namespace wavetank::scenarios {
namespace {

template <typename T>
T Default(bool given, T value, T otherwise) {
  return given ? value : otherwise;
}

absl::StatusOr<std::vector<std::string>> LinesOf(const ParsedScenario& parsed, const Input& input,
                                                 const platform::Random& random,
                                                 const ReadHostFile& read_host_file) {
  switch (input.source_case()) {
    case Input::kLines:
      return std::vector<std::string>(input.lines().line().begin(), input.lines().line().end());
    case Input::kGenerator:
      return Generate(parsed, input.generator(), random);
    case Input::kRecords:
      return DrawRecords(parsed, input.records(), random);
    case Input::kFile: {
      const absl::StatusOr<std::string> text = read_host_file(input.file());
      if (!text.ok())
        return parsed.ErrorAt(input, "file", 0, platform::ToStd(text.status().message()));
      return LinesOfText(*text);
    }
    case Input::kFiles:
    case Input::kTopic:
    case Input::SOURCE_NOT_SET:
      break;
  }
  return parsed.ErrorAt(input, "name", 0,
                        "an input needs lines, a file, files, a generator, records or a topic");
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

absl::StatusOr<InputPlan> PlanFiles(const ParsedScenario& parsed, const Input& input) {
  if (input.has_arrival()) {
    return parsed.ErrorAt(input, "arrival", 0, "files say themselves when they come");
  }
  std::multimap<int64_t, ArrivingFile> by_time;
  std::set<std::string> names;
  for (const InputFile& given : input.files().file()) {
    ArrivingFile file{.at_ms = given.at_ms(), .name = given.name()};
    if (file.name.empty()) file.name = absl::StrFormat("input-%05d.txt", by_time.size());
    if (file.name.starts_with('/') || !names.insert(file.name).second) {
      return parsed.ErrorAt(given, "name", 0,
                            "a file needs a name of its own, below the input's directory");
    }
    for (const std::string& line : given.line()) absl::StrAppend(&file.text, line, "\n");
    file.lines = LinesOfText(file.text);
    by_time.emplace(file.at_ms, std::move(file));
  }
  InputPlan plan;
  for (auto& [at_ms, file] : by_time) plan.push_back(std::move(file));
  return plan;
}

fakes::LogWrite::End EndOf(const Write& write) {
  switch (write.end()) {
    case Write::COMMITTED:
      return fakes::LogWrite::End::kCommit;
    case Write::ABORTED:
      return fakes::LogWrite::End::kAbort;
    case Write::OPEN:
      return fakes::LogWrite::End::kOpen;
    default:
      return fakes::LogWrite::End::kNone;
  }
}

absl::StatusOr<InputPlan> PlanWrites(const ParsedScenario& parsed, const Input& input) {
  if (input.has_arrival()) {
    return parsed.ErrorAt(input, "arrival", 0, "writes say themselves when they come");
  }
  std::multimap<int64_t, ArrivingFile> by_time;
  for (const Write& given : input.topic().write()) {
    ArrivingFile piece{.at_ms = given.at_ms(),
                       .name = absl::StrFormat("write-%05d", by_time.size())};
    piece.write.partition = given.partition();
    if (given.has_key()) piece.write.key = given.key();
    piece.write.end = EndOf(given);
    piece.write.trim = given.trim_to();
    piece.lines.assign(given.line().begin(), given.line().end());
    by_time.emplace(piece.at_ms, std::move(piece));
  }
  InputPlan plan;
  for (auto& [at_ms, piece] : by_time) plan.push_back(std::move(piece));
  return plan;
}

}  // namespace

absl::StatusOr<InputPlan> PlanInput(const ParsedScenario& parsed, const Input& input,
                                    const platform::Random& random,
                                    const ReadHostFile& read_host_file) {
  WT_RETURN_IF_ERROR(CheckBounds(parsed, input));
  if (input.has_files()) return PlanFiles(parsed, input);
  if (input.has_topic()) return PlanWrites(parsed, input);
  WT_ASSIGN_OR_RETURN(const std::vector<std::string> records,
                      LinesOf(parsed, input, random, read_host_file));
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
  const Generator::LineEnds line_ends =
      input.has_records() ? input.records().line_ends() : input.generator().line_ends();
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
                      LineEnd(line_ends, record + 1 == last, ends));
    }
    file.lines = LinesOfText(file.text);
    plan.push_back(std::move(file));
  }
  Stall(arrival, plan);
  Rewind(arrival, plan);
  return plan;
}

int64_t RecordsOf(const Scenario& scenario) {
  int64_t records = 0;
  for (const Input& input : scenario.input()) {
    records += input.generator().records() + input.records().count() + input.lines().line_size();
    for (const InputFile& file : input.files().file()) records += file.line_size();
    for (const Write& write : input.topic().write()) records += write.line_size();
  }
  return records;
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
