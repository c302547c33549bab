#include "checkpoint/unique_file_writer.h"

#include <utility>

#include "checkpoint/unique.h"
#include "platform/status_macros.h"

namespace wavetank::checkpoint {

Task<absl::Status> UniqueFileWriter::Append(std::string part) {
  if (staged_ == nullptr) {
    WT_CO_ASSIGN_OR_RETURN(staged_, co_await store_.Stage(path_));
  }
  size_bytes_ += part.size();
  const absl::Status appended = co_await staged_->Append(std::move(part));
  if (!appended.ok()) co_await staged_->Discard();
  co_return appended;
}

Task<absl::StatusOr<uint64_t>> UniqueFileWriter::Finish(std::string rest) {
  if (staged_ == nullptr) {
    const uint64_t size_bytes = rest.size();
    WT_CO_RETURN_IF_ERROR(co_await CreateUnique(store_, path_, std::move(rest)));
    co_return size_bytes;
  }
  if (!rest.empty()) WT_CO_RETURN_IF_ERROR(co_await Append(std::move(rest)));
  const absl::Status published = co_await staged_->Publish();
  // The name is nobody else's: a file that is there is this one, by a request that was repeated. So
  // the content, which is large, need not be kept for comparing as CreateUnique does.
  if (!published.ok() && !absl::IsAlreadyExists(published)) co_return published;
  co_return size_bytes_;
}

}  // namespace wavetank::checkpoint
