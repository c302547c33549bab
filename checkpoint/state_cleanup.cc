#include "checkpoint/state_cleanup.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"

#include "checkpoint/paths.h"
#include "checkpoint/steps.h"
#include "platform/status_macros.h"

namespace wavetank::checkpoint {
namespace {

struct Found {
  int64_t files = 0;
  std::vector<std::string> unreferenced;
};

Task<absl::Status> Find(Store& store, std::string directory, const StateCleanup& cleanup,
                        Found& found) {
  WT_CO_ASSIGN_OR_RETURN(const std::vector<StoredFile> files, co_await store.List(directory));
  for (const StoredFile& file : files) {
    const std::string path = JoinPath(directory, file.name);
    if (file.kind == platform::FileKind::kDirectory) {
      WT_CO_RETURN_IF_ERROR(co_await Find(store, path, cleanup, found));
      continue;
    }
    const int64_t version = VersionInStateFileName(file.name);
    if (version < 0) continue;
    ++found.files;
    const bool old = version <= cleanup.committed_version - kUnreferencedKept;
    // (A snapshot of such a version may yet be adopted.)
    const bool of_attempt = cleanup.attempts && version > cleanup.committed_version &&
                            absl::EndsWith(file.name, ".delta");
    if ((old || of_attempt) && !cleanup.referenced.contains(path))
      found.unreferenced.push_back(path);
  }
  co_return absl::OkStatus();
}

}  // namespace

Task<absl::StatusOr<StateCleanupCounts>> RemoveUnreferencedState(platform::Node& node, Store& store,
                                                                 std::string directory,
                                                                 StateCleanup cleanup) {
  Found found;
  WT_CO_RETURN_IF_ERROR(co_await Find(store, std::move(directory), cleanup, found));
  const auto count = static_cast<int64_t>(found.unreferenced.size());
  co_await node.Step(steps::kStateListed, {{"files", count}});
  if (count == 0) co_return StateCleanupCounts{found.files, 0};
  WT_CO_RETURN_IF_ERROR(co_await cleanup.look());
  WT_CO_RETURN_IF_ERROR(co_await store.RemoveAll(std::move(found.unreferenced)));
  co_await node.Step(steps::kStateRemoved, {{"files", count}});
  co_return StateCleanupCounts{found.files, count};
}

}  // namespace wavetank::checkpoint
