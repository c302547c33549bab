// SimNodeDisk and its files: the disk's calls as the node's coroutines see them.
#include <utility>

#include "simulator/sim_disk.h"

namespace wavetank::simulator {
namespace {

using platform::File;
using platform::FileInfo;
using platform::FileLock;
using platform::Task;
using platform::Waiter;

// Starts the call and waits for its end; a call of a dead node is void. Giving up leaves the call
// to a draw.
class Await {
 public:
  Await(SimNode& node, SimDisk& disk, DiskCallPtr call) : disk_(disk), call_(std::move(call)) {
    started_ = !node.dead();
    call_->waiter = &waiter_;
    if (started_) disk_.Start(node, call_);
  }
  Await(const Await&) = delete;
  Await& operator=(const Await&) = delete;
  ~Await() {
    if (started_ && !call_->done) disk_.Abandon(call_);
  }
  bool await_ready() const { return false; }
  template <typename Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) {
    waiter_.Arm(handle.promise().executor(), handle);
  }
  void await_resume() const {}

 private:
  SimDisk& disk_;
  DiskCallPtr call_;
  bool started_;
  Waiter waiter_;
};

DiskCallPtr NewCall(SeamCallKind kind, std::string path) {
  auto call = std::make_shared<DiskCall>();
  call->kind = kind;
  call->path = std::move(path);
  return call;
}

class SimFile final : public File {
 public:
  // As `opened` opened it.
  SimFile(SimNode& node, SimDisk& disk, const DiskCall& opened)
      : node_(node),
        disk_(disk),
        path_(opened.path),
        inode_(opened.inode),
        failures_told_(opened.failures_told),
        writes_(opened.mode != platform::OpenMode::kRead) {}

  Task<absl::StatusOr<std::string>> ReadAt(uint64_t offset, uint64_t length) override {
    const DiskCallPtr call = Call(SeamCallKind::kRead);
    call->offset = offset;
    call->length = length;
    co_await Await(node_, disk_, call);
    if (!call->status.ok()) co_return call->status;
    co_return std::move(call->bytes);
  }
  Task<absl::Status> WriteAt(uint64_t offset, std::string data) override {
    if (!writes_) co_return ReadOnly();
    const DiskCallPtr call = Call(SeamCallKind::kWrite);
    call->offset = offset;
    call->data = std::move(data);
    co_await Await(node_, disk_, call);
    co_return call->status;
  }
  Task<absl::StatusOr<uint64_t>> Append(std::string data) override {
    if (!writes_) co_return ReadOnly();
    const DiskCallPtr call = Call(SeamCallKind::kAppend);
    call->data = std::move(data);
    co_await Await(node_, disk_, call);
    if (!call->status.ok()) co_return call->status;
    co_return call->offset;
  }
  Task<absl::Status> Truncate(uint64_t size_bytes) override {
    if (!writes_) co_return ReadOnly();
    const DiskCallPtr call = Call(SeamCallKind::kTruncate);
    call->offset = size_bytes;
    co_await Await(node_, disk_, call);
    co_return call->status;
  }
  Task<absl::Status> SetModified(absl::Time modified) override {
    if (!writes_) co_return ReadOnly();
    const DiskCallPtr call = Call(SeamCallKind::kSetModified);
    call->modified = modified;
    co_await Await(node_, disk_, call);
    co_return call->status;
  }
  Task<absl::Status> Sync() override {
    const DiskCallPtr call = Call(SeamCallKind::kSync);
    co_await Await(node_, disk_, call);
    co_return call->status;
  }
  Task<absl::StatusOr<uint64_t>> Size() override {
    const DiskCallPtr call = Call(SeamCallKind::kSize);
    co_await Await(node_, disk_, call);
    if (!call->status.ok()) co_return call->status;
    co_return call->offset;
  }

 private:
  DiskCallPtr Call(SeamCallKind kind) const {
    DiskCallPtr call = NewCall(kind, path_);
    call->inode = inode_;
    call->failures_told = failures_told_;
    return call;
  }
  absl::Status ReadOnly() const {
    return absl::FailedPreconditionError(path_ + ": opened for reading only");
  }

  SimNode& node_;
  SimDisk& disk_;
  const std::string path_;
  const DiskImage::InodePtr inode_;
  const std::shared_ptr<uint64_t> failures_told_;
  const bool writes_;
};

}  // namespace

Task<absl::StatusOr<std::unique_ptr<File>>> SimNodeDisk::Open(std::string path,
                                                              platform::OpenMode mode) {
  const DiskCallPtr call = NewCall(SeamCallKind::kOpen, std::move(path));
  call->mode = mode;
  co_await Await(node_, disk_, call);
  if (!call->status.ok()) co_return call->status;
  co_return std::make_unique<SimFile>(node_, disk_, *call);
}

Task<absl::Status> SimNodeDisk::NamesCall(SeamCallKind kind, std::string path, std::string to) {
  const DiskCallPtr call = NewCall(kind, std::move(path));
  call->to = std::move(to);
  co_await Await(node_, disk_, call);
  co_return call->status;
}

Task<absl::Status> SimNodeDisk::Rename(std::string from, std::string to) {
  return NamesCall(SeamCallKind::kRename, std::move(from), std::move(to));
}
Task<absl::Status> SimNodeDisk::Link(std::string from, std::string to) {
  return NamesCall(SeamCallKind::kLink, std::move(from), std::move(to));
}
Task<absl::Status> SimNodeDisk::Remove(std::string path) {
  return NamesCall(SeamCallKind::kRemove, std::move(path), "");
}
Task<absl::Status> SimNodeDisk::MakeDirectory(std::string path) {
  return NamesCall(SeamCallKind::kMakeDirectory, std::move(path), "");
}
Task<absl::Status> SimNodeDisk::RemoveDirectory(std::string path) {
  return NamesCall(SeamCallKind::kRemoveDirectory, std::move(path), "");
}
Task<absl::Status> SimNodeDisk::SyncDirectory(std::string path) {
  return NamesCall(SeamCallKind::kSyncDirectory, std::move(path), "");
}

Task<absl::StatusOr<std::vector<platform::DirectoryEntry>>> SimNodeDisk::List(std::string path) {
  const DiskCallPtr call = NewCall(SeamCallKind::kList, std::move(path));
  co_await Await(node_, disk_, call);
  if (!call->status.ok()) co_return call->status;
  co_return std::move(call->entries);
}

Task<absl::StatusOr<FileInfo>> SimNodeDisk::Stat(std::string path) {
  const DiskCallPtr call = NewCall(SeamCallKind::kStat, std::move(path));
  co_await Await(node_, disk_, call);
  if (!call->status.ok()) co_return call->status;
  co_return call->info;
}

Task<absl::StatusOr<std::unique_ptr<platform::DirectoryWatch>>> SimNodeDisk::Watch(
    std::string path) {
  const DiskCallPtr call = NewCall(SeamCallKind::kWatch, std::move(path));
  co_await Await(node_, disk_, call);
  if (!call->status.ok()) co_return call->status;
  co_return disk_.watches().Add(call->path, call->actor, call->life, call->number);
}

Task<absl::StatusOr<std::unique_ptr<FileLock>>> SimNodeDisk::Lock(std::string path) {
  const DiskCallPtr call = NewCall(SeamCallKind::kLock, std::move(path));
  co_await Await(node_, disk_, call);
  if (!call->status.ok()) co_return call->status;
  co_return std::move(call->lock);
}

}  // namespace wavetank::simulator
