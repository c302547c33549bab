#include "runtime/operators/memory_account.h"

#include "absl/strings/str_cat.h"

namespace wavetank::runtime {

absl::Status MemoryHolder::Hold(int64_t bytes) {
  if (account_ == nullptr) return absl::OkStatus();
  account_->held_bytes_ += bytes - bytes_;
  bytes_ = bytes;
  if (account_->held_bytes_ <= account_->limit_bytes_) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("it holds ", bytes, " bytes, and its task ", account_->held_bytes_,
                   " in all, more than the ", account_->limit_bytes_,
                   " that a task may hold: use more shuffle partitions, fewer files a batch "
                   "(maxFilesPerTrigger), or keys with fewer values"));
}

}  // namespace wavetank::runtime
