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
  Scope& scope = fence_->Use(directory_);
  ++(creates_ ? scope.creations : scope.requests);
}

EpochFence::Pass::~Pass() {
  if (fence_ == nullptr) return;
  Scope& scope = fence_->scopes_[directory_];
  --(creates_ ? scope.creations : scope.requests);
  // Whether it was done or not: the next request looks anew.
  if (creates_) scope.newest.reset();
  fence_->LetGo(directory_);
  fence_->released_.Set();
}

EpochFence::Scope& EpochFence::Use(const std::string& directory) {
  Scope& scope = scopes_[directory];
  scope.used = ++uses_;
  return scope;
}

void EpochFence::LetGo(const std::string& directory) {
  if (!scopes_[directory].idle()) return;
  size_t idle = 0;
  auto oldest = scopes_.end();
  for (auto scope = scopes_.begin(); scope != scopes_.end(); ++scope) {
    if (!scope->second.idle()) continue;
    ++idle;
    if (oldest == scopes_.end() || scope->second.used < oldest->second.used) oldest = scope;
  }
  if (idle > kMostIdle) scopes_.erase(oldest);
}

Task<absl::StatusOr<EpochFence::Pass>> EpochFence::Enter(StoreFence token) {
  while (Use(token.directory).creations > 0) {
    released_.Reset();
    co_await released_.Wait();
  }
  Pass pass(*this, token.directory, /*creates=*/false);
  Scope& scope = scopes_[token.directory];
  if (!scope.newest.has_value()) {
    WT_CO_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           co_await store_.ListNames(token.directory));
    int64_t newest = 0;
    for (const std::string& name : names) newest = std::max(newest, EpochInName(name).value());
    scope.newest = newest;
  }
  if (*scope.newest > token.epoch) {
    co_return absl::AbortedError(
        absl::StrCat("the store refuses a late request: it was made under epoch ", token.epoch,
                     " of ", token.directory, ", and epoch ", *scope.newest, " exists"));
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
  while (Use(directory).requests > 0) {
    released_.Reset();
    co_await released_.Wait();
  }
  co_return pass;
}

}  // namespace wavetank::checkpoint
