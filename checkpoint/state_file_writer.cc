#include "checkpoint/state_file_writer.h"

#include <utility>

#include "checkpoint/unique.h"
#include "platform/status_macros.h"

namespace wavetank::checkpoint {

StateFileWriter::StateFileWriter(Store& store, std::string path, const StateFileHeader& header,
                                 uint64_t part_bytes)
    : store_(store), path_(std::move(path)), part_bytes_(part_bytes), encoder_(header) {}

Task<absl::Status> StateFileWriter::Flush() {
  if (encoder_.pending_bytes() < part_bytes_) co_return absl::OkStatus();
  co_return co_await Append(encoder_.Take());
}

Task<absl::Status> StateFileWriter::Append(std::string bytes) {
  if (staged_ == nullptr) {
    WT_CO_ASSIGN_OR_RETURN(staged_, co_await store_.Stage(path_));
  }
  size_bytes_ += bytes.size();
  const absl::Status appended = co_await staged_->Append(std::move(bytes));
  if (!appended.ok()) co_await staged_->Discard();
  co_return appended;
}

Task<absl::StatusOr<uint64_t>> StateFileWriter::Finish() {
  std::string rest = encoder_.Finish();
  if (staged_ == nullptr) {
    const uint64_t size_bytes = rest.size();
    WT_CO_RETURN_IF_ERROR(co_await CreateUnique(store_, path_, std::move(rest)));
    co_return size_bytes;
  }
  WT_CO_RETURN_IF_ERROR(co_await Append(std::move(rest)));
  const absl::Status published = co_await staged_->Publish();
  // The name is nobody else's: a file that is there is this one, by a request that was repeated. So
  // the content, which is large, need not be kept for comparing as CreateUnique does.
  if (!published.ok() && !absl::IsAlreadyExists(published)) co_return published;
  co_return size_bytes_;
}

}  // namespace wavetank::checkpoint
