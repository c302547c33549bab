// What the histories share: what they say of a record that does not belong where it stands, and
// how the paths that were seen stand in records.
#ifndef WAVETANK_CHECKPOINT_HISTORY_PARTS_H_
#define WAVETANK_CHECKPOINT_HISTORY_PARTS_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/metadata.h"
#include "checkpoint/seen_paths.h"
#include "platform/generator.h"
#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::checkpoint {

template <typename... Parts>
absl::Status LogHasLost(const Parts&... parts) {
  return absl::DataLossError(absl::StrCat(parts..., "; the log has lost records"));
}

inline absl::Status OfAnotherEngine(absl::string_view expected) {
  return absl::FailedPreconditionError(absl::StrCat(
      "does not belong in the log of ", expected, "; is the checkpoint directory another job's?"));
}

inline constexpr int kPathsInARecord = 1000;  // so that no record grows without bound

// Paths in records, each of which says besides what `record` does.
template <typename PathsRecord>
platform::Generator<PathsRecord> PathsInParts(PathsRecord record, std::vector<std::string> paths) {
  PathsRecord part = record;
  for (const std::string& path : paths) {
    part.add_paths(path);
    if (part.paths_size() == kPathsInARecord) co_yield std::exchange(part, record);
  }
  if (part.paths_size() > 0) co_yield std::move(part);
}
template <typename PathsRecord>
void AppendPaths(PathsRecord record, const std::vector<std::string>& paths,
                 std::vector<MetadataRecord>& records) {
  platform::Generator<PathsRecord> parts = PathsInParts(std::move(record), paths);
  while (std::optional<PathsRecord> part = parts.Next()) {
    records.push_back(Record(*std::move(part)));
  }
}

// Those that no batch names any more, by root; `whose` says whose they are. Between two parts the
// source's owner may have found something about a path.
inline platform::Generator<SeenFiles> SeenInParts(SeenFiles whose, const SeenPaths& paths) {
  std::map<std::string, SeenFiles> parts;  // by root
  auto at = paths.paths().begin();
  while (at != paths.paths().end()) {
    if (at->second.batches > 0) {
      ++at;
      continue;
    }
    const std::string path = at->first;
    SeenFiles& part = parts.try_emplace(at->second.root, whose).first->second;
    part.set_root(at->second.root);
    part.add_paths(path);
    if (part.paths_size() == kPathsInARecord) co_yield std::exchange(part, whose);
    at = paths.paths().upper_bound(path);
  }
  for (auto& [root, part] : parts) {
    if (part.paths_size() > 0) co_yield std::move(part);
  }
}

// Puts the records into a history, naming the log and the place of what is refused.
template <typename History>
absl::Status AddRecords(std::string_view name, const std::vector<MetadataRecord>& records,
                        History& history) {
  for (size_t i = 0; i < records.size(); ++i) {
    const absl::Status added = history.Add(records[i]);
    if (!added.ok()) {
      return NamingTheRecord(added, platform::ToAbsl(name), i, records[i]);
    }
  }
  return absl::OkStatus();
}

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_HISTORY_PARTS_H_
