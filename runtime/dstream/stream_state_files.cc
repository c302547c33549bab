#include "runtime/dstream/stream_state_files.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "platform/planted.h"

namespace wavetank::runtime {

void StreamStateFiles::Completed(const StreamingGraph& graph, const StateBook& states) {
  // So often that what is left over stays little, so seldom that listing costs little.
  constexpr int64_t kBatchesBetween = 16;
  if (graph.states().empty() || cleaning_up_ || ++completed_ < kBatchesBetween) return;
  completed_ = 0;
  cleaning_up_ = true;
  scope_.Spawn("clean-up of state", CleanUp(CleanupsOf(graph, states, /*attempts=*/false)));
}

Task<void> StreamStateFiles::RemoveAttempts(const StreamingGraph& graph, const StateBook& states) {
  if (!graph.states().empty()) co_await CleanUp(CleanupsOf(graph, states, /*attempts=*/true));
}

// Operators go on at their own paces: each has a directory, and versions, of its own.
StreamStateFiles::Cleanups StreamStateFiles::CleanupsOf(const StreamingGraph& graph,
                                                        const StateBook& states,
                                                        bool attempts) const {
  const auto directory_of = [this](OperatorId op) {
    return absl::StrCat(checkpoint_directory_, "/state/", op.value());
  };
  Cleanups cleanups;
  for (const OperatorId op : graph.states()) {
    checkpoint::StateCleanup& cleanup = cleanups[directory_of(op)];
    cleanup.attempts = attempts;
    cleanup.look = [this] { return log_.Look(); };
  }
  states.ForEach([&](OperatorId op, const checkpoint::StateVersion& version) {
    checkpoint::StateCleanup& cleanup = cleanups[directory_of(op)];
    cleanup.committed_version = std::max(cleanup.committed_version, version.version);
    if (platform::Planted(node_, "state_clean_up_keeps_the_newest_file")) {
      cleanup.committed_version += checkpoint::kUnreferencedKept;
      if (!version.files.empty()) cleanup.referenced.insert(version.files.back());
      return;
    }
    cleanup.referenced.insert(version.files.begin(), version.files.end());
  });
  return cleanups;
}

Task<void> StreamStateFiles::CleanUp(Cleanups cleanups) {
  for (auto& [directory, cleanup] : cleanups) {
    const auto counts =
        co_await checkpoint::RemoveUnreferencedState(node_, store_, directory, std::move(cleanup));
    // What stays is removed the next time; a newer owner shows at the next append.
    if (!counts.ok()) {
      node_.Log(platform::LogLevel::kWarning, std::string(counts.status().message()));
    }
  }
  cleaning_up_ = false;
}

}  // namespace wavetank::runtime
