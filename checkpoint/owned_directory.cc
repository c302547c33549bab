#include "checkpoint/owned_directory.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/steps.h"
#include "checkpoint/unique.h"
#include "platform/planted.h"
#include "platform/status_macros.h"

namespace wavetank::checkpoint {

OwnedDirectory::OwnedDirectory(platform::Node& node, Store& store, std::string directory,
                               Epoch epoch)
    : node_(node),
      store_(store),
      refusing_(store.Under({.directory = directory, .epoch = epoch.value()})),
      directory_(std::move(directory)),
      epoch_(epoch) {}

Task<absl::Status> OwnedDirectory::Create(std::string path, std::string content) {
  absl::Status created = co_await CreateUnique(changed(), std::move(path), std::move(content));
  co_return co_await Outcome(std::move(created));
}
Task<absl::Status> OwnedDirectory::Append(std::string path, uint64_t offset, std::string bytes) {
  absl::Status appended = co_await changed().Append(std::move(path), offset, std::move(bytes));
  co_return co_await Outcome(std::move(appended));
}
Task<absl::Status> OwnedDirectory::RemoveAll(std::vector<std::string> paths) {
  absl::Status removed = co_await changed().RemoveAll(std::move(paths));
  co_return co_await Outcome(std::move(removed));
}

Task<absl::Status> OwnedDirectory::Confirm() {
  // A store that refuses acknowledges nothing else.
  if (refusing_ != nullptr) co_return absl::OkStatus();
  if (platform::Planted(node_, "higher_epoch_not_looked_for")) co_return absl::OkStatus();
  co_return co_await Look();
}

Task<absl::Status> OwnedDirectory::Look() {
  WT_CO_ASSIGN_OR_RETURN(const EpochList list, co_await ListEpochs(store_, directory_));
  co_return co_await LookAt(list);
}

// Rule look_for_any_higher: the next epoch's file may be gone again, that of the newest is there.
Task<absl::Status> OwnedDirectory::LookAt(EpochList list) {
  if (list.newest() == epoch_) co_return absl::OkStatus();
  if (list.newest() < epoch_) {
    co_return absl::DataLossError(
        absl::StrCat(EpochPath(directory_, epoch_),
                     " is missing: the log was removed or replaced under its owner"));
  }
  co_return co_await Outcome(absl::AbortedError(absl::StrCat(
      "epoch ", epoch_.value(), " of ", directory_,
      " is over: ", EpochPath(directory_, list.newest()), " exists; a newer owner goes on")));
}

Task<absl::Status> OwnedDirectory::Outcome(absl::Status status) {
  if (absl::IsAborted(status)) {
    co_await node_.Step(steps::kFenced, {{"epoch", epoch_.value()}, {"log", directory_}});
  }
  if (status.ok() || absl::IsAborted(status)) co_return status;
  // A store that refuses has looked, but for what somebody does to its files behind its back.
  if (refusing_ != nullptr && !absl::IsDataLoss(status)) co_return status;
  // A newer owner may have removed what was to be changed.
  const absl::Status looked = co_await Look();
  if (absl::IsAborted(looked)) co_return looked;
  // Nor is it lost for certain as long as nobody could look.
  const bool unknown = absl::IsDataLoss(status) && !looked.ok() && !absl::IsDataLoss(looked);
  co_return unknown ? looked : status;
}

}  // namespace wavetank::checkpoint
