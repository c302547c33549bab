#include "runtime/structured/state_retention.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "checkpoint/named_files.h"

namespace wavetank::runtime {

// Each batch gives one version of each state, the first version 1.
int64_t StateRetention::CommittedVersion() const {
  const auto& batches = history_.batches();
  if (batches.empty()) return 0;
  return history_.newest_batch() + (batches.back().commit.has_value() ? 1 : 0);
}

checkpoint::StateCleanup StateRetention::CleanupAt(int64_t committed_version) const {
  checkpoint::StateCleanup cleanup{
      .committed_version = committed_version, .referenced = {}, .attempts = false, .look = [this] {
        return log_.Look();
      }};
  const auto keep = [&](const auto& states) {
    for (const checkpoint::OperatorState& state : states) {
      const std::vector<std::string> files = checkpoint::StateFiles(checkpoint_directory_, state);
      cleanup.referenced.insert(files.begin(), files.end());
    }
  };
  for (const checkpoint::BatchHistory& batch : history_.batches()) {
    if (batch.prepared) keep(batch.prepared->states());
  }
  for (const checkpoint::StateLayout& layout : history_.layouts()) keep(layout.states());
  return cleanup;
}

std::string StateRetention::StateDirectory() const {
  return absl::StrCat(checkpoint_directory_, "/state");
}

void StateRetention::Committed() {
  // So often that what is left over stays little, so seldom that listing costs little.
  constexpr int64_t kBatchesBetween = 16;
  const int64_t committed = CommittedVersion();
  if (cleaning_up_ || committed - cleaned_up_to_ < kBatchesBetween) return;
  cleaning_up_ = true;
  cleaned_up_to_ = committed;
  scope_.Spawn("clean-up of state", CleanUp(CleanupAt(committed)));
}

platform::Task<absl::Status> StateRetention::RemoveAttempts() {
  if (cleaning_up_) co_return absl::OkStatus();  // one at a time; the next driver does it
  checkpoint::StateCleanup cleanup = CleanupAt(CommittedVersion());
  cleanup.attempts = true;
  const auto counts = co_await checkpoint::RemoveUnreferencedState(node_, store_, StateDirectory(),
                                                                   std::move(cleanup));
  co_return counts.status();
}

platform::Task<void> StateRetention::CleanUp(checkpoint::StateCleanup cleanup) {
  const auto counts = co_await checkpoint::RemoveUnreferencedState(node_, store_, StateDirectory(),
                                                                   std::move(cleanup));
  // What stays is removed the next time; a newer owner shows at the next append.
  if (!counts.ok()) {
    node_.Log(platform::LogLevel::kWarning, std::string(counts.status().message()));
  }
  cleaning_up_ = false;
}

}  // namespace wavetank::runtime
