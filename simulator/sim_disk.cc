#include "simulator/sim_disk.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::simulator {

using platform::Random;
using platform::ToAbsl;
namespace {

bool IsBelow(std::string_view path, std::string_view prefix) { return path.starts_with(prefix); }

// What was asked, and what was answered.
uint64_t PayloadOf(const DiskCall& call) {
  uint64_t hash = static_cast<uint64_t>(call.kind);
  const auto mix = [&hash](uint64_t part) {
    hash = FoldMultiply(hash ^ part ^ 0x9e3779b97f4a7c15ULL, 0xe7037ed1a0b428dbULL);
  };
  mix(HashBytes(call.path));
  if (!call.to.empty()) mix(HashBytes(call.to));
  mix(HashBytes(call.data));
  mix(call.offset);
  mix(call.length);
  mix(static_cast<uint64_t>(absl::ToUnixNanos(call.modified)));
  if (!call.status.ok()) {
    mix(static_cast<uint64_t>(call.status.raw_code()));
    mix(HashBytes(platform::ToStd(call.status.message())));
  }
  if (!call.bytes.empty()) mix(HashBytes(call.bytes));
  if (call.kind == SeamCallKind::kStat) {
    mix(call.info.size_bytes);
    mix(static_cast<uint64_t>(absl::ToUnixNanos(call.info.modified)));
    mix(static_cast<uint64_t>(call.info.kind));
  }
  for (const platform::DirectoryEntry& entry : call.entries) {
    mix(HashBytes(entry.name));
    mix(static_cast<uint64_t>(entry.kind));
  }
  return hash;
}

std::string Describe(const DiskCall& call) {
  std::string text = absl::StrCat(ToAbsl(Name(call.kind)), " ", call.path);
  if (!call.to.empty()) absl::StrAppend(&text, " -> ", call.to);
  if (call.kind == SeamCallKind::kRead) {
    absl::StrAppend(&text, " @", call.offset, " +", call.length);
  }
  if (!call.data.empty()) absl::StrAppend(&text, " @", call.offset, " +", call.data.size());
  if (!call.status.ok()) absl::StrAppend(&text, ": ", call.status.ToString());
  return text;
}

class AsSynced final : public LossChoices {
 public:
  size_t Choose(size_t) override { return 0; }
};

class SimFileLock final : public platform::FileLock {
 public:
  SimFileLock(DiskImage::InodePtr inode, LifeId life) : inode_(std::move(inode)), life_(life) {
    inode_->locked_by = life_;
  }
  ~SimFileLock() override {
    if (inode_->locked_by == life_) inode_->locked_by = LifeId(0);
  }

 private:
  const DiskImage::InodePtr inode_;
  const LifeId life_;
};

}  // namespace

SimDisk::SimDisk(Scheduler& scheduler, std::string machine, const MachineClock& clock,
                 const DiskOptions& options)
    : scheduler_(scheduler),
      machine_(std::move(machine)),
      clock_(clock),
      options_(options),
      capacity_bytes_(options.capacity_bytes) {}

void SimDisk::Subscribe(std::vector<std::string> prefixes, DurableChange callback) {
  subscriptions_.push_back({std::move(prefixes), std::move(callback)});
}

void SimDisk::Notify(std::string_view path) {
  if (subscriptions_.empty()) return;
  std::set<std::string> changed;
  const DiskImage::DurableFiles& files = image_.KeptDurableView(changed);
  for (Subscription& subscription : subscriptions_) {
    const auto any = [&](auto concerns) {
      return std::any_of(subscription.prefixes.begin(), subscription.prefixes.end(), concerns);
    };
    for (const std::string& file : changed) {
      if (any([&](std::string_view prefix) { return IsBelow(file, prefix); })) {
        subscription.changed.insert(file);
      }
    }
    if (any([&](std::string_view prefix) {
          return IsBelow(path, prefix) || IsBelow(prefix, path);
        })) {
      subscription.callback({path, files, subscription.changed});
      subscription.changed.clear();
    }
  }
}

