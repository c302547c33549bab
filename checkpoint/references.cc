#include "checkpoint/references.h"

#include <cstdint>
#include <set>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/crc32c.h"
#include "checkpoint/paths.h"
#include "checkpoint/state_version.h"
#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::checkpoint {
namespace {

// "a/b" and "../c" give "a/c". Unset: that is above the store's root.
std::optional<std::string> Resolve(std::string directory, std::string_view path) {
  while (path.substr(0, 3) == "../") {
    if (directory.empty()) return std::nullopt;
    directory = ParentPath(directory);
    path.remove_prefix(3);
  }
  return JoinPath(directory, path);
}

// The other way, for what stands in the directory or in the one above it; else unset.
std::optional<std::string> RelativeTo(const std::string& directory, const std::string& path) {
  const auto below = [&](const std::string& folder) {
    return folder.empty() || absl::StartsWith(path, folder + "/");
  };
  const auto rest = [&](const std::string& folder) {
    return folder.empty() ? path : path.substr(folder.size() + 1);
  };
  if (below(directory)) return rest(directory);
  const std::string parent = ParentPath(directory);
  if (below(parent)) return absl::StrCat("../", rest(parent));
  return std::nullopt;
}

std::string Shown(const std::string& directory) { return directory.empty() ? "(root)" : directory; }

Task<absl::Status> CheckNamed(Store& store, std::string directory, NamedFile named,
                              Complaints& complaints) {
  const std::optional<std::string> path = Resolve(directory, named.path);
  if (!path) {
    complaints.unseen.push_back(absl::StrCat(NameInPath(named.path), " (", named.named_by,
                                             ") stands outside of what is inspected, and ",
                                             "was not looked at: inspect the directory above"));
    co_return absl::OkStatus();
  }
  const bool has_sum = named.crc32c.has_value();
  const absl::StatusOr<std::string> content =
      co_await store.Read(*path, named.offset, has_sum ? named.read_bytes : 1);
  const std::string file = absl::StrCat(*path, " (", named.named_by, ")");
  if (absl::IsNotFound(content.status())) {
    if (named.need == NamedFile::Need::kMust) complaints.damaged.push_back(file + " is missing");
    if (named.need == NamedFile::Need::kHint) {
      complaints.unfinished.push_back(file + " is not there: its owner makes it again");
    }
  } else if (absl::IsDataLoss(content.status())) {
    complaints.damaged.emplace_back(content.status().message());
  } else if (!content.ok()) {
    co_return content.status();
  } else if (has_sum && content->size() != named.size_bytes) {
    complaints.damaged.push_back(
        absl::StrCat(file, " has ", content->size(), " bytes",
                     named.offset > 0 ? absl::StrCat(" from ", named.offset, " on") : "",
                     " and was logged with ", named.size_bytes));
  } else if (has_sum && Crc32c(*content) != *named.crc32c) {
    complaints.damaged.push_back(file + " has not the checksum that it was logged with");
  }
  co_return absl::OkStatus();
}

// Files that are missing, or that cannot be read, are named elsewhere.
void CheckLineage(const FilesFound& found, const std::string& directory, const NamedState& state,
                  Complaints& complaints) {
  LineageCheck lineage(state.version);
  for (const std::string& file : state.files) {
    const std::optional<std::string> path = Resolve(directory, file);
    const auto header = path ? found.files.find(*path) : found.files.end();
    if (header == found.files.end() || !header->second) return;
    const absl::Status follows = lineage.Next(*path, *header->second);
    if (follows.ok()) continue;
    complaints.damaged.emplace_back(follows.message());
    return;
  }
}

void CheckOthers(const FilesFound& found, const std::string& directory, const LogSummary& summary,
                 Complaints& complaints) {
  std::set<std::string> named;
  for (const NamedFile& file : summary.files) named.insert(file.path);
  std::string last;  // of those after the end, for one line about all of them
  for (const auto& [path, header] : found.files) {
    const std::optional<std::string> relative = RelativeTo(directory, path);
    if (!relative || named.contains(*relative)) continue;
    if (summary.comes_after && summary.comes_after(*relative)) {
      last = path;
    } else if (summary.owns && summary.owns(*relative)) {
      complaints.unreferenced.push_back(
          absl::StrCat(path, ": nothing that counts in ", Shown(directory), " names it"));
    }
  }
  if (last.empty()) return;
  complaints.damaged.push_back(absl::StrCat(
      Shown(directory), ": its end is missing: ", last,
      " is there, of a batch after the last that it has; restore the log from a copy"));
}

}  // namespace

Task<absl::Status> HoldAgainstLog(Store& store, const FilesFound& found, std::string directory,
                                  LogSummary summary, Complaints& complaints) {
  for (const NamedFile& named : summary.files) {
    WT_CO_RETURN_IF_ERROR(co_await CheckNamed(store, directory, named, complaints));
  }
  for (const NamedState& state : summary.states) {
    CheckLineage(found, directory, state, complaints);
  }
  CheckOthers(found, directory, summary, complaints);
  co_return absl::OkStatus();
}

}  // namespace wavetank::checkpoint
