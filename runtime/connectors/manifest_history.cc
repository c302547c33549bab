#include "runtime/connectors/manifest_history.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/connectors/part_name.h"

namespace wavetank::runtime {
namespace {

const std::string& QueryOf(const ManifestRecord& record) {
  if (record.has_fence()) return record.fence().query_id();
  if (record.has_entry()) return record.entry().query_id();
  return record.has_filed() ? record.filed().query_id() : record.dropped().query_id();
}

std::optional<ManifestRecord> Decode(std::string_view bytes) {
  ManifestRecord record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  return record;
}

}  // namespace

void ManifestHistory::Clear() {
  place_ = -1;
  query_id_.clear();
  token_ = {};
  next_batch_ = 0;
  entries_.clear();
  forgotten_.clear();
  filed_.clear();
}

absl::Status ManifestHistory::Damaged(const std::string& why) const {
  return absl::DataLossError(
      absl::StrCat("manifest of ", directory_, ": record ", place_, " ", why));
}

absl::Status ManifestHistory::Add(std::string_view bytes) {
  ++place_;
  std::optional<ManifestRecord> decoded = Decode(bytes);
  if (!decoded) return Damaged("cannot be decoded");
  ManifestRecord& record = *decoded;
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
      return AddEntry(std::move(*record.mutable_entry()));
    case ManifestRecord::kFiled:
      return AddFiled(record.filed());
    case ManifestRecord::KIND_NOT_SET:
      break;
  }
  return Damaged("is of an unknown kind: written by a newer version?");
}

absl::Status ManifestHistory::AddEntry(ManifestEntry entry) {
  if (entry.batch() != next_batch_) {
    return Damaged(
        absl::StrCat("is batch ", entry.batch(), " where batch ", next_batch_, " belongs"));
  }
  ++next_batch_;
  entries_.push_back(std::move(entry));
  if (of_ == Of::kReader && entries_.back().mode() == MANIFEST_MODE_COMPLETE) KeepNewest(2);
  return absl::OkStatus();
}

absl::Status ManifestHistory::AddFiled(const ManifestFiled& filed) {
  const std::string what = absl::StrCat("files batch ", filed.batch());
  if (filed.batch() < 0 || filed.batch() >= next_batch_) {
    return Damaged(absl::StrCat(what, ", and the newest entry is ", next_batch_ - 1));
  }
  if (FencingToken{filed.epoch(), filed.fences()} != token_) {
    return Damaged(absl::StrCat(what, " under another token than the newest"));
  }
  // Those before the first are not asked for any more.
  const int64_t first = entries_.empty() ? next_batch_ : entries_.front().batch();
  if (filed.batch() >= first) {
    ManifestEntry& entry = entries_[static_cast<size_t>(filed.batch() - first)];
    if (!HasInline(entry)) return Damaged(absl::StrCat(what, ", which stands in files"));
    *entry.mutable_parts() = filed.parts();
  }
  if (of_ == Of::kOwner) filed_[filed.batch()] = filed;
  return absl::OkStatus();
}

void ManifestHistory::Forget(int64_t batch) {
  forgotten_.insert(batch);
  while (!entries_.empty() && forgotten_.erase(entries_.front().batch()) > 0) entries_.pop_front();
  // Entries have no gaps.
  if (!forgotten_.contains(batch)) return;
  entries_[static_cast<size_t>(batch - entries_.front().batch())].clear_parts();
}

// In place of an entry and of what files it, the entry as it is filed: nothing drops the text of an
// entry before there is a Filed of it.
std::optional<std::string> ManifestHistory::Copied(std::string bytes) const {
  std::optional<ManifestRecord> record = Decode(bytes);
  if (!record) return bytes;
  if (record->has_filed() && filed_.contains(record->filed().batch())) return std::nullopt;
  if (!record->has_entry() || !HasInline(record->entry())) return bytes;
  const auto filed = filed_.find(record->entry().batch());
  if (filed == filed_.end() && drops_unfiled_) {
    for (ManifestPart& part : *record->mutable_entry()->mutable_parts()) part.clear_text();
    return record->SerializeAsString();
  }
  if (filed == filed_.end()) return bytes;
  *record->mutable_entry()->mutable_parts() = filed->second.parts();
  return record->SerializeAsString();
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
  // Whoever asks for the base may let go of some meanwhile.
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
