// A fenced log against a model of one, under programs that RapidCheck makes up: what was
// acknowledged counts for ever, in order; what was not counts whole or not at all, and the next
// owner settles it. Owners draw how large their segments get and whether they drop records;
// processes die, machines lose power and disk calls fail in the middle of what they do.

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "rapidcheck.h"
#include "rapidcheck/gtest.h"

#include "checkpoint/fenced_log.h"
#include "checkpoint/local_store.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/compacting_list.h"
#include "tests/checkpoint/sim_chaos.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::FaultKind;

enum class LogVerb : uint8_t { kAppend, kAppendLong, kTakeOver, kRead, kCrash, kPowerLoss, kFault };

// `value`: which records and bounds; of what strikes, how many events or calls later.
struct LogCommand {
  LogVerb verb = LogVerb::kAppend;
  int value = 0;
};
void PrintTo(const LogCommand& command, std::ostream* out) {
  constexpr const char* kNames[] = {"append", "append much", "take over", "read",
                                    "crash",  "power loss",  "fault"};
  *out << kNames[static_cast<size_t>(command.verb)] << " " << command.value;
}
std::ostream& operator<<(std::ostream& out, const LogCommand& command) {
  PrintTo(command, &out);
  return out;
}

// What counts, as far as its owner has been told.
struct LogModel {
  std::vector<std::string> certain;
  // A group whose append has no answer: it counts or not, whole.
  std::vector<std::string> unsettled;
};

class LogRun {
 public:
  explicit LogRun(std::vector<LogCommand> commands) : commands_(std::move(commands)) {
    world_.AddMachine("m");
  }

  // What went wrong; "" if nothing did. (An exception must not leave a coroutine.)
  std::string Run() {
    while (broken_.empty() && !ended_) {
      world_.Start("m", {"p", {{"node", [this](Node& node) { return Live(node); }}}});
      while (!ended_ && broken_.empty() && !strike_) {
        if (!world_.RunOne()) return "it hangs";
      }
      if (ended_ || !broken_.empty()) break;
      for (int events = strike_->value % 120; events > 0 && !ended_; --events) world_.RunOne();
      if (strike_->verb == LogVerb::kCrash) {
        world_.Crash("p");
      } else {
        world_.LosePower("m");
        world_.RunFor(absl::Milliseconds(1));
        world_.PowerOn("m");
      }
      strike_.reset();
      fault_.reset();
    }
    return broken_;
  }

 private:
  Task<void> Live(Node& node) {
    LocalStore store(node, "root");
    std::unique_ptr<FencedLog> log;
    CompactingList fold;
    while (broken_.empty() && next_ < commands_.size()) {
      const LogCommand command = commands_[next_++];
      switch (command.verb) {
        case LogVerb::kAppend:
        case LogVerb::kAppendLong:
          if (log != nullptr) co_await Append(*log, fold, command);
          break;
        case LogVerb::kTakeOver:
          log = nullptr;
          fold = CompactingList(command.value % 2 == 0 ? CompactingList::kNothing
                                                       : static_cast<size_t>(command.value % 4));
          log = co_await TakeOver(node, store, fold, static_cast<uint64_t>(command.value) * 8);
          break;
        case LogVerb::kRead:
          // A sync that failed a process which is dead by now may have left what only a cache holds
          // (local_store.h). Owners copy it.
          if (!sync_failed_) co_await Read(node, store);
          break;
        case LogVerb::kCrash:
        case LogVerb::kPowerLoss:
          strike_ = command;  // while the commands that follow are carried out
          break;
        case LogVerb::kFault:
          Arm(command.value);
          break;
      }
    }
    // Whatever befell it, it can be taken over in the end, and all is there.
    fault_.reset();
    log = nullptr;
    for (int tries = 0; log == nullptr && broken_.empty(); ++tries) {
      log = co_await TakeOver(node, store, fold, UINT64_MAX);
      if (tries > 3) broken_ = "it cannot be taken over any more";
    }
    ended_ = true;
  }

  void Arm(int value) {
    constexpr FaultKind kKinds[] = {FaultKind::kSyncLoss, FaultKind::kWriteError,
                                    FaultKind::kNoSpace, FaultKind::kReadError};
    fault_.reset();
    simulator::Fault fault;
    fault.kind = kKinds[value % 4];
    fault_.emplace(world_, value / 4 % 20, fault);
    failures_ = true;
    sync_failed_ = sync_failed_ || fault.kind == FaultKind::kSyncLoss;
  }

