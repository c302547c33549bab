#include "checkpoint/fenced_log.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/epoch_log.h"
#include "checkpoint/log_base.h"
#include "checkpoint/owned_directory.h"
#include "checkpoint/steps.h"
#include "checkpoint/unique.h"
#include "platform/check.h"
#include "platform/event.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"

namespace wavetank::checkpoint {
namespace {

SealLimits LimitsOf(const FencedLogOptions& options) {
  return {.copied_bytes = std::min(options.copied_bytes, options.segment_bytes),
          .group_bytes = std::min(options.group_bytes, kLargestPayload)};
}

struct WrittenBase {
  std::vector<SealItem> items;  // of the seal
  int64_t records = 0;
};

// Writes what counts (by the fold, or copied from where it stands) for the seal of a segment.
Task<absl::StatusOr<WrittenBase>> WriteBase(OwnedDirectory& directory, std::string owner,
                                            SegmentId segment, const LogFold& fold,
                                            std::vector<SealItem> counted,
                                            FencedLogOptions options) {
  LogBase base(directory, std::move(owner), segment, LimitsOf(options));
  WrittenBase written;
  if (std::optional<platform::Generator<std::string>> fewer = fold.Base()) {
    while (std::optional<std::string> record = fewer->Next()) {
      WT_CO_RETURN_IF_ERROR(co_await base.Add(*std::move(record)));
      ++written.records;
    }
    WT_CO_ASSIGN_OR_RETURN(written.items, co_await base.Finish());
    co_return written;
  }
  for (SealItem& item : counted) {
    ItemReader reader(directory.store(), directory.path(), std::move(item));
    while (true) {
      WT_CO_ASSIGN_OR_RETURN(auto records, co_await reader.Next());
      if (!records.has_value()) break;
      for (std::string& record : *records) {
        std::optional<std::string> copied = fold.Copied(std::move(record));
        if (!copied) continue;
        WT_CO_RETURN_IF_ERROR(co_await base.Add(*std::move(copied)));
        ++written.records;
      }
    }
  }
  WT_CO_ASSIGN_OR_RETURN(written.items, co_await base.Finish());
  co_return written;
}

class OwnedLog final : public FencedLog {
 public:
  // Stands behind the seal of segment 0, which is `length` bytes.
  OwnedLog(platform::Node& node, OwnedDirectory directory, std::string owner,
           std::vector<SealItem> seal, uint64_t length, LogFold& fold, FencedLogOptions options)
      : node_(node),
        directory_(std::move(directory)),
        owner_(std::move(owner)),
        fold_(fold),
        options_(options),
        scope_(node.executor()) {
    Stand({directory_.epoch(), 0}, std::move(seal), length);
    writing_ = true;
    scope_.Spawn("fenced log writer", SettleAndWrite());
  }

  Epoch epoch() const override { return directory_.epoch(); }
  Task<absl::Status> Look() override { return directory_.Look(); }

  Task<absl::Status> Append(std::vector<std::string> records) override {
    WT_CHECK(!records.empty(), "an append has records");
    if (!stopped_.ok()) co_return stopped_;
    const uint64_t bytes = EncodedBytes(records);
    if (bytes > kLargestPayload) {
      co_return absl::InvalidArgumentError(
          absl::StrCat(file_.path, ": ", records.size(), " records of ", bytes,
                       " bytes are too much to append at once; the most is ", kLargestPayload));
    }
    if (pending_.empty() || pending_.back()->bytes + bytes > kLargestPayload) {
      pending_.push_back(std::make_shared<PendingGroup>());
    }
    const std::shared_ptr<PendingGroup> group = pending_.back();
    group->bytes += bytes;
    for (std::string& record : records) group->records.push_back(std::move(record));
    if (!writing_) {
      writing_ = true;
      scope_.Spawn("fenced log writer", WriteGroups());
    }
    co_await group->done.Wait();
    co_return group->outcome;
  }

