#include "checkpoint/fenced_log.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/epoch_log.h"
#include "checkpoint/steps.h"
#include "checkpoint/unique.h"
#include "platform/check.h"
#include "platform/event.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"

namespace wavetank::checkpoint {
namespace {

// The directory of a log, as the owner of an epoch changes it. A store that can refuses the owner
// as soon as there is a newer one; with any other, the owner looks after it has changed something.
class OwnersDirectory {
 public:
  OwnersDirectory(platform::Node& node, Store& store, std::string directory, Epoch epoch)
      : node_(node),
        store_(store),
        refusing_(store.Under({.directory = directory, .epoch = epoch.value()})),
        directory_(std::move(directory)),
        epoch_(epoch) {}

  Store& store() { return store_; }
  const std::string& path() const { return directory_; }
  Epoch epoch() const { return epoch_; }

  // Changes, of which kAborted says that there is a newer owner. Done or not: that one knows.
  Task<absl::Status> Create(std::string path, std::string content) {
    absl::Status created = co_await CreateUnique(changed(), std::move(path), std::move(content));
    co_return co_await Outcome(std::move(created));
  }
  Task<absl::Status> Append(std::string path, uint64_t offset, std::string bytes) {
    absl::Status appended = co_await changed().Append(std::move(path), offset, std::move(bytes));
    co_return co_await Outcome(std::move(appended));
  }
  Task<absl::Status> Remove(std::string path) {
    absl::Status removed = co_await changed().Remove(std::move(path));
    co_return co_await Outcome(std::move(removed));
  }

  // OK: when the changes that were acknowledged became durable, there was no newer owner.
  Task<absl::Status> Confirm() {
    // A store that refuses acknowledges nothing else.
    if (refusing_ != nullptr) co_return absl::OkStatus();
    if (platform::Planted(node_, "higher_epoch_not_looked_for")) co_return absl::OkStatus();
    co_return co_await Look();
  }

  // Epochs are dense: whoever creates one has seen (durably) all below it, and epoch files are
  // never removed. So a newer owner exists if and only if the next epoch's file does.
  Task<absl::Status> Look() {
    const std::string next = EpochPath(directory_, epoch_.next());
    const absl::StatusOr<std::string> found = co_await store_.Read(next, 0, 1);
    if (absl::IsNotFound(found.status())) co_return absl::OkStatus();
    WT_CO_RETURN_IF_ERROR(found.status());
    co_return co_await Outcome(
        absl::AbortedError(absl::StrCat("epoch ", epoch_.value(), " of ", directory_,
                                        " is over: ", next, " exists; a newer owner goes on")));
  }

 private:
  Store& changed() { return refusing_ != nullptr ? *refusing_ : store_; }
  Task<absl::Status> Outcome(absl::Status status) {
    if (absl::IsAborted(status)) co_await node_.Step(steps::kFenced, {{"epoch", epoch_.value()}});
    co_return status;
  }

  platform::Node& node_;
  Store& store_;
  std::unique_ptr<Store> refusing_;
  std::string directory_;
  Epoch epoch_;
};

class OwnedLog final : public FencedLog {
 public:
  // Stands behind the seal of segment 0, which is `length` bytes.
  OwnedLog(platform::Node& node, OwnersDirectory directory, std::string owner,
           std::vector<SealItem> seal, uint64_t length, LogFold& fold, FencedLogOptions options)
      : node_(node),
        directory_(std::move(directory)),
        owner_(std::move(owner)),
        fold_(fold),
        options_(options),
        scope_(node.executor()) {
    Stand({directory_.epoch(), 0}, std::move(seal), length);
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

  // No less than their encoding takes.
  static uint64_t EncodedBytes(const std::vector<std::string>& records) {
    constexpr uint64_t kLongestVarint = 10;
    uint64_t bytes = kLongestVarint;
    for (const std::string& record : records) bytes += record.size() + kLongestVarint;
    return bytes;
  }

  LogFile file() const { return LogFileOf(directory_.path(), segment_, owner_); }

  // From here on groups go to `segment`, of which the seal stands.
  void Stand(SegmentId segment, std::vector<SealItem> seal, uint64_t length) {
    segment_ = segment;
    seal_ = std::move(seal);
    referred_bytes_ = 0;
    for (const SealItem& item : seal_) referred_bytes_ += item.length;
    file_ = file();
    seal_bytes_ = length;
    length_ = length;
    sequence_ = 1;
    began_ = node_.clock().Now();
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
                                                {"records", static_cast<int64_t>(records.size())}});
    length_ += size;
    ++sequence_;
    // After it is durable: a newer owner that had not created its epoch by now will read it.
    WT_CO_RETURN_IF_ERROR(co_await directory_.Confirm());
    for (const std::string& record : records) WT_CO_RETURN_IF_ERROR(fold_.Add(record));
    co_await node_.Step(steps::kGroupCounts, {{"epoch", file_.epoch}, {"sequence", sequence}});
    co_return absl::OkStatus();
  }

  bool IsSegmentDone() const {
    const uint64_t much = std::max(options_.segment_bytes, seal_bytes_);
    const uint64_t own = length_ - seal_bytes_;
    if (own >= much || node_.clock().Now() - began_ >= options_.segment_age) return true;
    // Owners that never get so far must not leave more and more behind.
    return referred_bytes_ + own >= much && fold_.Base().has_value();
  }

