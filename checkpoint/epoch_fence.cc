#include "checkpoint/epoch_fence.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/epoch_log.h"
#include "checkpoint/paths.h"
#include "platform/status_macros.h"

namespace wavetank::checkpoint {

EpochFence::Pass::Pass(EpochFence& fence, std::string directory, bool creates)
    : fence_(&fence), directory_(std::move(directory)), creates_(creates) {
  Scope& scope = fence_->scopes_[directory_];
  ++(creates_ ? scope.creations : scope.requests);
  scope.used = ++fence_->passes_;
}

EpochFence::Pass::~Pass() {
  if (fence_ == nullptr) return;
  Scope& scope = fence_->scopes_[directory_];
  --(creates_ ? scope.creations : scope.requests);
  // Whether it was done or not: the next request looks anew.
  if (creates_) scope.newest.reset();
  fence_->released_.Set();
  fence_->Bound();
}

void EpochFence::Bound() {
  if (scopes_.size() <= most_scopes_) return;
  auto oldest = scopes_.end();
  for (auto scope = scopes_.begin(); scope != scopes_.end(); ++scope) {
    const bool older = oldest == scopes_.end() || scope->second.used < oldest->second.used;
    if (scope->second.idle() && older) oldest = scope;
  }
  if (oldest != scopes_.end()) scopes_.erase(oldest);
}

Task<absl::StatusOr<EpochFence::Pass>> EpochFence::EnterScope(std::string directory,
                                                              std::optional<int64_t> epoch) {
  while (scopes_[directory].creations > 0) {
    released_.Reset();
    co_await released_.Wait();
  }
  Pass pass(*this, directory, /*creates=*/false);
  Scope& scope = scopes_[directory];
  if (!scope.newest.has_value()) {
    WT_CO_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           co_await store_.ListNames(directory));
    int64_t newest = 0;
    for (const std::string& name : names) newest = std::max(newest, EpochInName(name).value());
    scope.newest = newest;
  }
  if (!epoch.has_value() && *scope.newest > 0) {
    co_return absl::FailedPreconditionError(absl::StrCat("the store refuses a change of ",
                                                         directory, " without a token: epoch ",
                                                         *scope.newest, " owns it"));
  }
  if (epoch.has_value() && *scope.newest > *epoch) {
    co_return absl::AbortedError(
        absl::StrCat("the store refuses a late request: it was made under epoch ", *epoch, " of ",
                     directory, ", and epoch ", *scope.newest, " exists"));
  }
  co_return pass;
}

bool EpochFence::IsEpochFile(const std::string& path) {
  const std::string directory = ParentPath(path);
  return EpochInName(directory.empty() ? path : path.substr(directory.size() + 1)) != Epoch();
}

Task<EpochFence::Pass> EpochFence::EnterCreation(std::string path) {
  const std::string directory = ParentPath(path);
  Pass pass(*this, directory, /*creates=*/true);
  while (scopes_[directory].requests > 0) {
    released_.Reset();
    co_await released_.Wait();
  }
  co_return pass;
}

}  // namespace wavetank::checkpoint