 private:
  struct PendingGroup {
    std::vector<std::string> records;
    uint64_t bytes = 0;
    platform::Event done;
    absl::Status outcome;
  };

  LogFile file() const { return LogFileOf(directory_.path(), segment_, owner_); }

  // From here on groups go to `segment`, of which the seal stands.
  void Stand(SegmentId segment, std::vector<SealItem> seal, uint64_t length) {
    segment_ = segment;
    seal_ = std::move(seal);
    base_bytes_ = 0;
    referred_bytes_ = 0;
    for (const SealItem& item : seal_) {
      if (item.kind == SealItem::Kind::kInPlace) {
        referred_bytes_ += item.length;
      } else {
        base_bytes_ += item.copied() ? EncodedBytes(item.records) : item.length;
      }
    }
    file_ = file();
    seal_bytes_ = length;
    length_ = length;
    sequence_ = 1;
    began_ = node_.clock().Now();
  }

  // Before anything is appended: what a new owner leaves behind, it leaves in order.
  Task<void> SettleAndWrite() {
    uint64_t files = 0;
    uint64_t copied = 0;
    for (const SealItem& item : seal_) {
      if (item.copied()) {
        copied += EncodedBytes(item.records);
      } else {
        ++files;
      }
    }
    if (files > 1 || copied > LimitsOf(options_).copied_bytes) {
      StopAfter(co_await NextSegment(), "a new segment");
    } else {
      StopAfter(co_await Settle(), "settling in");
    }
    co_await WriteGroups();
  }

  // One group at a time, each with all the records that came while the one before was under way.
  Task<void> WriteGroups() {
    while (!pending_.empty()) {
      const std::shared_ptr<PendingGroup> group = std::move(pending_.front());
      pending_.pop_front();
      group->outcome = stopped_.ok() ? co_await WriteGroup(group->records) : stopped_;
      if (stopped_.ok()) StopAfter(group->outcome, "an earlier append");
      group->done.Set();
      if (stopped_.ok() && IsSegmentDone()) StopAfter(co_await NextSegment(), "a new segment");
    }
    writing_ = false;
  }

  void StopAfter(const absl::Status& outcome, absl::string_view what) {
    if (outcome.ok()) return;
    // Of the same kind, so that what may pass is tried again: by taking the log over anew.
    stopped_ =
        absl::IsAborted(outcome)
            ? outcome
            : absl::Status(outcome.code(),
                           absl::StrCat(file_.path, ": the outcome of ", what, " is unknown (",
                                        outcome.message(), "); the log must be taken over anew"));
  }

  Task<absl::Status> WriteGroup(const std::vector<std::string>& records) {
    Group group;
    group.sequence = sequence_;
    group.epoch = file_.epoch;
    group.durable_bytes = length_;
    group.offset = length_;
    group.payload = EncodeRecords(records);
    std::string bytes = EncodeGroup(file_, group);
    const uint64_t size = bytes.size();
    WT_CO_RETURN_IF_ERROR(co_await directory_.Append(file_.path, length_, std::move(bytes)));
    const auto sequence = static_cast<int64_t>(sequence_);
    co_await node_.Step(steps::kGroupAppended, {{"epoch", file_.epoch},
                                                {"sequence", sequence},
                                                {"records", static_cast<int64_t>(records.size())},
                                                {"log", directory_.path()}});
    length_ += size;
    ++sequence_;
    // Rule look_after_append: once it is durable. A newer owner that had not created its epoch by
    // then will read it.
    WT_CO_RETURN_IF_ERROR(co_await directory_.Confirm());
    for (const std::string& record : records) WT_CO_RETURN_IF_ERROR(fold_.Add(record));
    co_await node_.Step(
        steps::kGroupCounts,
        {{"epoch", file_.epoch}, {"sequence", sequence}, {"log", directory_.path()}});
    co_return absl::OkStatus();
  }

