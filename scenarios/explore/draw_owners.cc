#include "scenarios/explore/draw_owners.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "simulator/fault_table.h"

namespace wavetank::scenarios {
namespace {

using properties::Choices;
using simulator::FaultKind;

constexpr int64_t kMsNs = 1'000'000;
constexpr char kStepsOfLogs[] = "fenced_log.";
// Those of which the order among owners matters most.
constexpr std::string_view kStepsOfTakeOvers[] = {
    "fenced_log.epoch_created", "fenced_log.predecessors_read", "fenced_log.sealed",
    "fenced_log.taken_over",    "fenced_log.segment_begun",     "fenced_log.older_removed"};
// Those by which an owner has changed something.
constexpr std::string_view kStepsOfChanges[] = {"fenced_log.sealed", "fenced_log.appended",
                                                "fenced_log.segment_begun",
                                                "fenced_log.older_removed"};
// So many calls of a process may lie between what it has decided by and its step.
constexpr int64_t kCallsBefore = 8;
// About so long it takes to take a log over, and a replacement to begin with it.
constexpr int64_t kTakeOverMs = 10;

class OwnerFaultDrawing {
 public:
  OwnerFaultDrawing(const Choices& choices, std::string name, const FaultTargets& targets,
                    const Aim& aim)
      : choices_(choices),
        name_(std::move(name)),
        targets_(targets),
        aim_(aim),
        driver_(targets.of_driver.front()) {}

  // Until when one that was replaced stands still; 0: none does.
  int64_t AsleepUntilNs(const Scenario& scenario) const {
    int64_t until = 0;
    for (const Fault& fault : scenario.fault()) {
      if (IsReplacement(fault)) until = std::max(until, EndNs(fault));
    }
    return until;
  }

