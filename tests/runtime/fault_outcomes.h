// What becomes of each kind of durable thing under each fault, whichever world the fault is of:
// what the writes of units 2 and 3 say, and what reading says afterwards. docs/faults.md shows it
// in words.
#ifndef WAVETANK_TESTS_RUNTIME_FAULT_OUTCOMES_H_
#define WAVETANK_TESTS_RUNTIME_FAULT_OUTCOMES_H_

#include <iterator>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/runtime/durable_attempt.h"

namespace wavetank::runtime::durable_writers {

struct FaultOutcomes {
  const char* name;
  // For each thing in turn.
  std::vector<const char*> local;  // none: the fault is one of the store service
  std::vector<const char*> served;
};
inline void PrintTo(const FaultOutcomes& fault, std::ostream* out) { *out << fault.name; }

namespace outcome {
inline constexpr const char* kUnharmed = "OK OK, OK";
inline constexpr const char* kLogStops = "UNAVAILABLE UNAVAILABLE, OK";
inline constexpr const char* kGoesOn = "UNAVAILABLE OK, OK";
inline constexpr const char* kFullLogStops = "RESOURCE_EXHAUSTED RESOURCE_EXHAUSTED, OK";
inline constexpr const char* kFullGoesOn = "RESOURCE_EXHAUSTED OK, OK";
inline constexpr const char* kFenced = "ABORTED ABORTED, OK";
inline constexpr const char* kReadAgain = "OK OK, UNAVAILABLE then OK";
inline constexpr const char* kDamaged = "OK OK, DATA_LOSS";
}  // namespace outcome

// A log or a served store that meets an error stops and is taken over anew; a state file or a part
// is written again under another name; a served store repeats what may pass.
inline std::vector<FaultOutcomes> AllFaultOutcomes() {
  using namespace outcome;  // NOLINT: names of the table below alone
  const std::vector<const char*> unharmed(std::size(kThings), kUnharmed);
  // The contents of the store have checksums, the store itself has none.
  const std::vector<const char*> damaged = {kDamaged, kDamaged, kDamaged,
                                            kDamaged, kDamaged, kUnharmed};
  const std::vector<const char*> stops = {kLogStops, kLogStops, kLogStops,
                                          kGoesOn,   kGoesOn,   kGoesOn};
  const std::vector<const char*> full = {kFullLogStops, kFullLogStops, kFullLogStops,
                                         kFullGoesOn,   kFullGoesOn,   kFullGoesOn};
  const std::vector<const char*> fenced = {kFenced,   kFenced, kFenced,
                                           kUnharmed, kFenced, kUnharmed};
  return {
      {"WriteError", stops, unharmed},
      {"FailedSync", {kUnharmed, kUnharmed, kUnharmed, kGoesOn, kUnharmed, kUnharmed}, unharmed},
      {"RevertedSync", stops, unharmed},
      {"NoSpace", full, full},
      {"SlowDisk", unharmed, unharmed},
      {"StalledDisk", unharmed, unharmed},
      {"ReadError",
       {kReadAgain, kReadAgain, kReadAgain, kReadAgain, kUnharmed, kReadAgain},
       unharmed},
      {"BitRot", damaged, damaged},
      {"MisdirectedWrite", damaged, damaged},
      {"ServiceAway", {}, unharmed},
      {"ServiceLost", {}, stops},
      {"SecondDriver", fenced, fenced},
  };
}

inline FaultOutcomes OutcomesOf(std::string_view name) {
  for (const FaultOutcomes& fault : AllFaultOutcomes()) {
    if (fault.name == name) return fault;
  }
  return {"", {}, {}};
}

// A store shows the bytes that it has; whether they are right, whoever wrote them tells.
inline bool DamagesUnnoticed(std::string_view fault, Thing thing) {
  return thing == Thing::kFiles && (fault == "BitRot" || fault == "MisdirectedWrite");
}

}  // namespace wavetank::runtime::durable_writers

#endif  // WAVETANK_TESTS_RUNTIME_FAULT_OUTCOMES_H_
