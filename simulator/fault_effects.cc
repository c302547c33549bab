#include "simulator/fault_effects.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "platform/check.h"
#include "platform/text.h"
#include "simulator/external_system.h"
#include "simulator/fault_table.h"
#include "simulator/file_pattern.h"

namespace wavetank::simulator {

bool BefallsCalls(FaultKind kind) { return InfoOf(kind).unit == RateUnit::kPerMillionCalls; }

namespace {

bool AddsNames(SeamCallKind call) {
  return call == SeamCallKind::kOpen || call == SeamCallKind::kRename ||
         call == SeamCallKind::kLink || call == SeamCallKind::kMakeDirectory ||
         call == SeamCallKind::kLock;
}

bool IsOfNames(SeamCallKind call) {
  return AddsNames(call) || call == SeamCallKind::kRemove ||
         call == SeamCallKind::kRemoveDirectory || call == SeamCallKind::kList ||
         call == SeamCallKind::kStat || call == SeamCallKind::kTruncate ||
         call == SeamCallKind::kSetModified || call == SeamCallKind::kWatch;
}

bool IsOfKind(FaultKind kind, SeamCallKind call) {
  switch (kind) {
    case FaultKind::kReset:
    case FaultKind::kHalfOpen:
      return call == SeamCallKind::kSend || call == SeamCallKind::kReceive;
    case FaultKind::kRepeat:
    case FaultKind::kCorruptFrame:
      return call == SeamCallKind::kSend;
    case FaultKind::kConnectFailure:
      return call == SeamCallKind::kConnect;
    case FaultKind::kReadError:
    case FaultKind::kUnreadable:
      return call == SeamCallKind::kRead;
    case FaultKind::kWriteError:
    case FaultKind::kNoSpace:
    case FaultKind::kMisdirectedWrite:
    case FaultKind::kTornWrite:
      return call == SeamCallKind::kWrite || call == SeamCallKind::kAppend;
    case FaultKind::kSyncLoss:
    case FaultKind::kUnsyncedFile:
    case FaultKind::kNoSpaceAtSync:
    case FaultKind::kSyncRevert:
      return call == SeamCallKind::kSync;
    case FaultKind::kDirectorySyncError:
    case FaultKind::kNamesLost:
      return call == SeamCallKind::kSyncDirectory;
    case FaultKind::kNamesError:
    case FaultKind::kAccessDenied:
      return IsOfNames(call);
    case FaultKind::kTooManyFiles:
      return call == SeamCallKind::kOpen || call == SeamCallKind::kList ||
             call == SeamCallKind::kLock || call == SeamCallKind::kSyncDirectory;
    case FaultKind::kNoSpaceForNames:
      return AddsNames(call);
    case FaultKind::kShortListing:
      return call == SeamCallKind::kList;
    default:
      return false;
  }
}

}  // namespace

bool CanBefall(const Fault& fault, const SeamCall& call) {
  if (!IsOfKind(fault.kind, call.kind)) return false;
  if (InfoOf(fault.kind).family == FaultFamily::kNetwork) {
    return fault.peer.empty() || fault.peer == call.peer;
  }
  return fault.files.empty() || MatchesFilePattern(fault.files, call.target);
}

bool IsAtRest(FaultKind kind) {
  return kind == FaultKind::kBitRot || kind == FaultKind::kLostFiles ||
         kind == FaultKind::kBackUp || kind == FaultKind::kRestore ||
         kind == FaultKind::kDirectoryAway || kind == FaultKind::kOddEntry;
}

bool TakesFiles(FaultKind kind) {
  return InfoOf(kind).family == FaultFamily::kDisk && (BefallsCalls(kind) || IsAtRest(kind));
}

bool TakesSeveralMachines(FaultKind kind) {
  return kind == FaultKind::kPowerLossOfSeveral || kind == FaultKind::kCrashOfSeveral;
}

bool TargetsProcess(FaultKind kind) {
  const FaultFamily family = InfoOf(kind).family;
  return family == FaultFamily::kProcess || family == FaultFamily::kExternal;
}

bool NeedsNoCall(const Fault& fault) {
  const bool of_connections = fault.kind == FaultKind::kReset || fault.kind == FaultKind::kHalfOpen;
  return !BefallsCalls(fault.kind) || (of_connections && !fault.peer.empty());
}

namespace {

// Small enough for an event to hold.
std::shared_ptr<const Fault> Copy(const Fault& fault) {
  return std::make_shared<const Fault>(fault);
}

}  // namespace

std::vector<std::string> FaultEffects::Split(const std::string& names) {
  return absl::StrSplit(names, ',');
}

template <typename Action>
void FaultEffects::After(absl::Duration delay, Action action) {
  if (delay == absl::InfiniteDuration()) return;
  const int64_t when_ns = absl::ToInt64Nanoseconds(world_.now() + delay);
  world_.scheduler().FirstAt(when_ns, life_, std::move(action));
}

void FaultEffects::Lasting(std::string what, absl::Duration duration, Change set, Change reset) {
  const uint64_t number = next_lasting_++;
  set();
  lasting_.push_back({number, std::move(what), std::move(set), std::move(reset)});
  After(duration, [this, number] { End(number); });
}

void FaultEffects::End(uint64_t lasting) {
  const auto found = std::ranges::find(lasting_, lasting, &Effect::number);
  if (found == lasting_.end()) return;
  const Effect ended = std::move(*found);
  const auto after = lasting_.erase(found);
  const auto same = [&ended](const Effect& effect) { return effect.what == ended.what; };
  if (std::any_of(after, lasting_.end(), same)) return;
  const auto newest = std::find_if(lasting_.rbegin(), lasting_.rend(), same);
  if (newest != lasting_.rend()) {
    newest->set();
  } else {
    ended.reset();
  }
}

void FaultEffects::RestartAfter(absl::Duration delay, const std::string& process) {
  After(delay, [this, process] {
    SimProcess& newest = world_.process(process);
    if (newest.alive()) return;
    if (newest.machine().on()) {
      world_.Restart(process);
    } else {
      RestartAfter(absl::Milliseconds(100), process);
    }
  });
}

bool FaultEffects::CanApply(const Fault& fault) const {
  switch (InfoOf(fault.kind).family) {
    case FaultFamily::kProcess:
      return world_.HasProcess(fault.target) && world_.process(fault.target).alive();
    case FaultFamily::kNetwork:
      return world_.HasMachine(fault.target) && world_.HasMachine(fault.peer) &&
             fault.target != fault.peer;
    case FaultFamily::kMachine:
      return std::ranges::all_of(Split(fault.target), [&](const std::string& name) {
        return world_.HasMachine(name) && world_.machine(name).on();
      });
    case FaultFamily::kDisk:
      if (!world_.HasMachine(fault.target)) return false;
      if (fault.kind == FaultKind::kRestore) {
        return world_.machine(fault.target).disk().HasBackupOf(fault.files);
      }
      if (fault.kind == FaultKind::kDirectoryAway) {
        const DiskImage& image = world_.machine(fault.target).disk().image();
        return !fault.files.empty() && image.Find("fault", fault.files).ok();
      }
      if (fault.kind == FaultKind::kOddEntry) {
        return world_.machine(fault.target).disk().HasRoomForOddEntry(fault.files);
      }
      return !IsAtRest(fault.kind) || !FilesOf(fault).empty();
    case FaultFamily::kClock:
      return world_.HasMachine(fault.target);
    case FaultFamily::kExternal:
      return world_.FindExternal(fault.target) != nullptr;
  }
  return false;
}

std::vector<std::string> FaultEffects::FilesOf(const Fault& fault) const {
  const DiskImage& image = world_.machine(fault.target).disk().image();
  // A directory, with what is below it.
  const bool is_tree = !fault.files.empty() && image.FindDirectory("fault", fault.files).ok();
  if (fault.kind == FaultKind::kLostFiles && is_tree) return {fault.files};
  std::vector<std::string> files = image.FilesMatching(fault.files.empty() ? "*" : fault.files);
  if (fault.kind != FaultKind::kBitRot) return files;
  std::erase_if(files, [&image](const std::string& path) {
    return (*image.Find("fault", path))->file.durable_size() == 0;
  });
  const auto count = static_cast<int64_t>(files.size());
  const int64_t index = fault.nth > 0 ? fault.nth - 1 : count + fault.nth;
  if (index < 0 || index >= count) return {};
  return {files[static_cast<size_t>(index)]};
}

void FaultEffects::Apply(const Fault& fault) {
  switch (InfoOf(fault.kind).family) {
    case FaultFamily::kProcess:
      return ApplyToProcess(fault);
    case FaultFamily::kMachine:
      return ApplyToMachine(fault);
    case FaultFamily::kNetwork:
      return ApplyToLinks(fault);
    case FaultFamily::kDisk:
      return ApplyToDisk(fault);
    case FaultFamily::kClock:
      return ApplyToClock(fault);
    case FaultFamily::kExternal:
      return ApplyToExternal(fault);
  }
}

void FaultEffects::ApplyToProcess(const Fault& fault) {
  SimProcess& process = world_.process(fault.target);
  switch (fault.kind) {
    case FaultKind::kCrash:
    case FaultKind::kCrashWhileRecovering:
      world_.Crash(process);
      RestartAfter(fault.restart_after, process.name());
      return;
    case FaultKind::kCleanStop:
      // Who is only asked ends by itself: whoever knows the program hears of the fault and asks.
      if (fault.amount > 0) return;
      world_.Stop(process);
      RestartAfter(fault.restart_after, process.name());
      return;
    case FaultKind::kPause:
      PauseFor(fault.duration, process);
      return;
    case FaultKind::kZombie: {
      PauseFor(fault.duration, process);
      After(fault.restart_after, [this, &process, zombie = Copy(fault)] {
        const std::string& home = zombie->peer.empty() ? process.machine_name() : zombie->peer;
        const bool replaced = &world_.process(process.name()) != &process;
        if (!replaced && world_.HasMachine(home) && world_.machine(home).on())
          world_.Start(home, process.spec());
      });
      return;
    }
    case FaultKind::kSlowNode: {
      const auto set = [&process](int64_t factor) {
        for (const auto& node : process.nodes()) node->SetSlowness(factor);
      };
      Lasting(
          absl::StrCat("slow process ", process.label()), fault.duration,
          [set, factor = fault.amount] { set(factor); }, [set] { set(1); });
      return;
    }
    default:
      return;
  }
}

void FaultEffects::PauseFor(absl::Duration duration, SimProcess& process) {
  Lasting(
      absl::StrCat("pause ", process.label()), duration,
      [this, &process] { world_.Pause(process); }, [this, &process] { world_.Resume(process); });
}

void FaultEffects::ApplyToMachine(const Fault& fault) {
  const std::vector<std::string> machines = Split(fault.target);
  std::vector<std::string> ended;
  for (const std::string& name : machines) {
    for (const std::string& process : world_.AliveOn(name)) ended.push_back(process);
  }
  for (const std::string& name : machines) {
    if (fault.kind == FaultKind::kMachineCrash || fault.kind == FaultKind::kCrashOfSeveral) {
      world_.CrashMachine(name);
    } else {
      world_.LosePower(name, fault.kind == FaultKind::kPowerLossAtWorst ? SimDisk::Left::kSynced
                                                                        : SimDisk::Left::kDrawn);
    }
    if (fault.kind == FaultKind::kDiskLoss) world_.LoseDisk(name);
    After(fault.restart_after, [this, name] { world_.PowerOn(name); });
  }
  for (const std::string& process : ended) RestartAfter(fault.restart_after, process);
}

void FaultEffects::ApplyToLinks(const Fault& fault) {
  SimNetwork& network = world_.network();
  const std::string& a = fault.target;
  const std::string& b = fault.peer;
  switch (fault.kind) {
    case FaultKind::kReset:
      network.Reset(a, b);
      return;
    case FaultKind::kHalfOpen:
      network.HalfOpen(a, b, fault.duration);
      return;
    case FaultKind::kSlowLink:
      Lasting(
          absl::StrCat("slow link ", a, " ", b), fault.duration,
          [&network, fault] { network.SetSlowness(fault.target, fault.peer, fault.amount); },
          [&network, fault] { network.SetSlowness(fault.target, fault.peer, 1); });
      return;
    case FaultKind::kBandwidth:
      Lasting(
          absl::StrCat("bandwidth ", a, " ", b), fault.duration,
          [&network, fault] { network.SetBandwidth(fault.target, fault.peer, fault.amount); },
          [&network, fault] {
            network.SetBandwidth(fault.target, fault.peer, SimLink::kUnlimited);
          });
      return;
    case FaultKind::kPartition:
      network.Partition(a, b);
      After(fault.duration, [this, ended = Copy(fault)] {
        world_.network().ReleasePartition(ended->target, ended->peer);
      });
      return;
    case FaultKind::kPartitionOneWay:
    case FaultKind::kClog: {
      const SimNetwork::Block why =
          fault.kind == FaultKind::kClog ? SimNetwork::Block::kClog : SimNetwork::Block::kPartition;
      network.BlockLink(a, b, why);
      After(fault.duration, [this, why, ended = Copy(fault)] {
        world_.network().ReleaseLink(ended->target, ended->peer, why);
      });
      return;
    }
    default:
      return;
  }
}

void FaultEffects::ApplyToDisk(const Fault& fault) {
  if (fault.kind == FaultKind::kTornWrite) return ApplyToMachine(fault);
  SimDisk& disk = world_.machine(fault.target).disk();
  switch (fault.kind) {
    case FaultKind::kNoSpace:
      Lasting(
          absl::StrCat("capacity of ", fault.target), fault.duration,
          [&disk, bytes = disk.image().used_bytes() + fault.amount] { disk.SetCapacity(bytes); },
          [&disk] { disk.ResetCapacity(); });
      return;
    case FaultKind::kReadOnly:
      Lasting(
          absl::StrCat("read-only ", fault.target), fault.duration,
          [&disk] { disk.SetReadOnly(true); }, [&disk] { disk.SetReadOnly(false); });
      return;
    case FaultKind::kLyingSync:
      Lasting(
          absl::StrCat("lying ", fault.target), fault.duration, [&disk] { disk.SetLying(true); },
          [&disk] { disk.SetLying(false); });
      return;
    case FaultKind::kSlowDisk:
      Lasting(
          absl::StrCat("slow disk of ", fault.target), fault.duration,
          [&disk, factor = fault.amount] { disk.SetSlowness(factor); },
          [&disk] { disk.SetSlowness(1); });
      return;
    case FaultKind::kStalledDisk:
      Lasting(
          absl::StrCat("stall ", fault.target), fault.duration, [&disk] { disk.Stall(); },
          [&disk] { disk.Release(); });
      return;
    case FaultKind::kBitRot:
      for (const std::string& path : FilesOf(fault)) disk.Rot(path, fault.amount);
      return;
    case FaultKind::kLostFiles:
      for (const std::string& path : FilesOf(fault)) disk.LoseFile(path);
      return;
    case FaultKind::kBackUp:
      for (const std::string& path : FilesOf(fault)) disk.BackUp(path);
      return;
    case FaultKind::kRestore:
      disk.Restore(fault.files);
      return;
    case FaultKind::kOddEntry:
      disk.PutOddEntry(fault.files, fault.amount == 0 ? SimDisk::OddEntry::kFifo
                                                      : SimDisk::OddEntry::kForbiddenFile);
      return;
    case FaultKind::kDirectoryAway:
      Lasting(
          absl::StrCat("away ", fault.target, ":", fault.files), fault.duration,
          [&disk, fault] {
            disk.TakeAway(fault.files, fault.amount == 0 ? SimDisk::InPlace::kNothing
                                                         : SimDisk::InPlace::kEmptyDirectory);
          },
          [&disk, fault] { disk.BringBack(fault.files); });
      return;
    default:
      return;
  }
}

void FaultEffects::ApplyToExternal(const Fault& fault) {
  ExternalSystem& system = *world_.FindExternal(fault.target);
  if (fault.kind != FaultKind::kThrottled && fault.kind != FaultKind::kUnavailable) {
    return system.Strike(fault);
  }
  Lasting(
      absl::StrCat(platform::ToAbsl(InfoOf(fault.kind).name), " ", fault.target), fault.duration,
      [&system, fault] { system.Strike(fault); }, [&system, fault] { system.End(fault); });
}

void FaultEffects::ApplyToClock(const Fault& fault) {
  Scheduler& scheduler = world_.scheduler();
  MachineClock& clock = world_.machine(fault.target).clock();
  switch (fault.kind) {
    case FaultKind::kSkew:
      clock.JumpWall(absl::Milliseconds(fault.amount));
      return;
    case FaultKind::kClockJump:
      clock.JumpWall(absl::Milliseconds(fault.amount));
      After(fault.duration,
            [&clock, amount = fault.amount] { clock.JumpWall(absl::Milliseconds(-amount)); });
      return;
    case FaultKind::kDrift:
      Lasting(
          absl::StrCat("drift ", fault.target), fault.duration,
          [&clock, &scheduler, drift = fault.amount] { clock.SetDrift(scheduler.now_ns(), drift); },
          [&clock, &scheduler] { clock.ResetDrift(scheduler.now_ns()); });
      return;
    case FaultKind::kTimerJitter:
      Lasting(
          absl::StrCat("jitter ", fault.target), fault.duration,
          [&clock, most = absl::Microseconds(fault.amount)] { clock.SetTimerJitterMax(most); },
          [&clock] { clock.ResetTimerJitterMax(); });
      return;
    default:
      return;
  }
}

}  // namespace wavetank::simulator
