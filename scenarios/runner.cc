#include "scenarios/runner.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "scenarios/expect_part.h"
#include "scenarios/expectations.h"
#include "scenarios/prepare.h"
#include "scenarios/run_checker.h"
#include "scenarios/run_recorder.h"
#include "scenarios/sim_job.h"
#include "scenarios/survey.h"
#include "simulator/fault_injector.h"
#include "simulator/fault_table.h"
#include "simulator/sim_world.h"

namespace wavetank::scenarios {
namespace {

using simulator::SimWorld;

constexpr int64_t kDefaultChaosMs = 30'000;
constexpr int64_t kDefaultConvergeMs = 60'000;
constexpr absl::Duration kLook = absl::Milliseconds(100);

simulator::WorldOptions WorldOptionsOf(const Scenario& scenario, uint64_t seed,
                                       const RunOptions& run) {
  simulator::WorldOptions options;
  options.seed = seed;
  options.retain = run.retain;
  options.planted = run.planted;
  const Schedule& schedule = scenario.schedule();
  switch (schedule.policy()) {
    case Schedule::FIFO:
      options.policy.kind = simulator::PolicyKind::kFifo;
      break;
    case Schedule::PRIORITIES:
      options.policy.kind = simulator::PolicyKind::kPriorities;
      if (schedule.has_change_points()) options.policy.change_points = schedule.change_points();
      break;
    default:
      options.policy.kind = simulator::PolicyKind::kShuffle;
  }
  return options;
}

// One run, from an empty world to a report.
class Run : private simulator::WorldObserver {
 public:
  Run(const ParsedScenario& parsed, Prepared prepared, const RunOptions& options)
      : parsed_(parsed),
        scenario_(*parsed.scenario),
        prepared_(std::move(prepared)),
        world_(WorldOptionsOf(scenario_, prepared_.seed, options)),
        injector_(world_, prepared_.faults),
        events_max_(options.events_max),
        survey_wanted_(options.survey),
        job_(world_, prepared_.job),
        checker_(job_.checker()),
        keeps_history_(options.retain != simulator::Retain::kNothing) {}

  RunReport Go() {
    Build();
    Chaos();
    world_.Heal();
    healed_ = true;
    Converge();
    return Report();
  }

 private:
  void Build();
  void Chaos();
  void Converge();
  RunReport Report();
  void Tell(RunReport& report) const;

  // Moves time to `at`, unless the run is cut before, supplying what arrives until then.
  void RunTo(absl::Duration at);
  void RunWithoutInput(absl::Duration until);
  // When to look next at how the run stands: kLook from now, or after so many of it as nothing can
  // happen in. A fault may last for a year.
  absl::Duration NextLook() const;
  absl::Duration ChaosLimit() const;
  absl::Duration LongestListed() const;
  absl::Duration FaultsEnd() const;
  bool Ended() const;
  bool Cut() { return world_.trace().events() >= events_max_; }

  void OnLog(absl::Duration at, const platform::Node& node, platform::LogLevel level,
             const std::string& text) override;
  void OnFault(absl::Duration at, const simulator::Fault& fault) override;

  const ParsedScenario& parsed_;
  const Scenario& scenario_;
  const Prepared prepared_;
  SimWorld world_;
  simulator::FaultInjector injector_;
  const uint64_t events_max_;
  const bool survey_wanted_;
  std::optional<Surveyor> surveyor_;
  RunRecorder recorder_{world_};
  SimJob job_;
  RunChecker* const checker_;
  const bool keeps_history_;

