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

std::optional<std::string_view> DiskImage::SureContent(const Inode& directory,
                                                       std::string_view name) const {
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
  const auto parts = Split("durable", path);
  if (!parts.ok()) return std::nullopt;
  const Inode* directory = root_.get();
  for (const std::string_view part : *parts) {
    if (directory == nullptr || !directory->durable_entries.contains(part)) return std::nullopt;
    if (part.data() == parts->back().data()) return SureContent(*directory, part);
    directory = SureDirectory(*directory, part);
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
  if (&directory == root_.get()) return {""};
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
