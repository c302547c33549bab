#include "runtime/connectors/file_sink_publisher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/unique.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "runtime/connectors/file_part.h"
#include "runtime/connectors/filing.h"
#include "runtime/connectors/part_name.h"
#include "runtime/steps.h"

namespace wavetank::runtime {
namespace {

// After an error that may pass, unless there is news before.
constexpr absl::Duration kPause = absl::Seconds(1);
// Each time costs a few syncs, whatever the number of batches. So it waits for so many batches or
// bytes, for no longer than that, and only while others come as fast as they did.
constexpr int64_t kMostWaiting = 16;
constexpr uint64_t kMostBytesWaiting = uint64_t{1} << 20;
constexpr absl::Duration kLongestWait = absl::Seconds(5);
constexpr absl::Duration kLeastQuiet = absl::Milliseconds(100);
constexpr absl::Duration kMostQuiet = absl::Milliseconds(1'400);
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
  newest_ = last - static_cast<int64_t>(entries.size());
  for (ManifestEntry& entry : entries) Add(std::move(entry));
  if (last >= 0) Wake();
}

void FileSinkPublisher::Committed(ManifestEntry entry) {
  const platform::MonotonicTime now = node_.clock().Now();
  apart_ = committed_at_ ? now - *committed_at_ : absl::ZeroDuration();
  committed_at_ = now;
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
  linked_file_.clear();
  committed_at_.reset();
  apart_ = absl::ZeroDuration();
  running_ = false;
  refused_ = false;
}

Task<void> FileSinkPublisher::Settle(absl::Duration timeout) {
  if (!running_) co_return;
  in_haste_ = true;
  news_.Set();
  const bool settled = co_await settled_.WaitFor(node_.clock(), timeout);
  in_haste_ = false;
  if (settled) co_return;
  node_.Log(platform::LogLevel::kWarning,
            absl::StrCat("the plain names in ", directory_, " lag behind its manifest"));
}

bool FileSinkPublisher::IsReplaced(const Table& table) const {
  return complete_ && table.entry.batch() + kTablesKept <= newest_;
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
    co_await AwaitMore();
    const absl::Status status = co_await CatchUp();
    if (status.ok()) {
      co_await node_.Step(steps::kSinkPublished, {{"batch", newest_}, {"sink", directory_}});
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

Task<void> FileSinkPublisher::AwaitMore() {
  const auto is_enough = [this] {
    const int64_t waiting = last_ - newest_;
    return in_haste_ || waiting >= kMostWaiting || inline_bytes_ >= kMostBytesWaiting;
  };
  // Half as long again as the newest one took to come; one by itself is not waited for.
  const auto quiet = [this] {
    const absl::Duration longer = apart_ + apart_ / 2;
    return longer > kMostQuiet ? kLeastQuiet : std::max(longer, kLeastQuiet);
  };
  const platform::MonotonicTime until = node_.clock().Now() + kLongestWait;
  while (!is_enough()) {
    const absl::Duration left = until - node_.clock().Now();
    if (left <= absl::ZeroDuration()) break;
    if (!co_await news_.WaitFor(node_.clock(), std::min(quiet(), left))) break;
    news_.Reset();
  }
  news_.Reset();
}

// OK: the plain names are as the manifest was when it began. What cannot be linked is no obstacle
// to anything else.
Task<absl::Status> FileSinkPublisher::CatchUp() {
  absl::Status blocked;
  newest_ = last_;
  size_t at = 0;
  while (true) {
    // All are linked, in the order of the batches, before anything is removed.
    while (at < tables_.size() && tables_[at].entry.batch() <= newest_) {
      Table& table = tables_[at];
      if (HasInline(table.entry) && IsReplaced(table)) {
        Forget(at);
        continue;
      }
      // Of complete tables a later one may have been shown since.
      const bool again = !complete_ && !table.blocked.ok();
      if (!table.linked || again) WT_CO_RETURN_IF_ERROR(co_await Publish(at));
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

Task<absl::Status> FileSinkPublisher::Publish(size_t at) {
  Table& table = tables_[at];
  if (HasInline(table.entry)) WT_CO_RETURN_IF_ERROR(co_await File(at));
  WT_CO_RETURN_IF_ERROR(co_await LinkParts(table));
  table.linked = true;
  co_await node_.Step(steps::kSinkLinked, {{"batch", table.entry.batch()}, {"sink", directory_}});
  co_return absl::OkStatus();
}

// What the manifest says is there is there, and nobody is shown a file before the manifest has it:
// a newer owner would file the batch again, and a lister see it under another file's name.
Task<absl::Status> FileSinkPublisher::File(size_t at) {
  EntriesToFile entries;
  for (size_t i = at; i < tables_.size() && tables_[i].entry.batch() <= newest_; ++i) {
    entries.push_back(&tables_[i].entry);
  }
  // A table that replaces others is listed alone.
  entries.resize(complete_ ? 1 : CountForOneFile(entries));
  const int64_t first = entries.front()->batch();
  const int64_t last = entries.back()->batch();
  Filing filing = FileEntries(entries, [&](const ManifestPart& part) {
    return FiledName(first, token_, checkpoint::UniqueId(node_), part.dialect());
  });
  std::vector<std::string> records;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (filing.parts[i].empty()) continue;
    ManifestRecord record;
    ManifestFiled& filed = *record.mutable_filed();
    filed.set_query_id(entries[i]->query_id());
    filed.set_batch(entries[i]->batch());
    filed.set_epoch(token_.epoch);
    filed.set_fences(token_.fences);
    filed.mutable_parts()->Assign(filing.parts[i].begin(), filing.parts[i].end());
    records.push_back(record.SerializeAsString());
  }
  const bool too_early = platform::Planted(node_, "filed_before_it_is_staged");
  absl::Status appended;
  if (too_early) appended = co_await log_->Append(records);
  const std::string staged = StagedDirectory(directory_);
  for (Filing::File& file : filing.files) {
    WT_CO_RETURN_IF_ERROR(
        co_await store_.CreateIfAbsent(absl::StrCat(staged, "/", file.name), std::move(file.text)));
  }
  if (platform::Planted(node_, "plain_name_before_it_is_filed")) {
    for (const ManifestPart& part : filing.parts.front()) {
      WT_CO_RETURN_IF_ERROR(co_await store_.Link(StagedPath(directory_, part), PlainName(part)));
    }
  }
  co_await node_.Step(steps::kSinkFileStaged, {{"batch", last}, {"sink", directory_}});
  if (!too_early) appended = co_await log_->Append(std::move(records));
  if (!appended.ok() && !platform::Planted(node_, "refused_publisher_links")) {
    // Whether it counts is for the next owner to find out, this driver or another.
    refused_ = true;
    co_return appended;
  }
  for (size_t i = 0; i < filing.parts.size(); ++i) {
    ManifestEntry& entry = tables_[at + i].entry;
    inline_bytes_ -= InlineBytes(entry);
    entry.mutable_parts()->Assign(filing.parts[i].begin(), filing.parts[i].end());
  }
  co_await node_.Step(steps::kSinkFiled, {{"batch", last}, {"sink", directory_}});
  co_return absl::OkStatus();
}

// Those that can be, also when one cannot.
Task<absl::Status> FileSinkPublisher::LinkParts(Table& table) {
  table.blocked = absl::OkStatus();
  table.ours.clear();
  for (const ManifestPart& part : table.entry.parts()) {
    if (part.file_bytes() > 0 && part.file() == linked_file_) continue;
    const absl::Status linked = co_await store_.Link(StagedPath(directory_, part), PlainName(part));
    if (!linked.ok() && !CannotBeLinked(linked)) co_return linked;
    if (linked.ok() && part.file_bytes() > 0) linked_file_ = part.file();
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
