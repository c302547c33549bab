#include "checkpoint/log_base.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/framing.h"
#include "platform/status_macros.h"

namespace wavetank::checkpoint {

LogBase::LogBase(OwnedDirectory& directory, std::string owner, SegmentId segment, SealLimits limits)
    : directory_(directory), owner_(std::move(owner)), segment_(segment), limits_(limits) {}

Task<absl::Status> LogBase::Add(std::string record) {
  const uint64_t bytes = EncodedBytes({record});
  if (bytes > kLargestPayload) {
    co_return absl::ResourceExhaustedError(
        absl::StrCat(BasePath(directory_.path(), segment_), ": a record of ", record.size(),
                     " bytes is too much for a group; the most is ", kLargestPayload));
  }
  const uint64_t most =
      sequence_ == 0 ? std::max(limits_.group_bytes, limits_.copied_bytes) : limits_.group_bytes;
  if (!records_.empty() && bytes_ + bytes > std::min(most, kLargestPayload)) {
    WT_CO_RETURN_IF_ERROR(co_await WriteGroup());
  }
  bytes_ += bytes;
  records_.push_back(std::move(record));
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::vector<SealItem>>> LogBase::Finish() {
  std::vector<SealItem> items;
  if (sequence_ == 0 && bytes_ <= limits_.copied_bytes) {
    if (!records_.empty()) items.push_back({.records = std::move(records_)});
    co_return items;
  }
  if (!records_.empty()) WT_CO_RETURN_IF_ERROR(co_await WriteGroup());
  items.push_back({.kind = SealItem::Kind::kBase,
                   .records = {},
                   .segment = segment_,
                   .length = length_,
                   .owner = owner_});
  co_return items;
}

Task<absl::Status> LogBase::WriteGroup() {
  const LogFile file = BaseFileOf(directory_.path(), segment_, owner_);
  Group group;
  group.sequence = sequence_;
  group.epoch = file.epoch;
  group.durable_bytes = length_;
  group.offset = length_;
  group.payload = EncodeRecords(records_);
  records_.clear();
  bytes_ = 0;
  std::string bytes = EncodeGroup(file, group);
  group.payload.clear();
  const uint64_t size = bytes.size();
  if (sequence_ == 0) {
    WT_CO_RETURN_IF_ERROR(co_await directory_.Create(file.path, std::move(bytes)));
  } else {
    WT_CO_RETURN_IF_ERROR(co_await directory_.Append(file.path, length_, std::move(bytes)));
  }
  length_ += size;
  ++sequence_;
  co_return absl::OkStatus();
}

}  // namespace wavetank::checkpoint
