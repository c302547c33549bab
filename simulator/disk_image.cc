#include "simulator/disk_image.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "simulator/trace.h"

namespace wavetank::simulator {

using platform::FileKind;
using platform::OpenMode;
using platform::Random;
using platform::ToAbsl;

namespace {

constexpr size_t kFreedSectors = 64;

std::string Says(std::string_view call, std::string_view path, std::string_view why) {
  return absl::StrCat(ToAbsl(call), " ", ToAbsl(path.empty() ? "/" : path), ": ", ToAbsl(why));
}
absl::Status NotFound(std::string_view call, std::string_view path) {
  return absl::NotFoundError(Says(call, path, "no such file or directory"));
}
absl::Status Exists(std::string_view call, std::string_view path) {
  return absl::AlreadyExistsError(Says(call, path, "there is something of that name"));
}
absl::Status WrongKind(std::string_view call, std::string_view path, FileKind wanted) {
  return absl::FailedPreconditionError(
      Says(call, path, wanted == FileKind::kFile ? "is a directory" : "is not a directory"));
}

}  // namespace

DiskImage::DiskImage() { Erase(); }

void DiskImage::Erase() {
  TouchAll();
  pending_.clear();
  root_ = std::make_shared<Inode>(*this, FileKind::kDirectory, 0);
}

absl::Status DiskImage::CheckPath(std::string_view call, std::string_view path) {
  for (std::string_view rest = path;;) {
    const size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == "..") {
      return absl::InvalidArgumentError(
          Says(call, path, "a path is relative, without empty parts, \".\" or \"..\""));
    }
    if (slash == std::string_view::npos) return absl::OkStatus();
    rest.remove_prefix(slash + 1);
  }
}

absl::StatusOr<DiskImage::Place> DiskImage::Locate(std::string_view call,
                                                   std::string_view path) const {
  WT_RETURN_IF_ERROR(CheckPath(call, path));
  const InodePtr* directory = &root_;
  std::string_view rest = path;
  for (size_t slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
    const auto entry = (*directory)->entries.find(rest.substr(0, slash));
    if (entry == (*directory)->entries.end()) return NotFound(call, path);
    directory = &entry->second;
    if ((*directory)->kind != FileKind::kDirectory) {
      return WrongKind(call, path, FileKind::kDirectory);
    }
    rest.remove_prefix(slash + 1);
  }
  const auto entry = (*directory)->entries.find(rest);
  InodePtr inode = entry == (*directory)->entries.end() ? nullptr : entry->second;
  return Place{*directory, std::string(rest), std::move(inode)};
}

absl::StatusOr<DiskImage::InodePtr> DiskImage::Find(std::string_view call,
                                                    std::string_view path) const {
  if (path.empty()) return root_;
  WT_ASSIGN_OR_RETURN(const Place place, Locate(call, path));
  if (place.inode == nullptr) return NotFound(call, path);
  return place.inode;
}

absl::StatusOr<DiskImage::InodePtr> DiskImage::FindDirectory(std::string_view call,
                                                             std::string_view path) const {
  WT_ASSIGN_OR_RETURN(const InodePtr inode, Find(call, path));
  if (inode->kind != FileKind::kDirectory) return WrongKind(call, path, FileKind::kDirectory);
  return inode;
}

DiskImage::InodePtr DiskImage::NewInode(FileKind kind, std::string_view path) {
  const uint64_t nth = ++creations_[std::string(path)];
  return std::make_shared<Inode>(*this, kind, platform::MixBits(platform::StableHash(path) + nth));
}

void DiskImage::Apply(const Change& change, std::map<std::string, InodePtr, std::less<>>& entries) {
  if (change.appears) {
    entries[change.name] = change.inode;
    return;
  }
  const auto entry = entries.find(change.name);
  if (entry != entries.end() && entry->second == change.inode) entries.erase(entry);
}

void DiskImage::ApplyDurably(const Pending& pending) {
  for (const Change& change : pending.changes) Apply(change, change.directory->durable_entries);
}

void DiskImage::Make(const InodePtr& settles_in, std::vector<Change> changes) {
  for (const Change& change : changes) {
    Apply(change, change.directory->entries);
    if (change.appears) change.inode->names.push_back({change.directory, change.name});
    Touch(change.directory, change.name);
  }
  pending_.push_back({++changes_, settles_in, std::move(changes), false});
}

