// What a disk shows: what every power loss would leave, and what processes see.
#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

#include "simulator/disk_image.h"
#include "simulator/file_pattern.h"

namespace wavetank::simulator {

using platform::FileKind;

namespace {

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

}  // namespace

// Each pending change is done or not, by itself: so a change may find any of what stood there.
std::vector<const DiskImage::Inode*> DiskImage::MayBecome(const Inode& directory,
                                                          std::string_view name) const {
  std::vector<const Inode*> candidates{directory.durable_entries.find(name)->second.get()};
  for (const Pending& pending : pending_) {
    for (const Change& change : pending.changes) {
      if (change.directory.get() != &directory || change.name != name) continue;
      const auto there = std::find(candidates.begin(), candidates.end(), change.inode.get());
      if (there == candidates.end()) {
        if (change.appears) candidates.push_back(change.inode.get());
      } else if (!change.appears) {
        return {};
      }
    }
  }
  return candidates;
}

bool DiskImage::IsPending(const Inode& directory, std::string_view name) const {
  return std::ranges::any_of(pending_, [&](const Pending& pending) {
    return std::ranges::any_of(pending.changes, [&](const Change& change) {
      return change.directory.get() == &directory && change.name == name;
    });
  });
}

std::optional<std::string_view> DiskImage::SureContent(const Inode& directory,
                                                       std::string_view name) const {
  if (!IsPending(directory, name)) {
    const Inode& inode = *directory.durable_entries.find(name)->second;
    if (inode.kind != FileKind::kFile) return std::nullopt;
    return inode.file.DurablePrefix();
  }
  std::optional<std::string_view> sure;
  for (const Inode* inode : MayBecome(directory, name)) {
    if (inode->kind != FileKind::kFile) return std::nullopt;
    const std::string_view content = inode->file.DurablePrefix();
    if (!sure.has_value()) sure = content;
    const auto differ = std::mismatch(sure->begin(), sure->end(), content.begin(), content.end());
    sure = sure->substr(0, static_cast<size_t>(differ.first - sure->begin()));
  }
  return sure;
}

const DiskImage::Inode* DiskImage::SureDirectory(const Inode& directory,
                                                 std::string_view name) const {
  if (!IsPending(directory, name)) {
    const Inode& inode = *directory.durable_entries.find(name)->second;
    return inode.kind == FileKind::kDirectory ? &inode : nullptr;
  }
  const std::vector<const Inode*> candidates = MayBecome(directory, name);
  // A directory takes no name that something stands for: where it may be another one, it may be
  // none.
  if (candidates.size() != 1 || candidates.front()->kind != FileKind::kDirectory) return nullptr;
  return candidates.front();
}

template <typename Visit>
void DiskImage::WalkDurable(const Inode& directory, const std::string& above,
                            std::string_view prefix, const Visit& visit) const {
  for (const auto& [name, inode] : directory.durable_entries) {
    std::string full = absl::StrCat(above, name);
    if (StartsWith(full, prefix)) {
      if (const auto content = SureContent(directory, name)) visit(full, *content);
    }
    const std::string below = std::move(full) + "/";
    if (!StartsWith(below, prefix) && !StartsWith(prefix, below)) continue;
    if (const Inode* inside = SureDirectory(directory, name)) {
      WalkDurable(*inside, below, prefix, visit);
    }
  }
}

std::vector<DiskImage::DurableFile> DiskImage::DurableView(std::string_view prefix) const {
  std::vector<DurableFile> files;
  WalkDurable(*root_, "", prefix, [&](const std::string& path, std::string_view content) {
    files.push_back({path, content});
  });
  std::sort(files.begin(), files.end(),
            [](const DurableFile& a, const DurableFile& b) { return a.path < b.path; });
  return files;
}

std::optional<std::string_view> DiskImage::DurableContent(std::string_view path) const {
  const Inode* directory = root_.get();
  while (directory != nullptr) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!directory->durable_entries.contains(part)) return std::nullopt;
    if (slash == std::string_view::npos) return SureContent(*directory, part);
    directory = SureDirectory(*directory, part);
    path.remove_prefix(slash + 1);
  }
  return std::nullopt;
}

void DiskImage::Touch(Inode& inode) {
  if (!keeps_view_ || all_touched_ || inode.touched) return;
  inode.touched = true;
  touched_.push_back(inode.weak_from_this());
}

void DiskImage::Touch(const InodePtr& directory, const std::string& name) {
  if (keeps_view_ && !all_touched_) touched_names_.push_back({directory, name});
}

std::vector<std::string> DiskImage::PathsTo(const Inode& directory) const {
  // Mostly it has one name, and so has each directory above it.
  std::vector<std::string_view> parts;
  const Inode* at = &directory;
  while (at != root_.get() && at->names.size() == 1) {
    const auto& [above, name] = at->names.front();
    const InodePtr parent = above.lock();
    if (parent == nullptr) return {};
    const auto entry = parent->durable_entries.find(name);
    if (entry == parent->durable_entries.end() || entry->second.get() != at) return {};
    parts.push_back(name);
    at = parent.get();
  }
  if (at == root_.get()) {
    std::string path;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      path += *part;
      path += '/';
    }
    return {std::move(path)};
  }
  std::vector<std::string> paths;
  for (const auto& [above, name] : directory.names) {
    const InodePtr parent = above.lock();
    if (parent == nullptr) continue;
    const auto entry = parent->durable_entries.find(name);
    if (entry == parent->durable_entries.end() || entry->second.get() != &directory) continue;
    for (const std::string& path : PathsTo(*parent)) {
      paths.push_back(absl::StrCat(path, name, "/"));
    }
  }
  return paths;
}