void SimDisk::Put(std::string_view path, std::string_view content) {
  std::string above;
  for (size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    const std::string directory(path.substr(0, slash));
    if (!image_.FindDirectory("put", directory).ok()) {
      WT_CHECK(image_.MakeDirectory(directory).ok(), directory);
    }
    image_.SyncDirectory(*image_.FindDirectory("put", above), image_.SyncPoint());
    above = directory;
  }
  const absl::StatusOr<DiskImage::InodePtr> file = image_.OpenOrCreate("put", path);
  WT_CHECK(file.ok(), std::string(file.status().message()));
  SectorFile& sectors = (*file)->file;
  sectors.Truncate(0);
  sectors.Write(0, content);
  sectors.Sync(sectors.SyncPoint());
  (*file)->modified = clock_.Wall(scheduler_.now_ns());
  image_.SyncDirectory(*image_.FindDirectory("put", above), image_.SyncPoint());
  scheduler_.Record(ActorId(0), EventKind::kWorld, HashBytes(path) ^ HashBytes(content), [&] {
    return absl::StrCat("put ", machine_, ":", ToAbsl(path), " +", content.size());
  });
  watches_.NameCame(scheduler_, path);
  Notify(path);
}

absl::StatusOr<std::string> SimDisk::Get(std::string_view path) const {
  WT_ASSIGN_OR_RETURN(const DiskImage::InodePtr inode, image_.Find("get", path));
  return inode->file.content();
}

void SimDisk::Release() {
  stalled_ = false;
  for (DiskCallPtr& call : std::exchange(held_, {})) {
    // A call that a death decided in the meantime is gone.
    if (!call->done) Finish(call);
  }
}

void SimDisk::Heal() {
  SetSlowness(1);
  ResetCapacity();
  SetLying(false);
  SetReadOnly(false);
  away_.clear();
  Release();
}

const Latency& SimDisk::LatencyOf(SeamCallKind kind) const {
  switch (kind) {
    case SeamCallKind::kRead:
      return options_.read;
    case SeamCallKind::kWrite:
    case SeamCallKind::kAppend:
    case SeamCallKind::kTruncate:
      return options_.write;
    case SeamCallKind::kSync:
    case SeamCallKind::kSyncDirectory:
      return options_.sync;
    default:
      return options_.names;
  }
}

void SimDisk::Start(SimNode& node, const DiskCallPtr& call) {
  call->life = node.life();
  call->actor = node.actor();
  call->key = node.key();
  call->made_ns = scheduler_.now_ns();
  const Fault* fault = node.BeginSeamCall(call->kind, call->path);
  call->number = node.seam_calls();
  if (fault != nullptr) call->fault = *fault;
  if (call->kind == SeamCallKind::kSync) call->sync_point = call->inode->file.SyncPoint();
  if (call->kind == SeamCallKind::kSyncDirectory) call->sync_point = image_.SyncPoint();
  in_flight_.push_back(call);

  Random random = scheduler_.random().Fork("disk", {call->key, call->number});
  const Latency& latency = LatencyOf(call->kind);
  const int64_t drawn_ns = latency.DrawNs(random.Fork("latency"));
  // (What takes far longer anyway is slow as the slowest else is, or nobody could wait for it.)
  const int64_t most_ns = absl::ToInt64Nanoseconds(latency.max) * slowness_;
  const int64_t takes_ns = std::max(drawn_ns, std::min(drawn_ns * slowness_, most_ns));
  const EventOf of{call->actor, LifeId(0), EventKind::kDue, call->number};
  // Readers may see a part of an unfinished write.
  if (call->kind == SeamCallKind::kWrite && call->data.size() > 1 && random.OneIn(4)) {
    const uint64_t part = 1 + random.Below(call->data.size() - 1);
    const int64_t early_ns = random.Between(0, takes_ns);
    scheduler_.At(scheduler_.now_ns() + early_ns, of, [call, part] {
      if (call->done || call->fault.has_value()) return;
      call->inode->file.Write(call->offset, std::string_view(call->data).substr(0, part));
    });
  }
  scheduler_.At(scheduler_.now_ns() + takes_ns, of, [this, call] { Due(call); });
}

void SimDisk::Due(const DiskCallPtr& call) {
  if (call->done) return;
  if (stalled_) {
    held_.push_back(call);
  } else {
    Finish(call);
  }
}