absl::StatusOr<DiskImage::InodePtr> DiskImage::Open(std::string_view path, OpenMode mode) {
  WT_ASSIGN_OR_RETURN(const Place place, Locate("open", path));
  if (mode != OpenMode::kCreateNew) {
    if (place.inode == nullptr) return NotFound("open", path);
    if (place.inode->kind != FileKind::kFile) return WrongKind("open", path, FileKind::kFile);
    return place.inode;
  }
  if (place.inode != nullptr) return Exists("open", path);
  const InodePtr inode = NewInode(FileKind::kFile, path);
  Make(place.directory, {{place.directory, place.name, inode, true}});
  return inode;
}

absl::StatusOr<DiskImage::InodePtr> DiskImage::OpenOrCreate(std::string_view call,
                                                            std::string_view path) {
  WT_ASSIGN_OR_RETURN(const Place place, Locate(call, path));
  if (place.inode == nullptr) return Open(path, OpenMode::kCreateNew);
  if (place.inode->kind != FileKind::kFile) return WrongKind(call, path, FileKind::kFile);
  return place.inode;
}

absl::Status DiskImage::Rename(std::string_view from, std::string_view to) {
  WT_ASSIGN_OR_RETURN(const Place source, Locate("rename", from));
  WT_ASSIGN_OR_RETURN(const Place target, Locate("rename", to));
  if (source.inode == nullptr) return NotFound("rename", from);
  if (source.inode == target.inode) return absl::OkStatus();
  if (target.inode != nullptr) {
    if (target.inode->kind != FileKind::kFile) return WrongKind("rename", to, FileKind::kFile);
    if (source.inode->kind != FileKind::kFile) return WrongKind("rename", to, FileKind::kDirectory);
    RememberFreed(target.inode);
  }
  if (source.inode->kind == FileKind::kDirectory && to.size() > from.size() &&
      to.substr(0, from.size()) == from && to[from.size()] == '/') {
    return absl::InvalidArgumentError(Says("rename", from, "a directory cannot go into itself"));
  }
  Make(target.directory, {{source.directory, source.name, source.inode, false},
                          {target.directory, target.name, source.inode, true}});
  return absl::OkStatus();
}

absl::Status DiskImage::Link(std::string_view from, std::string_view to) {
  WT_ASSIGN_OR_RETURN(const InodePtr inode, Find("link", from));
  WT_ASSIGN_OR_RETURN(const Place target, Locate("link", to));
  if (inode->kind != FileKind::kFile) return WrongKind("link", from, FileKind::kFile);
  if (target.inode != nullptr) return Exists("link", to);
  Make(target.directory, {{target.directory, target.name, inode, true}});
  return absl::OkStatus();
}

absl::Status DiskImage::Remove(std::string_view path) {
  WT_ASSIGN_OR_RETURN(const Place place, Locate("remove", path));
  if (place.inode == nullptr) return NotFound("remove", path);
  if (place.inode->kind != FileKind::kFile) return WrongKind("remove", path, FileKind::kFile);
  RememberFreed(place.inode);
  Make(place.directory, {{place.directory, place.name, place.inode, false}});
  return absl::OkStatus();
}

absl::Status DiskImage::MakeDirectory(std::string_view path) {
  WT_ASSIGN_OR_RETURN(const Place place, Locate("make directory", path));
  if (place.inode != nullptr) return Exists("make directory", path);
  const InodePtr inode = NewInode(FileKind::kDirectory, path);
  Make(place.directory, {{place.directory, place.name, inode, true}});
  return absl::OkStatus();
}

absl::Status DiskImage::RemoveDirectory(std::string_view path) {
  WT_ASSIGN_OR_RETURN(const Place place, Locate("remove directory", path));
  if (place.inode == nullptr) return NotFound("remove directory", path);
  if (place.inode->kind != FileKind::kDirectory) {
    return WrongKind("remove directory", path, FileKind::kDirectory);
  }
  if (!place.inode->entries.empty()) {
    return absl::FailedPreconditionError(Says("remove directory", path, "is not empty"));
  }
  Make(place.directory, {{place.directory, place.name, place.inode, false}});
  return absl::OkStatus();
}

