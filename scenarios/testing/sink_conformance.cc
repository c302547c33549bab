#include "scenarios/testing/sink_conformance.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "scenarios/testing/sink_driver.h"
#include "scenarios/testing/sink_judgement.h"

namespace wavetank::testing {
namespace {

// The places of so many batches are struck; one more follows.
constexpr int64_t kStruckBatches = 2;
constexpr int kMaxLives = 8;
constexpr char kFencedMeans[] = "after a Fence nothing under an older token has an effect";
constexpr absl::Duration kSoon = absl::Seconds(1);
// What is prepared has expired by then, wherever that is.
constexpr absl::Duration kALongTime = absl::Hours(24);

using View = SinkView;

Task<void> Look(platform::Node& node, const SinkReader* read,
                std::optional<absl::StatusOr<View>>* seen) {
  const std::unique_ptr<checkpoint::Store> store = StoreOf(node);
  *seen = co_await (*read)(node, *store);
}

// The world's store and processes.
class WorldHost final : public SinkHost {
 public:
  explicit WorldHost(ConformanceWorld& world) : world_(world) {}

  std::unique_ptr<checkpoint::Store> StoreFor(platform::Node& node, const std::string&) override {
    return StoreOf(node);
  }
  std::function<bool()> StartWorker(const std::string& name, platform::NodeMain main) override {
    simulator::SimProcess& worker = world_.Start("worker", name, std::move(main));
    return [&worker] { return worker.alive() && !worker.paused(); };
  }

 private:
  ConformanceWorld& world_;
};

// When a driver that was replaced goes on.
enum class Wakes : uint8_t { kNever, kOnceFenced, kOnceAsked, kAfterNextBatch, kAtTheEnd };

struct Schedule {
  std::string text;
  std::vector<simulator::ListedFault> faults = {};
  std::optional<Place> place = {};
  Strike strike = Strike::kCrash;
  absl::Duration recovered_after = kSoon;
  Wakes wakes = Wakes::kNever;
  bool commit_twice = false;
  bool commit_again_first = false;
};

class Testing {
 public:
  explicit Testing(const SinkUnderTest& sink) : sink_(sink) { found_.name = sink.format.name; }

  Conformance Run() {
    const std::vector<Place> places = Sample(Survey(), sink_.calls_struck);
    works_ = found_.ok();
    if (!works_) return Found();
    Play({.text = "each batch is committed twice by its driver", .commit_twice = true});
    for (const Place& place : places) {
      if (place.step != sink_steps::kCommitted.name) continue;
      Schedule again = Of(Strike::kCrash, place);
      again.commit_again_first = true;
      absl::StrAppend(&again.text, ", and the next one commits the batch again");
      Play(std::move(again));
    }
    // What is simplest is told first.
    for (const Place& place : places) {
      if (place.process == "driver") Play(Of(Strike::kCrash, place));
    }
    for (const Place& place : places) {
      if (place.process == "driver") {
        PlayDriver(place);
      } else if (place.process == "worker") {
        PlayWorker(place);
      } else {
        PlayServer(place);
      }
    }
    return Found();
  }

 private:
  std::vector<Place> Survey() {
    ConformanceWorld world({}, /*record=*/true);
    WorldHost host(world);
    SinkRun run = NewRun(world, host);
    simulator::SimProcess& driver = Begin(run);
    const bool ended = world.RunUntilEnded(driver, [&] {
      const auto& batches = run.log.batches;
      const auto count = static_cast<int64_t>(batches.size());
      world.recorder()->Record(count <= kStruckBatches);
      return false;
    });
    const std::vector<Place> places = world.recorder()->places();
    ++found_.schedules;
    if (!ended || !run.ended.ok()) {
      found_.Fail("runs without faults", std::string(run.ended.message()), "nothing is struck");
      return {};
    }
    remembers_ = run.remembers;
    JudgeNow(run, {.text = "nothing is struck"}, /*all=*/true);
    return places;
  }

  SinkRun NewRun(ConformanceWorld& world, SinkHost& host) {
    world_ = &world;
    if (sink_.set_up != nullptr) sink_.set_up(world);
    return {.format = sink_.format,
            .options = sink_.options,
            .mode = sink_.mode,
            .schema = sink_.schema,
            .host = host};
  }

  simulator::SimProcess& Begin(SinkRun& run) {
    return world_->Start("first", "driver", [run = &run](platform::Node& node) {
      return DriveSink(node, run, 1, "worker");
    });
  }

  static Schedule Of(Strike strike, const Place& place, bool starts_again = false) {
    return {.text = Describe(strike, place),
            .faults = {FaultAt(strike, place, starts_again)},
            .place = place,
            .strike = strike};
  }

