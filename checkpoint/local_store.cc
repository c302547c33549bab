#include "checkpoint/local_store.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "checkpoint/crc32c.h"
#include "checkpoint/local_temporary.h"
#include "checkpoint/paths.h"
#include "platform/planted.h"
#include "platform/status_macros.h"

namespace wavetank::checkpoint {
namespace {

// Invisible in the store, as a temporary is.
constexpr std::string_view kLockFile = ".tmp-lock";
// Like the lock, in the root; visible.
constexpr char kIdentityFile[] = "_wavetank_store";
constexpr size_t kIdentityBytes = 32;
// What files are compared by, so that a long one is never in memory as a whole.
constexpr uint64_t kPieceBytes = uint64_t{1} << 20;
// Logs that one process, or one store service, appends to at the same time; more open anew.
constexpr size_t kMostTails = 32;

}  // namespace

using platform::DirectoryEntry;
using platform::File;
using platform::FileInfo;
using platform::FileKind;
using platform::OpenMode;

class LocalStore::PathLock {
 public:
  PathLock(LocalStore& store, std::string file) : store_(&store), file_(std::move(file)) {
    store_->locked_.insert(file_);
  }
  PathLock(PathLock&& other) noexcept
      : store_(std::exchange(other.store_, nullptr)), file_(std::move(other.file_)) {}
  PathLock& operator=(PathLock&&) = delete;
  ~PathLock() {
    if (store_ == nullptr) return;
    store_->locked_.erase(file_);
    store_->lock_released_.Set();
  }