  Task<absl::Status> NextSegment() {
    std::vector<SealItem> seal;
    std::optional<std::vector<std::string>> base = fold_.Base();
    if (base.has_value()) {
      seal.push_back({.segment = {}, .length = 0, .records = *std::move(base)});
    } else {
      seal = seal_;
      seal.push_back({.segment = segment_, .length = length_, .records = {}});
    }
    Group group;
    group.kind = GroupKind::kSeal;
    group.epoch = epoch().value();
    group.payload = EncodeSeal(seal);
    if (group.payload.size() > kLargestPayload) co_return absl::OkStatus();  // goes on in this one
    const SegmentId next = segment_.next();
    const LogFile next_file = LogFileOf(directory_.path(), next, owner_);
    std::string bytes = EncodeGroup(next_file, group);
    const uint64_t size = bytes.size();
    WT_CO_RETURN_IF_ERROR(co_await directory_.Create(next_file.path, std::move(bytes)));
    Stand(next, std::move(seal), size);
    co_await node_.Step(steps::kSegmentBegun, {{"epoch", epoch().value()},
                                               {"segment", segment_.segment},
                                               {"bytes", static_cast<int64_t>(size)}});
    const absl::Status removed = co_await RemoveOlder();
    if (absl::IsAborted(removed)) co_return removed;
    // What is left goes with the next segment's predecessors; the next append looks anyway.
    if (!removed.ok()) node_.Log(platform::LogLevel::kWarning, std::string(removed.message()));
    co_return absl::OkStatus();
  }

  // What neither is this segment nor stands in its seal. Lists, confirms, then removes.
  Task<absl::Status> RemoveOlder() {
    const std::string& directory = directory_.path();
    WT_CO_RETURN_IF_ERROR(
        co_await directory_.Create(MarkPath(directory, segment_), std::string(kMarkContent)));
    WT_CO_ASSIGN_OR_RETURN(const EpochList list,
                           co_await ListEpochs(directory_.store(), directory));
    WT_CO_RETURN_IF_ERROR(co_await directory_.Confirm());
    std::vector<std::string> removable;
    for (const SegmentId mark : list.marks) {
      if (mark < segment_) removable.push_back(MarkPath(directory, mark));
    }
    for (const SegmentId older : list.segments) {
      const auto refers = [older](const SealItem& item) { return item.segment == older; };
      const bool counts = std::any_of(seal_.begin(), seal_.end(), refers);
      if (older < segment_ && !counts) removable.push_back(LogPath(directory, older));
    }
    for (const std::string& path : removable) {
      WT_CO_RETURN_IF_ERROR(co_await directory_.Remove(path));
    }
    co_await node_.Step(steps::kOlderRemoved, {{"epoch", epoch().value()},
                                               {"segment", segment_.segment},
                                               {"files", static_cast<int64_t>(removable.size())}});
    co_return absl::OkStatus();
  }

  platform::Node& node_;
  OwnersDirectory directory_;
  const std::string owner_;
  LogFold& fold_;
  const FencedLogOptions options_;
  // The segment that is appended to.
  SegmentId segment_;
  std::vector<SealItem> seal_;
  LogFile file_;
  uint64_t seal_bytes_ = 0;
  uint64_t referred_bytes_ = 0;  // of other files, by the seal
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
    if (segment.epoch != list.newest()) {
      co_return absl::UnavailableError(absl::StrCat("epoch ", list.newest().value(), " of ",
                                                    directory, " has not sealed the others yet"));
    }
    WT_CO_RETURN_IF_ERROR((co_await ReadCounted(store, directory, segment, fold)).status());
  }
  const std::string next = EpochPath(directory, list.newest().next());
  const absl::StatusOr<std::string> found = co_await store.Read(next, 0, 1);
  if (absl::IsNotFound(found.status())) co_return absl::OkStatus();
  WT_CO_RETURN_IF_ERROR(found.status());
  co_return absl::UnavailableError(absl::StrCat(next, " came into being meanwhile"));
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
  WT_CO_ASSIGN_OR_RETURN(const Epoch epoch, co_await CreateEpoch(store, directory, owner));
  co_await node.Step(steps::kEpochCreated, {{"epoch", epoch.value()}});

  // Read only now: who appends after this finds our epoch when it looks.
  WT_CO_ASSIGN_OR_RETURN(const EpochList list, co_await ListWholeEpochs(store, directory));
  const SegmentId base = list.NewestSegmentBelow(epoch);
  std::vector<SealItem> items;
  CountingFold counted(fold);
  counted.Clear();
  if (base.epoch != Epoch()) {
    WT_CO_ASSIGN_OR_RETURN(items, co_await ReadCounted(store, directory, base, counted));
  }
  const int64_t records = counted.count();
  co_await node.Step(
      steps::kPredecessorsRead,
      {{"epoch", epoch.value()}, {"base", base.epoch.value()}, {"records", records}});

  Group seal;
  seal.kind = GroupKind::kSeal;
  seal.epoch = epoch.value();
  seal.payload = EncodeSeal(items);
  OwnersDirectory owned(node, store, directory, epoch);
  const LogFile file = LogFileOf(directory, {epoch, 0}, owner);
  std::string bytes = EncodeGroup(file, seal);
  const uint64_t length = bytes.size();
  WT_CO_RETURN_IF_ERROR(co_await owned.Create(file.path, std::move(bytes)));
  co_await node.Step(steps::kSealed, {{"epoch", epoch.value()}, {"base", base.epoch.value()}});

  // From here on a log that is gone is missed, and not taken for one that was never begun.
  WT_CO_RETURN_IF_ERROR(
      co_await owned.Create(MarkPath(directory, {epoch, 0}), std::string(kMarkContent)));
  WT_CO_RETURN_IF_ERROR(co_await owned.Confirm());
  co_await node.Step(steps::kTakenOver, {{"epoch", epoch.value()}, {"records", records}});
  co_return std::make_unique<OwnedLog>(node, std::move(owned), owner, std::move(items), length,
                                       fold, options);
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
