#include "tests/model/exactly_once.h"

#include <algorithm>
#include <compare>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace wavetank::model {
namespace {

using properties::BatchStep;
using Is = BatchStep::Is;

constexpr BatchRuleText kBatchRules[] = {
    {BatchRule::kDefineFirst, "define_first",
     "the definition is logged with the commit, not before the batch runs"},
    {BatchRule::kKeepPrepared, "keep_prepared",
     "no prepared record: recovery asks for the batch, and works its state out anew"},
    {BatchRule::kSinkBeforeCommitRecord, "sink_before_commit_record",
     "the commit is logged before the sink has committed"},
    {BatchRule::kPreparedBeforeSink, "prepared_before_sink",
     "the sink commits before the prepared record is logged"},
    {BatchRule::kUnsureIsNotDone, "unsure_is_not_done",
     "a commit without a reply is taken for done"},
    {BatchRule::kUnsureIsNotFailed, "unsure_is_not_failed",
     "a commit without a reply is taken for failed"},
    {BatchRule::kFenceBeforeAsking, "fence_before_asking",
     "the sink is asked what became of a commit without being fenced first"},
};

struct Attempt {
  int epoch = -1;
  int number = 0;
  friend auto operator<=>(const Attempt&, const Attempt&) = default;
};
// What a sink holds of a batch.
struct Output {
  int batch = -1;
  Attempt attempt;
  int definition = -1;  // by its driver's epoch
  friend auto operator<=>(const Output&, const Output&) = default;
};
struct Record {
  enum Kind { kDefinition, kPrepared, kCommit } kind = kDefinition;
  int batch = -1;
  int definition = -1;
  Attempt attempt;
  friend auto operator<=>(const Record&, const Record&) = default;
};
using Token = std::pair<int, int>;  // epoch and number
struct Request {
  bool commits = false;  // else it prepares
  Token token;
  Output output;
  friend auto operator<=>(const Request&, const Request&) = default;
};

enum class At {
  kNew,
  kStart,
  kRead,
  kSeal,
  kLook,
  kFence,
  kDecide,
  kDefine,
  kDefined,
  kRun,
  kPrepare,
  kPreparing,
  kLogPrepared,
  kPrepared,
  kSend,
  kCommitting,
  kLogCommit,
  kLogCommitOnly,
  kCommitted,
  kStop,
};

// What makes no other state of what has it.
struct Aside {
  bool is = false;
  friend std::strong_ordering operator<=>(const Aside&, const Aside&) {
    return std::strong_ordering::equal;
  }
  friend bool operator==(const Aside&, const Aside&) { return true; }
};

struct Driver {
  At at = At::kNew;
  int epoch = -1;
  std::vector<Record> view;
  int batch = -1;
  int definition = -1;
  Attempt attempt;
  int made = 0;
  Token token = {0, 0};
  Aside in_doubt = {};  // it goes by what the sink says: since it was fenced last

  Output output() const { return {batch, attempt, definition}; }
  friend auto operator<=>(const Driver&, const Driver&) = default;
};

struct World {
  std::vector<Record> log;
  int top = -1;
  int sealed = -1;
  std::vector<Driver> drivers;
  std::set<Output> pending;
  std::vector<Output> visible;
  Token fence = {-1, 0};
  std::set<Request> sent;
  int expired = 0;