 private:
  LocalStore* store_;
  std::string file_;
};

LocalStore::LocalStore(platform::Node& node, std::string root)
    : node_(node), root_(std::move(root)), random_(node.random().Fork("local store")) {}

Task<absl::StatusOr<std::unique_ptr<LocalStore>>> LocalStore::OpenExclusive(platform::Node& node,
                                                                            std::string root) {
  auto store = std::make_unique<LocalStore>(node, std::move(root));
  WT_CO_RETURN_IF_ERROR(co_await store->MakeDirectories(store->root_));
  auto locked = co_await node.disk().Lock(JoinPath(store->root_, kLockFile));
  if (absl::IsFailedPrecondition(locked.status())) {
    co_return absl::FailedPreconditionError(
        absl::StrCat(locked.status().message(),
                     ", a store that serves this root: stop that one, or give each its own"));
  }
  WT_CO_RETURN_IF_ERROR(locked.status());
  store->root_lock_ = *std::move(locked);
  WT_CO_RETURN_IF_ERROR(co_await store->RemoveLeftovers());
  co_return store;
}

Task<absl::StatusOr<std::string>> LocalStore::Identity() {
  if (root_lock_ == nullptr) {
    co_return absl::StrCat("the disk of ", node_.machine(), ", directory \"", root_, "\"");
  }
  absl::StatusOr<std::string> identity = co_await ReadAll(kIdentityFile);
  if (absl::IsNotFound(identity.status())) {
    platform::Random random = node_.random().Fork("store identity");
    const uint64_t high = random.Next();
    const uint64_t low = random.Next();
    std::string made =
        absl::StrCat(absl::Hex(high, absl::kZeroPad16), absl::Hex(low, absl::kZeroPad16));
    WT_CO_RETURN_IF_ERROR(co_await CreateIfAbsent(kIdentityFile, std::move(made)));
    identity = co_await ReadAll(kIdentityFile);
  }
  if (identity.ok() && identity->size() != kIdentityBytes) {
    co_return absl::DataLossError(
        absl::StrCat(OnDisk(kIdentityFile), " does not hold the identity of a store, which is ",
                     kIdentityBytes, " hexadecimal digits: restore it from a copy"));
  }
  co_return identity;
}

Task<LocalStore::PathLock> LocalStore::Lock(std::string file) {
  while (locked_.contains(file)) {
    lock_released_.Reset();
    co_await lock_released_.Wait();
  }
  co_return PathLock(*this, std::move(file));
}

std::string LocalStore::OnDisk(const std::string& path) const { return JoinPath(root_, path); }

Task<absl::Status> LocalStore::CreateIfAbsent(std::string path, std::string content) {
  WT_CO_RETURN_IF_ERROR(CheckPath(path));
  const std::string file = OnDisk(path);
  const std::string directory = ParentPath(file);
  const PathLock lock = co_await Lock(file);
  WT_CO_RETURN_IF_ERROR(co_await MakeDirectories(directory));
  const absl::StatusOr<FileInfo> there = co_await node_.disk().Stat(file);
  absl::Status linked = absl::AlreadyExistsError(absl::StrCat(path, " exists"));
  if (absl::IsNotFound(there.status())) {
    const uint64_t size = content.size();
    co_await RemoveDeadTemporaries(directory);
    absl::StatusOr<Temporary> written = co_await WriteTemporary(directory, std::move(content));
    if (absl::IsNotFound(written.status())) co_return DirectoryIsGone(path);
    WT_CO_RETURN_IF_ERROR(written.status());
    linked = co_await LinkTemporary(*std::move(written), file, size);
  } else if (!there.ok()) {
    co_return there.status();
  }
  co_return co_await AfterLink(file, std::move(linked));
}

absl::Status LocalStore::DirectoryIsGone(const std::string& path) {
  known_.ForgetDirectories();
  return absl::UnavailableError(absl::StrCat(
      "create ", path, ": somebody has removed its directory; it is made anew the next time"));
}

Task<absl::Status> LocalStore::AfterLink(std::string file, absl::Status linked) {
  if (!linked.ok() && !absl::IsAlreadyExists(linked)) co_return linked;
  if (platform::Planted(node_, "acknowledged_before_stored")) co_return linked;
  WT_CO_RETURN_IF_ERROR(co_await SyncName(file));
  co_return linked;
}

Task<absl::Status> LocalStore::Publish(std::string path, Temporary temporary, uint64_t size) {
  const std::string file = OnDisk(path);
  const PathLock lock = co_await Lock(file);
  absl::Status linked = co_await LinkTemporary(std::move(temporary), file, size);
  if (absl::IsNotFound(linked)) co_return DirectoryIsGone(path);
  co_return co_await AfterLink(file, std::move(linked));
}

Task<absl::Status> LocalStore::LinkTemporary(Temporary temporary, std::string file, uint64_t size) {
  const absl::Status linked = co_await node_.disk().Link(temporary.file(), file);
  co_await RemoveTemporary(std::move(temporary));
  if (linked.ok()) known_[file] = KnownFiles::File{.synced_bytes = size};
  co_return linked;
}

Task<absl::Status> LocalStore::Append(std::string path, uint64_t offset, std::string bytes) {
  WT_CO_RETURN_IF_ERROR(CheckPath(path));
  const std::string file = OnDisk(path);
  const PathLock lock = co_await Lock(file);
  WT_CO_RETURN_IF_ERROR(co_await WriteAnewIfDistrusted(file));
  WT_CO_ASSIGN_OR_RETURN(Tail tail, co_await TakeTail(file));
  if (tail.end < offset) {
    co_return absl::FailedPreconditionError(
        absl::StrCat(path, ": cannot append at ", offset, ", the file ends at ", tail.end));
  }
  const uint64_t end = offset + bytes.size();
  // A repeated request finds its bytes there, or the part of them that was written.
  const uint64_t there = std::min(tail.end - offset, uint64_t{bytes.size()});
  if (there > 0) {
    WT_CO_ASSIGN_OR_RETURN(const std::string found, co_await tail.handle->ReadAt(offset, there));
    if (found.size() != there || !absl::StartsWith(bytes, found)) {
      co_return absl::FailedPreconditionError(
          absl::StrCat(path, ": cannot append at ", offset, ", other bytes stand there"));
    }
  }
  known_[file].appended = true;
  const uint32_t checksum = Crc32c(bytes);
  // What another instance wrote may be in memory alone, after a sync that failed and that only it
  // was told of: it is written again, so that the sync is of these bytes.
  const uint64_t durable = std::clamp(known_[file].synced_bytes, offset, offset + there) - offset;
  bytes.erase(0, durable);
  if (platform::Planted(node_, "append_not_synced")) {
    co_return co_await tail.handle->WriteAt(offset + durable, std::move(bytes));
  }
  absl::Status synced;
  if (!bytes.empty()) {
    platform::WriteOutcome outcome =
        co_await tail.handle->WriteAndSync(offset + durable, std::move(bytes));
    WT_CO_RETURN_IF_ERROR(outcome.written);
    tail.end = std::max(tail.end, end);
    synced = std::move(outcome.synced);
  } else if (known_[file].synced_bytes < end) {
    synced = co_await tail.handle->Sync();
  }
  if (synced.ok()) HoldTail(std::move(tail));
  WT_CO_ASSIGN_OR_RETURN(const Content content, co_await AfterSync(file, end, std::move(synced)));
  if (content == Content::kWrittenAnew) {
    WT_CO_RETURN_IF_ERROR(co_await CheckStillThere(file, offset, end, checksum));
  }
  WT_CO_RETURN_IF_ERROR(co_await SyncName(file));
  co_return co_await CheckStillNamed(file, end);
}

Task<absl::Status> LocalStore::CheckStillNamed(std::string file, uint64_t end) {
  const absl::StatusOr<FileInfo> info = co_await node_.disk().Stat(file);
  const bool gone = absl::IsNotFound(info.status());
  if (!gone && !info.ok()) co_return info.status();
  if (!gone && info->size_bytes >= end) co_return absl::OkStatus();
  DropTail(file);
  known_.Forget(file);
  known_.ForgetDirectories();
  co_return absl::DataLossError(
      absl::StrCat(file, " was ", gone ? "removed" : "replaced",
                   " while it was being written: what its writer had in it is lost; restore it "
                   "from a copy, or begin anew with another directory"));
}

// A file is written anew from what a read gives, which after a failed sync may be what was on the
// device before (docs of fsync(2), and of each file system).
Task<absl::Status> LocalStore::CheckStillThere(std::string file, uint64_t offset, uint64_t end,
                                               uint32_t checksum) {
  WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<File> handle,
                         co_await node_.disk().Open(file, OpenMode::kRead));
  WT_CO_ASSIGN_OR_RETURN(const std::string bytes, co_await handle->ReadAt(offset, end - offset));
  if (bytes.size() == end - offset && Crc32c(bytes) == checksum) co_return absl::OkStatus();
  co_return absl::UnavailableError(
      absl::StrCat(file, ": what was appended at ", offset, " was lost with a sync that failed"));
}

