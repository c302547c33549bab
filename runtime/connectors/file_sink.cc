#include "runtime/connectors/file_sink.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "checkpoint/first_record.h"
#include "checkpoint/paths.h"
#include "platform/planted.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/connectors/file_part.h"
#include "runtime/connectors/part_name.h"
#include "runtime/steps.h"

namespace wavetank::runtime {
namespace {

using checkpoint::FencedLog;
using checkpoint::Store;

// How often a driver takes the log back from an older one before it gives up.
constexpr int kMaxTakeOvers = 8;

// What no file stands for is at most so much: beyond it a batch's parts are staged at once.
constexpr uint64_t kMostInlineBytes = uint64_t{4} << 20;

// "csv", "json" or "text": as the sink's formats are called.
std::string_view NameOfDialect(PartDialect dialect) {
  if (dialect == PART_DIALECT_JSON) return "json";
  return dialect == PART_DIALECT_TEXT ? "text" : "csv";
}

// Of what the attempt's writers have given. Text that stands in the entry is told by the name that
// no other attempt has, as files are.
uint64_t HashOfParts(const ManifestEntry& entry) {
  std::string text;
  for (const ManifestPart& part : entry.parts()) {
    absl::StrAppend(&text, part.name(), "/", checkpoint::NameInPath(part.staged()), "/",
                    part.file(), "/", part.size_bytes(), "/", part.crc32c(), "/", part.rows(), "/",
                    static_cast<int>(part.dialect()), "/", part.header_bytes(), "\n");
  }
  return std::max<uint64_t>(platform::StableHash(text), 1);
}

// Of older writers, whose entries never change, it is not there.
uint64_t CommittableHash(const ManifestEntry& entry) {
  return entry.committable_hash() != 0 ? entry.committable_hash() : HashOfParts(entry);
}

absl::Status CheckOwner(const ManifestHistory& manifest, const std::string& directory,
                        const std::string& query_id) {
  if (manifest.query_id().empty() || manifest.query_id() == query_id) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "sink ", directory, " belongs to query ", manifest.query_id(), ", this is ",
      query_id.empty() ? "a new query" : absl::StrCat("query ", query_id),
      ": give each query a directory of its own; if this one has lost its checkpoint, put that "
      "back"));
}

absl::StatusOr<ManifestEntry> DecodeCommittable(const std::string& committable) {
  ManifestEntry entry;
  if (!entry.ParseFromString(committable)) {
    return absl::DataLossError("a prepared record's committable is not a manifest entry");
  }
  return entry;
}

}  // namespace

FileSink::FileSink(platform::Node& node, Store& store, FileSinkOptions options)
    : node_(node),
      store_(store),
      options_(std::move(options)),
      history_(options_.directory, ManifestHistory::Of::kOwner,
               platform::Planted(node, "unfiled_text_is_dropped")),
      publisher_(node, store, options_.directory, options_.mode == MANIFEST_MODE_COMPLETE,
                 history_) {}

FileSink::Last FileSink::LastOf(const ManifestEntry& entry) {
  return {.batch = entry.batch(),
          .definition_hash = entry.definition_hash(),
          .committable_hash = CommittableHash(entry)};
}

uint64_t FileSink::InlineBytes() const {
  const bool fits = publisher_.inline_bytes() + options_.inline_bytes <= kMostInlineBytes;
  return fits ? options_.inline_bytes : 0;
}

Task<absl::StatusOr<std::optional<CommittedBatch>>> FileSink::Fence(FencingToken token) {
  publisher_.End();
  absl::Status status;
  for (int attempt = 0; attempt < kMaxTakeOvers; ++attempt) {
    // An older driver may be taking the log over too; it stops at the sight of our token.
    status = co_await TakeOver(token);
    if (!absl::IsUnavailable(status)) break;
    const int64_t wait_ms = node_.random().Between(1, int64_t{10} << attempt);
    co_await node_.clock().Sleep(absl::Milliseconds(wait_ms));
  }
  WT_CO_RETURN_IF_ERROR(status);
  WT_CO_RETURN_IF_ERROR(CheckDialect());
  co_await node_.Step(steps::kSinkFenced,
                      {{"batch", last_ ? last_->batch : -1}, {"sink", options_.directory}});
  publisher_.Begin(*log_, token, last_ ? last_->batch : -1, std::exchange(unpublished_, {}));
  if (!last_) co_return std::nullopt;
  co_return CommittedBatch{last_->batch, last_->definition_hash};
}

