// The files of a LocalStore that are not whole yet: how one is written beside the file that it is
// to be, and how those that a dead store has left are found and removed.
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkpoint/local_store.h"
#include "checkpoint/local_temporary.h"
#include "checkpoint/paths.h"
#include "platform/planted.h"
#include "platform/status_macros.h"

namespace wavetank::checkpoint {

using platform::DirectoryEntry;
using platform::File;
using platform::FileKind;
using platform::OpenMode;

namespace {

// Such a name as TemporaryName gives: others' are left alone.
bool IsOfAStore(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return name.size() == TemporaryName(0).size() && IsTemporary(name) &&
         name.find_first_not_of(kDigits, name.size() - 16) == std::string_view::npos;
}

}  // namespace

Task<void> LocalStore::RemoveDeadTemporaries(std::string directory) {
  if (root_lock_ != nullptr || known_.SetTidied(directory)) co_return;
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = co_await node_.disk().List(directory);
  if (!entries.ok()) co_return;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.kind != FileKind::kFile || !IsOfAStore(entry.name)) continue;
    const std::string temporary = JoinPath(directory, entry.name);
    const absl::StatusOr<std::unique_ptr<platform::FileLock>> dead =
        co_await node_.disk().Lock(temporary);
    // What cannot be removed now is found again by the next store.
    if (dead.ok()) (co_await node_.disk().Remove(temporary)).IgnoreError();
  }
}

Task<void> LocalStore::RemoveTemporary(Temporary temporary) {
  if (!temporary.is_there()) co_return;
  (co_await node_.disk().Remove(temporary.file())).IgnoreError();
  temporary.Forget();
}

Task<void> LocalStore::RemoveAbandoned() {
  const std::vector<std::string> abandoned = std::exchange(*abandoned_, {});
  for (const std::string& file : abandoned) {
    (co_await node_.disk().Remove(file)).IgnoreError();
  }
}

Task<absl::Status> LocalStore::RemoveLeftovers() {
  std::vector<std::string> directories = {root_};
  while (!directories.empty()) {
    const std::string directory = std::move(directories.back());
    directories.pop_back();
    const absl::StatusOr<std::vector<DirectoryEntry>> entries =
        co_await node_.disk().List(directory);
    if (absl::IsNotFound(entries.status())) continue;
    WT_CO_RETURN_IF_ERROR(entries.status());
    for (const DirectoryEntry& entry : *entries) {
      const std::string path = JoinPath(directory, entry.name);
      if (entry.kind == FileKind::kDirectory) {
        directories.push_back(path);
      } else if (IsOfAStore(entry.name)) {
        WT_CO_RETURN_IF_ERROR(co_await node_.disk().Remove(path));
      }
    }
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<LocalStore::OpenTemporary>> LocalStore::MakeTemporary(std::string directory) {
  co_await RemoveAbandoned();
  while (true) {
    const uint64_t number = random_.Next();
    const std::string name = JoinPath(directory, TemporaryName(number));
    // A lock makes the file. Another store may hold it, or may just have removed what it took for a
    // dead one's; and who died here drew the same number.
    const bool shared = root_lock_ == nullptr;
    Temporary temporary(abandoned_, name);
    if (shared) {
      auto locked = co_await node_.disk().Lock(name);
      if (absl::IsFailedPrecondition(locked.status())) {
        temporary.Forget();
        continue;
      }
      WT_CO_RETURN_IF_ERROR(locked.status());
      temporary.Hold(*std::move(locked));
    }
    absl::StatusOr<std::unique_ptr<File>> handle =
        co_await node_.disk().Open(name, shared ? OpenMode::kWrite : OpenMode::kCreateNew);
    // Not found: another store removed it, or somebody the directory.
    if (absl::IsAlreadyExists(handle.status()) || (shared && absl::IsNotFound(handle.status()))) {
      temporary.Forget();
      continue;
    }
    WT_CO_RETURN_IF_ERROR(handle.status());
    WT_CO_ASSIGN_OR_RETURN(const uint64_t stale_bytes, co_await (*handle)->Size());
    if (stale_bytes > 0) {
      temporary.Forget();
      continue;
    }
    co_return OpenTemporary{.at = std::move(temporary), .handle = *std::move(handle)};
  }
}

Task<absl::StatusOr<LocalStore::Temporary>> LocalStore::WriteTemporary(
    std::string directory, std::string content, std::optional<absl::Time> modified) {
  WT_CO_ASSIGN_OR_RETURN(OpenTemporary temporary, co_await MakeTemporary(std::move(directory)));
  absl::Status written = co_await temporary.handle->WriteAt(0, std::move(content));
  if (written.ok() && platform::Planted(node_, "file_named_before_synced")) {
    co_return std::move(temporary.at);
  }
  if (written.ok() && modified) written = co_await temporary.handle->SetModified(*modified);
  if (written.ok()) written = co_await temporary.handle->Sync();
  if (written.ok()) co_return std::move(temporary.at);
  co_await RemoveTemporary(std::move(temporary.at));
  co_return written;
}

// Written as the parts come, and synced every so many bytes, so that what is left to do for the
// last of them does not take longer than its caller waits.
class LocalStore::Staged final : public StagedFile {
 public:
  Staged(LocalStore& store, std::string path, OpenTemporary temporary)
      : store_(store),
        path_(std::move(path)),
        temporary_(std::move(temporary.at)),
        file_(std::move(temporary.handle)) {}

  Task<absl::Status> Append(std::string bytes) override {
    const uint64_t end = size_ + bytes.size();
    if (end - synced_ < kStagedSyncBytes) {
      WT_CO_RETURN_IF_ERROR(co_await file_->WriteAt(size_, std::move(bytes)));
    } else {
      const platform::WriteOutcome outcome = co_await file_->WriteAndSync(size_, std::move(bytes));
      WT_CO_RETURN_IF_ERROR(outcome.written);
      WT_CO_RETURN_IF_ERROR(outcome.synced);
      synced_ = end;
    }
    size_ = end;
    co_return absl::OkStatus();
  }
  Task<absl::Status> Publish() override {
    const absl::Status synced = co_await file_->Sync();
    if (!synced.ok()) {
      co_await Discard();
      co_return synced;
    }
    file_ = nullptr;
    co_return co_await store_.Publish(path_, std::move(temporary_), size_);
  }
  Task<void> Discard() override {
    file_ = nullptr;
    co_await store_.RemoveTemporary(std::move(temporary_));
  }

 private:
  static constexpr uint64_t kStagedSyncBytes = uint64_t{8} << 20;

  LocalStore& store_;
  const std::string path_;
  Temporary temporary_;
  std::unique_ptr<File> file_;
  uint64_t size_ = 0;
  uint64_t synced_ = 0;
};

Task<absl::StatusOr<std::unique_ptr<StagedFile>>> LocalStore::Stage(std::string path) {
  WT_CO_RETURN_IF_ERROR(CheckPath(path));
  const std::string directory = ParentPath(OnDisk(path));
  WT_CO_RETURN_IF_ERROR(co_await MakeDirectories(directory));
  co_await RemoveDeadTemporaries(directory);
  absl::StatusOr<OpenTemporary> temporary = co_await MakeTemporary(directory);
  if (absl::IsNotFound(temporary.status())) co_return DirectoryIsGone(path);
  WT_CO_RETURN_IF_ERROR(temporary.status());
  co_return std::make_unique<Staged>(*this, std::move(path), *std::move(temporary));
}

}  // namespace wavetank::checkpoint