  bool IsSegmentDone() const {
    const uint64_t own = length_ - seal_bytes_;
    if (node_.clock().Now() - began_ >= options_.segment_age) return true;
    // Owners that never get so far must not leave more and more behind.
    return referred_bytes_ + own >= std::max(options_.segment_bytes, base_bytes_);
  }

  // What counts, for the seal of the next segment.
  Task<absl::StatusOr<WrittenBase>> WriteBase(SegmentId next) {
    std::vector<SealItem> counted = seal_;
    if (sequence_ > 1) {
      counted.push_back({.kind = SealItem::Kind::kInPlace,
                         .records = {},
                         .segment = segment_,
                         .length = length_,
                         .owner = owner_});
    }
    return checkpoint::WriteBase(directory_, owner_, next, fold_, std::move(counted), options_);
  }

  Task<absl::Status> NextSegment() {
    const SegmentId next = segment_.next();
    WT_CO_ASSIGN_OR_RETURN(WrittenBase base, co_await WriteBase(next));
    Group group;
    group.kind = GroupKind::kSeal;
    group.epoch = epoch().value();
    group.payload = EncodeSeal(base.items);
    const LogFile next_file = LogFileOf(directory_.path(), next, owner_);
    std::string bytes = EncodeGroup(next_file, group);
    const uint64_t size = bytes.size();
    WT_CO_RETURN_IF_ERROR(co_await directory_.Create(next_file.path, std::move(bytes)));
    Stand(next, std::move(base.items), size);
    fold_.HasCopied();
    co_await node_.Step(steps::kSegmentBegun, {{"epoch", epoch().value()},
                                               {"segment", segment_.segment},
                                               {"bytes", static_cast<int64_t>(size)},
                                               {"records", base.records},
                                               {"log", directory_.path()}});
    co_return co_await Settle();
  }

  // Rule mark_before_append. What is older goes.
  Task<absl::Status> Settle() {
    WT_CO_RETURN_IF_ERROR(co_await directory_.Create(MarkPath(directory_.path(), segment_),
                                                     std::string(kMarkContent)));
    const absl::Status removed = co_await RemoveOlder();
    if (absl::IsAborted(removed)) co_return removed;
    // What is left goes with the next segment's predecessors; the next append looks anyway.
    if (!removed.ok()) node_.Log(platform::LogLevel::kWarning, std::string(removed.message()));
    co_return absl::OkStatus();
  }

  // What is below this segment and does not stand in its seal. Lists, confirms, then removes.
  Task<absl::Status> RemoveOlder() {
    const std::string& directory = directory_.path();
    WT_CO_ASSIGN_OR_RETURN(const EpochList list,
                           co_await ListEpochs(directory_.store(), directory));
    // Rule look_before_remove.
    WT_CO_RETURN_IF_ERROR(co_await directory_.Confirm());
    std::vector<std::string> removable;
    for (const SegmentId mark : list.marks) {
      if (mark < segment_) removable.push_back(MarkPath(directory, mark));
    }
    // Rule spare_what_is_referred_to.
    const auto refers = [this](SegmentId file, SealItem::Kind kind) {
      if (platform::Planted(node_, "removes_what_its_seal_refers_to")) return false;
      return std::ranges::any_of(seal_, [file, kind](const SealItem& item) {
        return item.kind == kind && item.segment == file;
      });
    };
    for (const SegmentId older : list.segments) {
      if (older >= segment_ || refers(older, SealItem::Kind::kInPlace)) continue;
      removable.push_back(LogPath(directory, older));
    }
    for (const SegmentId older : list.bases) {
      if (older >= segment_ || refers(older, SealItem::Kind::kBase)) continue;
      removable.push_back(BasePath(directory, older));
    }
    for (const Epoch older : list.epochs) {
      if (older < segment_.epoch) removable.push_back(EpochPath(directory, older));
    }
    // At once: owners that are overtaken again and again must not leave behind more than they
    // remove, or none would get so far as to append.
    const auto files = static_cast<int64_t>(removable.size());
    if (files > 0) WT_CO_RETURN_IF_ERROR(co_await directory_.RemoveAll(std::move(removable)));
    co_await node_.Step(steps::kOlderRemoved, {{"epoch", epoch().value()},
                                               {"segment", segment_.segment},
                                               {"files", files},
                                               {"log", directory}});
    co_return absl::OkStatus();
  }