  bool Shows(const Output& output) const {
    return std::find(visible.begin(), visible.end(), output) != visible.end();
  }
  bool ShowsBatch(int batch) const {
    return std::any_of(visible.begin(), visible.end(),
                       [batch](const Output& each) { return each.batch == batch; });
  }
  friend auto operator<=>(const World&, const World&) = default;
};

// "" if every invariant holds.
std::string WhatIsBroken(const World& world) {
  std::vector<int> definitions;  // by batch
  for (const Record& record : world.log) {
    if (record.kind != Record::kDefinition) continue;
    if (record.batch < static_cast<int>(definitions.size())) {
      return absl::StrCat("batch ", record.batch, " is defined twice");
    }
    definitions.resize(static_cast<size_t>(record.batch) + 1, -1);
    definitions.back() = record.definition;
  }
  for (size_t place = 0; place < world.visible.size(); ++place) {
    const Output& shown = world.visible[place];
    if (shown.batch != static_cast<int>(place)) {
      return absl::StrCat("the sink shows batch ", shown.batch, " at place ", place);
    }
    if (place >= definitions.size()) {
      return absl::StrCat("the sink shows batch ", place, ", whose definition is not logged");
    }
    if (definitions[place] != shown.definition) {
      return absl::StrCat("the sink shows batch ", place, " made from another definition");
    }
  }
  for (const Record& record : world.log) {
    if (record.kind != Record::kCommit) continue;
    if (record.batch >= static_cast<int>(world.visible.size())) {
      return absl::StrCat("batch ", record.batch, " is committed in the log, not in the sink");
    }
    if (world.visible[static_cast<size_t>(record.batch)].attempt != record.attempt) {
      return absl::StrCat("batch ", record.batch, ": output of one attempt, state of another");
    }
  }
  return "";
}

// What a driver's change of state tells, as the product's steps tell it; none for most.
struct Told {
  int driver = -1;
  std::optional<BatchStep> step = {};
};
using OnBatchSuccessor = std::function<void(World next, Told told)>;

class BatchSuccessors {
 public:
  BatchSuccessors(const World& world, const BatchBounds& bounds, std::optional<BatchRule> without,
                  const OnBatchSuccessor& on)
      : world_(world), bounds_(bounds), without_(without), on_(on) {}

  void Give() {
    // Drivers are alike: they start in order.
    for (size_t i = 0; i < world_.drivers.size(); ++i) {
      if (world_.drivers[i].at != At::kNew) continue;
      World next = world_;
      next.drivers[i].at = At::kStart;
      on_(std::move(next), {});
      break;
    }
    for (size_t i = 0; i < world_.drivers.size(); ++i) OfDriver(i);
    OfSink();
  }

 private:
  bool Without(BatchRule rule) const { return without_ == rule; }

  void Go(size_t i, At at, std::optional<BatchStep> told = {},
          const std::function<void(World&, Driver&)>& change = nullptr) {
    World next = world_;
    next.drivers[i].at = at;
    if (change != nullptr) change(next, next.drivers[i]);
    on_(std::move(next), {static_cast<int>(i), told});
  }
  // It counts unless a successor has sealed the log; the driver looks afterwards.
  void Append(size_t i, Record record, At then) {
    Go(i, then, {}, [&](World& world, Driver& driver) {
      if (world.sealed == driver.epoch) world.log.push_back(record);
      driver.view.push_back(record);
    });
  }
  // Looks for a newer owner: without one it goes on, and tells of what it did.
  void Look(size_t i, At then, BatchStep told) {
    if (world_.top > world_.drivers[i].epoch) return Go(i, At::kStop);
    Go(i, then, told);
  }
  void Send(size_t i, bool commits, At then) {
    Go(i, then, {}, [&](World& world, Driver& driver) {
      world.sent.insert({commits, driver.token, driver.output()});
    });
  }