void SimDisk::Finish(const DiskCallPtr& call) {
  in_flight_.erase(std::find(in_flight_.begin(), in_flight_.end(), call));
  if (call->abandoned) return Decide(*call);
  call->done = true;
  call->status = Perform(*call);
  scheduler_.Record(call->actor, EventKind::kDisk, PayloadOf(*call),
                    [&] { return TraceText(Describe(*call), call->made_ns); });
  call->waiter->MakeReady();
}

SimDisk::Outcome SimDisk::DrawOutcome(const DiskCall& call) const {
  Random random = scheduler_.random().Fork("in flight", {call.key, call.number});
  return static_cast<Outcome>(random.Below(3));
}

void SimDisk::Decide(DiskCall& call) {
  call.done = true;
  if (call.Befallen(FaultKind::kTornWrite)) return Tear(call);
  Outcome outcome = DrawOutcome(call);
  if (call.kind == SeamCallKind::kLock) outcome = Outcome::kNothing;
  const bool writes = call.kind == SeamCallKind::kWrite || call.kind == SeamCallKind::kAppend;
  if (outcome == Outcome::kPart && writes && !call.data.empty()) {
    Random random = scheduler_.random().Fork("in flight part", {call.key, call.number});
    call.data.resize(random.Below(call.data.size()));
  }
  if (outcome == Outcome::kNothing || (outcome == Outcome::kPart && !writes)) {
    call.status = absl::CancelledError("not done");
  } else {
    call.status = Perform(call);
  }
  scheduler_.Record(call.actor, EventKind::kDisk, PayloadOf(call) + static_cast<uint64_t>(outcome),
                    [&] { return absl::StrCat("unheard: ", Describe(call)); });
}

void SimDisk::OnProcessDeath(LifeId life) {
  std::vector<DiskCallPtr> left;
  for (DiskCallPtr& call : std::exchange(in_flight_, {})) {
    if (call->life == life) {
      Decide(*call);
    } else {
      left.push_back(std::move(call));
    }
  }
  in_flight_ = std::move(left);
  image_.ReleaseLocks(life);
}

void SimDisk::OnPowerLoss(uint64_t nth, Left left) {
  if (left == Left::kSynced) {
    AsSynced choices;
    image_.PowerLoss(choices, "");
  } else {
    image_.PowerLoss(scheduler_.random().Fork("power loss", {platform::StableHash(machine_), nth}));
  }
  Notify("");
}

void SimDisk::Erase() {
  image_.Erase();
  Notify("");
}

absl::Status SimDisk::Error(const DiskCall& call, absl::StatusCode code,
                            std::string_view why) const {
  const bool at_offset = call.kind == SeamCallKind::kRead || call.kind == SeamCallKind::kWrite ||
                         call.kind == SeamCallKind::kAppend;
  return absl::Status(
      code, absl::StrCat(ToAbsl(Name(call.kind)), " ", call.path,
                         at_offset ? absl::StrCat(" at ", call.offset) : "", ": ", ToAbsl(why)));
}

absl::Status SimDisk::Write(DiskCall& call, uint64_t offset) {
  call.offset = offset;
  SectorFile& file = call.inode->file;
  const std::string_view data = call.data;
  const bool fails = call.Befallen(FaultKind::kWriteError);
  const uint64_t end = offset + data.size();
  const int64_t grows = end > file.size() ? static_cast<int64_t>(end - file.size()) : 0;
  const bool full = call.Befallen(FaultKind::kNoSpace) ||
                    (grows > 0 && image_.used_bytes() + grows > capacity_bytes_);
  call.inode->modified = clock_.Wall(scheduler_.now_ns());
  if (!fails && !full) {
    if (call.Befallen(FaultKind::kMisdirectedWrite)) {
      Misdirect(call, *call.fault);
      return absl::OkStatus();
    }
    file.Write(offset, data);
    call.inode->unreadable = false;
    return absl::OkStatus();
  }
  // A failed write may have been done in part.
  Random random = scheduler_.random().Fork("failed write", {call.key, call.number});
  uint64_t part = random.Below(data.size() + 1);
  if (full && grows > 0) {
    const int64_t room = std::max<int64_t>(0, capacity_bytes_ - image_.used_bytes());
    const uint64_t inside = data.size() - static_cast<uint64_t>(grows);
    part = std::min(part, inside + static_cast<uint64_t>(room));
  }
  file.Write(offset, data.substr(0, part));
  return full ? Error(call, absl::StatusCode::kResourceExhausted, kNoSpace)
              : Error(call, absl::StatusCode::kUnavailable, kIoError);
}