bool DiskImage::SharesName(const Pending& a, const Pending& b) {
  for (const Change& x : a.changes) {
    for (const Change& y : b.changes) {
      if (x.directory == y.directory && x.name == y.name) return true;
    }
  }
  return false;
}

void DiskImage::SyncDirectory(const InodePtr& directory, uint64_t point) {
  std::vector<bool> settles(pending_.size(), false);
  for (size_t later = pending_.size(); later-- > 0;) {
    const Pending& change = pending_[later];
    settles[later] = settles[later] ||
                     (change.settles_in == directory && change.sequence <= point && !change.lost);
    if (!settles[later]) continue;
    for (size_t earlier = 0; earlier < later; ++earlier) {
      if (SharesName(pending_[earlier], change)) settles[earlier] = true;
    }
  }
  std::vector<Pending> left;
  for (size_t index = 0; index < pending_.size(); ++index) {
    if (settles[index]) {
      ApplyDurably(pending_[index]);
      for (const Change& change : pending_[index].changes) Touch(change.directory, change.name);
    } else {
      left.push_back(std::move(pending_[index]));
    }
  }
  pending_ = std::move(left);
}

void DiskImage::FailSyncDirectory(const InodePtr& directory, uint64_t point) {
  for (Pending& pending : pending_) {
    if (pending.settles_in == directory && pending.sequence <= point) pending.lost = true;
  }
}

void DiskImage::PowerLoss(const Random& random) {
  // As with sectors: the extremes, and what a journal would leave, have a share of their own.
  enum { kNone, kAll, kPrefix, kEach };
  Random draw = random.Fork("names");
  const uint64_t manner = draw.Below(6);
  size_t done = 0;
  if (manner == kAll) done = pending_.size();
  if (manner == kPrefix) done = draw.Below(pending_.size() + 1);
  std::map<uint64_t, uint64_t> nth;  // change of one name
  for (size_t index = 0; index < pending_.size(); ++index) {
    bool happens = index < done;
    if (manner >= kEach) {
      const uint64_t name = platform::StableHash(pending_[index].changes.back().name);
      Random each = random.Fork("name", {name, ++nth[name]});
      happens = each.Below(2) == 0;
    }
    if (happens) ApplyDurably(pending_[index]);
  }
  const auto stale = [this](Random& from) { return StaleSector(from); };
  SettleNames([&](const Inode& inode, SectorFile& file) {
    file.PowerLoss(random.Fork("file", {inode.key}), stale);
  });
}

void DiskImage::PowerLoss(LossChoices& choices, const std::string& stale) {
  for (const Pending& pending : pending_) {
    if (choices.Choose(2) == 1) ApplyDurably(pending);
  }
  SettleNames([&](const Inode&, SectorFile& file) { file.PowerLoss(choices, stale); });
}

template <typename Visit>
void DiskImage::SettleNames(const Visit& visit) {
  TouchAll();
  pending_.clear();
  std::set<uint64_t> decided;  // a file may have several names
  std::vector<InodePtr> directories{root_};
  while (!directories.empty()) {
    const InodePtr directory = std::move(directories.back());
    directories.pop_back();
    directory->entries = directory->durable_entries;
    for (const auto& [name, inode] : directory->entries) {
      inode->locked_by = LifeId(0);  // who held it is dead, be the name one that it had removed
      if (inode->kind == FileKind::kDirectory) {
        directories.push_back(inode);
      } else if (decided.insert(inode->key).second) {
        visit(*inode, inode->file);
      }
    }
  }
}

size_t DiskImage::PendingItems() const {
  size_t items = pending_.size();
  std::set<uint64_t> seen;  // keys
  std::vector<const Inode*> inodes{root_.get()};
  for (const Pending& pending : pending_) {
    for (const Change& change : pending.changes) inodes.push_back(change.inode.get());
  }
  while (!inodes.empty()) {
    const Inode* inode = inodes.back();
    inodes.pop_back();
    if (!seen.insert(inode->key).second) continue;
    items += inode->file.PendingItems();
    for (const auto& [name, entry] : inode->entries) inodes.push_back(entry.get());
    for (const auto& [name, entry] : inode->durable_entries) inodes.push_back(entry.get());
  }
  return items;
}