Task<absl::Status> FileSink::TakeOver(FencingToken token) {
  const auto again_if_overtaken = [](const absl::Status& status) {
    return absl::IsAborted(status) ? absl::UnavailableError(status.message()) : status;
  };
  log_ = nullptr;
  auto log = co_await FencedLog::TakeOver(node_, store_, ManifestDirectory(options_.directory),
                                          history_, {.segment_bytes = options_.log_segment_bytes});
  if (!log.ok()) co_return again_if_overtaken(log.status());
  WT_CO_RETURN_IF_ERROR(CheckOwner(history_, options_.directory, options_.query_id));
  if (history_.token() > token) {
    co_return absl::AbortedError(
        absl::StrCat("sink ", options_.directory, " was fenced by the driver of epoch ",
                     history_.token().epoch, ", this is the driver of epoch ", token.epoch,
                     " (if no other runs, the checkpoint was put back as it once was: start again, "
                     "each start is an epoch)"));
  }
  ManifestRecord record;
  record.mutable_fence()->set_query_id(options_.query_id);
  record.mutable_fence()->set_epoch(token.epoch);
  record.mutable_fence()->set_fences(token.fences);
  const absl::Status appended = co_await (*log)->Append({record.SerializeAsString()});
  if (!appended.ok()) co_return again_if_overtaken(appended);

  WT_CO_RETURN_IF_ERROR(co_await FindUnpublished(token));
  log_ = *std::move(log);
  co_return absl::OkStatus();
}

Task<absl::Status> FileSink::FindUnpublished(FencingToken token) {
  last_.reset();
  shown_in_.reset();
  unpublished_.clear();
  WT_CO_RETURN_IF_ERROR(co_await FindUncommitted(token));
  const std::deque<ManifestEntry>& entries = history_.entries();
  if (entries.empty()) co_return absl::OkStatus();

  WT_CO_ASSIGN_OR_RETURN(const std::vector<checkpoint::StoredFile> files,
                         co_await store_.List(options_.directory));
  absl::btree_map<std::string, uint64_t> plain_names;  // with their sizes
  for (const checkpoint::StoredFile& file : files) {
    plain_names.emplace(file.name, file.size_bytes);
  }
  for (const ManifestEntry& entry : entries) {
    if (!entry.parts().empty()) shown_in_ = entry.parts(0).dialect();
    const auto is_there = [&](const ManifestPart& part) {
      const auto found = plain_names.find(part.name());
      return !IsInline(part) && found != plain_names.end() && found->second == FileBytes(part);
    };
    // Of those that will be removed the publisher must know all: linking compares the bytes.
    if (options_.mode == MANIFEST_MODE_COMPLETE || !std::ranges::all_of(entry.parts(), is_there)) {
      unpublished_.push_back(entry);
    }
  }
  WT_CO_RETURN_IF_ERROR(co_await RemoveReplacedNames(files));
  last_ = LastOf(entries.back());
  if (options_.mode != MANIFEST_MODE_COMPLETE) history_.KeepNewest(1);
  co_return absl::OkStatus();
}

// The plain names of a table that the manifest has forgotten: of older builds, and of others. What
// is committed does not change any more, so this is safe for an owner that is fenced by now.
Task<absl::Status> FileSink::RemoveReplacedNames(std::vector<checkpoint::StoredFile> plain_files) {
  const int64_t first = history_.entries().front().batch();
  for (const checkpoint::StoredFile& file : plain_files) {
    const int64_t batch = BatchOfPart(file.name);
    if (batch < 0 || batch >= first) continue;
    WT_CO_RETURN_IF_ERROR(co_await store_.Remove(absl::StrCat(options_.directory, "/", file.name)));
  }
  co_return absl::OkStatus();
}

