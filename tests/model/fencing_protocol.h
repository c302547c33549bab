// Whether the specification of a fenced log (fencing.h) and the transition system that runs are
// judged by (properties/fenced_log_protocol.h) allow the same: the specification goes on in every
// way, each owner tells of its steps, at any later time before it goes on itself, and the system
// hears them.
#ifndef WAVETANK_TESTS_MODEL_FENCING_PROTOCOL_H_
#define WAVETANK_TESTS_MODEL_FENCING_PROTOCOL_H_

#include <cstdint>
#include <optional>
#include <string>

#include "tests/model/fencing.h"

namespace wavetank::model {

struct FollowedVerdict {
  int64_t states = 0;   // of the specification, with what is told and believed
  int64_t beliefs = 0;  // of the system
  int64_t steps = 0;    // that are taken from those
  // A step that is told and not allowed; one that is allowed and never told. "" if there is none.
  std::string not_allowed;
  std::string never_told;
};
// `without`: a rule that nobody keeps. It ends at the first step that is not allowed.
FollowedVerdict FollowFencing(const Bounds& bounds, std::optional<Rule> without = {});

}  // namespace wavetank::model

#endif  // WAVETANK_TESTS_MODEL_FENCING_PROTOCOL_H_