  void PlayDriver(const Place& place) {
    Schedule late = Of(Strike::kCrash, place);
    late.recovered_after = kALongTime;
    absl::StrAppend(&late.text, ", and is replaced a day later");
    Play(std::move(late));
    for (const Strike strike : {Strike::kReset, Strike::kRepeat, Strike::kCallFails}) {
      if (CanStrike(strike, place)) Play(Of(strike, place));
    }
    for (const Strike strike : {Strike::kPause, Strike::kClog}) {
      if (!CanStrike(strike, place)) continue;
      for (const auto& [wakes, text] :
           {std::pair(Wakes::kOnceFenced, "goes on once the next driver has fenced the sink"),
            std::pair(Wakes::kOnceAsked, "goes on once the next driver has asked the sink"),
            std::pair(Wakes::kAfterNextBatch, "goes on once the next driver has committed a batch"),
            std::pair(Wakes::kAtTheEnd, "goes on when all is done")}) {
        Schedule zombie = Of(strike, place);
        zombie.wakes = wakes;
        absl::StrAppend(&zombie.text, ", and ", text);
        Play(std::move(zombie));
      }
    }
  }

  // A writer that wakes when all is done is a zombie as well.
  void PlayWorker(const Place& place) {
    for (const Strike strike : {Strike::kCrash, Strike::kPause, Strike::kReset, Strike::kRepeat}) {
      if (CanStrike(strike, place)) Play(Of(strike, place));
    }
  }

  void PlayServer(const Place& place) {
    for (const Strike strike :
         {Strike::kCrash, Strike::kPowerLoss, Strike::kPowerLossAtWorst, Strike::kCallFails}) {
      if (CanStrike(strike, place)) Play(Of(strike, place, /*starts_again=*/true));
    }
  }

  void Play(Schedule schedule) {
    ++found_.schedules;
    ConformanceWorld world(schedule.faults);
    WorldHost host(world);
    SinkRun run = NewRun(world, host);
    run.commit_twice = schedule.commit_twice;
    simulator::SimProcess& driver = Begin(run);
    const bool clogged = schedule.strike == Strike::kClog && schedule.place.has_value();
    world.RunUntilEnded(driver, [&] { return clogged && world.struck(); });
    JudgeNow(run, schedule, /*all=*/false);
    const bool done =
        !driver.alive() && driver.death() == simulator::Death::kExit && run.ended.ok();
    if (!done) Recover(run, driver, schedule);
    WakeWorkers(world);
    if (!schedule.faults.empty() && !world.struck()) {
      found_.Fail(kSameCheck, kNotTheSame, schedule.text);
    }
    JudgeNow(run, schedule, /*all=*/true);
    world.LosePowerOutside();
    schedule.text += "; then all that serves loses power";
    JudgeNow(run, schedule, /*all=*/true);
    if (schedule.commit_twice || schedule.commit_again_first) {
      if (!run.committed_again.ok()) {
        idempotent_.Break(absl::StrCat(schedule.text, ": ", run.committed_again.message()));
      }
    }
  }

  // New drivers, until one has done all there is.
  void Recover(SinkRun& run, simulator::SimProcess& older, const Schedule& schedule) {
    ConformanceWorld& world = *world_;
    world.sim().RunFor(schedule.recovered_after);
    run.held_epoch = 2;
    if (schedule.wakes == Wakes::kOnceFenced) run.held_at = kOnceFenced;
    if (schedule.wakes == Wakes::kOnceAsked) run.held_at = kOnceAsked;
    if (schedule.wakes == Wakes::kAfterNextBatch) {
      const auto batches = static_cast<int64_t>(run.log.batches.size());
      run.held_at = std::clamp<int64_t>(batches, 1, run.batches - 1);
    }
    run.commit_again_first = schedule.commit_again_first;
    for (int64_t epoch = 2; epoch < 2 + kMaxLives; ++epoch) {
      run.ended = absl::OkStatus();
      simulator::SimProcess& next =
          world.Start("second", "next driver", [run = &run, epoch](platform::Node& node) {
            return DriveSink(node, run, epoch, "next worker");
          });
      const auto held = [&] { return run.is_held && run.held_at.has_value(); };
      world.RunUntilEnded(next, held);
      if (next.alive() && held()) {
        Wake(run, older, schedule);
        run.held_at.reset();
        world.RunUntilEnded(next);
      }
      run.commit_again_first = false;
      if (!next.alive() && run.ended.ok()) break;
      if (epoch + 1 == 2 + kMaxLives) {
        found_.Fail("recovers", absl::StrCat("no driver gets on: ", run.ended.message()),
                    schedule.text);
      }
      world.sim().RunFor(kSoon);
    }
    Wake(run, older, schedule);  // unless it has gone on before
  }

