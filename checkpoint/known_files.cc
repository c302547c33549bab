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

bool KnownFiles::IsDistrusted(const std::string& file) const {
  const auto known = files_.find(file);
  return known != files_.end() && known->second.distrusted;
}

bool KnownFiles::IsSynced(const std::string& file) const {
  const auto known = files_.find(file);
  return known != files_.end() && known->second.synced_bytes > 0;
}

bool KnownFiles::IsDurable(const std::string& directory) const {
  const auto known = directories_.find(directory);
  return directory.empty() || (known != directories_.end() && known->second.durable);
}

bool KnownFiles::SetTidied(const std::string& directory) {
  return std::exchange(directories_[directory].tidied, true);
}

void KnownFiles::ForgetGone(const std::string& file) {
  if (!IsDistrusted(file)) files_.erase(file);
}

void KnownFiles::SawAll(const std::string& directory, const std::vector<DirectoryEntry>& entries) {
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
