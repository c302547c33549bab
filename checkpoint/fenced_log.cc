#include "checkpoint/fenced_log.h"

#include <cstdint>
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

// Epochs are dense: whoever creates one has seen (durably) all below it, and epoch files are never
// removed. So a newer owner than `epoch` exists if and only if the next epoch's file does.
Task<absl::Status> LookForNewer(platform::Node& node, Store& store, std::string directory,
                                Epoch epoch) {
  const std::string next = EpochPath(directory, epoch.next());
  const absl::StatusOr<std::string> found = co_await store.Read(next, 0, 1);
  if (absl::IsNotFound(found.status())) co_return absl::OkStatus();
  WT_CO_RETURN_IF_ERROR(found.status());
  co_await node.Step(steps::kFenced, {{"epoch", epoch.value()}});
  co_return absl::AbortedError(absl::StrCat("epoch ", epoch.value(), " of ", directory,
                                            " is over: ", next, " exists; a newer owner goes on"));
}

class OwnedLog final : public FencedLog {
 public:
  OwnedLog(platform::Node& node, Store& store, std::string directory, LogFile file,
           std::vector<std::string> recovered, uint64_t length)
      : node_(node),
        store_(store),
        directory_(std::move(directory)),
        file_(std::move(file)),
        recovered_(std::move(recovered)),
        length_(length),
        scope_(node.executor()) {}

  Epoch epoch() const override { return Epoch(file_.epoch); }
  const std::vector<std::string>& recovered() const override { return recovered_; }

  Task<absl::Status> Append(std::vector<std::string> records) override {
    WT_CHECK(!records.empty(), "an append has records");
    if (!stopped_.ok()) co_return stopped_;
    if (next_ == nullptr) next_ = std::make_shared<PendingGroup>();
    const std::shared_ptr<PendingGroup> group = next_;
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
    platform::Event done;
    absl::Status outcome;
  };

  // One group at a time, each with all the records that came while the one before was under way.
  Task<void> WriteGroups() {
    while (next_ != nullptr) {
      const std::shared_ptr<PendingGroup> group = std::exchange(next_, nullptr);
      group->outcome = stopped_.ok() ? co_await WriteGroup(group->records) : stopped_;
      if (!group->outcome.ok() && stopped_.ok()) {
        stopped_ = absl::IsAborted(group->outcome)
                       ? group->outcome
                       : absl::FailedPreconditionError(absl::StrCat(
                             file_.path, ": the outcome of an earlier append is unknown (",
                             group->outcome.ToString(), "); take the log over anew"));
      }
      group->done.Set();
    }
    writing_ = false;
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
    WT_CO_RETURN_IF_ERROR(co_await store_.Append(file_.path, length_, std::move(bytes)));
    const auto sequence = static_cast<int64_t>(sequence_);
    co_await node_.Step(steps::kGroupAppended, {{"epoch", file_.epoch},
                                                {"sequence", sequence},
                                                {"records", static_cast<int64_t>(records.size())}});
    length_ += size;
    ++sequence_;
    // After it is durable: a newer owner that had not created its epoch by now will read it.
    const bool looks = !platform::Planted(node_, "higher_epoch_not_looked_for");
    if (looks) WT_CO_RETURN_IF_ERROR(co_await LookForNewer(node_, store_, directory_, epoch()));
    co_await node_.Step(steps::kGroupCounts, {{"epoch", file_.epoch}, {"sequence", sequence}});
    co_return absl::OkStatus();
  }

  platform::Node& node_;
  Store& store_;
  const std::string directory_;
  const LogFile file_;
  const std::vector<std::string> recovered_;
  uint64_t length_;        // of the file, all of it durable
  uint64_t sequence_ = 1;  // of the next group
  absl::Status stopped_;   // why nothing is appended any more
  bool writing_ = false;
  std::shared_ptr<PendingGroup> next_;
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
Task<absl::StatusOr<std::vector<std::string>>> ReadOnce(Store& store, std::string directory) {
  WT_CO_ASSIGN_OR_RETURN(const EpochList list, co_await ListWholeEpochs(store, directory));
  CountedRecords counted;
  if (list.newest() != Epoch()) {
    if (list.sealed.empty() || list.sealed.back() != list.newest()) {
      co_return absl::UnavailableError(absl::StrCat("epoch ", list.newest().value(), " of ",
                                                    directory, " has not sealed the others yet"));
    }
    WT_CO_ASSIGN_OR_RETURN(counted, co_await ReadCounted(store, directory, list.newest()));
  }
  const std::string next = EpochPath(directory, list.newest().next());
  const absl::StatusOr<std::string> found = co_await store.Read(next, 0, 1);
  if (absl::IsNotFound(found.status())) co_return std::move(counted.records);
  WT_CO_RETURN_IF_ERROR(found.status());
  co_return absl::UnavailableError(absl::StrCat(next, " came into being meanwhile"));
}

}  // namespace

Task<absl::StatusOr<std::unique_ptr<FencedLog>>> FencedLog::TakeOver(platform::Node& node,
                                                                     Store& store,
                                                                     std::string directory) {
  const std::string owner = UniqueId(node);
  WT_CO_ASSIGN_OR_RETURN(const Epoch epoch, co_await CreateEpoch(store, directory, owner));
  co_await node.Step(steps::kEpochCreated, {{"epoch", epoch.value()}});

  // Read only now: who appends after this finds our epoch when it looks.
  WT_CO_ASSIGN_OR_RETURN(const EpochList list, co_await ListWholeEpochs(store, directory));
  Epoch base;
  for (const Epoch sealed : list.sealed) {
    if (sealed < epoch) base = sealed;
  }
  CountedRecords counted;
  if (base != Epoch()) {
    WT_CO_ASSIGN_OR_RETURN(counted, co_await ReadCounted(store, directory, base));
  }
  const auto records = static_cast<int64_t>(counted.records.size());
  co_await node.Step(steps::kPredecessorsRead,
                     {{"epoch", epoch.value()}, {"base", base.value()}, {"records", records}});

  Group seal;
  seal.kind = GroupKind::kSeal;
  seal.epoch = epoch.value();
  seal.payload = EncodeSeal(counted.successor_seal);
  const LogFile file = LogFileOf(directory, epoch, owner);
  std::string bytes = EncodeGroup(file, seal);
  const uint64_t length = bytes.size();
  WT_CO_RETURN_IF_ERROR(co_await CreateUnique(store, file.path, std::move(bytes)));
  co_await node.Step(steps::kSealed, {{"epoch", epoch.value()}, {"base", base.value()}});

  WT_CO_RETURN_IF_ERROR(co_await LookForNewer(node, store, directory, epoch));
  co_await node.Step(steps::kTakenOver, {{"epoch", epoch.value()}, {"records", records}});
  co_return std::make_unique<OwnedLog>(node, store, directory, file, std::move(counted.records),
                                       length);
}

Task<absl::StatusOr<std::vector<std::string>>> ReadFencedLog(platform::Node& node, Store& store,
                                                             std::string directory,
                                                             absl::Duration timeout) {
  constexpr absl::Duration kLongestPause = absl::Milliseconds(200);
  const platform::MonotonicTime deadline = node.clock().Now() + timeout;
  absl::Duration pause = absl::Milliseconds(5);
  while (true) {
    absl::StatusOr<std::vector<std::string>> answer = co_await ReadOnce(store, directory);
    if (!absl::IsUnavailable(answer.status()) || node.clock().Now() >= deadline) co_return answer;
    co_await node.clock().Sleep(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

}  // namespace wavetank::checkpoint
