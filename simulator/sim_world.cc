#include "simulator/sim_world.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/text.h"
#include "simulator/fault_table.h"

namespace wavetank::simulator {

using platform::Incarnation;
using platform::ToAbsl;

namespace {

std::string Describe(const platform::StepEvent& event) {
  std::string text(event.step.name);
  for (const platform::StepAttribute& attribute : event.attributes) {
    absl::StrAppend(&text, " ", ToAbsl(attribute.key), "=");
    if (attribute.is_text) {
      absl::StrAppend(&text, ToAbsl(attribute.text));
    } else {
      absl::StrAppend(&text, attribute.value);
    }
  }
  return text;
}

std::string_view Name(ProcessChange change) {
  static constexpr std::string_view kNames[] = {"starts",  "is paused", "wakes",
                                                "crashes", "exits",     "loses power"};
  return kNames[static_cast<size_t>(change)];
}

}  // namespace

SimWorld::SimWorld(WorldOptions options)
    : scheduler_(options.seed, options.policy, options.retain),
      options_(std::move(options)),
      network_(scheduler_, options_.network) {}

SimWorld::~SimWorld() {
  for (const auto& process : processes_) {
    if (process->alive()) scheduler_.EndLife(process->life());
  }
  for (auto process = processes_.rbegin(); process != processes_.rend(); ++process) {
    auto& nodes = (*process)->nodes_;
    while (!nodes.empty()) nodes.pop_back();
  }
  scheduler_.Clear();
}

SimMachine& SimWorld::AddMachine(const std::string& name) {
  return AddMachine(name, {options_.disk, options_.clock});
}

SimMachine& SimWorld::AddMachine(const std::string& name, const MachineOptions& options) {
  auto machine = std::make_unique<SimMachine>(scheduler_, name, options.clock, options.disk);
  const auto [entry, added] = machines_.emplace(name, std::move(machine));
  WT_CHECK(added, "machine " + name + " is there already");
  network_.AddMachine(name);
  return *entry->second;
}

SimMachine& SimWorld::machine(const std::string& name) {
  const auto entry = machines_.find(name);
  WT_CHECK(entry != machines_.end(), "no machine " + name);
  return *entry->second;
}

std::vector<SimMachine*> SimWorld::machines() {
  std::vector<SimMachine*> all;
  all.reserve(machines_.size());
  for (const auto& [name, machine] : machines_) all.push_back(machine.get());
  return all;
}

std::vector<std::string> SimWorld::AliveOn(const std::string& machine_name) const {
  std::vector<std::string> names;
  for (const auto& [name, process] : newest_) {
    if (process->alive() && process->machine_name() == machine_name) names.push_back(name);
  }
  return names;
}

SimProcess& SimWorld::process(const std::string& name) {
  const auto entry = newest_.find(name);
  WT_CHECK(entry != newest_.end(), "no process " + name);
  return *entry->second;
}

SimProcess& SimWorld::Start(const std::string& machine_name, platform::ProcessSpec spec) {
  SimMachine& home = machine(machine_name);
  WT_CHECK(home.on(), "machine " + machine_name + " is off");
  const std::string name = spec.name;
  const Incarnation incarnation(++incarnations_[name]);
  processes_.push_back(std::make_unique<SimProcess>(home, machine_name, std::move(spec),
                                                    incarnation, scheduler_.NewLife()));
  SimProcess& process = *processes_.back();
  newest_[name] = &process;
  platform::Random random =
      scheduler_.random().Fork("process", {platform::StableHash(process.label())});
  const int64_t clock_origin_ns = random.Between(0, absl::ToInt64Nanoseconds(absl::Hours(1)));
  const SimNode::World world{scheduler_, *this, home.clock(), options_.cpu, options_.planted};
  for (const platform::NodeSpec& node : process.spec().nodes) {
    process.nodes_.push_back(std::make_unique<SimNode>(world, process, node.name, clock_origin_ns));
  }
  Tell(process, ProcessChange::kStarted);
  for (size_t index = 0; index < process.nodes_.size(); ++index) {
    SimNode& node = *process.nodes_[index];
    node.Boot(std::make_unique<SimNodeNetwork>(node, network_),
              std::make_unique<SimNodeDisk>(node, home.disk()), process.spec().nodes[index].main);
  }
  if (fault_hook_ != nullptr) fault_hook_->OnStarted(process);
  return process;
}

SimProcess& SimWorld::Restart(const std::string& name, const std::string& machine_name) {
  Crash(name);
  PowerOn(machine_name);
  return Start(machine_name, process(name).spec());
}

void SimWorld::End(SimProcess& process, Death death) {
  if (!process.alive_) return;
  process.alive_ = false;
  process.paused_ = false;
  process.death_ = death;
  scheduler_.EndLife(process.life());
  Tell(process, death == Death::kCrash  ? ProcessChange::kCrashed
                : death == Death::kExit ? ProcessChange::kExited
                                        : ProcessChange::kLostPower);
  ending_.push_back(&process);
  ReapUnlessRunning();
}

void SimWorld::ReapUnlessRunning() {
  if (!in_event_) Reap();
}

void SimWorld::Reap() {
  std::sort(ending_.begin(), ending_.end(),
            [](SimProcess* a, SimProcess* b) { return b->life() < a->life(); });
  for (SimProcess* process : std::exchange(ending_, {})) {
    while (!process->nodes_.empty()) process->nodes_.pop_back();
    network_.OnProcessDeath(*process, process->death());
    process->machine().disk().OnProcessDeath(process->life());
  }
  for (const auto& [machine, left] : std::exchange(losing_power_, {})) {
    machine->disk().OnPowerLoss(++machine->power_losses_, left);
  }
  for (SimMachine* machine : std::exchange(losing_disk_, {})) machine->disk().Erase();
}

void SimWorld::Stop(SimProcess& process, int status) {
  if (!process.alive()) return;
  process.exit_status_ = status;
  End(process, Death::kExit);
}

void SimWorld::Pause(SimProcess& process) {
  if (!process.alive() || process.paused()) return;
  process.paused_ = true;
  Tell(process, ProcessChange::kPaused);
  network_.OnPauseChanged(process);
}

void SimWorld::Resume(SimProcess& process) {
  if (!process.alive() || !process.paused()) return;
  process.paused_ = false;
  Tell(process, ProcessChange::kResumed);
  network_.OnPauseChanged(process);
  for (const auto& node : process.nodes()) node->OnProcessResumed();
}

void SimWorld::LosePower(const std::string& machine_name, SimDisk::Left left) {
  SimMachine& losing = machine(machine_name);
  if (!losing.on()) return;
  losing.on_ = false;
  scheduler_.Record(losing.actor(), EventKind::kMachine, 0, [] { return "loses power"; });
  network_.OnPower(machine_name, false);
  losing_power_.emplace_back(&losing, left);
  const bool outermost = !std::exchange(in_event_, true);
  for (size_t index = processes_.size(); index-- > 0;) {
    if (&processes_[index]->machine() == &losing) End(*processes_[index], Death::kPowerLoss);
  }
  in_event_ = !outermost;
  ReapUnlessRunning();
}

void SimWorld::PowerOn(const std::string& machine_name) {
  SimMachine& starting = machine(machine_name);
  if (starting.on()) return;
  starting.on_ = true;
  scheduler_.Record(starting.actor(), EventKind::kMachine, 1, [] { return "powers on"; });
  network_.OnPower(machine_name, true);
}

void SimWorld::LoseDisk(const std::string& machine_name) {
  SimMachine& losing = machine(machine_name);
  WT_CHECK(!losing.on(), machine_name + " is on");
  scheduler_.Record(losing.actor(), EventKind::kMachine, 2, [] { return "loses its disk"; });
  losing_disk_.push_back(&losing);
  ReapUnlessRunning();
}

void SimWorld::CrashMachine(const std::string& machine_name) {
  SimMachine& crashing = machine(machine_name);
  for (size_t index = processes_.size(); index-- > 0;) {
    if (&processes_[index]->machine() == &crashing) Crash(*processes_[index]);
  }
}

void SimWorld::Heal() {
  scheduler_.Record(ActorId(0), EventKind::kWorld, 0, [] { return "heals"; });
  if (fault_hook_ != nullptr) fault_hook_->Freeze();
  network_.Heal();
  for (const auto& [name, system] : externals_) system->Heal();
  for (const auto& [name, machine] : machines_) {
    PowerOn(name);
    machine->disk().Heal();
    machine->clock().ResetDrift(scheduler_.now_ns());
    machine->clock().ResetTimerJitterMax();
  }
  for (size_t index = 0; index < processes_.size(); ++index) {
    SimProcess& process = *processes_[index];
    Resume(process);
    for (const auto& node : process.nodes()) node->SetSlowness(1);
  }
  std::vector<SimProcess*> down;
  for (const auto& [name, process] : newest_) {
    if (!process->alive() && process->death() != Death::kExit) down.push_back(process);
  }
  for (SimProcess* process : down) Start(process->machine_name(), process->spec());
}

bool SimWorld::RunOne(absl::Duration until) {
  WT_CHECK(!in_event_, "a world is run from outside of its events");
  in_event_ = true;
  const bool ran = scheduler_.RunOne(absl::ToInt64Nanoseconds(until));
  in_event_ = false;
  if (!ending_.empty() || !losing_power_.empty()) Reap();
  return ran;
}

void SimWorld::RunFor(absl::Duration duration) {
  const absl::Duration until = now() + duration;
  while (RunOne(until)) {
  }
  scheduler_.AdvanceTo(absl::ToInt64Nanoseconds(until));
}

RunEnd SimWorld::RunUntil(const std::function<bool()>& done, const Budget& budget) {
  uint64_t progress = budget.progress ? budget.progress() : 0;
  absl::Duration until = now() + budget.quiet;
  for (;;) {
    if (done()) return RunEnd::kDone;
    if (!RunOne(until)) return scheduler_.empty() ? RunEnd::kIdle : RunEnd::kBudgetSpent;
    if (budget.progress && progress != budget.progress()) {
      progress = budget.progress();
      until = now() + budget.quiet;
    }
  }
}

bool SimWorld::RunUntilIdle(absl::Duration limit) {
  const absl::Duration until = now() + limit;
  while (RunOne(until)) {
  }
  return scheduler_.empty();
}

void SimWorld::Tell(SimProcess& process, ProcessChange change) {
  scheduler_.Record(process.machine().actor(), EventKind::kProcess,
                    HashBytes(process.label()) + static_cast<uint64_t>(change),
                    [&] { return absl::StrCat(process.label(), " ", ToAbsl(Name(change))); });
  for (WorldObserver* observer : observers_) observer->OnProcess(now(), process, change);
}

void SimWorld::RecordFault(const Fault& fault) {
  scheduler_.Record(ActorId(0), EventKind::kFault,
                    HashBytes(fault.target) + static_cast<uint64_t>(fault.kind),
                    [&] { return Describe(fault); });
  for (WorldObserver* observer : observers_) observer->OnFault(now(), fault);
}

bool SimWorld::OnStep(SimNode& node, const platform::StepEvent& event) {
  const uint64_t hash = steps_.Add(event);
  scheduler_.Record(node.actor(), EventKind::kStep, hash, [&] { return Describe(event); });
  for (WorldObserver* observer : observers_) observer->OnStep(now(), event);
  if (fault_hook_ != nullptr) fault_hook_->OnStep(node, event);
  return !node.dead() && !node.process().paused();
}

// The process was paused at the step: it goes on when it wakes.
void SimWorld::OnHold(SimNode&, platform::Waiter& waiter) { waiter.MakeReady(); }

const Fault* SimWorld::OnSeamCall(SimNode& node, const SeamCall& call) {
  return fault_hook_ == nullptr ? nullptr : fault_hook_->OnSeamCall(node, call);
}

void SimWorld::OnLog(SimNode& node, platform::LogLevel level, const std::string& text) {
  scheduler_.Record(node.actor(), EventKind::kLog, HashBytes(text), [&] { return text; });
  for (WorldObserver* observer : observers_) observer->OnLog(now(), node.node(), level, text);
}

void SimWorld::OnExit(SimNode& node, int status) { ScheduleExit(node.process(), status); }

void SimWorld::OnMainReturned(SimNode& node) {
  SimProcess& process = node.process();
  if (++process.mains_returned_ == process.nodes().size()) ScheduleExit(process, 0);
}

void SimWorld::ScheduleExit(SimProcess& process, int status) {
  scheduler_.At(scheduler_.now_ns(), {process.machine().actor(), process.life()},
                [this, &process, status] { Stop(process, status); });
}

}  // namespace wavetank::simulator
