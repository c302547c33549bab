#include "runtime/connectors/file_sink_publisher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/crc32c.h"
#include "checkpoint/unique.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "runtime/connectors/file_part.h"
#include "runtime/connectors/part_name.h"
#include "runtime/steps.h"

namespace wavetank::runtime {
namespace {

// After an error that may pass, unless there is news before.
constexpr absl::Duration kPause = absl::Seconds(1);
// Readers of a complete table may still be at the one before the newest.
constexpr int64_t kTablesKept = 2;

// Of a part, and others may be linked all the same: another's file has its plain name, or its own
// file is gone or damaged.
bool CannotBeLinked(const absl::Status& status) {
  return absl::IsAlreadyExists(status) || absl::IsNotFound(status) || absl::IsDataLoss(status);
}

uint64_t InlineBytes(const ManifestEntry& entry) {
  uint64_t bytes = 0;
  for (const ManifestPart& part : entry.parts()) bytes += part.text().size();
  return bytes;
}

// Rows that follow on one another need no files of their own.
std::vector<ManifestPart> JoinInline(const ManifestEntry& entry) {
  std::vector<ManifestPart> joined;
  for (const ManifestPart& part : entry.parts()) {
    const bool follows = IsInline(part) && !joined.empty() && IsInline(joined.back()) &&
                         joined.back().dialect() == part.dialect();
    if (!follows) {
      joined.push_back(part);
      continue;
    }
    ManifestPart& with = joined.back();
    with.mutable_text()->append(part.text(), part.header_bytes());
    with.set_rows(with.rows() + part.rows());
    with.set_size_bytes(with.text().size());
    with.set_crc32c(checkpoint::Crc32c(with.text()));
  }
  return joined;
}

}  // namespace

FileSinkPublisher::FileSinkPublisher(platform::Node& node, checkpoint::Store& store,
                                     std::string directory, bool complete, ManifestHistory& history)
    : node_(node),
      store_(store),
      directory_(std::move(directory)),
      complete_(complete),
      history_(history),
      scope_(node.executor()) {}

void FileSinkPublisher::Begin(checkpoint::FencedLog& log, FencingToken token, int64_t last,
                              std::deque<ManifestEntry> entries) {
  End();
  log_ = &log;
  token_ = token;
  last_ = last;
  for (ManifestEntry& entry : entries) Add(std::move(entry));
  if (last >= 0) Wake();
}

void FileSinkPublisher::Committed(ManifestEntry entry) {
  last_ = entry.batch();
  Add(std::move(entry));
  Wake();
}

void FileSinkPublisher::Add(ManifestEntry entry) {
  inline_bytes_ += InlineBytes(entry);
  tables_.push_back({.entry = std::move(entry)});
}

void FileSinkPublisher::End() {
  scope_.DestroyChildren();
  log_ = nullptr;
  tables_.clear();
  inline_bytes_ = 0;
  running_ = false;
  refused_ = false;
}

Task<void> FileSinkPublisher::Settle(absl::Duration timeout) {
  if (!running_ || co_await settled_.WaitFor(node_.clock(), timeout)) co_return;
  node_.Log(platform::LogLevel::kWarning,
            absl::StrCat("the plain names in ", directory_, " lag behind its manifest"));
}

bool FileSinkPublisher::IsReplaced(const Table& table) const {
  return complete_ && table.entry.batch() + kTablesKept <= last_;
}

void FileSinkPublisher::Wake() {
  news_.Set();
  if (running_ || refused_) return;
  running_ = true;
  settled_.Reset();
  scope_.Spawn("file sink publisher", Run());
}

Task<void> FileSinkPublisher::Run() {
  while (news_.is_set()) {
    news_.Reset();
    const absl::Status status = co_await CatchUp();
    if (status.ok()) {
      co_await node_.Step(steps::kSinkPublished, {{"batch", last_}, {"sink", directory_}});
      continue;
    }
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat("the plain names in ", directory_,
                           " lag behind its manifest: ", status.message()));
    if (refused_) break;
    if (CannotBeLinked(status)) continue;
    co_await news_.WaitFor(node_.clock(), kPause);
    news_.Set();
  }
  running_ = false;
  settled_.Set();
}

// OK: the plain names are as the manifest. What cannot be linked is no obstacle to anything else.
Task<absl::Status> FileSinkPublisher::CatchUp() {
  absl::Status blocked;
  size_t at = 0;
  while (true) {
    // All are linked, in the order of the batches, before anything is removed.
    while (at < tables_.size()) {
      Table& table = tables_[at];
      if (HasInline(table.entry) && IsReplaced(table)) {
        Forget(at);
        continue;
      }
      // Of complete tables a later one may have been shown since.
      const bool again = !complete_ && !table.blocked.ok();
      if (!table.linked || again) WT_CO_RETURN_IF_ERROR(co_await Publish(table));
      blocked.Update(table.blocked);
      if (complete_ || !table.blocked.ok()) {
        ++at;
      } else {
        Drop(at);
      }
    }
    if (tables_.empty() || !IsReplaced(tables_.front())) co_return blocked;
    WT_CO_RETURN_IF_ERROR(co_await RemoveParts(tables_.front()));
    Forget(0);
    --at;
  }
}