  platform::Node& node_;
  OwnedDirectory directory_;
  const std::string owner_;
  LogFold& fold_;
  const FencedLogOptions options_;
  // The segment that is appended to.
  SegmentId segment_;
  std::vector<SealItem> seal_;
  LogFile file_;
  uint64_t seal_bytes_ = 0;
  uint64_t base_bytes_ = 0;      // of what the seal begins with
  uint64_t referred_bytes_ = 0;  // of older segments, by the seal
  uint64_t length_ = 0;          // all of it durable
  uint64_t sequence_ = 1;        // of the next group
  platform::MonotonicTime began_;
  absl::Status stopped_;  // why nothing is appended any more
  bool writing_ = false;
  std::deque<std::shared_ptr<PendingGroup>> pending_;  // all but the last are full
  platform::TaskScope scope_;
};

// Creates the first epoch above all that exist.
Task<absl::StatusOr<Epoch>> CreateEpoch(Store& store, std::string directory, std::string owner) {
  while (true) {
    WT_CO_ASSIGN_OR_RETURN(const EpochList list, co_await ListWholeEpochs(store, directory));
    const Epoch epoch = list.newest().next();
    const absl::Status created =
        co_await CreateUnique(store, EpochPath(directory, epoch), EncodeEpochFile(owner));
    if (created.ok()) co_return epoch;
    if (!absl::IsAlreadyExists(created)) co_return created;
  }
}

// What counts, seen through the newest epoch that exists; kUnavailable while that has no seal.
Task<absl::Status> ReadOnce(Store& store, std::string directory, LogFold& fold) {
  WT_CO_ASSIGN_OR_RETURN(const EpochList list, co_await ListWholeEpochs(store, directory));
  fold.Clear();
  if (list.newest() != Epoch()) {
    const SegmentId segment = list.newest_segment();
    // Rule reader_wants_the_seal.
    if (segment.epoch != list.newest()) {
      co_return absl::UnavailableError(absl::StrCat("epoch ", list.newest().value(), " of ",
                                                    directory, " has not sealed the others yet"));
    }
    WT_CO_RETURN_IF_ERROR(
        (co_await ReadCounted(store, directory, segment, SealLimits(), fold)).status());
  }
  // Rule reader_looks_again.
  WT_CO_ASSIGN_OR_RETURN(const EpochList now, co_await ListEpochs(store, directory));
  if (now.newest() <= list.newest()) co_return absl::OkStatus();
  co_return absl::UnavailableError(
      absl::StrCat(EpochPath(directory, now.newest()), " came into being meanwhile"));
}

// Counts what goes by.
class CountingFold final : public LogFold {
 public:
  explicit CountingFold(LogFold& fold) : fold_(fold) {}
  void Clear() override {
    count_ = 0;
    fold_.Clear();
  }
  absl::Status Add(std::string_view record) override {
    ++count_;
    return fold_.Add(record);
  }
  int64_t count() const { return count_; }

