// Conformance: what a source or a sink was seen to be, in words, each with the schedule that shows
// it (source_conformance.h, sink_conformance.h).
//
//   file: idempotent, fenced, atomic, remembers; exactly once
//   append: not idempotent, ...; at least once
//
// A word says what the connector is; a failure says that it is not what it promised.
#ifndef WAVETANK_SCENARIOS_TESTING_CONFORMANCE_H_
#define WAVETANK_SCENARIOS_TESTING_CONFORMANCE_H_

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace wavetank::testing {

struct Conformance {
  struct Word {
    std::string word;     // "idempotent", "not idempotent"
    std::string meaning;  // of what was looked at
    // What was done and seen, in a line; "": in no schedule was anything else seen.
    std::string schedule = {};
  };
  struct Failure {
    std::string check;  // by name
    std::string what;
    std::string schedule;
  };

  std::string name;
  std::vector<Word> words;  // the last says what it comes to
  std::vector<Failure> failures;
  int64_t schedules = 0;  // that were run

  // It keeps its contract.
  bool ok() const { return failures.empty(); }
  bool Is(const std::string& word) const;
  // "file: idempotent, fenced, atomic, remembers; exactly once"
  std::string Sentence() const;
  // The sentence, each word with its schedule, and the failures.
  std::string ToText() const;
  // A row of a table in Markdown: of what, the words, whether it keeps its contract, and the
  // schedules of the words that have one.
  std::string Row(const std::string& what) const;

  // Of failures of one check the first is kept.
  void Fail(std::string check, std::string what, std::string schedule);

 private:
  std::set<std::string> failed_;
};

// A place that was reached is not reached again, though all that came before is the same.
inline constexpr char kSameCheck[] = "does the same in the same world";
inline constexpr char kNotTheSame[] =
    "it does not get there again: it depends on a clock of the host, or on what it did before";

// Something that holds until a schedule is seen in which it does not.
class Trait {
 public:
  Trait(std::string word, std::string otherwise, std::string meaning)
      : word_(std::move(word)), otherwise_(std::move(otherwise)), meaning_(std::move(meaning)) {}

  void Break(const std::string& schedule) {
    if (schedule_.empty()) schedule_ = schedule;
  }
  bool holds() const { return schedule_.empty(); }
  const std::string& schedule() const { return schedule_; }
  Conformance::Word ToWord() const { return {holds() ? word_ : otherwise_, meaning_, schedule_}; }

 private:
  std::string word_;
  std::string otherwise_;
  std::string meaning_;
  std::string schedule_;
};

}  // namespace wavetank::testing

#endif  // WAVETANK_SCENARIOS_TESTING_CONFORMANCE_H_
