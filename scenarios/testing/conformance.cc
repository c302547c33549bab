#include "scenarios/testing/conformance.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace wavetank::testing {
namespace {

std::string WordsOf(const std::vector<Conformance::Word>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    const bool last = i + 1 == words.size();
    absl::StrAppend(&text, i == 0 ? "" : (last ? "; " : ", "), words[i].word);
  }
  return text;
}

// Without what changes whenever anybody makes another call.
std::string Roughly(const std::string& schedule) {
  const size_t ordinal = schedule.find(", the ");
  const size_t call = schedule.find(" call after ");
  if (ordinal == std::string::npos || call == std::string::npos || call < ordinal) return schedule;
  return absl::StrCat(schedule.substr(0, ordinal), schedule.substr(call + 5));
}

}  // namespace

bool Conformance::Is(const std::string& word) const {
  return std::ranges::any_of(words, [&](const Word& each) { return each.word == word; });
}

std::string Conformance::Sentence() const { return absl::StrCat(name, ": ", WordsOf(words)); }

std::string Conformance::ToText() const {
  std::string text = absl::StrCat(Sentence(), " (", schedules, " schedules)\n");
  for (const Word& word : words) {
    absl::StrAppend(&text, "  ", word.word, " (", word.meaning,
                    "): ", word.schedule.empty() ? "in every schedule" : word.schedule, "\n");
  }
  for (const Failure& failure : failures) {
    absl::StrAppend(&text, "fails: ", failure.check, ": ", failure.what, "\n  when ",
                    failure.schedule, "\n");
  }
  return text;
}

std::string Conformance::Row(const std::string& what) const {
  std::vector<std::string> shown;
  for (const Word& word : words) {
    if (!word.schedule.empty())
      shown.push_back(absl::StrCat(word.word, ": ", Roughly(word.schedule)));
  }
  return absl::StrCat("| ", what, " | ", WordsOf(words), " | ",
                      ok() ? "yes" : absl::StrCat("no: ", failures.front().check), " | ",
                      absl::StrJoin(shown, "; "), " |\n");
}

void Conformance::Fail(std::string check, std::string what, std::string schedule) {
  if (!failed_.insert(check).second) return;
  failures.push_back({std::move(check), std::move(what), std::move(schedule)});
}

}  // namespace wavetank::testing