Task<absl::StatusOr<std::string>> LocalStore::Read(std::string path, uint64_t offset,
                                                   uint64_t length) {
  WT_CO_RETURN_IF_ERROR(CheckPath(path));
  const std::string file = OnDisk(path);
  const PathLock lock = co_await Lock(file);
  WT_CO_RETURN_IF_ERROR(co_await WriteAnewIfDistrusted(file));
  while (true) {
    const absl::StatusOr<std::unique_ptr<File>> opened =
        co_await node_.disk().Open(file, OpenMode::kRead);
    if (absl::IsNotFound(opened.status())) known_.Forget(file);
    WT_CO_RETURN_IF_ERROR(opened.status());
    File* const handle = opened->get();
    WT_CO_ASSIGN_OR_RETURN(const uint64_t size, co_await handle->Size());
    const uint64_t from = std::min(offset, size);
    WT_CO_ASSIGN_OR_RETURN(std::string bytes,
                           co_await handle->ReadAt(from, std::min(length, size - from)));
    // Synced after it was read: so all that is shown had been written before the sync. All of the
    // file had been: what is read in pieces is synced once.
    if (known_[file].synced_bytes < from + bytes.size()) {
      WT_CO_ASSIGN_OR_RETURN(const Content content, co_await SyncContent(file, *handle, size));
      if (content == Content::kWrittenAnew) continue;
    }
    WT_CO_RETURN_IF_ERROR(co_await SyncName(file));
    co_return bytes;
  }
}

Task<absl::StatusOr<ShownBytes>> LocalStore::ReadShown(std::string path, uint64_t offset,
                                                       uint64_t length) {
  WT_CO_RETURN_IF_ERROR(CheckPath(path));
  const std::string file = OnDisk(path);
  absl::StatusOr<platform::BytesOfFile> read = co_await node_.disk().Read(file, offset, length);
  if (absl::IsNotFound(read.status())) known_.Forget(file);
  WT_CO_RETURN_IF_ERROR(read.status());
  co_return ShownBytes{.file = {.name = NameInPath(path),
                                .kind = read->info.kind,
                                .size_bytes = read->info.size_bytes,
                                .modified = read->info.modified},
                       .bytes = std::move(read->bytes)};
}