  Task<void> Append(FencedLog& log, const CompactingList& fold, LogCommand command) {
    std::vector<std::string> records;
    for (int i = 0; i <= command.value % 3; ++i) {
      records.push_back(absl::StrCat(
          ++made_, "-", std::string(command.verb == LogVerb::kAppend ? 10 : 700, 'x')));
    }
    if (stopped_) {
      const absl::Status refused = co_await log.Append(std::move(records));
      if (refused.ok()) broken_ = "a log that had failed appends again";
      // Whoever restarts on what may pass would else give up.
      if (absl::IsFailedPrecondition(refused)) broken_ = "it does not say that it may pass";
      co_return;
    }
    model_.unsettled = records;
    const absl::Status appended = co_await log.Append(std::move(records));
    if (appended.ok()) {
      Settle(/*counts=*/true);
      if (fold.size() != model_.certain.size()) broken_ = "the fold misses what was appended";
    } else {
      stopped_ = true;
      if (!failures_) broken_ = appended.ToString();
    }
  }

  void Settle(bool counts) {
    if (counts) {
      model_.certain.insert(model_.certain.end(), model_.unsettled.begin(), model_.unsettled.end());
    }
    model_.unsettled.clear();
  }

  // Null: it failed, which a fault excuses.
  Task<std::unique_ptr<FencedLog>> TakeOver(Node& node, Store& store, CompactingList& fold,
                                            uint64_t segment_bytes) {
    auto log = co_await FencedLog::TakeOver(node, store, "log", fold,
                                            {.segment_bytes = segment_bytes + 1,
                                             .copied_bytes = segment_bytes / 3,
                                             .group_bytes = segment_bytes / 8 + 1});
    if (!log.ok()) {
      if (!failures_ || absl::IsDataLoss(log.status())) broken_ = log.status().ToString();
      co_return nullptr;
    }
    if (!model_.unsettled.empty()) Settle(fold.size() > model_.certain.size());
    Judge(fold, "a new owner");
    stopped_ = false;
    co_return *std::move(log);
  }

  Task<void> Read(Node& node, Store& store) {
    CompactingList answer;
    const absl::Status read =
        co_await ReadFencedLog(node, store, "log", absl::Milliseconds(1), answer);
    // A reader is not answered under an owner that died before its seal.
    if (!read.ok()) {
      const bool excused = failures_ || absl::IsUnavailable(read);
      if (!excused) broken_ = read.ToString();
      co_return;
    }
    if (!model_.unsettled.empty() && answer.size() > model_.certain.size()) Settle(true);
    Judge(answer, "a reader");
  }

  void Judge(const CompactingList& found, const char* who) {
    bool same = found.size() == model_.certain.size();
    for (size_t i = found.dropped(); same && i < found.size(); ++i) {
      same = found.records()[i - found.dropped()] == model_.certain[i];
    }
    if (!same && broken_.empty()) {
      broken_ = absl::StrCat(who, " finds ", found.size(), " records, other than the ",
                             model_.certain.size(), " that count, at command ", next_);
    }
  }

  const std::vector<LogCommand> commands_;
  size_t next_ = 0;
  simulator::SimWorld world_{{.seed = 7}};
  std::optional<FailOnce> fault_;
  std::optional<LogCommand> strike_;
  LogModel model_;
  int made_ = 0;
  bool stopped_ = false;   // the owner's log has failed
  bool failures_ = false;  // a disk call may have failed
  bool sync_failed_ = false;
  bool ended_ = false;
  std::string broken_;
};

RC_GTEST_PROP(FencedLogProperty, IsAListThatOnlyGrows, ()) {
  const auto command = rc::gen::map(
      rc::gen::pair(rc::gen::inRange(0, 7), rc::gen::inRange(0, 200)), [](const auto& drawn) {
        return LogCommand{static_cast<LogVerb>(drawn.first), drawn.second};
      });
  std::vector<LogCommand> commands = *rc::gen::container<std::vector<LogCommand>>(command);
  commands.insert(commands.begin(), LogCommand{LogVerb::kTakeOver, 3});
  RC_ASSERT(LogRun(std::move(commands)).Run() == "");
}

}  // namespace
}  // namespace wavetank::checkpoint
