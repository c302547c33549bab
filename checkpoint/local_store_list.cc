// How a LocalStore shows directories.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/local_store.h"
#include "checkpoint/paths.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"

namespace wavetank::checkpoint {
namespace {

// An error of the entry itself, which no repeated call mends and which says nothing of the others.
bool CannotBeLookedAt(const absl::Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsFailedPrecondition(status) ||
         absl::IsInvalidArgument(status);
}

// Some entries of a listing, and their files.
struct Together {
  std::vector<size_t> entries;
  std::vector<std::string> files;
};

// Of the files from `begin` to `end`. All outlive the task.
Task<void> SyncSome(platform::Disk& disk, const std::vector<std::string>& files, size_t begin,
                    size_t end, std::vector<platform::SyncOutcome>& outcomes) {
  const auto at = [](auto& of, size_t i) { return of.begin() + static_cast<std::ptrdiff_t>(i); };
  std::vector<platform::SyncOutcome> synced =
      co_await disk.SyncFiles(std::vector<std::string>(at(files, begin), at(files, end)));
  std::ranges::move(synced, at(outcomes, begin));
}

}  // namespace

using platform::DirectoryEntry;
using platform::FileInfo;
using platform::FileKind;

// What List knows of the entries of a directory while some are looked at at once: a disk syncs
// several files in hardly more time than one.
struct LocalStore::Listing {
  static constexpr size_t kAtOnce = 16;
  // From so many on, files are looked at in one call.
  static constexpr size_t kTogether = 64;

  std::string directory;  // on the disk
  std::vector<DirectoryEntry> entries;
  std::vector<std::optional<FileInfo>> seen;  // by entry, of those that were looked at together
  size_t next = 0;
  std::vector<std::optional<StoredFile>> shown;  // by entry; unset: it is gone
  bool names_durable = true;
  absl::Status status;
};

Task<absl::StatusOr<std::vector<StoredFile>>> LocalStore::List(std::string directory) {
  if (!directory.empty()) WT_CO_RETURN_IF_ERROR(CheckPath(directory));
  Listing listing;
  listing.directory = OnDisk(directory);
  absl::StatusOr<std::vector<DirectoryEntry>> entries =
      co_await node_.disk().List(listing.directory);
  std::vector<StoredFile> files;
  if (absl::IsNotFound(entries.status())) {
    known_.SawNoDirectory(listing.directory);
    co_return files;
  }
  WT_CO_RETURN_IF_ERROR(entries.status());
  known_.SawAll(listing.directory, *entries);
  std::erase_if(*entries, [](const DirectoryEntry& entry) { return IsTemporary(entry.name); });
  listing.entries = *std::move(entries);
  listing.shown.resize(listing.entries.size());
  listing.seen.resize(listing.entries.size());
  co_await LookTogether(listing);
  platform::TaskScope scope(node_.executor());
  for (size_t i = 1; i < std::min(Listing::kAtOnce, listing.entries.size()); ++i) {
    scope.Spawn("look at entries", LookAtEntries(listing));
  }
  co_await LookAtEntries(listing);
  co_await scope.Join();
  WT_CO_RETURN_IF_ERROR(listing.status);
  for (std::optional<StoredFile>& file : listing.shown) {
    if (file) files.push_back(*std::move(file));
  }
  if (!listing.names_durable) {
    WT_CO_RETURN_IF_ERROR(co_await node_.disk().SyncDirectory(listing.directory));
    for (const StoredFile& shown : files) {
      const std::string file = JoinPath(listing.directory, shown.name);
      if (shown.kind == FileKind::kDirectory) {
        known_.SetDurable(file);
      } else if (known_.Contains(file)) {  // else it was removed meanwhile
        known_[file].name_durable = true;
      }
    }
  }
  co_return files;
}

// Those for which it goes wrong are asked one by one afterwards, and say why.
Task<void> LocalStore::LookTogether(Listing& listing) {
  Together unknown;
  Together known;
  for (size_t i = 0; i < listing.entries.size(); ++i) {
    const DirectoryEntry& entry = listing.entries[i];
    std::string file = JoinPath(listing.directory, entry.name);
    if (entry.kind != FileKind::kFile || known_.IsDistrusted(file)) continue;
    Together& among = known_.IsSynced(file) ? known : unknown;
    among.entries.push_back(i);
    among.files.push_back(std::move(file));
  }
  if (known.files.size() >= Listing::kTogether) {
    const auto infos = co_await node_.disk().StatFiles(known.files);
    for (size_t i = 0; i < infos.size(); ++i) {
      const bool is_file = infos[i].ok() && infos[i]->kind == FileKind::kFile;
      if (is_file) listing.seen[known.entries[i]] = *infos[i];
    }
  }
  if (unknown.files.size() < Listing::kTogether) co_return;
  std::vector<platform::SyncOutcome> outcomes(unknown.files.size());
  {
    platform::TaskScope scope(node_.executor());
    const size_t calls = std::min(Listing::kAtOnce, outcomes.size() / Listing::kTogether);
    for (size_t i = 0; i < calls; ++i) {
      scope.Spawn("sync entries", SyncSome(node_.disk(), unknown.files, outcomes.size() * i / calls,
                                           outcomes.size() * (i + 1) / calls, outcomes));
    }
    co_await scope.Join();
  }
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i].opened.ok() || !outcomes[i].synced.ok()) continue;
    uint64_t& synced = known_[unknown.files[i]].synced_bytes;
    synced = std::max(synced, outcomes[i].info.size_bytes);
    listing.seen[unknown.entries[i]] = outcomes[i].info;
  }
}