 private:
  LogFold& fold_;
  int64_t count_ = 0;
};

}  // namespace

Task<absl::StatusOr<std::unique_ptr<FencedLog>>> FencedLog::TakeOver(platform::Node& node,
                                                                     Store& store,
                                                                     std::string directory,
                                                                     LogFold& fold,
                                                                     FencedLogOptions options) {
  const std::string owner = UniqueId(node);
  if (platform::Planted(node, "unsealed_epoch_waited_for")) {
    WT_CO_ASSIGN_OR_RETURN(const EpochList found, co_await ListWholeEpochs(store, directory));
    if (found.newest() > found.newest_segment().epoch) {
      co_return absl::UnavailableError("another owner has not sealed its epoch yet");
    }
  }
  WT_CO_ASSIGN_OR_RETURN(const Epoch epoch, co_await CreateEpoch(store, directory, owner));
  co_await node.Step(steps::kEpochCreated, {{"epoch", epoch.value()}, {"log", directory}});

  // Rule create_then_read: who appends after this finds our epoch when it looks.
  WT_CO_ASSIGN_OR_RETURN(const EpochList list, co_await ListWholeEpochs(store, directory));
  OwnedDirectory owned(node, store, directory, epoch);
  WT_CO_RETURN_IF_ERROR(co_await owned.LookAt(list));
  const SegmentId base = list.NewestSegmentBelow(epoch);
  SegmentId read_from = base;
  if (platform::Planted(node, "goes_on_from_the_first_segment")) read_from.segment = 0;
  Counted counted{.items = {}, .seal = std::vector<SealItem>()};
  CountingFold counting(fold);
  counting.Clear();
  if (base.epoch != Epoch()) {
    absl::StatusOr<Counted> read =
        co_await ReadCounted(store, directory, read_from, LimitsOf(options), counting);
    if (!read.ok()) {
      // A newer owner may have removed it meanwhile.
      WT_CO_RETURN_IF_ERROR(co_await owned.Look());
      co_return read.status();
    }
    counted = *std::move(read);
  }
  const int64_t records = counting.count();
  co_await node.Step(steps::kPredecessorsRead, {{"epoch", epoch.value()},
                                                {"base", read_from.epoch.value()},
                                                {"segment", read_from.segment},
                                                {"records", records},
                                                {"refusing", owned.refusing() ? 1 : 0},
                                                {"log", directory}});

  const SegmentId first{epoch, 0};
  int64_t amount = records;
  if (!counted.seal.has_value()) {
    WT_CO_ASSIGN_OR_RETURN(
        WrittenBase written,
        co_await WriteBase(owned, owner, first, fold, std::move(counted.items), options));
    counted.seal = std::move(written.items);
    amount = written.records;
  }
  if (platform::Planted(node, "seal_leaves_out_the_newest_record") && !counted.seal->empty() &&
      counted.seal->back().records.size() > 1) {
    counted.seal->back().records.pop_back();
  }
  Group seal;
  seal.kind = GroupKind::kSeal;
  seal.epoch = epoch.value();
  seal.payload = EncodeSeal(*counted.seal);
  const LogFile file = LogFileOf(directory, first, owner);
  std::string bytes = EncodeGroup(file, seal);
  const uint64_t length = bytes.size();
  // Rule seal_before_acting.
  WT_CO_RETURN_IF_ERROR(co_await owned.Create(file.path, std::move(bytes)));
  co_await node.Step(steps::kSealed, {{"epoch", epoch.value()},
                                      {"base", base.epoch.value()},
                                      {"records", amount},
                                      {"log", directory}});

  WT_CO_RETURN_IF_ERROR(co_await owned.Confirm());
  co_await node.Step(steps::kTakenOver,
                     {{"epoch", epoch.value()}, {"records", records}, {"log", directory}});
  co_return std::make_unique<OwnedLog>(node, std::move(owned), owner, *std::move(counted.seal),
                                       length, fold, options);
}

Task<absl::Status> ReadFencedLog(platform::Node& node, Store& store, std::string directory,
                                 absl::Duration timeout, LogFold& fold) {
  constexpr absl::Duration kLongestPause = absl::Milliseconds(200);
  const platform::MonotonicTime deadline = node.clock().Now() + timeout;
  absl::Duration pause = absl::Milliseconds(5);
  while (true) {
    absl::Status answer = co_await ReadOnce(store, directory, fold);
    if (!absl::IsUnavailable(answer) || node.clock().Now() >= deadline) co_return answer;
    co_await node.clock().Sleep(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

}  // namespace wavetank::checkpoint