Task<absl::StatusOr<std::optional<FileInfo>>> LocalStore::SyncListed(std::string file,
                                                                     std::optional<FileInfo> seen) {
  const PathLock lock = co_await Lock(file);
  bool written_anew = known_.IsDistrusted(file);
  WT_CO_RETURN_IF_ERROR(co_await WriteAnewIfDistrusted(file));
  while (true) {
    if (written_anew) {
      const absl::StatusOr<FileInfo> info = co_await node_.disk().Stat(file);
      if (absl::IsNotFound(info.status())) break;
      WT_CO_RETURN_IF_ERROR(info.status());
      seen = *info;
    }
    if (seen && known_[file].synced_bytes >= seen->size_bytes) co_return *seen;
    platform::SyncOutcome outcome = co_await node_.disk().SyncFile(file);
    if (absl::IsNotFound(outcome.opened)) break;
    WT_CO_RETURN_IF_ERROR(outcome.opened);
    WT_CO_ASSIGN_OR_RETURN(const Content content, co_await AfterSync(file, outcome.info.size_bytes,
                                                                     std::move(outcome.synced)));
    if (content == Content::kAsItWas) co_return outcome.info;
    written_anew = true;
  }
  known_.Forget(file);
  co_return std::nullopt;
}

Task<absl::Status> LocalStore::Link(std::string from, std::string to) {
  // Whoever reads `to` may rely on its content at once.
  WT_CO_ASSIGN_OR_RETURN(const uint64_t size, co_await MakeDurable(from));
  WT_CO_RETURN_IF_ERROR(CheckPath(to));
  const std::string file = OnDisk(to);
  const std::string directory = ParentPath(file);
  absl::Status linked;
  {
    const PathLock lock = co_await Lock(file);
    WT_CO_RETURN_IF_ERROR(co_await MakeDirectories(directory));
    linked = co_await node_.disk().Link(OnDisk(from), file);
    if (absl::IsNotFound(linked)) co_return DirectoryIsGone(to);
    if (linked.ok()) {
      WT_CO_RETURN_IF_ERROR(co_await node_.disk().SyncDirectory(directory));
      known_[file] = KnownFiles::File{.name_durable = true, .synced_bytes = size};
    }
  }
  if (!absl::IsAlreadyExists(linked)) co_return linked;
  for (uint64_t at = 0;; at += kPieceBytes) {
    WT_CO_ASSIGN_OR_RETURN(const std::string content, co_await Read(from, at, kPieceBytes));
    WT_CO_ASSIGN_OR_RETURN(const std::string found, co_await Read(to, at, kPieceBytes));
    if (found != content) co_return linked;
    if (content.size() < kPieceBytes) co_return absl::OkStatus();
  }
}

Task<absl::StatusOr<uint64_t>> LocalStore::MakeDurable(std::string path) {
  WT_CO_RETURN_IF_ERROR(CheckPath(path));
  const std::string file = OnDisk(path);
  const PathLock lock = co_await Lock(file);
  WT_CO_RETURN_IF_ERROR(co_await WriteAnewIfDistrusted(file));
  while (true) {
    WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<File> handle,
                           co_await node_.disk().Open(file, OpenMode::kRead));
    WT_CO_ASSIGN_OR_RETURN(const uint64_t size, co_await handle->Size());
    WT_CO_ASSIGN_OR_RETURN(const Content content, co_await SyncContent(file, *handle, size));
    if (content == Content::kWrittenAnew) continue;
    WT_CO_RETURN_IF_ERROR(co_await SyncName(file));
    co_return size;
  }
}

Task<absl::Status> LocalStore::Remove(std::string path) { return RemoveAll({std::move(path)}); }

Task<absl::Status> LocalStore::RemoveAll(std::vector<std::string> paths) {
  for (const std::string& path : paths) WT_CO_RETURN_IF_ERROR(CheckPath(path));
  std::set<std::string> directories;
  for (const std::string& path : paths) {
    const std::string file = OnDisk(path);
    const PathLock lock = co_await Lock(file);
    DropTail(file);
    const absl::Status removed = co_await node_.disk().Remove(file);
    if (!removed.ok() && !absl::IsNotFound(removed)) co_return removed;
    known_.Forget(file);
    directories.insert(ParentPath(file));
  }
  // Even if all were gone: an earlier request may have failed before its sync.
  for (const std::string& directory : directories) {
    const absl::Status synced = co_await node_.disk().SyncDirectory(directory);
    if (!synced.ok() && !absl::IsNotFound(synced)) co_return synced;
  }
  co_return absl::OkStatus();
}