  size_t arrived_ = 0;
  bool healed_ = false;
  bool stalled_ = false;
  std::optional<absl::Duration> last_listed_;  // when a fault that is like a listed one fired
  RunFacts facts_;
};

void Run::Build() {
  world_.AddObserver(recorder_);
  world_.AddObserver(*this);
  if (survey_wanted_) surveyor_.emplace(world_, injector_);
  if (keeps_history_ && checker_ != nullptr) checker_->KeepHistory();
  job_.Start();
}

void Run::RunTo(absl::Duration at) {
  while (true) {
    const bool more = arrived_ < prepared_.input.size();
    const absl::Duration next =
        more ? absl::Milliseconds(prepared_.input[arrived_].at_ms) : absl::InfiniteDuration();
    if (next > at) break;
    RunWithoutInput(next);
    if (Cut()) return;
    job_.Supply(prepared_.input[arrived_++]);
  }
  RunWithoutInput(at);
}

void Run::RunWithoutInput(absl::Duration until) {
  while (world_.now() < until && !Cut()) {
    world_.RunFor(std::min(until, NextLook()) - world_.now());
  }
}

absl::Duration Run::NextLook() const {
  absl::Duration next = world_.next_event();
  if (arrived_ < prepared_.input.size()) {
    next = std::min(next, absl::Milliseconds(prepared_.input[arrived_].at_ms));
  }
  if (world_.now() < FaultsEnd()) next = std::min(next, FaultsEnd());
  absl::Duration rest;
  const int64_t looks = absl::IDivDuration(next - world_.now(), kLook, &rest);
  return world_.now() + std::max(looks, int64_t{1}) * kLook;
}

void Run::Chaos() {
  const Phases& phases = scenario_.phases();
  while (world_.now() < ChaosLimit() && !Cut()) {
    RunTo(std::min(ChaosLimit(), NextLook()));
    if (Ended()) return;
    const bool early = !phases.has_chaos_ms() && arrived_ == prepared_.input.size() &&
                       injector_.Unfired().empty() && world_.now() >= FaultsEnd();
    if (early) return;
  }
}

void Run::Converge() {
  if (!prepared_.input.empty()) {
    RunTo(std::max(world_.now(), absl::Milliseconds(prepared_.input.back().at_ms)));
  }
  const Phases& phases = scenario_.phases();
  const int64_t budget_ms =
      phases.has_converge_budget_ms() ? phases.converge_budget_ms() : kDefaultConvergeMs;
  simulator::Budget budget;
  budget.quiet = absl::Milliseconds(budget_ms);
  budget.progress = [this] { return checker_ == nullptr ? 0 : checker_->Progress(); };
  const auto finish = [&] {
    const simulator::RunEnd end = world_.RunUntil(
        [this] { return Ended() || Cut() || (checker_ != nullptr && checker_->Done()); }, budget);
    stalled_ = checker_ != nullptr && end != simulator::RunEnd::kDone;
  };
  finish();
  if (stalled_ && facts_.first_beyond.has_value() && scenario_.expect().may_stop_size() > 0) {
    // Who has it all in memory goes on whatever happens to the files: somebody must read them.
    job_.StartAnew();
    finish();
  }
  if (stalled_ || checker_ == nullptr) return;
  // What should not come any more gets the time to come; then batches under way, empty ones, end.
  RunWithoutInput(world_.now() + absl::Seconds(3));
  finish();
}

// Unless the scenario says how long: what is listed comes, and lasts as long as it says.
absl::Duration Run::ChaosLimit() const {
  const Phases& phases = scenario_.phases();
  if (phases.has_chaos_ms()) return absl::Milliseconds(phases.chaos_ms());
  absl::Duration limit = absl::Milliseconds(kDefaultChaosMs);
  for (const simulator::ListedFault& listed : prepared_.faults.listed) {
    const auto* at = std::get_if<simulator::AtTime>(&listed.trigger);
    if (at != nullptr) limit = std::max(limit, at->time + LongestListed());
  }
  if (last_listed_.has_value()) limit = std::max(limit, *last_listed_ + LongestListed());
  return limit;
}

absl::Duration Run::LongestListed() const {
  absl::Duration longest = absl::ZeroDuration();
  for (const simulator::ListedFault& listed : prepared_.faults.listed) {
    for (const absl::Duration lasting : {listed.fault.duration, listed.fault.restart_after}) {
      if (lasting != absl::InfiniteDuration()) longest = std::max(longest, lasting);
    }
  }
  return longest;
}

// When the listed faults that last have ended.
absl::Duration Run::FaultsEnd() const {
  return facts_.last_fault.value_or(absl::ZeroDuration()) + LongestListed();
}

// A job that has stopped with the error that is expected will do no more.
bool Run::Ended() const { return !ExpectedEnd(scenario_.expect(), job_.errors()).empty(); }

void Run::OnLog(absl::Duration, const platform::Node&, platform::LogLevel level,
                const std::string& text) {
  if (level != platform::LogLevel::kError) return;
  for (const ExpectPart& part : scenario_.expect().part()) {
    if (checker_ != nullptr && HasStopped(part, text)) checker_->Excuse(part.name());
  }
}

void Run::OnFault(absl::Duration at, const simulator::Fault& fault) {
  facts_.last_fault = at;
  const bool beyond = !simulator::InfoOf(fault.kind).on;
  if (beyond && !facts_.first_beyond.has_value()) facts_.first_beyond = at;
  const bool listed = std::any_of(
      prepared_.faults.listed.begin(), prepared_.faults.listed.end(), [&](const auto& each) {
        return each.fault.kind == fault.kind &&
               (each.fault.target.empty() || each.fault.target == fault.target);
      });
  if (listed) last_listed_ = at;
}

void Run::Tell(RunReport& report) const {
  for (const ArrivingFile& piece : prepared_.input) {
    const bool file = piece.place.server.empty();
    report.source.push_back({file ? absl::StrCat(piece.place.directory, "/", piece.name)
                                  : absl::StrCat(piece.place.server, " ", piece.name),
                             piece.at_ms * 1'000'000, piece.lines, piece.removed});
  }
  if (checker_ != nullptr) report.batches = checker_->History();
}

RunReport Run::Report() {
  facts_.cut = Cut();
  const bool finished = !stalled_ && !facts_.cut && !Ended();
  if (checker_ != nullptr && finished) {
    job_.Finish();
    if (scenario_.expect().listing_up_to_date()) {
      job_.Add(checker_->JudgeListing(absl::ToInt64Nanoseconds(world_.now())));
    }
    job_.JudgeCounts(scenario_.expect().guarantee());
  }
  RunReport report;
  report.scenario = scenario_.name();
  report.file = parsed_.file;
  report.claim = scenario_.claim();
  report.seed = prepared_.seed;
  recorder_.Fill(report);
  if (keeps_history_) Tell(report);
  if (checker_ != nullptr) {
    report.records = checker_->Counts();
    report.unjudged = checker_->Unjudged();
  }
  report.violations = job_.violations();
  facts_.violations = job_.violations();
  facts_.errors = job_.errors();
  facts_.batch_ends = job_.batch_ends();
  facts_.stalled = stalled_;
  for (const simulator::ListedFault& fault : injector_.Unfired()) {
    facts_.faults_not_fired.push_back(simulator::Describe(fault));
  }
  facts_.steps = world_.steps().counts();
  facts_.checker = checker_;
  facts_.shape = &prepared_.job.shape;
  Judge(scenario_.expect(), facts_, report);
  report.fired = injector_.fired();
  report.steps = std::move(facts_.steps);
  if (surveyor_.has_value()) report.survey = std::make_shared<const Survey>(surveyor_->Take());
  return report;
}

}  // namespace

absl::StatusOr<RunReport> RunScenario(const ParsedScenario& parsed, const ScenarioJobs& jobs,
                                      const RunOptions& options) {
  WT_ASSIGN_OR_RETURN(Prepared prepared, Prepare(parsed, jobs, options));
  return Run(parsed, std::move(prepared), options).Go();
}

absl::Status ValidateScenario(const ParsedScenario& parsed, const ScenarioJobs& jobs,
                              const ReadHostFile& read_host_file) {
  RunOptions options;
  options.read_host_file = read_host_file;
  return Prepare(parsed, jobs, options).status();
}

}  // namespace wavetank::scenarios
