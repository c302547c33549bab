// The steps of checkpoint/: where crashes, pauses and power losses can be asked for by name.
#ifndef WAVETANK_CHECKPOINT_STEPS_H_
#define WAVETANK_CHECKPOINT_STEPS_H_

#include "platform/step.h"

namespace wavetank::checkpoint::steps {

using platform::StepName;

// A new owner of a fenced log (fenced_log.h). `log`, of these and of its owner's, is the directory;
// properties/fenced_log_protocol.h says in which order they may come.
inline constexpr StepName kEpochCreated{"fenced_log.epoch_created", "epoch, log:text",
                                        "A new owner's epoch is durable; it has read nothing yet."};
inline constexpr StepName kPredecessorsRead{
    "fenced_log.predecessors_read", "epoch, base, segment, records, refusing, log:text",
    "A new owner has read what counts, through the newest sealed epoch before its own (the base), "
    "by that one's newest segment; a store that is `refusing` has no use for looks."};
inline constexpr StepName kSealed{"fenced_log.sealed", "epoch, base, records, log:text",
                                  "A new owner's first group, which seals its predecessors, is "
                                  "durable: what counts is so many records."};
inline constexpr StepName kTakenOver{"fenced_log.taken_over", "epoch, records, log:text",
                                     "A new owner has seen no newer one, and acts from here on."};

// An owner's group of records.
inline constexpr StepName kGroupAppended{"fenced_log.appended",
                                         "epoch, sequence, records, log:text",
                                         "A group is durable, and not yet known to count."};
inline constexpr StepName kGroupCounts{"fenced_log.counts", "epoch, sequence, log:text",
                                       "The owner of a group has seen no newer owner after it."};
inline constexpr StepName kSegmentBegun{
    "fenced_log.segment_begun", "epoch, segment, bytes, records, log:text",
    "An owner's next segment is durable, with its seal, by which what counts is so many records; "
    "it has not looked for a newer owner yet."};
inline constexpr StepName kOlderRemoved{
    "fenced_log.older_removed", "epoch, segment, files, log:text",
    "The files that an owner's newest segment does not refer to are removed."};
inline constexpr StepName kFenced{"fenced_log.fenced", "epoch, log:text",
                                  "An owner has seen a newer one, and stops."};

// Versioned state.
inline constexpr StepName kStateFileWritten{
    "state_store.written", "version, bytes, snapshot",
    "A delta or snapshot is durable under its unique name; nothing refers to it yet."};
inline constexpr StepName kStateSnapshotWritten{
    "state_store.snapshot_written", "version, bytes",
    "A snapshot that was written in the background is durable; no version has it yet."};
inline constexpr StepName kStateSnapshotAdopted{
    "state_store.snapshot_adopted", "version, snapshot",
    "A commit has put a background snapshot into its version's files."};
inline constexpr StepName kStateRepartitioned{
    "state_store.repartitioned", "partition, bytes",
    "A partition of another number of them is durable as a snapshot; nothing refers to it yet."};
inline constexpr StepName kStateListed{
    "state_cleanup.listed", "files",
    "State files that nothing retained refers to are known; whether it may act is not."};
inline constexpr StepName kStateRemoved{"state_cleanup.removed", "files",
                                        "State files that nothing refers to are gone."};

// Recovery. Nothing is done yet, and nothing is durable that was not at the step before.
inline constexpr StepName kRecoveryDecided{
    "recovery.decided", "batch, row",
    "A recovery table has decided about `batch`: `row` is a place in RecoveryRowNames()."};

// The store service.
inline constexpr StepName kStoreRequestDone{
    "store_service.done", "bytes", "A request that changes the store is done, not yet answered."};

inline constexpr const StepName* kAll[] = {
    &kEpochCreated,       &kPredecessorsRead,     &kSealed,
    &kTakenOver,          &kGroupAppended,        &kGroupCounts,
    &kSegmentBegun,       &kOlderRemoved,         &kFenced,
    &kStateFileWritten,   &kStateSnapshotWritten, &kStateSnapshotAdopted,
    &kStateRepartitioned, &kStateListed,          &kStateRemoved,
    &kRecoveryDecided,    &kStoreRequestDone};

}  // namespace wavetank::checkpoint::steps

#endif  // WAVETANK_CHECKPOINT_STEPS_H_