void FileSinkPublisher::Forget(size_t at) {
  history_.Forget(tables_[at].entry.batch());
  Drop(at);
}

void FileSinkPublisher::Drop(size_t at) {
  inline_bytes_ -= InlineBytes(tables_[at].entry);
  tables_.erase(tables_.begin() + static_cast<ptrdiff_t>(at));
}

Task<absl::Status> FileSinkPublisher::Publish(Table& table) {
  if (HasInline(table.entry)) WT_CO_RETURN_IF_ERROR(co_await File(table));
  WT_CO_RETURN_IF_ERROR(co_await LinkParts(table));
  table.linked = true;
  co_await node_.Step(steps::kSinkLinked, {{"batch", table.entry.batch()}, {"sink", directory_}});
  co_return absl::OkStatus();
}

// What the manifest says is there is there, and nobody is shown a file before the manifest has it:
// a newer owner would file the batch again, and a lister see it under another file's name.
Task<absl::Status> FileSinkPublisher::File(Table& table) {
  const int64_t batch = table.entry.batch();
  ManifestRecord record;
  ManifestFiled& filed = *record.mutable_filed();
  filed.set_query_id(table.entry.query_id());
  filed.set_batch(batch);
  filed.set_epoch(token_.epoch);
  filed.set_fences(token_.fences);
  std::vector<std::pair<std::string, std::string>> files;  // by path
  for (ManifestPart& part : JoinInline(table.entry)) {
    if (IsInline(part)) {
      std::string text = std::move(*part.mutable_text());
      part.clear_text();
      part.set_file(FiledName(batch, token_, checkpoint::UniqueId(node_), part.dialect()));
      files.emplace_back(StagedPath(directory_, part), std::move(text));
    }
    *filed.add_parts() = std::move(part);
  }
  const bool too_early = platform::Planted(node_, "filed_before_it_is_staged");
  absl::Status appended;
  if (too_early) appended = co_await log_->Append({record.SerializeAsString()});
  for (auto& [path, text] : files) {
    WT_CO_RETURN_IF_ERROR(co_await store_.CreateIfAbsent(path, std::move(text)));
  }
  if (platform::Planted(node_, "plain_name_before_it_is_filed")) {
    for (const ManifestPart& part : filed.parts()) {
      WT_CO_RETURN_IF_ERROR(co_await store_.Link(StagedPath(directory_, part), PlainName(part)));
    }
  }
  co_await node_.Step(steps::kSinkFileStaged, {{"batch", batch}, {"sink", directory_}});
  if (!too_early) appended = co_await log_->Append({record.SerializeAsString()});
  if (!appended.ok()) {
    // Whether it counts is for the next owner to find out, this driver or another.
    refused_ = true;
    co_return appended;
  }
  inline_bytes_ -= InlineBytes(table.entry);
  table.entry.mutable_parts()->Swap(filed.mutable_parts());
  co_await node_.Step(steps::kSinkFiled, {{"batch", batch}, {"sink", directory_}});
  co_return absl::OkStatus();
}

// Those that can be, also when one cannot.
Task<absl::Status> FileSinkPublisher::LinkParts(Table& table) {
  table.blocked = absl::OkStatus();
  table.ours.clear();
  for (const ManifestPart& part : table.entry.parts()) {
    const absl::Status linked = co_await store_.Link(StagedPath(directory_, part), PlainName(part));
    if (!linked.ok() && !CannotBeLinked(linked)) co_return linked;
    table.ours.push_back(linked.ok());
    // A predecessor may have begun to remove it.
    if (absl::IsNotFound(linked) && IsReplaced(table)) continue;
    table.blocked.Update(linked);
  }
  co_return absl::OkStatus();
}

// The staged names go first, so that a fenced owner that still links cannot bring the plain ones
// back.
Task<absl::Status> FileSinkPublisher::RemoveParts(const Table& table) {
  std::vector<std::string> staged;
  for (const ManifestPart& part : table.entry.parts()) {
    staged.push_back(StagedPath(directory_, part));
  }
  if (!staged.empty()) WT_CO_RETURN_IF_ERROR(co_await store_.RemoveAll(std::move(staged)));
  co_await node_.Step(steps::kSinkUnstaged, {{"batch", table.entry.batch()}, {"sink", directory_}});
  std::vector<std::string> plain;
  for (size_t i = 0; i < table.ours.size(); ++i) {
    const ManifestPart& part = table.entry.parts(static_cast<int>(i));
    bool ours = table.ours[i];
    if (!ours) {
      WT_CO_ASSIGN_OR_RETURN(ours, co_await PlainNameIsOurs(part));
    }
    if (ours) plain.push_back(PlainName(part));
  }
  if (!plain.empty()) WT_CO_RETURN_IF_ERROR(co_await store_.RemoveAll(std::move(plain)));
  co_return absl::OkStatus();
}

Task<absl::StatusOr<bool>> FileSinkPublisher::PlainNameIsOurs(ManifestPart part) {
  const absl::StatusOr<bool> ours = co_await HasTextOf(store_, PlainName(part), part);
  if (CannotBeLinked(ours.status())) co_return false;
  co_return ours;
}

std::string FileSinkPublisher::PlainName(const ManifestPart& part) const {
  return absl::StrCat(directory_, "/", part.name());
}

}  // namespace wavetank::runtime
