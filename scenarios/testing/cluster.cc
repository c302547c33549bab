#include "scenarios/testing/cluster.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "platform/check.h"
#include "platform/nearest_name.h"
#include "scenarios/testing/explanation.h"
#include "simulator/trace.h"

namespace wavetank::testing {

using simulator::Fault;
using simulator::FaultKind;
using simulator::ListedFault;

namespace {

constexpr absl::Duration kAgainAfter = absl::Seconds(1);
// How often somebody looks for processes that have ended, and for what is waited for.
constexpr absl::Duration kWatch = absl::Milliseconds(100);

}  // namespace

Cluster::Cluster(ClusterOptions options)
    : options_(std::move(options)),
      world_({.seed = options_.seed, .policy = options_.policy, .retain = options_.retain}) {
  world_.AddObserver(recorder_);
}

Cluster::~Cluster() = default;

void Cluster::Start(const std::string& process, platform::NodeMain main, std::string machine) {
  Start(platform::ProcessSpec{process, {{process, std::move(main)}}}, std::move(machine));
}

void Cluster::Start(platform::ProcessSpec program, std::string machine) {
  WT_CHECK(programs_watched_.insert(program.name).second,
           absl::StrCat("there is a program \"", program.name, "\" already: Restart it"));
  if (machine.empty()) machine = program.name;
  if (!world_.HasMachine(machine)) world_.AddMachine(machine);
  if (injector_) {
    world_.Start(machine, std::move(program));
  } else {
    programs_.emplace_back(std::move(program), std::move(machine));
  }
}

TestedJob& Cluster::Start(runtime::Job job, TestedJobOptions options) {
  // Its constructor is for a cluster alone.
  jobs_.emplace_back(new TestedJob(*this, world_, std::move(job), std::move(options)));
  for (const std::string& process : jobs_.back()->processes()) {
    WT_CHECK(job_processes_.insert(process).second,
             absl::StrCat("there is a process \"", process,
                          "\" already: give one of the jobs a prefix (TestedJobOptions)"));
  }
  if (injector_) jobs_.back()->Begin();
  return *jobs_.back();
}

void Cluster::At(simulator::AtStep step, Fault fault) {
  WT_CHECK(!injector_, "what happens at a step is said before time passes");
  asked_.push_back({std::move(step), std::move(fault)});
  options_.faults.listed.push_back(asked_.back());
}

void Cluster::CrashAt(const std::string& process, simulator::AtStep step) {
  At(std::move(step), {.kind = FaultKind::kCrash, .target = process, .restart_after = kAgainAfter});
}

void Cluster::LosePowerAt(const std::string& machine, simulator::AtStep step) {
  At(std::move(step),
     {.kind = FaultKind::kPowerLoss, .target = machine, .restart_after = kAgainAfter});
}

void Cluster::PauseAt(const std::string& process, simulator::AtStep step, absl::Duration duration) {
  At(std::move(step), {.kind = FaultKind::kPause, .target = process, .duration = duration});
}

// Programs start once all is known that may befall them.
simulator::SimWorld& Cluster::Begin() {
  if (!injector_) {
    injector_.emplace(world_, options_.faults);
    for (auto& [program, machine] : programs_) world_.Start(machine, std::move(program));
    programs_.clear();
    for (const auto& job : jobs_) job->Begin();
  }
  return world_;
}

void Cluster::Advance(absl::Duration duration) {
  const absl::Duration end = Begin().now() + duration;
  while (world_.now() < end) {
    world_.RunFor(std::min(kWatch, end - world_.now()));
    WatchOver();
  }
}

void Cluster::WatchOver() {
  std::vector<std::string> again;
  for (const std::unique_ptr<simulator::SimProcess>& process : world_.processes()) {
    const std::string& name = process->name();
    const bool failed = !process->alive() && process->death() == simulator::Death::kExit &&
                        process->exit_status() != 0;
    if (!failed || !programs_watched_.contains(name)) continue;
    if (&world_.process(name) != process.get()) continue;
    if (!world_.machine(process->machine_name()).on()) continue;
    const auto [ended, fresh] = ended_at_.try_emplace(process->label(), world_.now());
    if (!fresh && world_.now() >= ended->second + kAgainAfter) again.push_back(name);
  }
  for (const std::string& process : again) world_.Restart(process);
}

const std::string& Cluster::Process(const std::string& name) {
  std::vector<std::string> names(programs_watched_.begin(), programs_watched_.end());
  names.insert(names.end(), job_processes_.begin(), job_processes_.end());
  WT_CHECK(world_.HasProcess(name),
           absl::StrCat("there is no process \"", name, "\": there are ",
                        absl::StrJoin(names, ", "), platform::Suggestion(name, names)));
  return name;
}

const std::string& Cluster::Machine(const std::string& name) {
  std::vector<std::string> names;
  for (const simulator::SimMachine* machine : world_.machines()) names.push_back(machine->name());
  WT_CHECK(world_.HasMachine(name),
           absl::StrCat("there is no machine \"", name, "\": there are ",
                        absl::StrJoin(names, ", "), platform::Suggestion(name, names)));
  return name;
}

std::vector<std::string> Cluster::NeverCame() const {
  std::vector<std::string> never;
  const std::vector<ListedFault> unfired =
      injector_ ? injector_->Unfired() : std::vector<ListedFault>();
  for (const ListedFault& asked : asked_) {
    if (std::find(unfired.begin(), unfired.end(), asked) == unfired.end()) continue;
    never.push_back(Describe(asked));
  }
  return never;
}

bool Cluster::Wait(const std::function<bool()>& done, const simulator::Budget& budget) {
  Heal();
  const auto progress = [&budget] { return budget.progress == nullptr ? 0 : budget.progress(); };
  uint64_t before = progress();
  absl::Duration end = world_.now() + budget.quiet;
  while (!done() && world_.now() < end) {
    Advance(kWatch);
    if (std::exchange(before, progress()) != before) end = world_.now() + budget.quiet;
  }
  return done();
}

bool Cluster::RunUntil(const std::function<bool()>& done, const std::string& what) {
  if (Wait(done)) return true;
  Expect(false, absl::StrCat(what, " comes once everything works"));
  return false;
}

void Cluster::Expect(bool holds, const std::string& promise) {
  if (!holds) violations_.push_back({promise, world_.now()});
}

std::vector<simulator::ListedFault> Cluster::faults() const {
  return injector_ ? injector_->fired() : std::vector<simulator::ListedFault>();
}

scenarios::RunReport Cluster::Report(const std::string& name) {
  scenarios::RunReport report;
  report.scenario = name;
  report.seed = options_.seed;
  report.records.told_apart = false;
  report.verdict = !violations_.empty() ? scenarios::Verdict::kViolation
                   : ok()               ? scenarios::Verdict::kPass
                                        : scenarios::Verdict::kInconclusive;
  recorder_.Fill(report);
  for (const auto& job : jobs_) job->Tell(report);
  for (const Violation& violation : violations_) {
    const std::string text = violation.what.empty()
                                 ? violation.promise
                                 : absl::StrCat(violation.promise, ": ", violation.what);
    report.reasons.push_back(text);
    const int64_t at_ns = absl::ToInt64Nanoseconds(violation.at);
    const auto later =
        std::find_if(report.timeline.begin(), report.timeline.end(),
                     [at_ns](const scenarios::TimelineLine& line) { return line.time_ns > at_ns; });
    report.timeline.insert(later, {at_ns, "test", "violation", text, true});
    report.violations.push_back({violation.kind, text, at_ns, {}, ""});
  }
  return report;
}

std::string Cluster::Explain(const std::string& name) {
  const scenarios::RunReport report = Report(name);
  std::string text;
  for (const std::string& reason : report.reasons) absl::StrAppend(&text, "broken: ", reason, "\n");
  for (const std::string& never : NeverCame()) {
    absl::StrAppend(&text, "never came: ", never, "\n");
  }
  return absl::StrCat(text, WhatLedToIt(report), WherePageIs(report));
}

}  // namespace wavetank::testing
