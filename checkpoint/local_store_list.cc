// How a LocalStore shows directories.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/local_store.h"
#include "checkpoint/paths.h"
#include "platform/status_macros.h"

namespace wavetank::checkpoint {
namespace {

// An error of the entry itself, which no repeated call mends and which says nothing of the others.
bool CannotBeLookedAt(const absl::Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsFailedPrecondition(status) ||
         absl::IsInvalidArgument(status);
}

}  // namespace

using platform::DirectoryEntry;
using platform::FileInfo;
using platform::FileKind;

Task<absl::StatusOr<std::vector<StoredFile>>> LocalStore::List(std::string directory) {
  if (!directory.empty()) WT_CO_RETURN_IF_ERROR(CheckPath(directory));
  const std::string listed = OnDisk(directory);
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = co_await node_.disk().List(listed);
  std::vector<StoredFile> files;
  if (absl::IsNotFound(entries.status())) {
    known_.SawNoDirectory(listed);
    co_return files;
  }
  WT_CO_RETURN_IF_ERROR(entries.status());
  known_.SawAll(listed, *entries);
  bool names_durable = true;
  for (const DirectoryEntry& entry : *entries) {
    if (IsTemporary(entry.name)) continue;
    const std::string file = JoinPath(listed, entry.name);
    const StoredFile other{
        .name = entry.name, .kind = FileKind::kOther, .size_bytes = 0, .modified = {}};
    if (entry.kind == FileKind::kOther) {
      files.push_back(other);
      continue;
    }
    const absl::StatusOr<FileInfo> info = co_await node_.disk().Stat(file);
    if (absl::IsNotFound(info.status())) continue;
    if (CannotBeLookedAt(info.status())) {
      files.push_back(other);
      continue;
    }
    WT_CO_RETURN_IF_ERROR(info.status());
    StoredFile shown{.name = entry.name, .kind = info->kind, .size_bytes = 0, .modified = {}};
    if (info->kind == FileKind::kDirectory) {
      names_durable = names_durable && known_.IsDurable(file);
    } else if (info->kind == FileKind::kFile) {
      const absl::StatusOr<std::optional<FileInfo>> durable = co_await SyncListed(file, *info);
      if (CannotBeLookedAt(durable.status())) {
        files.push_back(other);
        continue;
      }
      WT_CO_RETURN_IF_ERROR(durable.status());
      if (!durable->has_value()) continue;
      shown.size_bytes = (*durable)->size_bytes;
      shown.modified = (*durable)->modified;
      names_durable = names_durable && known_[file].name_durable;
    }
    files.push_back(std::move(shown));
  }
  if (!names_durable) {
    WT_CO_RETURN_IF_ERROR(co_await node_.disk().SyncDirectory(listed));
    for (const StoredFile& shown : files) {
      const std::string file = JoinPath(listed, shown.name);
      if (shown.kind == FileKind::kDirectory) {
        known_.SetDurable(file);
      } else if (known_.Contains(file)) {  // else it was removed meanwhile
        known_[file].name_durable = true;
      }
    }
  }
  co_return files;
}

// A name appears with its content, which is durable by then.
Task<absl::StatusOr<std::vector<std::string>>> LocalStore::ListNames(std::string directory) {
  if (!directory.empty()) WT_CO_RETURN_IF_ERROR(CheckPath(directory));
  const std::string listed = OnDisk(directory);
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = co_await node_.disk().List(listed);
  std::vector<std::string> names;
  if (absl::IsNotFound(entries.status())) {
    known_.SawNoDirectory(listed);
    co_return names;
  }
  WT_CO_RETURN_IF_ERROR(entries.status());
  known_.SawAll(listed, *entries);
  bool names_durable = true;
  for (const DirectoryEntry& entry : *entries) {
    if (IsTemporary(entry.name)) continue;
    names.push_back(entry.name);
    const std::string file = JoinPath(listed, entry.name);
    const bool durable =
        entry.kind == FileKind::kDirectory ? known_.IsDurable(file) : known_[file].name_durable;
    names_durable = names_durable && durable;
  }
  if (names_durable) co_return names;
  WT_CO_RETURN_IF_ERROR(co_await node_.disk().SyncDirectory(listed));
  for (const DirectoryEntry& entry : *entries) {
    if (IsTemporary(entry.name)) continue;
    const std::string file = JoinPath(listed, entry.name);
    if (entry.kind == FileKind::kDirectory) {
      known_.SetDurable(file);
    } else if (known_.Contains(file)) {  // else it was removed meanwhile
      known_[file].name_durable = true;
    }
  }
  co_return names;
}

Task<absl::StatusOr<std::string>> LocalStore::Identify(std::string directory) {
  if (!directory.empty()) WT_CO_RETURN_IF_ERROR(CheckPath(directory));
  WT_CO_ASSIGN_OR_RETURN(const FileInfo info, co_await node_.disk().Stat(OnDisk(directory)));
  if (info.kind != FileKind::kDirectory) {
    co_return absl::FailedPreconditionError(absl::StrCat(directory, ": is not a directory"));
  }
  co_return absl::StrCat(absl::Hex(info.id.device), "-", absl::Hex(info.id.number));
}

}  // namespace wavetank::checkpoint