// While all entries are known, as they were read after this fence. What a publisher has staged for
// nothing tells its owner by its token: none that is as new as this one goes.
Task<absl::Status> FileSink::FindUncommitted(FencingToken token) {
  absl::btree_set<std::string> committed;
  for (const ManifestEntry& entry : history_.entries()) {
    for (const ManifestPart& part : entry.parts()) {
      committed.insert(StagedPath(options_.directory, part));
    }
  }
  if (platform::Planted(node_, "parts_of_committed_batches_removed")) committed.clear();
  const std::string staged = StagedDirectory(options_.directory);
  WT_CO_ASSIGN_OR_RETURN(const std::vector<std::string> names, co_await store_.ListNames(staged));
  uncommitted_.clear();
  for (const std::string& name : names) {
    std::string path = absl::StrCat(staged, "/", name);
    const std::optional<FencingToken> filed_by = TokenOfFiled(name);
    const bool is_ours = IsStagedName(name) || (filed_by && *filed_by < token);
    if (is_ours && !committed.contains(path)) uncommitted_.push_back(std::move(path));
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::vector<std::string>>> FileSink::Uncommitted() {
  co_return std::exchange(uncommitted_, {});
}

Task<absl::Status> FileSink::RemoveUncommitted(std::vector<std::string> paths,
                                               std::string prepared) {
  ManifestEntry kept;
  if (!prepared.empty()) {
    WT_CO_ASSIGN_OR_RETURN(kept, DecodeCommittable(prepared));
  }
  for (const ManifestPart& part : kept.parts()) {
    std::erase(paths, StagedPath(options_.directory, part));
  }
  if (paths.empty()) co_return absl::OkStatus();
  co_return co_await store_.RemoveAll(std::move(paths));
}

// Whoever reads a directory of files reads them alike, and a key is told by its text.
absl::Status FileSink::CheckDialect() const {
  if (!shown_in_) return absl::OkStatus();
  const std::string_view shown = NameOfDialect(*shown_in_);
  const std::string_view now = NameOfDialect(options_.dialect);
  if (shown == now) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("sink ", options_.directory, " has files of format ", platform::ToAbsl(shown),
                   ", and the query writes ", platform::ToAbsl(now),
                   ": give it that format again, or another directory and checkpoint"));
}

Task<absl::StatusOr<std::string>> FileSink::Prepare(SinkBatch batch) {
  WT_CO_RETURN_IF_ERROR(CheckDialect());
  ManifestEntry entry;
  entry.set_query_id(options_.query_id);
  entry.set_batch(batch.batch);
  entry.set_definition_hash(batch.definition_hash);
  entry.set_mode(options_.mode);
  for (const ManifestColumn& column : options_.columns) *entry.add_columns() = column;
  for (size_t partition = 0; partition < batch.parts.size(); ++partition) {
    if (batch.parts[partition].empty()) continue;
    ManifestPart& part = *entry.add_parts();
    if (!part.ParseFromString(batch.parts[partition])) {
      co_return absl::InternalError(
          absl::StrCat("partition ", partition, " staged what is not a part of a file sink"));
    }
    part.set_name(PartName(batch.batch, partition, part.dialect()));
    if (!IsInline(part)) WT_CO_RETURN_IF_ERROR(co_await CheckStaged(part));
  }
  entry.set_committable_hash(HashOfParts(entry));
  for (ManifestPart& part : *entry.mutable_parts()) {
    if (IsInline(part)) part.clear_file();
  }
  co_return entry.SerializeAsString();
}

// A record names for good what its writer has seen: a worker may have staged it elsewhere.
Task<absl::Status> FileSink::CheckStaged(ManifestPart part) {
  const std::string path = StagedPath(options_.directory, part);
  const absl::StatusOr<std::string> first = co_await store_.Read(path, 0, 1);
  if (!absl::IsNotFound(first.status())) co_return first.status();
  // A newer owner removes what was staged for a batch that it has committed.
  WT_CO_RETURN_IF_ERROR(co_await log_->Look());
  co_return absl::FailedPreconditionError(absl::StrCat(
      "sink ", options_.directory, ": a worker has staged ", part.file(),
      ", and it is not in the driver's store: the worker uses another, or somebody has "
      "removed it; see that all nodes have one store, and start again"));
}

// Whether this very entry is the one that is committed for its batch. An entry that neither is
// there nor fits next is refused.
absl::StatusOr<bool> FileSink::IsCommitted(const ManifestEntry& entry) const {
  const int64_t next = last_ ? last_->batch + 1 : 0;
  const std::string what = absl::StrCat("sink ", options_.directory, ", batch ", entry.batch(),
                                        " of query ", entry.query_id(), ": ");
  if (entry.query_id() != options_.query_id) {
    return absl::FailedPreconditionError(
        absl::StrCat(what, "this sink belongs to query ", options_.query_id));
  }
  if (entry.batch() == next) return false;
  if (entry.batch() > next) {
    return absl::DataLossError(
        absl::StrCat(what, "its manifest ends before batch ", next,
                     ", which is committed: the manifest was removed or put back"));
  }
  if (entry.batch() < next - 1) {
    return absl::FailedPreconditionError(
        absl::StrCat(what, "the manifest is at batch ", next - 1,
                     " already: the checkpoint was put back to an older state"));
  }
  if (entry.definition_hash() != last_->definition_hash) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%scommitted from definition %016x, and now asked for from %016x: a batch is never defined "
        "twice; was the checkpoint replaced?",
        what, last_->definition_hash, entry.definition_hash()));
  }
  if (platform::Planted(node_, "entries_compared_by_bytes") && !history_.entries().empty() &&
      entry.SerializeAsString() != history_.entries().back().SerializeAsString()) {
    return absl::FailedPreconditionError(absl::StrCat(what, "committed by another attempt"));
  }
  // Not by their bytes: the entry may be filed by now.
  if (CommittableHash(entry) != last_->committable_hash) {
    return absl::FailedPreconditionError(
        absl::StrCat(what, "committed by another attempt than the one that is prepared"));
  }
  return true;
}

