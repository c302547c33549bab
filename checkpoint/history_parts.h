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

// Those that no batch names any more, in parts, so that no record grows without bound; `whose` says
// whose they are. Between two parts paths may be forgotten.
inline platform::Generator<SeenFiles> SeenInParts(SeenFiles whose, const SeenPaths& paths) {
  constexpr int kPathsInAPart = 1000;
  std::string last;
  while (true) {
    SeenFiles part = whose;
    for (auto path = paths.dropped().upper_bound(last);
         path != paths.dropped().end() && part.paths_size() < kPathsInAPart; ++path) {
      part.add_paths(*path);
    }
    if (part.paths_size() == 0) co_return;
    last = part.paths(part.paths_size() - 1);
    co_yield std::move(part);
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