Task<void> LocalStore::LookAtEntries(Listing& listing) {
  while (listing.status.ok() && listing.next < listing.entries.size()) {
    const size_t at = listing.next++;
    const DirectoryEntry& entry = listing.entries[at];
    const std::string file = JoinPath(listing.directory, entry.name);
    auto shown = listing.seen[at] ? co_await LookAtFile(file, listing.seen[at])
                                  : co_await LookAtEntry(file, entry);
    if (CannotBeLookedAt(shown.status())) {
      shown = Shown{.file = StoredFile{.name = entry.name, .kind = FileKind::kOther}};
    }
    if (absl::IsNotFound(shown.status())) continue;
    if (!shown.ok()) {
      listing.status = shown.status();
      co_return;
    }
    listing.names_durable = listing.names_durable && shown->name_durable;
    listing.shown[at] = std::move(shown->file);
  }
}

Task<absl::StatusOr<LocalStore::Shown>> LocalStore::LookAtEntry(std::string file,
                                                                DirectoryEntry entry) {
  if (entry.kind == FileKind::kOther) {
    co_return Shown{.file = StoredFile{.name = entry.name, .kind = entry.kind}};
  }
  // What nothing is known of has to be synced in any case, and is looked at for that.
  if (entry.kind == FileKind::kFile && !known_.IsSynced(file)) {
    co_return co_await LookAtFile(file, std::nullopt);
  }
  co_return co_await LookAt(file);
}

Task<absl::StatusOr<LocalStore::Shown>> LocalStore::LookAt(std::string file) {
  WT_CO_ASSIGN_OR_RETURN(const FileInfo info, co_await node_.disk().Stat(file));
  if (info.kind == FileKind::kFile) co_return co_await LookAtFile(file, info);
  Shown shown{.file = StoredFile{.name = NameInPath(file), .kind = info.kind}};
  if (info.kind == FileKind::kDirectory) shown.name_durable = known_.IsDurable(file);
  co_return shown;
}

Task<absl::StatusOr<LocalStore::Shown>> LocalStore::LookAtFile(std::string file,
                                                               std::optional<FileInfo> info) {
  Shown shown{.file = StoredFile{.name = NameInPath(file), .kind = FileKind::kFile}};
  WT_CO_ASSIGN_OR_RETURN(const std::optional<FileInfo> durable, co_await SyncListed(file, info));
  if (!durable) co_return absl::NotFoundError(absl::StrCat(file, ": is gone"));
  shown.file.size_bytes = durable->size_bytes;
  shown.file.modified = durable->modified;
  shown.name_durable = known_[file].name_durable;
  co_return shown;
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

Task<absl::StatusOr<StoredFile>> LocalStore::Stat(std::string path) {
  WT_CO_RETURN_IF_ERROR(CheckPath(path));
  const std::string file = OnDisk(path);
  WT_CO_ASSIGN_OR_RETURN(Shown shown, co_await LookAt(file));
  if (shown.file.kind == FileKind::kFile && !shown.name_durable) {
    WT_CO_RETURN_IF_ERROR(co_await node_.disk().SyncDirectory(ParentPath(file)));
    if (known_.Contains(file)) known_[file].name_durable = true;
  }
  co_return std::move(shown.file);
}

Task<absl::StatusOr<std::string>> LocalStore::Identify(std::string directory) {
  if (!directory.empty()) WT_CO_RETURN_IF_ERROR(CheckPath(directory));
  WT_CO_ASSIGN_OR_RETURN(const FileInfo info, co_await node_.disk().Stat(OnDisk(directory)));
  if (info.kind != FileKind::kDirectory) {
    co_return absl::FailedPreconditionError(absl::StrCat(directory, ": is not a directory"));
  }
  co_return absl::StrCat(absl::Hex(info.id.device), "-", absl::Hex(info.id.number));
}

Task<absl::StatusOr<std::unique_ptr<platform::DirectoryWatch>>> LocalStore::Watch(
    std::string directory) {
  if (!directory.empty()) WT_CO_RETURN_IF_ERROR(CheckPath(directory));
  co_return co_await node_.disk().Watch(OnDisk(directory));
}

}  // namespace wavetank::checkpoint