  void OfDriver(size_t i) {
    const Driver& d = world_.drivers[i];
    const Output mine = d.output();
    switch (d.at) {
      case At::kNew:
      case At::kStop:
        return;
      case At::kStart:
        return Go(i, At::kRead, {},
                  [](World& world, Driver& driver) { driver.epoch = ++world.top; });
      case At::kRead:
        return Go(i, At::kSeal, {}, [](World& world, Driver& driver) { driver.view = world.log; });
      case At::kSeal:
        // What a predecessor has appended since the read does not count.
        if (d.epoch <= world_.sealed) return Go(i, At::kStop);
        return Go(i, At::kLook, {}, [](World& world, Driver& driver) {
          world.log = driver.view;
          world.sealed = driver.epoch;
        });
      case At::kLook: {
        int64_t newest = -1;
        for (const Record& record : d.view) newest = std::max<int64_t>(newest, record.batch);
        return Look(i, At::kFence, {Is::kTakenOver, newest});
      }
      case At::kFence: {
        if (d.token.second >= bounds_.fences) return;
        if (Without(BatchRule::kFenceBeforeAsking) && d.token.second > 0) {
          return Go(i, At::kDecide, BatchStep{Is::kFenced}, [&](World&, Driver& driver) {
            driver.token.second = bounds_.fences;
            driver.in_doubt.is = true;
          });
        }
        // A fresh token, above all that this driver or an older one has used.
        return Go(i, At::kDecide, BatchStep{Is::kFenced}, [](World& world, Driver& driver) {
          driver.token = {driver.epoch, driver.token.second + 1};
          driver.in_doubt.is = true;
          world.fence = std::max(world.fence, driver.token);
        });
      }
      case At::kDecide:
        return Decide(i);
      case At::kDefine:
        return Append(i, {Record::kDefinition, d.batch, d.definition, {}}, At::kDefined);
      case At::kDefined:
        return Look(i, At::kDecide, {Is::kDefined, d.batch});
      case At::kRun:
        if (d.made >= bounds_.attempts) return;
        return Go(i, At::kPrepare, {},
                  [](World&, Driver& driver) { driver.attempt = {driver.epoch, driver.made++}; });
      case At::kPrepare:
        return Send(i, /*commits=*/false, At::kPreparing);
      case At::kPreparing: {
        At ready = At::kLogPrepared;
        if (Without(BatchRule::kPreparedBeforeSink)) ready = At::kSend;
        if (Without(BatchRule::kKeepPrepared)) ready = At::kSend;
        if (world_.pending.contains(mine)) Go(i, ready, BatchStep{Is::kRun, d.batch});
        return Go(i, At::kRun);
      }
      case At::kLogPrepared:
        return Append(i, {Record::kPrepared, d.batch, -1, d.attempt}, At::kPrepared);
      case At::kPrepared: {
        const bool log_first =
            Without(BatchRule::kSinkBeforeCommitRecord) || Without(BatchRule::kPreparedBeforeSink);
        return Look(i, log_first ? At::kLogCommit : At::kSend, {Is::kPrepared, d.batch});
      }
      case At::kSend:
        return Send(i, /*commits=*/true, At::kCommitting);
      case At::kCommitting: {
        const At done = Without(BatchRule::kPreparedBeforeSink) ? At::kLogPrepared : At::kLogCommit;
        const At shown = Without(BatchRule::kSinkBeforeCommitRecord) ? At::kDecide : done;
        if (world_.Shows(mine)) Go(i, shown, BatchStep{Is::kSinkCommitted, d.batch});
        if (Without(BatchRule::kUnsureIsNotDone)) return Go(i, done);
        if (Without(BatchRule::kUnsureIsNotFailed)) return Go(i, At::kRun);
        return Go(i, At::kFence, BatchStep{Is::kUnsure, d.batch});
      }
      case At::kLogCommit:
        if (Without(BatchRule::kDefineFirst)) {
          return Append(i, {Record::kDefinition, d.batch, d.definition, {}}, At::kLogCommitOnly);
        }
        [[fallthrough]];
      case At::kLogCommitOnly:
        return Append(i, {Record::kCommit, d.batch, -1, d.attempt}, At::kCommitted);
      case At::kCommitted:
        return Look(i, Without(BatchRule::kSinkBeforeCommitRecord) ? At::kSend : At::kDecide,
                    {Is::kCommitted, d.batch});
    }
  }

  // What the log says is to be done next; the sink is fenced.
  void Decide(size_t i) {
    const Driver& d = world_.drivers[i];
    const Record last = d.view.empty() ? Record{Record::kCommit, -1, -1, {}} : d.view.back();
    if (last.kind == Record::kCommit) return DefineNext(i, last.batch + 1);
    const auto defined = std::find_if(d.view.rbegin(), d.view.rend(), [&](const Record& record) {
      return record.kind == Record::kDefinition && record.batch == last.batch;
    });
    const auto set = [&](World&, Driver& driver) {
      driver.batch = last.batch;
      driver.definition = defined->definition;
      driver.attempt = last.kind == Record::kPrepared ? last.attempt : driver.attempt;
      driver.in_doubt.is = false;
    };
    if (last.kind == Record::kDefinition) {
      if (!Without(BatchRule::kKeepPrepared) || !world_.ShowsBatch(last.batch)) {
        return Go(i, At::kRun, {}, set);
      }
      // The sink has it: the state is worked out anew, and on it goes.
      return Go(i, At::kLogCommit, {}, [&](World& world, Driver& driver) {
        set(world, driver);
        driver.attempt = {driver.epoch, driver.made++};
      });
    }
    const Output mine{last.batch, last.attempt, defined->definition};
    const auto asked = [&](Is answer) -> std::optional<BatchStep> {
      if (!d.in_doubt.is) return std::nullopt;
      return BatchStep{answer, last.batch};
    };
    if (world_.Shows(mine)) return Go(i, At::kLogCommit, asked(Is::kAskedVisible), set);
    // (A new attempt would be safe too, and only waste the work.)
    if (world_.pending.contains(mine)) return Go(i, At::kSend, asked(Is::kAskedPending), set);
    // Gone for good, since older requests are fenced off: a new attempt supersedes it.
    return Go(i, At::kRun, asked(Is::kAskedGone), set);
  }

