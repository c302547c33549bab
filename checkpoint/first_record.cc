#include "checkpoint/first_record.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/epoch_log.h"
#include "checkpoint/fenced_log.h"
#include "checkpoint/metadata.h"
#include "platform/status_macros.h"

namespace wavetank::checkpoint {
namespace {

// How often an owner at work may begin a segment meanwhile.
constexpr int kMostLooks = 8;

class FirstOnly final : public LogFold {
 public:
  void Clear() override { record_.reset(); }
  absl::Status Add(std::string_view record) override {
    record_.emplace(record);
    return absl::CancelledError("this is enough");
  }
  const std::optional<std::string>& record() const { return record_; }

 private:
  std::optional<std::string> record_;
};

}  // namespace

Task<absl::StatusOr<std::string>> FirstRecord(Store& store, std::string directory) {
  absl::Status status;
  for (int look = 0; look < kMostLooks; ++look) {
    WT_CO_ASSIGN_OR_RETURN(const EpochList list, co_await ListEpochs(store, directory));
    const SegmentId newest = list.newest_segment();
    if (newest.epoch == Epoch()) co_return std::string();
    FirstOnly first;
    const absl::StatusOr<Counted> read =
        co_await ReadCounted(store, directory, newest, SealLimits(), first);
    if (first.record().has_value()) co_return *first.record();
    status = read.status();
    if (!absl::IsUnavailable(status)) break;
  }
  WT_CO_RETURN_IF_ERROR(status);
  co_return std::string();
}

Task<absl::StatusOr<std::optional<MetadataRecord>>> FirstMetadata(Store& store,
                                                                  std::string directory) {
  WT_CO_ASSIGN_OR_RETURN(const std::string bytes, co_await FirstRecord(store, directory));
  if (bytes.empty()) co_return std::nullopt;
  absl::StatusOr<MetadataRecord> record = DecodeMetadata(bytes);
  if (record.ok()) co_return *std::move(record);
  co_return absl::Status(record.status().code(),
                         absl::StrCat(directory, ": record 0: ", record.status().message()));
}

}  // namespace wavetank::checkpoint
