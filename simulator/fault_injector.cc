#include "simulator/fault_injector.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/text.h"
#include "simulator/fault_table.h"
#include "simulator/file_pattern.h"

namespace wavetank::simulator {

using platform::Random;

namespace {

std::string TextOf(const platform::StepValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? *text : absl::StrCat(std::get<int64_t>(value));
}

std::string At(const FaultTrigger& trigger) {
  if (const auto* time = std::get_if<AtTime>(&trigger)) {
    return absl::StrCat("at ", absl::FormatDuration(time->time));
  }
  if (const auto* step = std::get_if<AtStep>(&trigger)) {
    std::string text = absl::StrCat("at ", step->step);
    for (const auto& [key, value] : step->attributes) {
      absl::StrAppend(&text, " ", key, "=", TextOf(value));
    }
    return absl::StrCat(text, " (", step->occurrence, ")");
  }
  if (const auto* call = std::get_if<AtFileCall>(&trigger)) {
    const std::string after =
        call->after.has_value() ? absl::StrCat(" after ", At(*call->after).substr(3)) : "";
    return absl::StrCat("at ", platform::ToAbsl(Name(call->call)), " of ", call->files, " (",
                        call->occurrence, ")", after);
  }
  const auto& call = std::get<AtSeamCall>(trigger);
  return absl::StrCat("at call ", call.call, " of ", call.process, "#", call.incarnation, "/",
                      call.node);
}

bool Matches(const AtStep& trigger, const platform::StepEvent& event) {
  const bool named = trigger.step == event.step.name ||
                     (!event.step.alias.empty() && trigger.step == event.step.alias);
  if (!named) return false;
  if (!trigger.process.empty() && trigger.process != event.node.process()) return false;
  if (!trigger.node.empty() && trigger.node != event.node.name()) return false;
  return std::ranges::all_of(trigger.attributes, [&](const auto& wanted) {
    return std::ranges::any_of(event.attributes, [&](const platform::StepAttribute& attribute) {
      return attribute.key == wanted.first && Is(attribute, wanted.second);
    });
  });
}

// A file is written at its end or elsewhere: it is the same to who aims at it.
bool Matches(const AtFileCall& trigger, const SeamCall& call) {
  const SeamCallKind kind = call.kind == SeamCallKind::kAppend ? SeamCallKind::kWrite : call.kind;
  return kind == trigger.call && MatchesFilePattern(trigger.files, call.target);
}

bool Matches(const AtSeamCall& trigger, SimNode& node, const SeamCall& call) {
  const SimProcess& process = node.process();
  return trigger.call == call.number && trigger.process == process.name() &&
         trigger.node == node.name() &&
         (trigger.incarnation == 0 || trigger.incarnation == process.incarnation().value());
}

bool MayTarget(const RandomFault& random, const std::string& name) {
  return random.targets.empty() || std::ranges::find(random.targets, name) != random.targets.end();
}

absl::Duration DrawMs(Random& random, const Bounds& bounds) {
  return absl::Milliseconds(random.Between(bounds.low, bounds.high));
}

}  // namespace

std::string Describe(const ListedFault& listed) {
  return absl::StrCat(Describe(listed.fault), " ", At(listed.trigger));
}

FaultInjector::FaultInjector(SimWorld& world, FaultPlan plan)
    : world_(world), effects_(world), random_(std::move(plan.random)) {
  for (ListedFault& fault : plan.listed) listed_.push_back({std::move(fault)});
  world_.SetFaultHook(this);
  for (size_t index = 0; index < listed_.size(); ++index) StartListed(index);
  for (size_t index = 0; index < random_.size(); ++index) {
    if (InfoOf(random_[index].kind).unit == RateUnit::kPerHour && random_[index].rate > 0) {
      StartRandom(index, 1, absl::ToInt64Nanoseconds(std::max(random_[index].from, world_.now())));
    }
  }
}

FaultInjector::~FaultInjector() { world_.SetFaultHook(nullptr); }

std::vector<ListedFault> FaultInjector::Unfired() const {
  std::vector<ListedFault> unfired;
  for (const Listed& listed : listed_) {
    if (!listed.fired) unfired.push_back(listed.fault);
  }
  return unfired;
}

void FaultInjector::Freeze() {
  frozen_ = true;
  waiting_.clear();
  effects_.Forget();
}

void FaultInjector::Record(const FaultTrigger& trigger, const Fault& as_listed,
                           const Fault& fault) {
  fired_.push_back({trigger, as_listed});
  world_.RecordFault(fault);
}

// What has no target befalls whoever reached the step or made the call, be it a zombie.
void FaultInjector::FireListed(size_t index, SimNode* who) {
  Listed& listed = listed_[index];
  const FaultTrigger& trigger = listed.fault.trigger;
  Fault fault = listed.fault.fault;
  listed.triggered = true;
  const bool own = fault.target.empty() && who != nullptr;
  if (own) {
    SimProcess& process = who->process();
    fault.target = TargetsProcess(fault.kind) ? process.name() : process.machine_name();
  }
  if (!NeedsNoCall(fault)) {
    waiting_.push_back({index, std::move(fault)});
    return;
  }
  const bool of_zombie =
      own && TargetsProcess(fault.kind) && &world_.process(fault.target) != &who->process();
  if (of_zombie ? fault.kind != FaultKind::kCrash : !effects_.CanApply(fault)) return;
  listed.fired = true;
  Record(trigger, listed.fault.fault, fault);
  if (of_zombie) {
    world_.Crash(who->process());
  } else {
    effects_.Apply(fault);
  }
}

void FaultInjector::StartListed(size_t index) {
  const auto* at = std::get_if<AtTime>(&listed_[index].fault.trigger);
  if (at == nullptr) return;
  WT_CHECK(at->time >= world_.now(), "a fault in the past: " + Describe(listed_[index].fault));
  world_.scheduler().FirstAt(absl::ToInt64Nanoseconds(at->time), effects_.life(), [this, index] {
    if (!frozen_) FireListed(index, nullptr);
  });
}

void FaultInjector::StartRandom(size_t index, uint64_t nth, int64_t from_ns) {
  const RandomFault& random = random_[index];
  // Gaps are uniform around their mean.
  const int64_t mean_ns = absl::ToInt64Nanoseconds(absl::Hours(1)) / random.rate;
  Random draw = world_.scheduler().random().Fork("random fault",
                                                 {static_cast<uint64_t>(random.kind), index, nth});
  const int64_t when_ns = from_ns + draw.Between(1, 2 * mean_ns);
  if (absl::Nanoseconds(when_ns) > random.until) return;
  world_.scheduler().FirstAt(when_ns, effects_.life(), [this, index, nth] {
    if (!frozen_) FireRandom(index, nth);
  });
}

void FaultInjector::FireRandom(size_t index, uint64_t nth) {
  Random draw = world_.scheduler().random().Fork(
      "random fault drawn", {static_cast<uint64_t>(random_[index].kind), index, nth});
  Fault fault;
  if (DrawFault(random_[index], draw, fault) && effects_.CanApply(fault)) {
    Record(AtTime{world_.now()}, fault, fault);
    effects_.Apply(fault);
  }
  StartRandom(index, nth + 1, world_.scheduler().now_ns());
}

std::vector<std::string> FaultInjector::Candidates(const RandomFault& random) {
  std::vector<std::string> names;
  if (TargetsProcess(random.kind)) {
    for (const auto& process : world_.processes()) {
      const bool newest = &world_.process(process->name()) == process.get();
      if (newest && process->alive()) names.push_back(process->name());
    }
  } else {
    for (SimMachine* machine : world_.machines()) {
      if (machine->on()) names.push_back(machine->name());
    }
  }
  std::erase_if(names, [&](const std::string& name) { return !MayTarget(random, name); });
  std::ranges::sort(names);
  return names;
}

std::optional<std::string> FaultInjector::DrawFile(Random& draw, const std::string& machine) {
  const std::vector<std::string> files = world_.machine(machine).disk().image().Files("");
  if (files.empty()) return std::nullopt;
  return files[draw.Below(files.size())];
}

bool FaultInjector::DrawFault(const RandomFault& random, Random draw, Fault& fault) {
  const FaultInfo& info = InfoOf(random.kind);
  std::vector<std::string> candidates = Candidates(random);
  if (candidates.empty()) return false;
  draw.Shuffle(candidates);
  fault.kind = random.kind;
  fault.target = candidates.front();
  if (info.family == FaultFamily::kNetwork) {
    std::vector<SimMachine*> peers = world_.machines();
    std::erase_if(peers, [&](SimMachine* peer) { return peer->name() == fault.target; });
    if (peers.empty()) return false;
    fault.peer = peers[draw.Below(peers.size())]->name();
  }
  if (info.duration_ms.high > 0) fault.duration = DrawMs(draw, info.duration_ms);
  if (info.restart_after_ms.high > 0) fault.restart_after = DrawMs(draw, info.restart_after_ms);
  fault.amount = draw.Between(info.amount.low, info.amount.high);
  if (IsAtRest(fault.kind)) {
    const std::optional<std::string> file = DrawFile(draw, fault.target);
    if (!file.has_value()) return false;
    // An odd entry stands beside a file.
    fault.files = fault.kind == FaultKind::kOddEntry ? *file + ".odd" : *file;
  }
  if (TakesSeveralMachines(fault.kind)) {
    const size_t several = std::min(candidates.size(), static_cast<size_t>(fault.amount));
    for (size_t other = 1; other < several; ++other) {
      absl::StrAppend(&fault.target, ",", candidates[other]);
    }
    fault.amount = static_cast<int64_t>(several);
  }
  return true;
}

void FaultInjector::OnStep(SimNode& node, const platform::StepEvent& event) {
  if (frozen_) return;
  for (size_t index = 0; index < listed_.size(); ++index) {
    Listed& listed = listed_[index];
    if (listed.triggered) continue;
    const auto* at = std::get_if<AtStep>(&listed.fault.trigger);
    const auto* at_call = std::get_if<AtFileCall>(&listed.fault.trigger);
    if (at_call != nullptr && at_call->after.has_value() && Matches(*at_call->after, event)) {
      ++listed.seen;
    }
    if (at == nullptr || !Matches(*at, event)) continue;
    if (++listed.seen == at->occurrence) FireListed(index, &node);
  }
}

const Fault* FaultInjector::OnSeamCall(SimNode& node, const SeamCall& call) {
  if (frozen_) return nullptr;
  for (size_t index = 0; index < listed_.size(); ++index) {
    Listed& listed = listed_[index];
    const auto* at = std::get_if<AtFileCall>(&listed.fault.trigger);
    if (at == nullptr || listed.triggered || !Matches(*at, call)) continue;
    if (at->after.has_value() && listed.seen < at->after->occurrence) continue;
    if (++listed.calls_seen == at->occurrence) FireListed(index, &node);
  }
  return BefallsCall(node, call);
}

const Fault* FaultInjector::BefallsCall(SimNode& node, const SeamCall& call) {
  const Fault* const befalls = FindFault(node, call);
  if (befalls != nullptr && befalls->kind == FaultKind::kTornWrite) {
    // The power goes now, so the write is in flight.
    befalling_.target = node.process().machine_name();
    effects_.Apply(befalling_);
  }
  return befalls;
}

const Fault* FaultInjector::FindFault(SimNode& node, const SeamCall& call) {
  const SimProcess& process = node.process();
  const Fault* befalls = nullptr;
  for (size_t index = 0; index < listed_.size(); ++index) {
    Listed& listed = listed_[index];
    const auto* at = std::get_if<AtSeamCall>(&listed.fault.trigger);
    if (at == nullptr || listed.triggered || !Matches(*at, node, call)) continue;
    const Fault& fault = listed.fault.fault;
    // One fault befalls a call: a second one waits for the next.
    if (befalls != nullptr || !CanBefall(fault, call)) {
      FireListed(index, &node);
      continue;
    }
    listed.triggered = listed.fired = true;
    Record(listed.fault.trigger, fault, fault);
    befalling_ = fault;
    befalls = &befalling_;
  }
  if (befalls != nullptr) return befalls;
  for (auto waiting = waiting_.begin(); waiting != waiting_.end(); ++waiting) {
    const bool of_process = TargetsProcess(waiting->fault.kind);
    const std::string& owner = of_process ? process.name() : process.machine_name();
    if (!CanBefall(waiting->fault, call) || waiting->fault.target != owner) continue;
    if (waiting->fault.nth > 1) {
      --waiting->fault.nth;
      continue;
    }
    Listed& listed = listed_[waiting->listed];
    listed.fired = true;
    Record(listed.fault.trigger, listed.fault.fault, waiting->fault);
    befalling_ = waiting->fault;
    waiting_.erase(waiting);
    return &befalling_;
  }
  for (const RandomFault& random : random_) {
    if (BefallsByChance(random, node, call)) return &befalling_;
  }
  return nullptr;
}

bool FaultInjector::BefallsByChance(const RandomFault& random, SimNode& node,
                                    const SeamCall& call) {
  const bool by_call = InfoOf(random.kind).unit == RateUnit::kPerMillionCalls;
  if (!by_call || random.rate == 0 || !CanBefall({.kind = random.kind}, call)) {
    return false;
  }
  if (world_.now() < random.from || world_.now() > random.until) return false;
  const SimProcess& process = node.process();
  const std::string& owner = TargetsProcess(random.kind) ? process.name() : process.machine_name();
  if (!MayTarget(random, owner)) return false;
  Random draw = world_.scheduler().random().Fork(
      "call fault", {static_cast<uint64_t>(random.kind), node.key(), call.number});
  if (!draw.PartsPerMillion(static_cast<uint32_t>(random.rate))) return false;
  befalling_ = Fault{.kind = random.kind, .target = owner};
  const FaultInfo& info = InfoOf(random.kind);
  if (!info.amount.empty()) befalling_.amount = draw.Between(info.amount.low, info.amount.high);
  if (!info.duration_ms.empty()) befalling_.duration = DrawMs(draw, info.duration_ms);
  if (!info.restart_after_ms.empty()) {
    befalling_.restart_after = DrawMs(draw, info.restart_after_ms);
  }
  if (random.kind == FaultKind::kMisdirectedWrite) {
    befalling_.peer = DrawFile(draw, owner).value_or("");
  }
  Record(AtSeamCall{process.name(), node.name(), call.number, process.incarnation().value()},
         befalling_, befalling_);
  return true;
}

void FaultInjector::OnStarted(SimProcess& process) {
  if (frozen_ || process.incarnation().value() == 1) return;
  for (const RandomFault& random : random_) {
    if (random.kind != FaultKind::kCrashWhileRecovering) continue;
    if (!MayTarget(random, process.name())) continue;
    if (world_.now() < random.from || world_.now() > random.until) continue;
    Random draw = world_.scheduler().random().Fork("crash while recovering",
                                                   {platform::StableHash(process.label())});
    if (!draw.PartsPerMillion(static_cast<uint32_t>(random.rate))) continue;
    const FaultInfo& info = InfoOf(random.kind);
    Fault fault{.kind = random.kind, .target = process.name()};
    fault.amount = draw.Between(info.amount.low, info.amount.high);
    fault.restart_after = DrawMs(draw, info.restart_after_ms);
    const int64_t when_ns =
        absl::ToInt64Nanoseconds(world_.now() + absl::Milliseconds(fault.amount));
    world_.scheduler().FirstAt(when_ns, effects_.life(),
                               [this, crash = std::make_shared<const Fault>(std::move(fault))] {
                                 if (frozen_ || !effects_.CanApply(*crash)) return;
                                 Record(AtTime{world_.now()}, *crash, *crash);
                                 effects_.Apply(*crash);
                               });
  }
}

}  // namespace wavetank::simulator
