// The executable specification of a fenced log (checkpoint/fenced_log.h): the protocol by which a
// log has one owner at a time, over a store that can refuse what is late and over one that cannot,
// exhausted within bounds.
//
// Owners, each taking an epoch of its own, and a reader interleave in every order. A process that
// is not scheduled any more has died or is paused, so crashes and zombies need no event of their
// own; a power loss ends every process and may cut whatever was not synced; rot takes away the file
// of the newest segment.
//
// Checked: an entry that an owner acted on is in every later answer, at its place; answers only
// grow; no place is acted on with two values; what counts is never missing. An owner acts on an
// entry when it acknowledges its own, and on all that it took over when it becomes active.
#ifndef WAVETANK_TESTS_MODEL_FENCING_H_
#define WAVETANK_TESTS_MODEL_FENCING_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wavetank::model {

// Each is named in the code that keeps it.
enum class Rule {
  kCreateThenRead,
  kSealBeforeActing,
  kReferToDurable,
  kNothingBeyondSeal,
  kLookAfterAppend,
  kLookForAnyHigher,
  kReaderSyncs,
  kReaderWantsSeal,
  kReaderLooksAgain,
  kBaseBeforeSeal,
  kMarkBeforeAppend,
  kLookBeforeRemove,
  kSpareReferred,
  kRefuseLate,
  kCreationWaits,
};
struct Bounds {
  const char* name;
  bool refusing = false;  // the store refuses a change under an epoch that is over
  int owners = 3;         // at most 4
  int entries = 1;        // that an owner appends to each of its segments; at most 2
  int segments = 2;       // of an owner; at most 2
  int answers = 2;        // that the reader gives
  int losses = 1;         // of power
  int rots = 0;
};

struct RuleText {
  Rule rule;
  const char* name;
  const char* text;
  Bounds breaks_in;  // without it
};
std::span<const RuleText> Rules();

// What `make test` exhausts, CI, and `make exhaust`.
enum class Depth { kShort, kFull, kDeep };
std::vector<Bounds> InstancesOf(Depth depth);

struct Verdict {
  int64_t states = 0;
  std::string broken;              // "" if every invariant holds
  std::vector<std::string> story;  // how it came to that, one line a state
};
// `without`: a rule that nobody keeps.
Verdict Exhaust(const Bounds& bounds, std::optional<Rule> without);

}  // namespace wavetank::model

#endif  // WAVETANK_TESTS_MODEL_FENCING_H_
