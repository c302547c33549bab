// What the histories share: what they say of a record that does not belong where it stands, and
// how the paths that were seen stand in records.
#ifndef WAVETANK_CHECKPOINT_HISTORY_PARTS_H_
#define WAVETANK_CHECKPOINT_HISTORY_PARTS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/metadata.h"
#include "checkpoint/seen_paths.h"
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

// Paths in records, each of which says besides what `record` does.
template <typename PathsRecord>
void AppendPaths(PathsRecord record, const std::vector<std::string>& paths,
                 std::vector<MetadataRecord>& records) {
  constexpr int kPathsInARecord = 1000;  // so that no record grows without bound
  for (const std::string& path : paths) {
    record.add_paths(path);
    if (record.paths_size() < kPathsInARecord) continue;
    records.push_back(Record(record));
    record.clear_paths();
  }
  if (record.paths_size() > 0) records.push_back(Record(std::move(record)));
}

// Those that no batch names any more; `record` says whose they are.
inline void AppendSeen(SeenFiles record, const SeenPaths& paths,
                       std::vector<MetadataRecord>& records) {
  for (const auto& [root, seen] : paths.SeenByRoot()) {
    record.set_root(root);
    AppendPaths(record, seen, records);
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