  // One after the other, each while the one before may be at it, or alone; with a disk that is slow
  // meanwhile, or one call of it. Empty: nothing comes to a step of a log that it could befall.
  std::vector<Fault> DrawReplacements(const Scenario& scenario) const {
    std::vector<std::string> spares = targets_.spare_machines;
    std::erase_if(spares, [&](const std::string& spare) {
      return std::ranges::any_of(scenario.fault(), [&](const Fault& fault) {
        return fault.kind() == NameOf(FaultKind::kZombie) && fault.peer() == spare;
      });
    });
    const bool moves = !targets_.spare_machines.empty();
    if (moves && spares.empty()) return {};
    // What a service does for one owner while another asks takes no longer than a call.
    enum { kAsItIs, kSlow, kOneCall, kMostlyOneCall = 5 };
    const int64_t disk =
        choices_.Between(name_ + " disk", kAsItIs, moves ? kMostlyOneCall : kOneCall);
    Fault first = OfDriver(FaultKind::kZombie);
    std::vector<Fault> drawn;
    int64_t slowness = 1;
    if (disk >= kOneCall) {
      const std::vector<int64_t> times = {5'000, 20'000, 20'000};
      Fault slow = Slow(choices_.OneOf(name_ + " call takes", times), 1);
      if (!AimedAtDisk(first, slow)) return {};
      drawn.push_back(std::move(slow));
    } else if (!Aimed(INT64_MAX, first)) {
      return {};
    } else if (disk == kSlow) {
      slowness = choices_.OneOf(name_ + " slow", std::vector<int64_t>{5, 20, 100});
      Fault slow = Slow(slowness, choices_.Between(name_ + " slow for", 500, 5'000));
      slow.set_at_ns(first.at_ns());
      drawn.push_back(std::move(slow));
    }
    const auto most = std::min(moves ? std::ssize(spares) : int64_t{3}, int64_t{2});
    const int64_t number = choices_.Between(name_ + " replacements", 1, most);
    int64_t at_ns = first.at_ns();
    for (int64_t i = 0; i < number; ++i) {
      const std::string which = absl::StrCat(name_, " replacement ", i);
      Fault zombie = OfDriver(FaultKind::kZombie);
      if (moves) zombie.set_peer(spares[static_cast<size_t>(i)]);
      zombie.set_at_ns(at_ns);
      DrawTimes(which, slowness, disk >= kOneCall, zombie);
      at_ns += zombie.restart_after_ms() * kMsNs +
               choices_.Between(which + " at it for", 1, 2 * kTakeOverMs * slowness * kMsNs);
      drawn.push_back(std::move(zombie));
    }
    return drawn;
  }

  // What befalls the replacement until `until_ns`.
  std::vector<Fault> DrawMeanwhile(int64_t until_ns) const {
    enum { kStandsStill, kStandsStillToo, kDies };
    const bool dies = choices_.Between(name_ + " meanwhile", kStandsStill, kDies) == kDies;
    Fault fault = OfDriver(dies ? FaultKind::kCrash : FaultKind::kPause);
    if (!Aimed(until_ns, fault)) return {};
    if (dies) {
      const bool at_once = choices_.OneIn(name_ + " again at once", 2);
      fault.set_restart_after_ms(choices_.Between(name_ + " again after", 1, at_once ? 20 : 1'000));
      return {std::move(fault)};
    }
    // Until the other is awake.
    const bool little = choices_.OneIn(name_ + " a little", 2);
    fault.set_duration_ms((until_ns - fault.at_ns()) / kMsNs +
                          choices_.Between(name_ + " longer by", 1, little ? 15 : 1'500));
    return {std::move(fault)};
  }

 private:
  static std::string NameOf(FaultKind kind) { return std::string(simulator::InfoOf(kind).name); }
  bool IsReplacement(const Fault& fault) const {
    return fault.kind() == NameOf(FaultKind::kZombie) && fault.target() == driver_ &&
           fault.has_at_ns();
  }
  static int64_t EndNs(const Fault& fault) { return fault.at_ns() + fault.duration_ms() * kMsNs; }

  Fault OfDriver(FaultKind kind) const {
    Fault fault;
    fault.set_kind(NameOf(kind));
    fault.set_target(driver_);
    return fault;
  }

  // When the replacement begins, and when the other wakes: before that, while it takes over, or
  // when it is at work.
  void DrawTimes(const std::string& which, int64_t slowness, bool hurries, Fault& zombie) const {
    const bool at_once = hurries || choices_.OneIn(which + " at once", 2);
    const int64_t after_ms = choices_.Between(which + " after", 1, at_once ? 10 : 500);
    zombie.set_restart_after_ms(after_ms);
    enum { kBefore, kWhileTakenOver, kWhileTakenOverToo, kLater, kMuchLater };
    int64_t duration_ms = 0;
    switch (choices_.Between(which + " wakes", kBefore, kMuchLater)) {
      case kBefore:
        duration_ms = choices_.Between(which + " still for", 1, after_ms);
        break;
      case kLater:
        duration_ms = after_ms + choices_.Between(which + " later by", 50, 1'000);
        break;
      case kMuchLater:
        duration_ms = after_ms + choices_.Between(which + " much later by", 1'000, 8'000);
        break;
      default:
        duration_ms = after_ms + choices_.Between(which + " by", 0, 3 * kTakeOverMs * slowness);
        break;
    }
    zombie.set_duration_ms(duration_ms);
  }

  std::vector<size_t> Steps(const Fault& fault, int64_t until_ns) const {
    std::vector<size_t> steps =
        aim_.AtStepsLike(driver_, kStepsOfLogs, aim_.PlacesOf(fault), until_ns);
    if (!choices_.OneIn(name_ + " of a take-over", 2)) return steps;
    const std::vector<size_t> of_take_overs = aim_.AtStepsOf(
        driver_, {std::begin(kStepsOfTakeOvers), std::end(kStepsOfTakeOvers)}, steps);
    return of_take_overs.empty() ? steps : of_take_overs;
  }

  // Strikes at a call that leads to a step of a log, or right after the step.
  bool Aimed(int64_t until_ns, Fault& fault) const {
    const std::vector<size_t> steps = Steps(fault, until_ns);
    if (steps.empty()) return false;
    const size_t step = aim_.PickOfSteps(choices_, name_, steps);
    const int64_t before = choices_.Between(name_ + " calls before", 0, kCallsBefore);
    aim_.SetInstant(aim_.CallsBefore(step, before), 1, fault);
    return true;
  }

  // Strikes when a call on the disk that leads to a step of a log has begun, just before which
  // `slow` does.
  bool AimedAtDisk(Fault& fault, Fault& slow) const {
    const std::vector<size_t> steps = aim_.AtStepsOf(
        driver_, {std::begin(kStepsOfChanges), std::end(kStepsOfChanges)}, aim_.PlacesOf(fault));
    if (steps.empty()) return false;
    const size_t step = aim_.PickOfSteps(choices_, name_, steps);
    const int64_t before = choices_.Between(name_ + " disk calls before", 2, kCallsBefore);
    const size_t call = aim_.FileCallsBefore(step, before);
    aim_.SetInstant(call, -1, slow);
    aim_.SetInstant(call, 1, fault);
    return true;
  }

  Fault Slow(int64_t times, int64_t for_ms) const {
    Fault slow;
    slow.set_kind(NameOf(FaultKind::kSlowDisk));
    slow.set_target(targets_.store_machine);
    slow.set_amount(times);
    slow.set_duration_ms(for_ms);
    return slow;
  }

  const Choices& choices_;
  const std::string name_;
  const FaultTargets& targets_;
  const Aim& aim_;
  const std::string& driver_;
};

}  // namespace

bool AddFaultOfOwners(const Choices& choices, const std::string& name, const FaultTargets& targets,
                      const Aim& aim, Scenario& scenario) {
  if (!targets.replaceable) return false;
  const OwnerFaultDrawing drawing(choices, name, targets, aim);
  const int64_t asleep_until_ns = drawing.AsleepUntilNs(scenario);
  std::vector<Fault> drawn;
  if (asleep_until_ns > aim.last_fault_ns() && !choices.OneIn(name + " undisturbed", 3)) {
    drawn = drawing.DrawMeanwhile(asleep_until_ns);
  }
  if (drawn.empty()) drawn = drawing.DrawReplacements(scenario);
  for (Fault& fault : drawn) *scenario.add_fault() = std::move(fault);
  return !drawn.empty();
}

}  // namespace wavetank::scenarios
