#include "tests/model/fencing.h"

#include <xxhash.h>

#include <utility>

#include "absl/container/flat_hash_map.h"

#include "tests/model/fencing_state.h"
#include "tests/model/fencing_steps.h"

namespace wavetank::model {
namespace {

constexpr Bounds kTwo{.name = "two_owners", .owners = 2, .entries = 2, .answers = 2};
constexpr Bounds kThree{.name = "three_owners", .segments = 1, .answers = 1, .losses = 0};
constexpr Bounds kThreeLosing{.name = "three_owners_losing", .segments = 1, .answers = 1};
constexpr Bounds kRefusing{.name = "refusing", .refusing = true, .owners = 2, .answers = 1};
constexpr Bounds kRotting{.name = "rotting", .owners = 2, .answers = 1, .losses = 0, .rots = 1};

constexpr RuleText kRules[] = {
    {Rule::kCreateThenRead, "create_then_read",
     "a new owner's epoch is durable before it reads anything", kTwo},
    {Rule::kSealBeforeActing, "seal_before_acting",
     "a new owner's seal is durable before it acts on what it took over", kThreeLosing},
    {Rule::kReferToDurable, "refer_to_durable",
     "a seal refers in place only to what the log names durable, and copies the rest", kTwo},
    {Rule::kNothingBeyondSeal, "nothing_beyond_seal",
     "what stands beyond what the newest seal refers to does not count", kTwo},
    {Rule::kLookAfterAppend, "look_after_append",
     "an owner acts on what it appended once that is durable and it then saw no higher epoch",
     kTwo},
    {Rule::kLookForAnyHigher, "look_for_any_higher",
     "who looks for a higher epoch looks for any, not for the next: that may be gone again",
     kThree},
    {Rule::kReaderSyncs, "reader_syncs", "a reader makes durable what it read before it answers",
     kTwo},
    {Rule::kReaderWantsSeal, "reader_wants_the_seal",
     "under a newest epoch without a seal there is no answer yet", kTwo},
    {Rule::kReaderLooksAgain, "reader_looks_again",
     "a reader answers only if no higher epoch came into being meanwhile", kTwo},
    {Rule::kBaseBeforeSeal, "base_before_seal",
     "all groups of a base are durable before there is a seal that refers to it", kTwo},
    {Rule::kMarkBeforeAppend, "mark_before_append",
     "a segment has its mark before anything is appended to it", kRotting},
    {Rule::kLookBeforeRemove, "look_before_remove",
     "an owner looks for a higher epoch between its seal and the first file it removes", kTwo},
    {Rule::kSpareReferred, "spare_what_is_referred_to",
     "nothing is removed that the newest seal refers to", kTwo},
    {Rule::kRefuseLate, "refuse_the_late",
     "a store that refuses has no change made under an epoch below another that exists", kRefusing},
    {Rule::kCreationWaits, "creation_waits",
     "a store that refuses creates no epoch while a change under another is under way", kRefusing},
};

// 128 bits, so that no state is taken for another.
using Fingerprint = std::pair<uint64_t, uint64_t>;
Fingerprint FingerprintOf(const State& state) {
  const XXH128_hash_t hash = XXH3_128bits(&state, sizeof(state));
  return {hash.low64, hash.high64};
}

}  // namespace

std::span<const RuleText> Rules() { return kRules; }

std::vector<Bounds> InstancesOf(Depth depth) {
  if (depth == Depth::kShort) {
    Bounds two = kTwo;
    two.answers = 1;
    return {two, kThree, kRefusing, kRotting};
  }
  const bool deep = depth == Depth::kDeep;
  const int answers = deep ? 3 : 2;
  std::vector<Bounds> instances = {
      {.name = "two_owners", .owners = 2, .entries = 2, .answers = answers},
      {.name = "three_owners", .segments = 1, .answers = answers},
      {.name = "refusing_two", .refusing = true, .owners = 2, .entries = 2, .answers = answers},
      {.name = "refusing_three", .refusing = true, .segments = 1, .answers = answers - 1},
      {.name = "rotting", .owners = 2, .entries = 2, .answers = 2, .losses = 0, .rots = 1},
  };
  if (!deep) return instances;
  instances.push_back({.name = "two_losses", .owners = 2, .entries = 2, .losses = 2});
  instances.push_back(
      {.name = "three_owners_of_two_entries", .entries = 2, .segments = 1, .answers = 1});
  return instances;
}

Verdict Exhaust(const Bounds& bounds, std::optional<Rule> without) {
  Verdict verdict;
  const State start;
  absl::flat_hash_map<Fingerprint, Fingerprint> parents;
  parents.emplace(FingerprintOf(start), Fingerprint());
  std::vector<State> level = {start};
  std::vector<State> next;
  std::optional<State> bad;
  while (!level.empty() && !bad) {
    next.clear();
    for (const State& state : level) {
      const Fingerprint here = FingerprintOf(state);
      const Successors successors = SuccessorsOf(state, bounds, without);
      if (!successors.broken.empty()) {
        verdict.broken = successors.broken;
        bad = state;
        break;
      }
      for (const State& after : successors.states) {
        if (parents.emplace(FingerprintOf(after), here).second) next.push_back(after);
      }
    }
    std::swap(level, next);
  }
  verdict.states = static_cast<int64_t>(parents.size());
  if (!bad) return verdict;
  // The states on the way are found again from the first.
  std::vector<Fingerprint> way;
  for (Fingerprint at = FingerprintOf(*bad); at != Fingerprint(); at = parents.at(at)) {
    way.push_back(at);
  }
  State state = start;
  for (size_t step = way.size(); step-- > 0;) {
    verdict.story.push_back(Described(state, bounds));
    if (step == 0) break;
    const Successors successors = SuccessorsOf(state, bounds, without);
    for (const State& after : successors.states) {
      if (FingerprintOf(after) == way[step - 1]) {
        state = after;
        break;
      }
    }
  }
  return verdict;
}

}  // namespace wavetank::model
