// What a sink answers when it is asked about a committable, as the recovery table is told of it.
#ifndef WAVETANK_RUNTIME_CONNECTORS_COMMITTABLE_FOUND_H_
#define WAVETANK_RUNTIME_CONNECTORS_COMMITTABLE_FOUND_H_

#include "checkpoint/recovery.h"
#include "runtime/connectors/sink.h"

namespace wavetank::runtime {

constexpr checkpoint::CommittableIs ToCommittableIs(CommittableState state) {
  switch (state) {
    case CommittableState::kVisible:
      return checkpoint::CommittableIs::kVisible;
    case CommittableState::kPending:
      return checkpoint::CommittableIs::kPending;
    case CommittableState::kGone:
      return checkpoint::CommittableIs::kGone;
  }
  return checkpoint::CommittableIs::kNotAsked;
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_COMMITTABLE_FOUND_H_
