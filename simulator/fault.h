// Fault: one thing that goes wrong, as data. fault_table.h says what each kind means.
#ifndef WAVETANK_SIMULATOR_FAULT_H_
#define WAVETANK_SIMULATOR_FAULT_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace wavetank::simulator {

enum class FaultKind : uint8_t {
  // Process.
  kCrash,
  kCrashWhileRecovering,
  kPause,
  kZombie,
  kSlowNode,
  kCleanStop,
  // Machine.
  kPowerLoss,
  kPowerLossAtWorst,
  kDiskLoss,
  kMachineCrash,
  kPowerLossOfSeveral,
  kCrashOfSeveral,
  // Network.
  kSlowLink,
  kReset,
  kPartition,
  kPartitionOneWay,
  kClog,
  kConnectFailure,
  kBandwidth,
  kHalfOpen,
  kRepeat,
  kCorruptFrame,
  // Disk.
  kReadError,
  kUnreadable,
  kWriteError,
  kTornWrite,
  kSyncLoss,
  kSyncRevert,
  kDirectorySyncError,
  kNamesLost,
  kNamesError,
  kTooManyFiles,
  kAccessDenied,
  kReadOnly,
  kLyingSync,
  kUnsyncedFile,
  kNoSpace,
  kNoSpaceForNames,
  kNoSpaceAtSync,
  kSlowDisk,
  kStalledDisk,
  kBitRot,
  kMisdirectedWrite,
  kLostFiles,
  kBackUp,
  kRestore,
  kDirectoryAway,
  kOddEntry,
  kShortListing,
  // Clock.
  kSkew,
  kDrift,
  kClockJump,
  kTimerJitter,
  // External system.
  kReplyLost,
  kReplyLate,
  kAppliedLate,
  kEndsNext,
  kExpired,
  kRepeated,
  kThrottled,
  kUnavailable,
};

struct Fault {
  FaultKind kind = FaultKind::kCrash;
  // What it befalls: a process, which may serve an external system; for machine, disk and clock
  // faults a machine, for links the machine that sends. Empty: whoever reached the step or made the
  // call.
  std::string target = {};
  // For links: the machine that receives. For kZombie: where the replacement starts; empty: where
  // the process is. For kMisdirectedWrite: a pattern of the files, the first of which by name takes
  // the bytes (none: they are gone); empty: the file itself.
  std::string peer = {};
  // For a fault of files: which it may befall, a pattern (file_pattern.h); empty: any. For
  // kDirectoryAway: the directory, as it is. For kOddEntry: where it stands, as it is.
  std::string files = {};
  // Of the files that match, in the order of their names (-1: the last), or of the calls on them
  // from the trigger on: which.
  int64_t nth = 1;
  // How long it lasts; infinite: until healed.
  absl::Duration duration = absl::InfiniteDuration();
  // When what it ended starts again; for kZombie, when the replacement starts. Infinite: not before
  // the heal.
  absl::Duration restart_after = absl::InfiniteDuration();
  // In the unit that the fault table names.
  int64_t amount = 0;

  friend bool operator==(const Fault&, const Fault&) = default;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_FAULT_H_