Task<absl::Status> FileSink::Commit(std::string committable) {
  if (log_ == nullptr) {
    co_return absl::FailedPreconditionError("a file sink commits only after it was fenced");
  }
  WT_CO_ASSIGN_OR_RETURN(ManifestEntry entry, DecodeCommittable(committable));
  WT_CO_ASSIGN_OR_RETURN(const bool committed, IsCommitted(entry));
  if (committed) co_return absl::OkStatus();
  if (!last_) WT_CO_RETURN_IF_ERROR(co_await CheckNoParts());

  if (platform::Planted(node_, "parts_shown_before_committed")) {
    for (const ManifestPart& part : entry.parts()) {
      const std::string name = absl::StrCat(options_.directory, "/", part.name());
      (co_await (IsInline(part) ? store_.CreateIfAbsent(name, part.text())
                                : store_.Link(StagedPath(options_.directory, part), name)))
          .IgnoreError();
    }
  }
  ManifestRecord record;
  *record.mutable_entry() = entry;
  WT_CO_RETURN_IF_ERROR(co_await log_->Append({record.SerializeAsString()}));
  co_await node_.Step(steps::kSinkManifestWritten,
                      {{"batch", entry.batch()}, {"sink", options_.directory}});
  if (options_.mode != MANIFEST_MODE_COMPLETE) history_.KeepNewest(1);
  if (!entry.parts().empty()) shown_in_ = entry.parts(0).dialect();
  last_ = LastOf(entry);
  publisher_.Committed(std::move(entry));
  co_return absl::OkStatus();
}

// Before anything is shown: others' parts would be taken for what this sink shows.
Task<absl::Status> FileSink::CheckNoParts() {
  WT_CO_ASSIGN_OR_RETURN(const std::vector<checkpoint::StoredFile> files,
                         co_await store_.List(options_.directory));
  for (const checkpoint::StoredFile& file : files) {
    if (BatchOfPart(file.name) < 0) continue;
    // A newer owner may have shown it.
    WT_CO_RETURN_IF_ERROR(co_await log_->Look());
    co_return absl::FailedPreconditionError(
        absl::StrCat("sink ", options_.directory, " has shown nothing yet, and ", file.name,
                     " is there, of another job or of a sink whose manifest was removed: give the "
                     "query an empty directory"));
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<CommittableState>> FileSink::Ask(std::string committable) {
  WT_CO_ASSIGN_OR_RETURN(ManifestEntry entry, DecodeCommittable(committable));
  WT_CO_ASSIGN_OR_RETURN(const bool committed, IsCommitted(entry));
  if (committed) co_return CommittableState::kVisible;
  for (const ManifestPart& part : entry.parts()) {
    // It cannot be lost but with the record itself.
    if (IsInline(part)) {
      if (platform::Planted(node_, "inline_output_is_gone")) co_return CommittableState::kGone;
      continue;
    }
    const absl::StatusOr<bool> intact =
        co_await HasTextOf(store_, StagedPath(options_.directory, part), part);
    if (absl::IsNotFound(intact.status()) || absl::IsDataLoss(intact.status())) {
      co_return CommittableState::kGone;
    }
    WT_CO_RETURN_IF_ERROR(intact.status());
    if (!*intact) co_return CommittableState::kGone;
  }
  co_return CommittableState::kPending;
}

Task<absl::Status> CheckSinkIsOf(Store& store, std::string directory, std::string query_id) {
  const absl::StatusOr<std::string> first =
      co_await checkpoint::FirstRecord(store, ManifestDirectory(directory));
  // Of what is damaged or missing the take-over tells more.
  if (absl::IsDataLoss(first.status()) || absl::IsNotFound(first.status())) {
    co_return absl::OkStatus();
  }
  WT_CO_RETURN_IF_ERROR(first.status());
  ManifestHistory manifest(directory);
  if (first->empty() || !manifest.Add(*first).ok()) co_return absl::OkStatus();
  co_return CheckOwner(manifest, directory, query_id);
}

}  // namespace wavetank::runtime
