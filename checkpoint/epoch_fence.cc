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
}

EpochFence::Pass::~Pass() {
  if (fence_ == nullptr) return;
  Scope& scope = fence_->scopes_[directory_];
  --(creates_ ? scope.creations : scope.requests);
  // Whether it was done or not: the next request looks anew.
  if (creates_) scope.newest.reset();
  fence_->released_.Set();
}

Task<absl::StatusOr<EpochFence::Pass>> EpochFence::Enter(StoreFence token) {
  while (scopes_[token.directory].creations > 0) {
    released_.Reset();
    co_await released_.Wait();
  }
  Pass pass(*this, token.directory, /*creates=*/false);
  Scope& scope = scopes_[token.directory];
  if (!scope.newest.has_value()) {
    WT_CO_ASSIGN_OR_RETURN(const std::vector<StoredFile> files,
                           co_await store_.List(token.directory));
    int64_t newest = 0;
    for (const StoredFile& file : files) newest = std::max(newest, EpochInName(file.name).value());
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
  while (scopes_[directory].requests > 0) {
    released_.Reset();
    co_await released_.Wait();
  }
  co_return pass;
}

}  // namespace wavetank::checkpoint
