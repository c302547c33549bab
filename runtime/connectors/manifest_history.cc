#include "runtime/connectors/manifest_history.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"

namespace wavetank::runtime {
namespace {

const std::string& QueryOf(const ManifestRecord& record) {
  if (record.has_fence()) return record.fence().query_id();
  return record.has_entry() ? record.entry().query_id() : record.dropped().query_id();
}

}  // namespace

void ManifestHistory::Clear() {
  place_ = -1;
  query_id_.clear();
  token_ = {};
  next_batch_ = 0;
  entries_.clear();
}

absl::Status ManifestHistory::Damaged(const std::string& why) const {
  return absl::DataLossError(
      absl::StrCat("manifest of ", directory_, ": record ", place_, " ", why));
}

absl::Status ManifestHistory::Add(std::string_view bytes) {
  ++place_;
  ManifestRecord record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Damaged("cannot be decoded");
  }
  const std::string& query_id = QueryOf(record);
  if (place_ == 0) query_id_ = query_id;
  if (query_id != query_id_) {
    return Damaged(absl::StrCat("is of query ", query_id, ", the first of ", query_id_));
  }
  switch (record.kind_case()) {
    case ManifestRecord::kFence: {
      const FencingToken token{record.fence().epoch(), record.fence().fences()};
      if (token < token_) return Damaged("has an older fencing token than one before it");
      token_ = token;
      return absl::OkStatus();
    }
    case ManifestRecord::kDropped:
      if (next_batch_ > 0) return Damaged("drops batches, and entries stand before it");
      next_batch_ = record.dropped().first_batch();
      return absl::OkStatus();
    case ManifestRecord::kEntry:
      if (record.entry().batch() != next_batch_) {
        return Damaged(absl::StrCat("is batch ", record.entry().batch(), " where batch ",
                                    next_batch_, " belongs"));
      }
      ++next_batch_;
      entries_.push_back(std::move(*record.mutable_entry()));
      if (entries_.back().mode() == MANIFEST_MODE_COMPLETE) KeepNewest(2);
      return absl::OkStatus();
    case ManifestRecord::KIND_NOT_SET:
      break;
  }
  return Damaged("is of an unknown kind: written by a newer version?");
}

void ManifestHistory::KeepNewest(size_t count) {
  while (entries_.size() > count) entries_.pop_front();
}

std::optional<platform::Generator<std::string>> ManifestHistory::Base() const {
  if (entries_.empty() || entries_.back().mode() != MANIFEST_MODE_COMPLETE) return std::nullopt;
  return CompleteBase();
}

platform::Generator<std::string> ManifestHistory::CompleteBase() const {
  ManifestRecord record;
  record.mutable_fence()->set_query_id(query_id_);
  record.mutable_fence()->set_epoch(token_.epoch);
  record.mutable_fence()->set_fences(token_.fences);
  co_yield record.SerializeAsString();
  // At most two, which are let go of by whoever asks for the base.
  const std::deque<ManifestEntry> entries = entries_;
  if (entries.front().batch() > 0) {
    record.mutable_dropped()->set_query_id(query_id_);
    record.mutable_dropped()->set_first_batch(entries.front().batch());
    co_yield record.SerializeAsString();
  }
  for (const ManifestEntry& entry : entries) {
    *record.mutable_entry() = entry;
    co_yield record.SerializeAsString();
  }
}

absl::StatusOr<ManifestHistory> ParseManifest(const std::string& directory,
                                              const std::vector<std::string>& records) {
  ManifestHistory history(directory);
  for (const std::string& record : records) WT_RETURN_IF_ERROR(history.Add(record));
  return history;
}

}  // namespace wavetank::runtime