std::set<std::string> DiskImage::TakeTouchedPaths() {
  std::set<std::string> paths;
  const auto add = [&](const Inode::Name& touched) {
    const InodePtr directory = touched.directory.lock();
    if (directory == nullptr) return;
    for (const std::string& above : PathsTo(*directory)) paths.insert(above + touched.name);
  };
  for (const std::weak_ptr<Inode>& touched : std::exchange(touched_, {})) {
    const InodePtr inode = touched.lock();
    if (inode == nullptr) continue;
    inode->touched = false;
    for (const Inode::Name& name : inode->names) add(name);
  }
  for (const Inode::Name& touched : std::exchange(touched_names_, {})) add(touched);
  return paths;
}

DiskImage::DurableFiles DiskImage::DurableAt(std::string_view path) const {
  DurableFiles files;
  const auto visit = [&files](const std::string& file, std::string_view content) {
    files.emplace(file, content);
  };
  const Inode* directory = root_.get();
  size_t begin = 0;
  for (size_t slash = path.find('/'); slash != std::string_view::npos && directory != nullptr;
       slash = path.find('/', begin)) {
    const std::string_view name = path.substr(begin, slash - begin);
    directory =
        directory->durable_entries.contains(name) ? SureDirectory(*directory, name) : nullptr;
    begin = slash + 1;
  }
  const std::string_view name = path.substr(begin);
  if (directory == nullptr || !directory->durable_entries.contains(name)) return files;
  if (const auto content = SureContent(*directory, name)) visit(std::string(path), *content);
  if (const Inode* const inside = SureDirectory(*directory, name)) {
    WalkDurable(*inside, std::string(path) + "/", "", visit);
  }
  return files;
}

void DiskImage::Compare(DurableFiles::iterator from, DurableFiles::iterator to, DurableFiles& fresh,
                        std::set<std::string>& changed) {
  while (from != to) {
    const auto file = fresh.find(from->first);
    if (file != fresh.end() && file->second == from->second) {
      fresh.erase(file);
      ++from;
    } else {
      changed.insert(from->first);
      from = kept_.erase(from);
    }
  }
}

const DiskImage::DurableFiles& DiskImage::KeptDurableView(std::set<std::string>& changed) {
  keeps_view_ = true;
  changed.clear();
  const std::set<std::string> paths = TakeTouchedPaths();
  if (std::exchange(all_touched_, false)) {
    DurableFiles all;
    WalkDurable(*root_, "", "", [&all](const std::string& path, std::string_view content) {
      all.emplace(path, content);
    });
    Compare(kept_.begin(), kept_.end(), all, changed);
    Add(std::move(all), changed);
    return kept_;
  }
  for (const std::string& path : paths) {
    // A file that the view has already: nothing can be below it.
    const auto known = kept_.find(path);
    const std::optional<std::string_view> content =
        known == kept_.end() ? std::nullopt : DurableContent(path);
    if (content.has_value()) {
      if (known->second == *content) continue;
      changed.insert(path);
      if (content->starts_with(known->second)) {
        known->second += content->substr(known->second.size());
      } else {
        known->second = *content;
      }
      continue;
    }
    DurableFiles fresh = DurableAt(path);
    if (const auto file = kept_.find(path); file != kept_.end()) {
      Compare(file, std::next(file), fresh, changed);
    }
    const std::string last = path + static_cast<char>('/' + 1);  // after all that is below
    Compare(kept_.lower_bound(path + "/"), kept_.lower_bound(last), fresh, changed);
    Add(std::move(fresh), changed);
  }
  return kept_;
}

void DiskImage::Add(DurableFiles fresh, std::set<std::string>& changed) {
  for (const auto& [path, content] : fresh) changed.insert(path);
  kept_.merge(std::move(fresh));
}

std::vector<std::string> DiskImage::Files(std::string_view prefix) const {
  std::vector<std::string> files;
  std::vector<std::pair<std::string, InodePtr>> directories{{"", root_}};
  while (!directories.empty()) {
    const auto [path, directory] = std::move(directories.back());
    directories.pop_back();
    for (const auto& [name, inode] : directory->entries) {
      std::string full = path.empty() ? name : absl::StrCat(path, "/", name);
      if (inode->kind == FileKind::kDirectory) {
        directories.emplace_back(std::move(full), inode);
      } else if (std::string_view(full).substr(0, prefix.size()) == prefix) {
        files.push_back(std::move(full));
      }
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> DiskImage::FilesMatching(std::string_view pattern) const {
  std::vector<std::string> files = Files("");
  std::erase_if(files,
                [pattern](const std::string& path) { return !MatchesFilePattern(pattern, path); });
  return files;
}

}  // namespace wavetank::simulator