void DiskImage::CopyFrom(const DiskImage& other) {
  Erase();
  std::map<uint64_t, InodePtr> copies;  // by key
  // By what refers to it: directories before what they hold.
  const std::function<InodePtr(const InodePtr&)> copy = [&](const InodePtr& from) -> InodePtr {
    const auto [there, fresh] = copies.emplace(from->key, nullptr);
    if (!fresh) return there->second;
    const InodePtr made = std::make_shared<Inode>(*this, from->kind, from->key);
    copies[from->key] = made;
    made->file.CopyFrom(from->file);
    made->modified = from->modified;
    made->unreadable = from->unreadable;
    for (const auto& [name, entry] : from->entries) made->entries.emplace(name, copy(entry));
    for (const auto& [name, entry] : from->durable_entries) {
      made->durable_entries.emplace(name, copy(entry));
    }
    for (const Inode::Name& name : from->names) {
      const InodePtr directory = name.directory.lock();
      if (directory != nullptr) made->names.push_back({copy(directory), name.name});
    }
    return made;
  };
  root_ = copy(other.root_);
  for (const Pending& pending : other.pending_) {
    Pending made{pending.sequence, copy(pending.settles_in), {}, pending.lost};
    for (const Change& change : pending.changes) {
      made.changes.push_back(
          {copy(change.directory), change.name, copy(change.inode), change.appears});
    }
    pending_.push_back(std::move(made));
  }
  changes_ = other.changes_;
  creations_ = other.creations_;
  freed_sectors_ = other.freed_sectors_;
}

uint64_t DiskImage::Fingerprint(Depth depth) const {
  uint64_t hash = 0;
  const auto add = [&hash](uint64_t value) { hash = platform::MixBits(hash ^ value) + value; };
  const std::function<void(const Inode&, bool)> walk = [&](const Inode& directory, bool durable) {
    for (const auto& [name, inode] : durable ? directory.durable_entries : directory.entries) {
      add(HashBytes(name));
      add(durable ? inode->file.DurableFingerprint() : HashBytes(inode->file.content()));
      add(static_cast<uint64_t>(inode->kind) + 1);
      if (inode->kind == FileKind::kDirectory) walk(*inode, durable);
      add(2);
    }
  };
  walk(*root_, false);
  if (depth == Depth::kSeen) return hash;
  add(3);
  walk(*root_, true);
  for (const Pending& pending : pending_) {
    add(pending.settles_in->key + (pending.lost ? 1 : 0));
    for (const Change& change : pending.changes) {
      add(change.directory->key);
      add(HashBytes(change.name));
      add(change.inode->key);
      add(change.inode->file.DurableFingerprint());
      add(change.appears ? 4 : 5);
    }
  }
  return hash;
}

void DiskImage::RememberFreed(const InodePtr& inode) {
  const std::string& content = inode->file.content();
  const size_t sectors = std::min<size_t>(content.size() / kSectorBytes, kFreedSectors / 4);
  for (size_t sector = 0; sector < sectors; ++sector) {
    freed_sectors_.push_back(content.substr(sector * kSectorBytes, kSectorBytes));
    if (freed_sectors_.size() > kFreedSectors) freed_sectors_.pop_front();
  }
}

std::string DiskImage::StaleSector(Random& random) const {
  const uint64_t which = random.Below(freed_sectors_.size() + 1);
  if (which < freed_sectors_.size()) return freed_sectors_[which];
  std::string bytes(kSectorBytes, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.Below(256));
  return bytes;
}

void DiskImage::Lose(std::string_view path) {
  const absl::StatusOr<Place> place = Locate("lose", path);
  WT_CHECK(place.ok() && place->inode != nullptr);
  Touch(place->directory, place->name);
  place->directory->entries.erase(place->name);
  place->directory->durable_entries.erase(place->name);
  for (Pending& pending : pending_) {
    std::erase_if(pending.changes, [&](const Change& change) {
      return change.directory == place->directory && change.name == place->name;
    });
  }
  std::erase_if(pending_, [](const Pending& pending) { return pending.changes.empty(); });
}

void DiskImage::ReleaseLocks(LifeId life) {
  std::vector<InodePtr> directories{root_};
  while (!directories.empty()) {
    const InodePtr directory = std::move(directories.back());
    directories.pop_back();
    for (const auto& [name, inode] : directory->entries) {
      if (inode->kind == FileKind::kDirectory) directories.push_back(inode);
      if (inode->locked_by == life) inode->locked_by = LifeId(0);
    }
  }
}

}  // namespace wavetank::simulator
