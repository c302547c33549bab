// What the explorer explores: the store, the fenced log, the engines' logs, and a state store.
#ifndef WAVETANK_TESTS_CHECKPOINT_EXHAUSTIVE_SUBJECTS_H_
#define WAVETANK_TESTS_CHECKPOINT_EXHAUSTIVE_SUBJECTS_H_

#include <memory>

#include "tests/checkpoint/exhaustive/explorer.h"

namespace wavetank::checkpoint {

std::unique_ptr<CrashSubject> StoreSubject();
std::unique_ptr<CrashSubject> FencedLogSubject();
// Whose segments refer to bases in several groups, and whose segments begin with what is left.
std::unique_ptr<CrashSubject> SegmentsSubject();
std::unique_ptr<CrashSubject> CompactedLogSubject();
std::unique_ptr<CrashSubject> QueryLogSubject();
std::unique_ptr<CrashSubject> GraphLogSubject();
std::unique_ptr<CrashSubject> StateStoreSubject();
// Two of them under one log, cut in each batch and laid out in other numbers of partitions.
std::unique_ptr<CrashSubject> TwoOperatorsSubject();

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_TESTS_CHECKPOINT_EXHAUSTIVE_SUBJECTS_H_