  void DefineNext(size_t i, int batch) {
    if (batch >= bounds_.batches) return;
    const bool unlogged = Without(BatchRule::kDefineFirst);
    const bool shown = unlogged && world_.ShowsBatch(batch);
    const At at = shown ? At::kLogCommit : unlogged ? At::kRun : At::kDefine;
    Go(i, at, BatchStep{Is::kPlanned, batch}, [&](World&, Driver& driver) {
      driver.batch = batch;
      driver.definition = driver.epoch;
      driver.in_doubt.is = false;
      if (shown) driver.attempt = {driver.epoch, driver.made};
    });
  }

  void OfSink() {
    for (const Request& request : world_.sent) {
      if (request.token < world_.fence) continue;
      const bool pending = world_.pending.contains(request.output);
      World next = world_;
      if (!request.commits && !pending && !world_.Shows(request.output)) {
        next.pending.insert(request.output);
        on_(std::move(next), {});
      } else if (request.commits && pending) {
        next.pending.erase(request.output);
        next.visible.push_back(request.output);
        on_(std::move(next), {});
      }
    }
    if (world_.expired >= bounds_.expiries) return;
    for (const Output& output : world_.pending) {
      World next = world_;
      next.pending.erase(output);
      ++next.expired;
      on_(std::move(next), {});
    }
  }

  const World& world_;
  const BatchBounds& bounds_;
  const std::optional<BatchRule> without_;
  const OnBatchSuccessor& on_;
};

}  // namespace

std::span<const BatchRuleText> BatchRules() { return kBatchRules; }

BatchVerdict ExhaustBatches(const BatchBounds& bounds, std::optional<BatchRule> without) {
  using Belief = std::pair<properties::DriverBelief, bool>;  // and whether it is in doubt
  using Beliefs = std::vector<Belief>;
  BatchVerdict verdict;
  World start;
  start.drivers.resize(static_cast<size_t>(bounds.drivers));
  // A state of the protocol, with what the transition system has each driver believe: another
  // belief in the same state is looked at too, and counts as no other state.
  std::set<World> seen = {start};
  std::set<std::pair<World, Beliefs>> followed;
  std::deque<std::pair<World, Beliefs>> queue = {{start, Beliefs(start.drivers.size())}};
  followed.insert(queue.front());
  while (!queue.empty() && verdict.broken.empty()) {
    const auto [world, beliefs] = queue.front();
    queue.pop_front();
    const OnBatchSuccessor on = [&](World next, const Told& told) {
      if (!verdict.broken.empty()) return;
      Beliefs after = beliefs;
      if (told.step.has_value()) {
        properties::DriverBelief& belief = after[static_cast<size_t>(told.driver)].first;
        const auto allowed = properties::After(belief, *told.step);
        if (allowed.has_value()) {
          verdict.taken.emplace(belief.phase, told.step->is);
          belief = *allowed;
        } else if (verdict.not_allowed.empty()) {
          verdict.not_allowed = absl::StrCat(
              "step ", static_cast<int>(told.step->is), " of batch ", told.step->batch,
              " in phase ", static_cast<int>(belief.phase), " of batch ", belief.batch);
        }
      }
      for (size_t i = 0; i < after.size(); ++i) after[i].second = next.drivers[i].in_doubt.is;
      if (seen.insert(next).second) verdict.broken = WhatIsBroken(next);
      if (followed.emplace(next, after).second)
        queue.emplace_back(std::move(next), std::move(after));
    };
    BatchSuccessors(world, bounds, without, on).Give();
  }
  verdict.states = static_cast<int64_t>(seen.size());
  return verdict;
}

}  // namespace wavetank::model
