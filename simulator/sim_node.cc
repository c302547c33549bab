#include "simulator/sim_node.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "simulator/sim_process.h"

namespace wavetank::simulator {
namespace {

constexpr uint64_t kForTurn = 1;
constexpr uint64_t kForWork = 2;
// Of every node of a world, so that each of its connections begins as those of a real cluster do.
constexpr std::string_view kSecret = "known to all nodes of a simulated world";

}  // namespace

std::string_view Name(SeamCallKind kind) {
  static constexpr std::string_view kNames[] = {
      "open",   "read",  "write",   "append", "truncate", "settime", "sync",   "size",
      "rename", "link",  "remove",  "mkdir",  "rmdir",    "syncdir", "list",   "stat",
      "lock",   "watch", "connect", "listen", "accept",   "send",    "receive"};
  return kNames[static_cast<size_t>(kind)];
}

std::span<const SeamCallKind> CallsOnFiles() {
  using enum SeamCallKind;
  static constexpr SeamCallKind kCalls[] = {
      kOpen,          kRead,   kWrite, kTruncate, kSetModified,   kSync,
      kSize,          kRename, kLink,  kRemove,   kMakeDirectory, kRemoveDirectory,
      kSyncDirectory, kList,   kStat,  kLock,     kWatch};
  return kCalls;
}

SimNode::SimNode(const World& world, SimProcess& process, std::string name, int64_t clock_origin_ns)
    : scheduler_(world.scheduler),
      hooks_(world.hooks),
      planted_(world.planted),
      process_(process),
      name_(std::move(name)),
      life_(process.life()),
      actor_(scheduler_.NewActor(absl::StrCat(process.label(), "/", name_))),
      cost_key_(scheduler_.random().Fork("cost", {key()}).Next()),
      turn_cost_ns_(absl::ToInt64Nanoseconds(world.cpu.turn_cost)),
      unit_cost_ns_(absl::ToInt64Nanoseconds(world.cpu.unit_cost)),
      clock_(scheduler_, world.clock, clock_origin_ns, actor_, life_),
      executor_(*this) {}

SimNode::~SimNode() { Destroy(); }

void SimNode::Boot(std::unique_ptr<platform::Network> network, std::unique_ptr<platform::Disk> disk,
                   platform::NodeMain main) {
  network_ = std::move(network);
  disk_ = std::move(disk);
  main_ = std::move(main);
  const auto incarnation = static_cast<uint64_t>(process_.incarnation().value());
  node_ = std::make_unique<platform::Node>(
      process_.machine_name(), process_.name(), name_, process_.incarnation(),
      scheduler_.random().Fork("node", {key(), incarnation}),
      platform::NodeServices{.executor = executor_,
                             .clock = clock_,
                             .network = *network_,
                             .disk = *disk_,
                             .logger = *this,
                             .step_gate = this,
                             .cpu = this,
                             .exit =
                                 [this](int status) {
                                   if (!dead()) hooks_.OnExit(*this, status);
                                 },
                             .secret = std::string(kSecret),
                             .planted = planted_});
  executor_.Spawn(name_, RunMain());
}

platform::Task<void> SimNode::RunMain() {
  co_await main_(*node_);
  hooks_.OnMainReturned(*this);
}

void SimNode::Destroy() { executor_.DestroyRoots(); }

void SimNode::OnProcessResumed() {
  if (executor_.ready_count() > 0) ScheduleTurn(0);
}

void SimNode::OnWorkReady() { ScheduleTurn(scheduler_.policy().HoldBackNs(key())); }

void SimNode::ScheduleTurn(int64_t hold_back_ns) {
  if (turn_pending_ || dead() || process_.paused()) return;
  turn_pending_ = true;
  const int64_t when_ns = std::max(scheduler_.now_ns(), busy_until_ns_) + hold_back_ns;
  scheduler_.At(when_ns, {actor_, life_, EventKind::kTurn, turns_}, [this] { Turn(); });
}

void SimNode::Turn() {
  turn_pending_ = false;
  if (process_.paused()) return;
  // Work declared in the meantime, by a timer's rescheduling, keeps the node busy.
  if (busy_until_ns_ > scheduler_.now_ns()) return ScheduleTurn(0);
  const size_t ready = executor_.ready_count();
  if (ready == 0) return;
  const size_t index = scheduler_.policy().Pick(key(), turns_, ready);
  ++turns_;
  busy_until_ns_ = scheduler_.now_ns() + DrawCostNs(turn_cost_ns_, kForTurn, turns_);
  executor_.RunOne(index);
  if (executor_.ready_count() > 0) ScheduleTurn(0);
}

int64_t SimNode::DrawCostNs(int64_t stated_ns, uint64_t purpose, uint64_t number) const {
  if (stated_ns == 0) return 0;
  const uint64_t draw = platform::MixBits(platform::MixBits(cost_key_ ^ purpose) ^ number);
  const auto spread = static_cast<int64_t>(
      (static_cast<unsigned __int128>(draw) * static_cast<uint64_t>(stated_ns + 1)) >> 64);
  return (stated_ns / 2 + spread) * slowness_;
}

absl::Duration SimNode::Cost(const platform::Node&, int64_t units) {
  WT_CHECK(units >= 0);
  const int64_t cost_ns = DrawCostNs(unit_cost_ns_ * units, kForWork, ++works_);
  busy_until_ns_ = std::max(scheduler_.now_ns(), busy_until_ns_) + cost_ns;
  return absl::Nanoseconds(cost_ns);
}

bool SimNode::Reached(const platform::StepEvent& event) {
  return !dead() && hooks_.OnStep(*this, event);
}

void SimNode::Hold(platform::Waiter& waiter) {
  if (!dead()) hooks_.OnHold(*this, waiter);
}

void SimNode::Log(const platform::Node&, platform::LogLevel level, std::string text) {
  if (!dead()) hooks_.OnLog(*this, level, text);
}

}  // namespace wavetank::simulator
