#include "simulator/fault_table.h"

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/text.h"

namespace wavetank::simulator {

using platform::ToAbsl;

namespace {

using enum FaultKind;
using enum FaultFamily;
using enum RateUnit;

// clang-format off
constexpr FaultInfo kTable[] = {
    // The members of FaultInfo, in order.
    {kCrash, kProcess, "process.crash", true, 600, kPerHour, {}, {10, 5'000}, {}, "",
     "The process dies as by kill -9 and starts again."},
    {kCrashWhileRecovering, kProcess, "process.crash_while_recovering", true, 300'000,
     kPerMillionRestarts, {}, {10, 2'000}, {0, 500}, "ms after its start",
     "A process that was started again dies once more, soon after."},
    {kPause, kProcess, "process.pause", true, 300, kPerHour, {10, 10'000}, {}, {}, "",
     "The process stands still for a while; its kernel still takes what is sent to it."},
    {kZombie, kProcess, "process.zombie", true, 200, kPerHour, {2'000, 20'000}, {100, 6'000}, {},
     "",
     "The process stands still, is replaced by a new incarnation, and wakes beside it."},
    {kSlowNode, kProcess, "process.slow", true, 200, kPerHour, {500, 20'000}, {}, {2, 100}, "times",
     "All CPU work of the process costs so many times as much."},
    {kCleanStop, kProcess, "process.stop", true, 200, kPerHour, {}, {10, 5'000}, {0, 1},
     "to be asked first, as by SIGTERM",
     "The process exits cleanly, its connections closed in order or cut, and starts again; asked, "
     "it ends when it has finished what is under way."},

    {kPowerLoss, kMachine, "machine.power_loss", true, 300, kPerHour, {}, {100, 10'000}, {}, "",
     "Every process of the machine ends, nobody is told, and what was not synced is decided."},
    {kDiskLoss, kMachine, "machine.disk_loss", false, 60, kPerHour, {}, {100, 10'000}, {}, "",
     "The machine loses power and comes back with an empty disk."},
    {kMachineCrash, kMachine, "machine.crash", true, 200, kPerHour, {}, {10, 5'000}, {}, "",
     "All processes of the machine die at once; its page cache stays."},
    {kPowerLossOfSeveral, kMachine, "machine.power_loss_of_several", true, 100, kPerHour, {},
     {100, 10'000}, {2, 3}, "machines", "Several machines lose power at the same instant."},

    {kSlowLink, kNetwork, "network.slow_link", true, 300, kPerHour, {100, 20'000}, {}, {2, 200},
     "times", "Everything from one machine to another takes so many times as long."},
    {kReset, kNetwork, "network.reset", true, 2'000, kPerMillionCalls, {}, {}, {}, "",
     "A connection breaks; a draw says which end sees it first."},
    {kPartition, kNetwork, "network.partition", true, 200, kPerHour, {100, 20'000}, {}, {}, "",
     "Nothing crosses between two machines, in either direction."},
    {kPartitionOneWay, kNetwork, "network.partition_one_way", true, 200, kPerHour, {100, 20'000},
     {}, {}, "", "Nothing crosses from one machine to another; the way back is open."},
    {kClog, kNetwork, "network.clog", true, 400, kPerHour, {10, 2'500}, {}, {}, "",
     "What is sent from one machine to another is held, and released in a burst."},
    {kConnectFailure, kNetwork, "network.connect_failure", true, 50'000, kPerMillionCalls, {}, {},
     {}, "", "An attempt to connect is refused."},

    {kReadError, kDisk, "disk.read_error", true, 1'000, kPerMillionCalls, {}, {}, {}, "",
     "A read fails with an I/O error, once."},
    {kUnreadable, kDisk, "disk.unreadable", false, 100, kPerMillionCalls, {}, {}, {}, "",
     "A file becomes unreadable, and stays so until it is written again."},
    {kWriteError, kDisk, "disk.write_error", true, 1'000, kPerMillionCalls, {}, {}, {}, "",
     "A write fails with an I/O error; a prefix of it may have been done."},
    {kSyncLoss, kDisk, "disk.sync_loss", true, 2'000, kPerMillionCalls, {}, {}, {}, "",
     "A sync fails once; later ones succeed, yet what it should have covered may be lost."},
    {kSyncRevert, kDisk, "disk.sync_revert", true, 2'000, kPerMillionCalls, {}, {}, {0, 100},
     "ms later", "A sync of a file fails once, and reads give again what was there before."},
    {kLyingSync, kDisk, "disk.lying_sync", false, 30, kPerHour, {1'000, 60'000}, {}, {}, "",
     "Syncs report success and make nothing durable."},
    {kNoSpace, kDisk, "disk.no_space", true, 100, kPerHour, {100, 20'000}, {}, {0, 65'536},
     "bytes left", "The disk has room for so many bytes more."},
    {kSlowDisk, kDisk, "disk.slow", true, 200, kPerHour, {500, 20'000}, {}, {2, 200}, "times",
     "Every call on the disk takes so many times as long."},
    {kStalledDisk, kDisk, "disk.stalled", true, 200, kPerHour, {100, 10'000}, {}, {}, "",
     "No call on the disk ends, until all do."},
    {kBitRot, kDisk, "disk.bit_rot", false, 60, kPerHour, {}, {}, {-1'000'000, 1'000'000},
     "th bit, from the end if negative, round and round",
     "A bit of a file that is synced turns over."},
    {kMisdirectedWrite, kDisk, "disk.misdirected_write", false, 200, kPerMillionCalls, {}, {},
     {-65'536, 65'536}, "bytes on, round and round",
     "A write reports success and lands elsewhere: in the same file or another."},
    {kLostFiles, kDisk, "disk.lost_files", false, 10, kPerHour, {}, {}, {}, "",
     "Files are gone from the disk, as if they had never been."},
    {kBackUp, kDisk, "disk.back_up", false, 10, kPerHour, {}, {}, {}, "",
     "Files are copied away, for a later disk.restore; itself it does nothing."},
    {kRestore, kDisk, "disk.restore", false, 10, kPerHour, {}, {}, {}, "",
     "Files become what they were when they were backed up last; newer ones are gone."},
    {kDirectoryAway, kDisk, "disk.directory_away", false, 60, kPerHour, {100, 20'000}, {}, {0, 1},
     "0: nothing is there; 1: another directory is, an empty one",
     "A directory is not where it was, as when a file system is unmounted; then it is back."},
    {kShortListing, kDisk, "disk.short_listing", false, 1'000, kPerMillionCalls, {}, {}, {}, "",
     "A listing shows some of the names and not others, once."},

    {kSkew, kClock, "clock.skew", true, 60, kPerHour, {}, {}, {-600'000, 600'000}, "ms",
     "The machine's wall clock is wrong by so much from now on."},
    {kDrift, kClock, "clock.drift", true, 100, kPerHour, {1'000, 600'000}, {}, {-100'000, 100'000},
     "parts per million", "The machine's clocks run fast or slow."},
    {kClockJump, kClock, "clock.jump", true, 100, kPerHour, {500, 60'000}, {},
     {-3'600'000, 3'600'000}, "ms", "The wall clock jumps by so much, and back."},
    {kTimerJitter, kClock, "clock.timer_jitter", true, 200, kPerHour, {1'000, 60'000}, {},
     {1'000, 500'000}, "us", "Timers of the machine fire late by up to so much."},
};
// clang-format on

constexpr bool InOrder() {
  for (size_t index = 0; index < std::size(kTable); ++index) {
    if (static_cast<size_t>(kTable[index].kind) != index) return false;
  }
  return true;
}
static_assert(InOrder(), "the table is in the order of FaultKind");

}  // namespace

std::string_view Name(FaultFamily family) {
  static constexpr std::string_view kNames[] = {"process", "machine", "network", "disk", "clock"};
  return kNames[static_cast<size_t>(family)];
}

std::span<const FaultInfo> FaultTable() { return kTable; }

const FaultInfo& InfoOf(FaultKind kind) {
  WT_CHECK(static_cast<size_t>(kind) < std::size(kTable));
  return kTable[static_cast<size_t>(kind)];
}

const FaultInfo* FindFault(std::string_view name) {
  for (const FaultInfo& info : kTable) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

std::string Describe(const Fault& fault) {
  const FaultInfo& info = InfoOf(fault.kind);
  std::string text(info.name);
  if (!fault.target.empty()) absl::StrAppend(&text, " ", fault.target);
  if (!fault.files.empty()) absl::StrAppend(&text, " ", fault.files);
  if (fault.nth != 1) absl::StrAppend(&text, " (", fault.nth, ")");
  if (!fault.peer.empty()) absl::StrAppend(&text, " > ", fault.peer);
  if (fault.amount != 0) absl::StrAppend(&text, ", ", fault.amount, " ", ToAbsl(info.amount_unit));
  if (fault.duration != absl::InfiniteDuration()) {
    absl::StrAppend(&text, ", for ", absl::FormatDuration(fault.duration));
  }
  if (fault.restart_after != absl::InfiniteDuration()) {
    absl::StrAppend(&text, ", again after ", absl::FormatDuration(fault.restart_after));
  }
  return text;
}

}  // namespace wavetank::simulator
