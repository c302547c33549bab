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

constexpr Bounds kTimes = {1, 1'000'000};
constexpr int64_t kMuch = int64_t{1} << 40;
constexpr int64_t kTenYearsMs = int64_t{3'653} * 86'400'000;

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
     "All CPU work of the process costs so many times as much.", kTimes},
    {kCleanStop, kProcess, "process.stop", true, 200, kPerHour, {}, {10, 5'000}, {0, 1},
     "to be asked first, as by SIGTERM",
     "The process exits cleanly, its connections closed in order or cut, and starts again; asked, "
     "it ends when it has finished what is under way."},

    {kPowerLoss, kMachine, "machine.power_loss", true, 300, kPerHour, {}, {100, 10'000}, {}, "",
     "Every process of the machine ends, nobody is told, and what was not synced is decided."},
    {kPowerLossAtWorst, kMachine, "machine.power_loss_at_worst", true, 100, kPerHour, {},
     {100, 10'000}, {}, "",
     "The machine loses power, and its disk is what the syncs have left: nothing else is there."},
    {kDiskLoss, kMachine, "machine.disk_loss", false, 60, kPerHour, {}, {100, 10'000}, {}, "",
     "The machine loses power and comes back with an empty disk."},
    {kMachineCrash, kMachine, "machine.crash", true, 200, kPerHour, {}, {10, 5'000}, {}, "",
     "All processes of the machine die at once; its page cache stays."},
    {kPowerLossOfSeveral, kMachine, "machine.power_loss_of_several", true, 100, kPerHour, {},
     {100, 10'000}, {2, 3}, "machines", "Several machines lose power at the same instant."},
    {kCrashOfSeveral, kMachine, "machine.crash_of_several", true, 100, kPerHour, {}, {10, 5'000},
     {2, 3}, "machines",
     "All processes of several machines die at the same instant; the page caches stay."},

    {kSlowLink, kNetwork, "network.slow_link", true, 300, kPerHour, {100, 20'000}, {}, {2, 200},
     "times", "Everything from one machine to another takes so many times as long.", kTimes},
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
    {kBandwidth, kNetwork, "network.bandwidth", true, 300, kPerHour, {100, 20'000}, {},
     {1'000, 1'000'000}, "bytes a second",
     "From one machine to another no more crosses; what is sent waits its turn.",
     {1, kMuch}},
    {kHalfOpen, kNetwork, "network.half_open", true, 1'000, kPerMillionCalls, {100, 20'000}, {}, {},
     "",
     "What one end of a connection sends, or both, is lost from now on, and nobody is told; the "
     "ends learn by the silence, or, of a byte stream, when it is over."},
    {kRepeat, kNetwork, "network.repeat", true, 1'000, kPerMillionCalls, {}, {}, {0, 5'000},
     "ms late",
     "A connection breaks for who sends, and what it sent arrives, late: after what is sent again "
     "over the next connection."},
    {kCorruptFrame, kNetwork, "network.corrupt_frame", true, 1'000, kPerMillionCalls, {}, {}, {},
     "",
     "A message arrives with other bits: the receiver notices, and the connection breaks."},

    {kReadError, kDisk, "disk.read_error", true, 1'000, kPerMillionCalls, {}, {}, {}, "",
     "A read fails with an I/O error, once."},
    {kUnreadable, kDisk, "disk.unreadable", false, 100, kPerMillionCalls, {}, {}, {}, "",
     "A file becomes unreadable, and stays so until it is written again."},
    {kWriteError, kDisk, "disk.write_error", true, 1'000, kPerMillionCalls, {}, {}, {}, "",
     "A write fails with an I/O error; a prefix of it may have been done."},
    {kTornWrite, kDisk, "disk.torn_write", true, 300, kPerMillionCalls, {}, {100, 10'000},
     {0, 4'096}, "bytes of it, round and round",
     "The machine loses power during a write at the end of a file: just so many bytes of it are "
     "there.",
     {0, kMuch}},
    {kSyncLoss, kDisk, "disk.sync_loss", true, 2'000, kPerMillionCalls, {}, {}, {}, "",
     "A sync of a file fails once; later ones succeed, yet what it should have covered may be "
     "lost."},
    {kSyncRevert, kDisk, "disk.sync_revert", true, 2'000, kPerMillionCalls, {}, {}, {0, 100},
     "ms later", "A sync of a file fails once, and reads give again what was there before."},
    {kDirectorySyncError, kDisk, "disk.directory_sync_error", true, 1'000, kPerMillionCalls, {}, {},
     {}, "",
     "A sync of a directory fails once; what has changed in it waits for the next one."},
    {kNamesLost, kDisk, "disk.names_lost", false, 1'000, kPerMillionCalls, {}, {}, {}, "",
     "A sync of a directory fails once; later ones succeed, yet names that it should have covered "
     "may be lost, or back."},
    {kNamesError, kDisk, "disk.names_error", true, 1'000, kPerMillionCalls, {}, {}, {}, "",
     "A call on names or times, a truncation or a lock fails with an I/O error; it may have been "
     "done."},
    {kTooManyFiles, kDisk, "disk.too_many_files", true, 1'000, kPerMillionCalls, {}, {}, {}, "",
     "A file, a directory or a lock cannot be opened: too many are."},
    {kAccessDenied, kDisk, "disk.access_denied", true, 500, kPerMillionCalls, {}, {}, {}, "",
     "A call on names or times, a truncation or a lock is denied; nothing is done."},
    {kReadOnly, kDisk, "disk.read_only", true, 100, kPerHour, {100, 20'000}, {}, {}, "",
     "Nothing on the disk can be changed, nor opened for writing."},
    {kLyingSync, kDisk, "disk.lying_sync", false, 30, kPerHour, {1'000, 60'000}, {}, {}, "",
     "Syncs report success and make nothing durable."},
    {kUnsyncedFile, kDisk, "disk.unsynced_file", false, 500, kPerMillionCalls, {}, {}, {}, "",
     "A sync of a file reports success, once, and what it should have covered may be lost, also "
     "after later ones."},
    {kNoSpace, kDisk, "disk.no_space", true, 100, kPerHour, {100, 20'000}, {}, {0, 65'536},
     "bytes left", "The disk has room for so many bytes more.", {0, kMuch}},
    {kNoSpaceForNames, kDisk, "disk.no_space_for_names", true, 1'000, kPerMillionCalls, {}, {}, {},
     "", "There is no room for a new name."},
    {kNoSpaceAtSync, kDisk, "disk.no_space_at_sync", true, 1'000, kPerMillionCalls, {}, {}, {}, "",
     "A sync of a file finds no space for what was written: as disk.sync_loss, by another name."},
    {kSlowDisk, kDisk, "disk.slow", true, 200, kPerHour, {500, 20'000}, {}, {2, 200}, "times",
     "Every call on the disk takes so many times as long.", kTimes},
    {kStalledDisk, kDisk, "disk.stalled", true, 200, kPerHour, {100, 10'000}, {}, {}, "",
     "No call on the disk ends, until all do."},
    {kBitRot, kDisk, "disk.bit_rot", false, 60, kPerHour, {}, {}, {-1'000'000, 1'000'000},
     "th bit, from the end if negative, round and round",
     "A bit of a file that is synced turns over.", {-kMuch, kMuch}},
    {kMisdirectedWrite, kDisk, "disk.misdirected_write", false, 200, kPerMillionCalls, {}, {},
     {-65'536, 65'536}, "bytes on, round and round",
     "A write reports success and lands elsewhere: in the same file or another.", {-kMuch, kMuch}},
    {kLostFiles, kDisk, "disk.lost_files", false, 10, kPerHour, {}, {}, {}, "",
     "Files are gone from the disk, as if they had never been; so is a directory that is named, "
     "with what is below it."},
    {kBackUp, kDisk, "disk.back_up", false, 10, kPerHour, {}, {}, {}, "",
     "Files are copied away, for a later disk.restore; itself it does nothing."},
    {kRestore, kDisk, "disk.restore", false, 10, kPerHour, {}, {}, {}, "",
     "Files become what they were when they were backed up last; newer ones are gone."},
    {kDirectoryAway, kDisk, "disk.directory_away", false, 60, kPerHour, {100, 20'000}, {}, {0, 1},
     "0: nothing is there; 1: another directory is, an empty one",
     "A directory is not where it was, as when a file system is unmounted; then it is back."},
    {kOddEntry, kDisk, "disk.odd_entry", false, 60, kPerHour, {}, {}, {0, 1},
     "0: a FIFO; 1: a file that may not be read",
     "Something stands in a directory that nobody can read."},
    {kShortListing, kDisk, "disk.short_listing", false, 1'000, kPerMillionCalls, {}, {}, {}, "",
     "A listing shows some of the names and not others, once."},

    {kSkew, kClock, "clock.skew", true, 60, kPerHour, {}, {}, {-600'000, 600'000}, "ms",
     "The machine's wall clock is wrong by so much from now on.", {-kTenYearsMs, kTenYearsMs}},
    {kDrift, kClock, "clock.drift", true, 100, kPerHour, {1'000, 600'000}, {}, {-100'000, 100'000},
     "parts per million", "The machine's clocks run fast or slow.", {-999'999, 999'999}},
    {kClockJump, kClock, "clock.jump", true, 100, kPerHour, {500, 60'000}, {},
     {-3'600'000, 3'600'000}, "ms", "The wall clock jumps by so much, and back.",
     {-kTenYearsMs, kTenYearsMs}},
    {kTimerJitter, kClock, "clock.timer_jitter", true, 200, kPerHour, {1'000, 60'000}, {},
     {1'000, 500'000}, "us", "Timers of the machine fire late by up to so much.", {0, 60'000'000}},

    {kReplyLost, kExternal, "external.reply_lost", true, 600, kPerHour, {}, {}, {}, "",
     "The next request that changes something is done, and nobody is told."},
    {kReplyLate, kExternal, "external.reply_late", true, 600, kPerHour, {1'000, 30'000}, {}, {}, "",
     "The next request that changes something is done at once, and its reply comes so much later."},
    {kAppliedLate, kExternal, "external.applied_late", true, 600, kPerHour, {1'000, 30'000}, {}, {},
     "",
     "The next request that changes something is done so much later, whoever waits for it by "
     "then."},
    {kEndsNext, kExternal, "external.ends_next", true, 600, kPerHour, {}, {}, {}, "",
     "The next end of a transaction is done when the next transaction of its producer is under "
     "way."},
    {kExpired, kExternal, "external.expired", true, 600, kPerHour, {}, {}, {}, "",
     "The time of the open transaction of whoever asks next is up: it is aborted."},
    {kRepeated, kExternal, "external.repeated", true, 600, kPerHour, {}, {}, {}, "",
     "The next request that changes something comes twice."},
    {kThrottled, kExternal, "external.throttled", true, 300, kPerHour, {500, 20'000}, {},
     {10, 15'000}, "ms a request", "Every request waits for so long before anything of it is done.",
     {1, 600'000}},
    {kUnavailable, kExternal, "external.unavailable", true, 300, kPerHour, {100, 20'000}, {}, {},
     "", "Every request is refused, and nothing of it is done."},
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
  static constexpr std::string_view kNames[] = {"process", "machine", "network",
                                                "disk",    "clock",   "external"};
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