absl::Status SimDisk::Sync(DiskCall& call) {
  if (lying_) return absl::OkStatus();
  if (call.kind == SeamCallKind::kSync) {
    DiskImage::Inode& inode = *call.inode;
    const bool full = call.Befallen(FaultKind::kNoSpaceAtSync);
    const bool reverts = call.Befallen(FaultKind::kSyncRevert);
    if (call.Befallen(FaultKind::kUnsyncedFile)) {
      inode.file.FailSync(call.sync_point);
    } else if (full || reverts || call.Befallen(FaultKind::kSyncLoss)) {
      inode.file.FailSync(call.sync_point);
      ++inode.failed_syncs;
      inode.sync_error =
          full ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kUnavailable;
      if (reverts) ForgetLost(call);
    } else {
      inode.file.Sync(call.sync_point);
      Notify(call.path);
    }
    // This handle's failure, or another's.
    if (std::exchange(*call.failures_told, inode.failed_syncs) != inode.failed_syncs) {
      return Error(call, inode.sync_error,
                   inode.sync_error == absl::StatusCode::kResourceExhausted ? kNoSpace : kIoError);
    }
  } else {
    WT_ASSIGN_OR_RETURN(const DiskImage::InodePtr directory,
                        image_.FindDirectory("sync directory", call.path));
    const bool lost = call.Befallen(FaultKind::kNamesLost);
    if (lost) image_.FailSyncDirectory(directory, call.sync_point);
    if (lost || call.Befallen(FaultKind::kDirectorySyncError)) {
      return Error(call, absl::StatusCode::kUnavailable, kIoError);
    }
    image_.SyncDirectory(directory, call.sync_point);
    Notify(call.path);
  }
  return absl::OkStatus();
}

void SimDisk::ForgetLost(const DiskCall& call) {
  if (call.fault->amount <= 0) return call.inode->file.ForgetLost();
  scheduler_.At(
      scheduler_.now_ns() + absl::ToInt64Nanoseconds(absl::Milliseconds(call.fault->amount)),
      {call.actor, LifeId(0), EventKind::kDue, call.number},
      [inode = call.inode] { inode->file.ForgetLost(); });
}

absl::Status SimDisk::List(DiskCall& call) {
  WT_ASSIGN_OR_RETURN(const DiskImage::InodePtr directory, image_.FindDirectory("list", call.path));
  Random random = scheduler_.random().Fork("short listing", {call.key, call.number});
  for (const auto& [name, inode] : directory->entries) {
    const std::string path = call.path.empty() ? name : absl::StrCat(call.path, "/", name);
    const auto away = away_.find(path);
    if (away != away_.end() && away->second == InPlace::kNothing) continue;
    if (call.Befallen(FaultKind::kShortListing) && random.OneIn(2)) continue;
    call.entries.push_back({name, inode->kind});
  }
  ListOddEntries(call);
  return absl::OkStatus();
}

std::optional<absl::Status> SimDisk::FindAway(DiskCall& call) const {
  if (call.inode != nullptr) return std::nullopt;  // it is open
  for (const auto& [directory, in_place] : away_) {
    for (const std::string& path : {call.path, call.to}) {
      const bool itself = path == directory;
      if (!itself && !path.starts_with(directory + "/")) continue;
      if (itself && in_place == InPlace::kEmptyDirectory) {
        if (call.kind == SeamCallKind::kList || call.kind == SeamCallKind::kSyncDirectory) {
          return absl::OkStatus();
        }
        if (call.kind == SeamCallKind::kStat) {
          call.info = {platform::FileKind::kDirectory,
                       0,
                       absl::UnixEpoch(),
                       {.device = HashBytes(machine_), .number = HashBytes(directory)}};
          return absl::OkStatus();
        }
      }
      return Error(call, absl::StatusCode::kNotFound, "no such file or directory");
    }
  }
  return std::nullopt;
}

