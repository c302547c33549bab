#include "runtime/dstream/text_output.h"

#include <utility>

#include "absl/container/btree_set.h"

#include "checkpoint/paths.h"
#include "platform/status_macros.h"

namespace wavetank::runtime {

Task<absl::Status> MarkComplete(checkpoint::Store& store, std::string directory,
                                std::vector<std::string> parts) {
  const std::string path = checkpoint::JoinPath(directory, kSuccessMark);
  const std::string mark = SuccessMark(parts);
  const absl::Status marked = co_await store.CreateIfAbsent(path, mark);
  if (!absl::IsAlreadyExists(marked)) co_return marked;
  WT_CO_ASSIGN_OR_RETURN(const std::string there, co_await store.ReadAll(path));
  if (there == mark) co_return absl::OkStatus();  // this one's, whose first answer was lost
  co_return absl::FailedPreconditionError(
      absl::StrCat("mark an attempt complete: ", path,
                   " is there and names other parts: another stream writes to this output; give "
                   "each output a prefix of its own"));
}

Task<void> RemoveForeignParts(platform::Node& node, checkpoint::Store& store, std::string directory,
                              std::vector<std::string> counting) {
  const auto listed = co_await store.List(directory);
  if (!listed.ok()) co_return;
  const absl::btree_set<std::string> counts(counting.begin(), counting.end());
  for (const checkpoint::StoredFile& file : *listed) {
    if (!file.name.starts_with(kPartPrefix) || counts.contains(file.name)) continue;
    const absl::Status removed = co_await store.Remove(absl::StrCat(directory, "/", file.name));
    if (!removed.ok()) node.Log(platform::LogLevel::kWarning, std::string(removed.message()));
  }
}

// To begin a file, and give it up, has the store look for what the dead have left in its directory,
// as wherever it creates one. Of a living process's files it takes none: who writes one holds its
// lock.
Task<void> TidyAttempts(checkpoint::Store& store, std::string batch_directory) {
  const auto attempts = co_await store.ListNames(batch_directory);
  if (!attempts.ok()) co_return;
  for (const std::string& attempt : *attempts) {
    if (!attempt.starts_with(kAttemptPrefix)) continue;
    const std::string directory = checkpoint::JoinPath(batch_directory, attempt);
    const auto begun = co_await store.Stage(checkpoint::JoinPath(directory, kSuccessMark));
    if (begun.ok()) co_await (*begun)->Discard();
  }
}

}  // namespace wavetank::runtime
