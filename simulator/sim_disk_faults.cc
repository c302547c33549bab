// What faults do to calls on a disk and to its files.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/random.h"
#include "simulator/file_pattern.h"
#include "simulator/sim_disk.h"

namespace wavetank::simulator {

using platform::Random;

namespace {

// `position` modulo `size`, never negative.
uint64_t Wrapped(int64_t position, uint64_t size) {
  const auto whole = static_cast<int64_t>(size);
  return static_cast<uint64_t>((position % whole + whole) % whole);
}

// What a disk that is read-only refuses.
bool Changes(const DiskCall& call) {
  switch (call.kind) {
    case SeamCallKind::kOpen:
      return call.mode != platform::OpenMode::kRead;
    case SeamCallKind::kWrite:
    case SeamCallKind::kAppend:
    case SeamCallKind::kTruncate:
    case SeamCallKind::kSetModified:
    case SeamCallKind::kRename:
    case SeamCallKind::kLink:
    case SeamCallKind::kRemove:
    case SeamCallKind::kMakeDirectory:
    case SeamCallKind::kRemoveDirectory:
    case SeamCallKind::kLock:
      return true;
    default:
      return false;
  }
}

}  // namespace

// The power goes next: what is here is synced first. What the file had elsewhere keeps whole
// sectors.
void SimDisk::Tear(DiskCall& call) {
  SectorFile& file = call.inode->file;
  const uint64_t offset = call.kind == SeamCallKind::kAppend ? file.size() : call.offset;
  uint64_t part = Wrapped(call.fault->amount, call.data.size() + 1);
  if (offset < file.size()) part = part < call.data.size() ? 0 : part;
  file.Write(offset, std::string_view(call.data).substr(0, part));
  file.Sync(file.SyncPoint());
  call.status = absl::CancelledError(absl::StrCat("torn after ", part, " bytes"));
  scheduler_.Record(call.actor, EventKind::kDisk, HashBytes(call.path) + part,
                    [&] { return absl::StrCat("torn: ", call.path, " after ", part, " bytes"); });
}

// The file has the size that the write gives it, and keeps its bytes; new space is zeros. What was
// to go there lands on bytes that are durable, wherever the device puts it: no sync, no name and no
// size changes with it.
void SimDisk::Misdirect(const DiskCall& call, const Fault& fault) {
  SectorFile& file = call.inode->file;
  std::string kept = file.Read(call.offset, call.data.size());
  kept.resize(call.data.size());
  file.Write(call.offset, kept);
  DiskImage::InodePtr taken = call.inode;
  std::string path = call.path;
  if (!fault.peer.empty()) {
    const std::vector<std::string> others = image_.FilesMatching(fault.peer);
    if (others.empty()) return;
    path = others.front();
    taken = *image_.Find("misdirect", path);
  }
  if (taken->file.durable_size() == 0) return;
  taken->file.Damage(
      Wrapped(static_cast<int64_t>(call.offset) + fault.amount, taken->file.durable_size()),
      call.data);
  Notify(path);
}

void SimDisk::Rot(const std::string& path, int64_t bit) {
  const absl::StatusOr<DiskImage::InodePtr> inode = image_.Find("rot", path);
  WT_CHECK(inode.ok() && (*inode)->file.durable_size() > 0);
  SectorFile& file = (*inode)->file;
  const uint64_t at = Wrapped(bit, 8 * file.durable_size());
  const auto turned = static_cast<char>(file.durable()[at / 8] ^ (1 << (at % 8)));
  file.Damage(at / 8, std::string_view(&turned, 1));
  Notify(path);
}

bool SimDisk::HasRoomForOddEntry(const std::string& path) const {
  const size_t slash = path.rfind('/');
  const std::string above = slash == std::string::npos ? "" : path.substr(0, slash);
  return image_.FindDirectory("look", above).ok() && !image_.Find("look", path).ok();
}

// In the order of names, as all that is listed.
void SimDisk::ListOddEntries(DiskCall& call) const {
  for (const auto& [path, odd] : odd_) {
    const size_t slash = path.rfind('/');
    if (call.path != (slash == std::string::npos ? "" : path.substr(0, slash))) continue;
    const platform::DirectoryEntry entry{path.substr(slash + 1), odd == OddEntry::kFifo
                                                                     ? platform::FileKind::kOther
                                                                     : platform::FileKind::kFile};
    const auto after = std::find_if(
        call.entries.begin(), call.entries.end(),
        [&](const platform::DirectoryEntry& other) { return other.name > entry.name; });
    call.entries.insert(after, entry);
  }
}

std::optional<absl::Status> SimDisk::FindOddEntry(DiskCall& call) const {
  const auto odd = odd_.find(call.path);
  if (odd == odd_.end() || call.inode != nullptr) return std::nullopt;
  const bool fifo = odd->second == OddEntry::kFifo;
  if (call.kind == SeamCallKind::kStat) {
    call.info = {fifo ? platform::FileKind::kOther : platform::FileKind::kFile,
                 fifo ? 0u : kSectorBytes,
                 absl::UnixEpoch(),
                 {.device = HashBytes(machine_), .number = HashBytes(call.path)}};
    return absl::OkStatus();
  }
  return fifo ? Error(call, absl::StatusCode::kFailedPrecondition, "is no file")
              : Error(call, absl::StatusCode::kPermissionDenied, "permission denied");
}

void SimDisk::LoseFile(const std::string& path) {
  image_.Lose(path);
  Notify(path);
}

void SimDisk::BackUp(const std::string& path) {
  const absl::StatusOr<std::string> content = Get(path);
  WT_CHECK(content.ok());
  backup_[path] = *content;
}

void SimDisk::Restore(std::string_view pattern) {
  for (const std::string& path : image_.FilesMatching(pattern)) {
    if (!backup_.contains(path)) LoseFile(path);
  }
  for (const auto& [path, content] : backup_) {
    if (MatchesFilePattern(pattern, path)) Put(path, content);
  }
}

bool SimDisk::HasBackupOf(std::string_view pattern) const {
  return std::any_of(backup_.begin(), backup_.end(), [pattern](const auto& entry) {
    return MatchesFilePattern(pattern, entry.first);
  });
}

bool SimDisk::FailsForItsNames(const DiskCall& call) const {
  const auto there = [this](const std::string& path) { return image_.Find("look", path).ok(); };
  switch (call.kind) {
    case SeamCallKind::kOpen:
      return there(call.path) == (call.mode == platform::OpenMode::kCreateNew);
    case SeamCallKind::kMakeDirectory:
      return there(call.path);
    case SeamCallKind::kLink:
      return !there(call.path) || there(call.to);
    case SeamCallKind::kRename:
    case SeamCallKind::kRemove:
    case SeamCallKind::kRemoveDirectory:
    case SeamCallKind::kList:
    case SeamCallKind::kStat:
    case SeamCallKind::kSyncDirectory:
    case SeamCallKind::kWatch:
      return !there(call.path);
    default:
      return false;
  }
}

absl::Status SimDisk::Refused(DiskCall& call) {
  const bool changes = Changes(call);
  if (call.fault.has_value() && !FailsForItsNames(call)) {
    switch (call.fault->kind) {
      case FaultKind::kTooManyFiles:
        return Error(call, absl::StatusCode::kUnavailable, "too many open files");
      case FaultKind::kAccessDenied:
        return Error(call, absl::StatusCode::kPermissionDenied, "permission denied");
      case FaultKind::kNoSpaceForNames:
        // What is there needs no new name.
        if (call.kind == SeamCallKind::kOpen && call.mode != platform::OpenMode::kCreateNew) break;
        if (call.kind == SeamCallKind::kLock && image_.Find("look", call.path).ok()) break;
        return Error(call, absl::StatusCode::kResourceExhausted, kNoSpace);
      case FaultKind::kNamesError: {
        Random random = scheduler_.random().Fork("names error", {call.key, call.number});
        if (changes && call.kind != SeamCallKind::kLock && random.OneIn(4)) Do(call).IgnoreError();
        return Error(call, absl::StatusCode::kUnavailable, kIoError);
      }
      default:
        break;
    }
  }
  if (read_only_ && changes && !FailsForItsNames(call)) {
    return Error(call, absl::StatusCode::kUnavailable, "read-only file system");
  }
  return absl::OkStatus();
}

}  // namespace wavetank::simulator