Task<absl::Status> LocalStore::MakeDirectories(std::string directory) {
  if (known_.IsDurable(directory)) co_return absl::OkStatus();
  const std::string parent = ParentPath(directory);
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = co_await node_.disk().List(directory);
  if (absl::IsNotFound(entries.status())) {
    WT_CO_RETURN_IF_ERROR(co_await MakeDirectories(parent));
    const absl::Status made = co_await node_.disk().MakeDirectory(directory);
    if (!made.ok() && !absl::IsAlreadyExists(made)) co_return made;
  }
  // Something is in it, so its name was durable before that was made.
  const bool in_use = entries.ok() && !entries->empty();
  if (platform::Planted(node_, "directory_not_synced")) co_return absl::OkStatus();
  if (!in_use) WT_CO_RETURN_IF_ERROR(co_await node_.disk().SyncDirectory(parent));
  known_.SetDurable(directory);
  co_return absl::OkStatus();
}

Task<absl::StatusOr<LocalStore::Content>> LocalStore::SyncContent(std::string file, File& handle,
                                                                  uint64_t length) {
  if (known_[file].synced_bytes >= length) co_return Content::kAsItWas;
  absl::Status synced = co_await handle.Sync();
  co_return co_await AfterSync(file, length, std::move(synced));
}

Task<absl::StatusOr<LocalStore::Content>> LocalStore::AfterSync(std::string file, uint64_t length,
                                                                absl::Status synced) {
  KnownFiles::File& known = known_[file];
  if (synced.ok()) {
    known.synced_bytes = std::max(known.synced_bytes, length);
    co_return Content::kAsItWas;
  }
  known.distrusted = root_lock_ != nullptr || known.appended;
  if (!known.distrusted) co_return synced;
  WT_CO_RETURN_IF_ERROR(co_await WriteAnew(file));
  co_return Content::kWrittenAnew;
}

Task<absl::Status> LocalStore::SyncName(std::string file) {
  if (known_[file].name_durable) co_return absl::OkStatus();
  WT_CO_RETURN_IF_ERROR(co_await node_.disk().SyncDirectory(ParentPath(file)));
  known_[file].name_durable = true;
  co_return absl::OkStatus();
}

Task<absl::Status> LocalStore::WriteAnewIfDistrusted(std::string file) {
  if (!known_.IsDistrusted(file)) co_return absl::OkStatus();
  co_return co_await WriteAnew(file);
}

Task<absl::StatusOr<LocalStore::Tail>> LocalStore::TakeTail(std::string file) {
  const auto held = std::ranges::find(tails_, file, &Tail::file);
  if (held != tails_.end()) {
    Tail tail = std::move(*held);
    tails_.erase(held);
    co_return tail;
  }
  WT_CO_ASSIGN_OR_RETURN(std::unique_ptr<File> handle,
                         co_await node_.disk().Open(file, OpenMode::kWrite));
  WT_CO_ASSIGN_OR_RETURN(const uint64_t end, co_await handle->Size());
  co_return Tail{.file = std::move(file), .handle = std::move(handle), .end = end};
}

void LocalStore::HoldTail(Tail tail) {
  if (tails_.size() == kMostTails) tails_.erase(tails_.begin());
  tails_.push_back(std::move(tail));
}

void LocalStore::DropTail(const std::string& file) {
  std::erase_if(tails_, [&file](const Tail& tail) { return tail.file == file; });
}

Task<absl::Status> LocalStore::WriteAnew(std::string file) {
  DropTail(file);  // it is the old file's
  WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<File> handle,
                         co_await node_.disk().Open(file, OpenMode::kRead));
  WT_CO_ASSIGN_OR_RETURN(const uint64_t size, co_await handle->Size());
  WT_CO_ASSIGN_OR_RETURN(std::string content, co_await handle->ReadAt(0, size));
  WT_CO_ASSIGN_OR_RETURN(const platform::FileInfo info, co_await node_.disk().Stat(file));
  const uint64_t read = content.size();
  const std::string directory = ParentPath(file);
  WT_CO_ASSIGN_OR_RETURN(Temporary temporary,
                         co_await WriteTemporary(directory, std::move(content), info.modified));
  WT_CO_RETURN_IF_ERROR(co_await node_.disk().Rename(temporary.file(), file));
  temporary.Forget();
  WT_CO_RETURN_IF_ERROR(co_await node_.disk().SyncDirectory(directory));
  known_[file] = KnownFiles::File{.name_durable = true,
                                  .appended = known_[file].appended,
                                  .distrusted = false,
                                  .synced_bytes = read};
  co_return absl::OkStatus();
}

}  // namespace wavetank::checkpoint