absl::Status SimDisk::Stat(DiskCall& call) {
  WT_ASSIGN_OR_RETURN(const DiskImage::InodePtr inode, image_.Find("stat", call.path));
  call.info = {inode->kind,
               inode->file.size(),
               inode->modified,
               {.device = HashBytes(machine_), .number = inode->key}};
  return absl::OkStatus();
}

absl::Status SimDisk::Lock(DiskCall& call) {
  WT_ASSIGN_OR_RETURN(const DiskImage::InodePtr inode, image_.OpenOrCreate("lock", call.path));
  if (inode->locked_by != LifeId(0)) {
    return Error(call, absl::StatusCode::kFailedPrecondition, "the lock is held");
  }
  call.lock = std::make_unique<SimFileLock>(inode, call.life);
  return absl::OkStatus();
}

absl::Status SimDisk::Perform(DiskCall& call) {
  if (!away_.empty()) {
    if (const std::optional<absl::Status> away = FindAway(call)) return *away;
  }
  if (!odd_.empty()) {
    if (const std::optional<absl::Status> odd = FindOddEntry(call)) return *odd;
  }
  WT_RETURN_IF_ERROR(Refused(call));
  WT_RETURN_IF_ERROR(Do(call));
  const bool renames = call.kind == SeamCallKind::kRename || call.kind == SeamCallKind::kLink;
  const bool makes =
      call.kind == SeamCallKind::kMakeDirectory ||
      (call.kind == SeamCallKind::kOpen && call.mode == platform::OpenMode::kCreateNew);
  if (renames || makes) watches_.NameCame(scheduler_, renames ? call.to : call.path);
  return absl::OkStatus();
}

absl::Status SimDisk::Do(DiskCall& call) {
  switch (call.kind) {
    case SeamCallKind::kOpen: {
      WT_ASSIGN_OR_RETURN(call.inode, image_.Open(call.path, call.mode));
      if (call.mode == platform::OpenMode::kCreateNew) {
        call.inode->modified = clock_.Wall(scheduler_.now_ns());
      }
      call.failures_told = std::make_shared<uint64_t>(call.inode->failed_syncs);
      return absl::OkStatus();
    }
    case SeamCallKind::kRead:
      if (call.Befallen(FaultKind::kUnreadable)) call.inode->unreadable = true;
      if (call.inode->unreadable) {
        return Error(call, absl::StatusCode::kUnavailable, "the device cannot read the sector");
      }
      if (call.Befallen(FaultKind::kReadError)) {
        return Error(call, absl::StatusCode::kUnavailable, kIoError);
      }
      call.bytes = call.inode->file.Read(call.offset, call.length);
      return absl::OkStatus();
    case SeamCallKind::kWrite:
      return Write(call, call.offset);
    case SeamCallKind::kAppend:
      return Write(call, call.inode->file.size());
    case SeamCallKind::kTruncate:
      call.inode->file.Truncate(call.offset);
      call.inode->modified = clock_.Wall(scheduler_.now_ns());
      return absl::OkStatus();
    case SeamCallKind::kSetModified:
      call.inode->modified = call.modified;
      return absl::OkStatus();
    case SeamCallKind::kSync:
    case SeamCallKind::kSyncDirectory:
      return Sync(call);
    case SeamCallKind::kSize:
      call.offset = call.inode->file.size();
      return absl::OkStatus();
    case SeamCallKind::kRename:
      return image_.Rename(call.path, call.to);
    case SeamCallKind::kLink:
      return image_.Link(call.path, call.to);
    case SeamCallKind::kRemove:
      return image_.Remove(call.path);
    case SeamCallKind::kMakeDirectory:
      return image_.MakeDirectory(call.path);
    case SeamCallKind::kRemoveDirectory:
      return image_.RemoveDirectory(call.path);
    case SeamCallKind::kList:
      return List(call);
    case SeamCallKind::kStat:
      return Stat(call);
    case SeamCallKind::kLock:
      return Lock(call);
    case SeamCallKind::kWatch:
      return image_.FindDirectory("watch", call.path).status();
    default:
      WT_CHECK(false, "not a call on a disk");
  }
}

}  // namespace wavetank::simulator
