#include "scenarios/testing/conformance_world.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "checkpoint/served_store.h"
#include "checkpoint/store_service.h"
#include "platform/check.h"
#include "platform/text.h"
#include "simulator/fault_effects.h"

namespace wavetank::testing {

using simulator::Fault;
using simulator::FaultKind;
using simulator::SimProcess;

namespace {

constexpr char kStore[] = "store";
constexpr char kStoreAddress[] = "store:7000";
// How a call on a disk fails, or one that connects; nullopt: it cannot.
std::optional<FaultKind> FailureOf(const Place& place) {
  if (place.is_step()) return std::nullopt;
  for (const FaultKind kind : {FaultKind::kReadError, FaultKind::kWriteError, FaultKind::kSyncLoss,
                               FaultKind::kDirectorySyncError, FaultKind::kNamesError,
                               FaultKind::kTooManyFiles, FaultKind::kConnectFailure}) {
    if (simulator::CanBefall({.kind = kind}, {place.kind, place.call, "", ""})) return kind;
  }
  return std::nullopt;
}

constexpr absl::Duration kAgainAfter = absl::Milliseconds(100);
constexpr absl::Duration kRepeatAfter = absl::Milliseconds(1'500);

std::string Ordinal(uint64_t number) {
  const uint64_t tens = number / 10 % 10;
  const char* const suffix[] = {"th", "st", "nd", "rd"};
  const uint64_t last = number % 10;
  return absl::StrCat(number, suffix[tens == 1 || last > 3 ? 0 : last]);
}

}  // namespace

void PlaceRecorder::OnStep(simulator::SimNode& node, const platform::StepEvent& event) {
  const std::string name(event.step.name);
  const uint64_t occurrence = ++reached_[absl::StrCat(node.process().name(), " ", name)];
  std::string text = name;
  if (occurrence > 1) absl::StrAppend(&text, " (", occurrence, ")");
  since_[node.process().name()] = {text, 0};
  if (!on_) return;
  Place& place = places_.emplace_back();
  place.machine = node.process().machine_name();
  place.process = node.process().name();
  place.incarnation = node.process().incarnation().value();
  place.step = name;
  place.occurrence = occurrence;
  place.text = absl::StrCat("at ", text);
}

const Fault* PlaceRecorder::OnSeamCall(simulator::SimNode& node, const simulator::SeamCall& call) {
  Since& since = since_[node.process().name()];
  ++since.calls;
  if (!on_) return nullptr;
  Place& place = places_.emplace_back();
  place.machine = node.process().machine_name();
  place.process = node.process().name();
  place.incarnation = node.process().incarnation().value();
  place.call = call.number;
  place.kind = call.kind;
  place.peer = std::string(call.peer);
  place.text = absl::StrCat("at ", platform::ToAbsl(Name(call.kind)), " ",
                            platform::ToAbsl(call.peer.empty() ? call.target : call.peer), ", the ",
                            Ordinal(since.calls), " call after ", since.step);
  return nullptr;
}

ConformanceWorld::ConformanceWorld(std::vector<simulator::ListedFault> faults, bool record)
    : world_({.seed = 1}) {
  for (const char* machine : {"first", "second", "worker", "reader"}) world_.AddMachine(machine);
  if (record) {
    recorder_ = std::make_unique<PlaceRecorder>(world_);
  } else {
    injector_ = std::make_unique<simulator::FaultInjector>(
        world_, simulator::FaultPlan{.listed = std::move(faults)});
  }
  Serve(kStore, [](platform::Node& node) {
    return checkpoint::RunStoreService(node, kStoreAddress, kStoreRoot);
  });
}

void ConformanceWorld::PutFile(const std::string& path, const std::string& content) {
  world_.machine(kStore).disk().Put(checkpoint::JoinPath(kStoreRoot, path), content);
}

void ConformanceWorld::Serve(const std::string& name, platform::NodeMain main) {
  WT_CHECK(!world_.HasMachine(name), absl::StrCat("there is a machine \"", name, "\" already"));
  world_.AddMachine(name);
  servers_.push_back(name);
  Start(name, name, std::move(main));
}

void ConformanceWorld::Release(const std::string& from, const std::string& to) {
  world_.network().ReleaseLink(from, to, simulator::SimNetwork::Block::kClog);
}

SimProcess& ConformanceWorld::Start(const std::string& machine, const std::string& process,
                                    platform::NodeMain main) {
  return world_.Start(machine, {process, {{process, std::move(main)}}});
}

bool ConformanceWorld::RunUntilEnded(SimProcess& process, const std::function<bool()>& held) {
  const auto stands = [&] {
    return !process.alive() || process.paused() || (held != nullptr && held());
  };
  return world_.RunUntil(stands) == simulator::RunEnd::kDone;
}

void ConformanceWorld::Repair() {
  for (const std::string& server : servers_) {
    if (!world_.process(server).alive()) world_.Restart(server);
  }
}

void ConformanceWorld::LosePowerOutside() {
  for (const std::string& server : servers_) {
    world_.LosePower(server, simulator::SimDisk::Left::kSynced);
  }
  world_.RunFor(kAgainAfter);
  Repair();
}

std::unique_ptr<checkpoint::Store> StoreOf(platform::Node& node) {
  return std::make_unique<checkpoint::ServedStore>(node, kStoreAddress);
}

std::vector<Place> Sample(const std::vector<Place>& places, CallsStruck struck) {
  std::vector<Place> sample;
  int64_t calls = 0;
  for (const Place& place : places) {
    if (place.is_step() || calls++ % struck.one_of == 0) sample.push_back(place);
  }
  return sample;
}

bool CanStrike(Strike strike, const Place& place) {
  switch (strike) {
    case Strike::kReset:
      return place.of_link();
    case Strike::kRepeat:
    case Strike::kClog:
      return place.of_link() && place.kind == simulator::SeamCallKind::kSend;
    case Strike::kCallFails:
      return FailureOf(place).has_value();
    default:
      return true;
  }
}

simulator::ListedFault FaultAt(Strike strike, const Place& place, bool starts_again) {
  Fault fault;
  fault.target = place.machine;
  if (starts_again) fault.restart_after = kAgainAfter;
  switch (strike) {
    case Strike::kCrash:
      fault.kind = FaultKind::kCrash;
      fault.target = place.process;
      break;
    case Strike::kPause:
      fault.kind = FaultKind::kPause;
      fault.target = place.process;
      break;
    case Strike::kPowerLoss:
      fault.kind = FaultKind::kPowerLoss;
      break;
    case Strike::kPowerLossAtWorst:
      fault.kind = FaultKind::kPowerLossAtWorst;
      break;
    case Strike::kReset:
      fault.kind = FaultKind::kReset;
      break;
    case Strike::kRepeat:
      fault.kind = FaultKind::kRepeat;
      fault.amount = absl::ToInt64Milliseconds(kRepeatAfter);
      break;
    case Strike::kClog:
      fault.kind = FaultKind::kClog;
      fault.peer = place.peer;
      break;
    case Strike::kCallFails:
      fault.kind = *FailureOf(place);
      break;
  }
  if (place.is_step()) {
    return {simulator::AtStep{
                .step = place.step, .process = place.process, .occurrence = place.occurrence},
            fault};
  }
  return {simulator::AtSeamCall{place.process, place.process, place.call, place.incarnation},
          fault};
}

std::string Describe(Strike strike, const Place& place) {
  switch (strike) {
    case Strike::kCrash:
      return absl::StrCat(place.process, " dies ", place.text);
    case Strike::kPause:
      return absl::StrCat(place.process, " stands still ", place.text);
    case Strike::kPowerLoss:
      return absl::StrCat(place.machine, " loses power ", place.text);
    case Strike::kPowerLossAtWorst:
      return absl::StrCat(place.machine, " loses power and all that is not synced ", place.text);
    case Strike::kReset:
      return absl::StrCat("the connection of ", place.process, " breaks ", place.text);
    case Strike::kRepeat:
      return absl::StrCat("what ", place.process, " sends arrives twice, late, ", place.text);
    case Strike::kClog:
      return absl::StrCat("what ", place.process, " sends is held up ", place.text);
    case Strike::kCallFails:
      return absl::StrCat("a call of ", place.process, " fails ", place.text);
  }
  return "";
}

}  // namespace wavetank::testing
