#include "runtime/cluster/recovery.h"

#include "platform/check.h"

namespace wavetank::runtime {
namespace {

using enum Happened;
using enum Standing;
using enum Allowance;

// A set of values of one enumeration.
template <typename Enum>
struct SetOf {
  unsigned bits = 0;
  template <typename... Values>
  explicit constexpr SetOf(Values... values) : bits(((1u << static_cast<int>(values)) | ...)) {}
  constexpr bool Has(Enum value) const { return (bits >> static_cast<int>(value)) & 1; }
};

struct Row {
  Happened happened;
  SetOf<Standing> standing;
  SetOf<Allowance> allowance;
  Decision decision;
};

constexpr SetOf<Standing> Is(Standing standing) { return SetOf<Standing>(standing); }
constexpr SetOf<Standing> kAtWork(kRunning, kTwice);
constexpr SetOf<Standing> kDone(kNeeded, kFinished);
constexpr SetOf<Standing> kNotRunning(kNeeded, kFinished, kSuperseded);
constexpr SetOf<Standing> kNotNeeded(kRunning, kTwice, kFinished);
constexpr SetOf<Allowance> kOnce(kLeft);
constexpr SetOf<Allowance> kNoMore(kSpent);
constexpr SetOf<Allowance> kEither(kLeft, kSpent);

// clang-format off
constexpr Row kTable[] = {
    {kSucceeded,     kAtWork,         kEither, Decision::kCount},
    {kSucceeded,     kNotRunning,     kEither, Decision::kIgnore},

    {kFailed,        Is(kRunning),    kOnce,   Decision::kTryAgain},
    {kFailed,        Is(kTwice),      kOnce,   Decision::kLeaveToOther},
    {kFailed,        kAtWork,         kNoMore, Decision::kFailGraph},
    {kFailed,        kNotRunning,     kEither, Decision::kIgnore},

    {kRefused,       kAtWork,         kEither, Decision::kFailGraph},
    {kRefused,       kNotRunning,     kEither, Decision::kIgnore},

    {kInputMissing,  Is(kRunning),    kOnce,   Decision::kMove},
    {kInputMissing,  Is(kTwice),      kOnce,   Decision::kLeaveToOther},
    {kInputMissing,  kAtWork,         kNoMore, Decision::kFailGraph},
    {kInputMissing,  kNotRunning,     kEither, Decision::kIgnore},

    {kInputReplaced, kAtWork,         kOnce,   Decision::kMove},
    {kInputReplaced, kAtWork,         kNoMore, Decision::kFailGraph},
    {kInputReplaced, kDone,           kOnce,   Decision::kMakeAgain},
    {kInputReplaced, kDone,           kNoMore, Decision::kFailGraph},
    {kInputReplaced, Is(kSuperseded), kEither, Decision::kIgnore},

    {kWorkerLost,    Is(kRunning),    kOnce,   Decision::kMove},
    {kWorkerLost,    Is(kRunning),    kNoMore, Decision::kFailGraph},
    {kWorkerLost,    Is(kTwice),      kEither, Decision::kLeaveToOther},
    {kWorkerLost,    Is(kNeeded),     kOnce,   Decision::kMakeAgain},
    {kWorkerLost,    Is(kNeeded),     kNoMore, Decision::kFailGraph},
    {kWorkerLost,    Is(kFinished),   kEither, Decision::kLeave},
    {kWorkerLost,    Is(kSuperseded), kEither, Decision::kIgnore},

    {kOutputMissing, kNotNeeded,      kEither, Decision::kLeave},
    {kOutputMissing, Is(kNeeded),     kOnce,   Decision::kMakeAgain},
    {kOutputMissing, Is(kNeeded),     kNoMore, Decision::kFailGraph},
    {kOutputMissing, Is(kSuperseded), kEither, Decision::kIgnore},
};
// clang-format on

constexpr const Row* Find(Happened happened, Standing standing, Allowance allowance) {
  const Row* found = nullptr;
  for (const Row& row : kTable) {
    if (row.happened != happened || !row.standing.Has(standing) || !row.allowance.Has(allowance)) {
      continue;
    }
    if (found != nullptr) return nullptr;
    found = &row;
  }
  return found;
}

constexpr bool EveryCombinationMatchesExactlyOneRow() {
  for (int happened = 0; happened < kHappenedCount; ++happened) {
    for (int standing = 0; standing < kStandingCount; ++standing) {
      for (const Allowance allowance : {kLeft, kSpent}) {
        if (!Find(Happened{happened}, Standing{standing}, allowance)) return false;
      }
    }
  }
  return true;
}
static_assert(EveryCombinationMatchesExactlyOneRow());

}  // namespace

Decision Decide(Happened happened, Standing standing, Allowance allowance) {
  const Row* row = Find(happened, standing, allowance);
  WT_CHECK(row != nullptr);
  return row->decision;
}

}  // namespace wavetank::runtime
