#include "checkpoint/known_files.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"

namespace wavetank::checkpoint {
namespace {

using platform::DirectoryEntry;

std::string PrefixOf(const std::string& directory) {
  return directory.empty() ? "" : absl::StrCat(directory, "/");
}

// The paths below `directory`.
template <typename Table>
std::vector<std::string> PathsBelow(const Table& table, const std::string& directory) {
  const std::string prefix = PrefixOf(directory);
  std::vector<std::string> paths;
  for (auto at = table.lower_bound(prefix); at != table.end(); ++at) {
    if (!absl::StartsWith(at->first, prefix)) break;
    paths.push_back(at->first);
  }
  return paths;
}

// The names of those that are in `directory` itself.
template <typename Table>
std::vector<std::string> NamesIn(const Table& table, const std::string& directory) {
  const std::string prefix = PrefixOf(directory);
  std::vector<std::string> names;
  auto at = table.lower_bound(prefix);
  while (at != table.end() && absl::StartsWith(at->first, prefix)) {
    const size_t slash = at->first.find('/', prefix.size());
    if (slash == std::string::npos) {
      names.push_back(at->first.substr(prefix.size()));
      ++at;
    } else {
      const std::string after_all_below = at->first.substr(0, slash) + static_cast<char>('/' + 1);
      at = table.lower_bound(after_all_below);
    }
  }
  return names;
}

}  // namespace

KnownFiles::File& KnownFiles::operator[](const std::string& file) {
  const auto [known, is_new] = files_.try_emplace(file);
  known->second.turn = turn_;
  if (!is_new) return known->second.file;
  Learned(file);
  return files_.find(file)->second.file;
}

KnownFiles::Directory& KnownFiles::Of(const std::string& directory) {
  const auto [known, is_new] = directories_.try_emplace(directory);
  known->second.turn = turn_;
  if (!is_new) return known->second;
  Learned(directory);
  return directories_.find(directory)->second;
}

bool KnownFiles::IsListed(const std::string& path) const {
  const auto known = directories_.find(ParentPath(path));
  return known != directories_.end() && known->second.listed > 0 &&
         known->second.listed + 1 >= turn_;
}

// (Who appends to a file knows best what of it is durable.)
void KnownFiles::Learned(const std::string& path) {
  if (IsListed(path) || ++learned_ < kFew) return;
  absl::erase_if(files_, [this](const auto& known) {
    const File& file = known.second.file;
    return known.second.turn < turn_ && !file.distrusted && !file.appended &&
           !IsListed(known.first);
  });
  absl::erase_if(directories_, [this](const auto& known) {
    const bool is_listed = known.second.listed + 1 >= turn_ || IsListed(known.first);
    return known.second.turn < turn_ && !is_listed;
  });
  ++turn_;
  learned_ = 0;
}

bool KnownFiles::IsDistrusted(const std::string& file) const {
  const auto known = files_.find(file);
  return known != files_.end() && known->second.file.distrusted;
}

bool KnownFiles::IsSynced(const std::string& file) const {
  const auto known = files_.find(file);
  return known != files_.end() && known->second.file.synced_bytes > 0;
}

bool KnownFiles::IsDurable(const std::string& directory) {
  const auto known = directories_.find(directory);
  if (known == directories_.end()) return directory.empty();
  known->second.turn = turn_;
  return directory.empty() || known->second.durable;
}

bool KnownFiles::SetTidied(const std::string& directory) {
  return std::exchange(Of(directory).tidied, true);
}

void KnownFiles::ForgetGone(const std::string& file) {
  if (!IsDistrusted(file)) files_.erase(file);
}

void KnownFiles::SawAll(const std::string& directory, const std::vector<DirectoryEntry>& entries) {
  Of(directory).listed = turn_;
  const auto is_gone = [&entries](const std::string& name) {
    return !std::ranges::binary_search(entries, name, {}, &DirectoryEntry::name);
  };
  for (const std::string& name : NamesIn(files_, directory)) {
    if (is_gone(name)) ForgetGone(JoinPath(directory, name));
  }
  for (const std::string& name : NamesIn(directories_, directory)) {
    if (!name.empty() && is_gone(name)) SawNoDirectory(JoinPath(directory, name));
  }
}

void KnownFiles::SawNoDirectory(const std::string& directory) {
  for (const std::string& file : PathsBelow(files_, directory)) ForgetGone(file);
  for (const std::string& below : PathsBelow(directories_, directory)) directories_.erase(below);
  directories_.erase(directory);
}

}  // namespace wavetank::checkpoint