  // The older driver goes on, and nothing of that may be seen.
  void Wake(SinkRun& run, simulator::SimProcess& older, const Schedule& schedule) {
    ConformanceWorld& world = *world_;
    if (!older.alive()) return;
    const absl::StatusOr<View> before = LookNow(world);
    if (older.paused()) world.sim().Resume(older);
    if (schedule.strike == Strike::kClog) world.Release("first", schedule.place->peer);
    world.RunUntilEnded(older);
    world.sim().Crash(older);
    const absl::StatusOr<View> after = LookNow(world);
    if (before.ok() && after.ok() && *before != *after) {
      fenced_.Break(absl::StrCat(schedule.text, ": what it does then is seen"));
    }
    if (run.older_token_taken) {
      refuses_.Break(absl::StrCat(schedule.text, ": its Fence under the older token is taken"));
    }
  }

  static void WakeWorkers(ConformanceWorld& world) {
    for (const auto& process : world.sim().processes()) {
      if (!process->alive() || !process->paused()) continue;
      world.sim().Resume(*process);
      world.RunUntilEnded(*process);
    }
  }

  absl::StatusOr<View> LookNow(ConformanceWorld& world) {
    std::optional<absl::StatusOr<View>> seen;
    simulator::SimProcess& reader =
        world.Start("reader", "reader", [read = &sink_.read, seen = &seen](platform::Node& node) {
          return Look(node, read, seen);
        });
    world.RunUntilEnded(reader);
    if (!seen) return absl::UnavailableError("a reader does not come to an end");
    if (seen->ok()) std::ranges::sort(**seen);
    return *std::move(seen);
  }

  void JudgeNow(SinkRun& run, const Schedule& schedule, bool all) {
    const absl::StatusOr<View> view = LookNow(*world_);
    if (!view.ok()) {
      if (all || !absl::IsUnavailable(view.status())) {
        found_.Fail("is seen", std::string(view.status().message()), schedule.text);
      }
      return;
    }
    const SinkJudgement seen =
        JudgeView(*view, run.log, all, sink_.mode != runtime::QueryOutputMode::kAppend);
    if (!seen.twice.empty()) {
      const bool by_hand = schedule.commit_twice || schedule.commit_again_first;
      (by_hand ? idempotent_ : once_)
          .Break(absl::StrCat(schedule.text, ": row ", seen.twice, " is there more than once"));
    }
    if (!seen.half.empty()) {
      atomic_.Break(absl::StrCat(schedule.text, ": a reader sees ", seen.half));
    }
    if (!seen.lost.empty()) {
      loses_nothing_.Break(absl::StrCat(schedule.text, ": ", seen.lost, " are gone"));
      found_.Fail("keeps what it has acknowledged", absl::StrCat(seen.lost, " are gone"),
                  schedule.text);
    }
    if (!seen.uncounted.empty()) {
      found_.Fail("shows only what counts",
                  absl::StrCat("row ", seen.uncounted, " is of no attempt that the log names"),
                  schedule.text);
    }
  }

  Conformance Found() {
    if (!works_) {
      found_.words.push_back({loses_nothing_.holds() ? "does not work" : "may lose rows",
                              "without a fault", "nothing is struck"});
      return std::move(found_);
    }
    const Trait& fenced = fenced_.holds() ? refuses_ : fenced_;
    const Trait* const traits[] = {&idempotent_, &fenced, &atomic_};
    for (const Trait* trait : traits) {
      found_.words.push_back(trait->ToWord());
    }
    found_.words.push_back({remembers_ ? "remembers" : "does not remember",
                            "whether it can say which batch it has",
                            remembers_ ? "" : "it says so"});
    constexpr char kMeaning[] = "what it comes to, under the engine";
    if (!loses_nothing_.holds()) {
      found_.words.push_back({"may lose rows", kMeaning, loses_nothing_.schedule()});
    } else if (!once_.holds()) {
      found_.words.push_back({"at least once", kMeaning, once_.schedule()});
    } else {
      found_.words.push_back({"exactly once", kMeaning, ""});
    }
    return std::move(found_);
  }

  const SinkUnderTest& sink_;
  ConformanceWorld* world_ = nullptr;  // of the schedule under way
  Conformance found_;
  bool works_ = false;  // while nothing is struck
  bool remembers_ = true;
  Trait idempotent_{"idempotent", "not idempotent", "a Commit that is repeated changes nothing"};
  Trait fenced_{"fenced", "not fenced", kFencedMeans};
  Trait refuses_{"fenced", "not fenced", kFencedMeans};
  Trait atomic_{"atomic", "not atomic", "nobody sees a part of a batch"};
  Trait loses_nothing_{"", "", ""};
  Trait once_{"", "", ""};
};

}  // namespace

Conformance SinkConformance(const SinkUnderTest& sink) { return Testing(sink).Run(); }

}  // namespace wavetank::testing
