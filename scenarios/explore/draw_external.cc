#include "scenarios/explore/draw_external.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/check.h"
#include "runtime/connectors/log/log_client.h"
#include "scenarios/fakes/log_server.h"
#include "simulator/fault_table.h"

namespace wavetank::scenarios {
namespace {

using properties::Choices;
using simulator::FaultFamily;
using simulator::FaultInfo;
using simulator::FaultKind;

// How many kinds are tried before it is said that no request comes.
constexpr int kKindsTried = 4;
// After which nobody waits for a request any more.
const int64_t kWaitedMs = absl::ToInt64Milliseconds(runtime::LogClient::kTimeout);
// So little later that what was asked for is done while somebody looks whether it was.
constexpr int64_t kLittleMs = 5'000;

bool IsMishap(FaultKind kind) {
  return kind != FaultKind::kThrottled && kind != FaultKind::kUnavailable;
}

bool Befalls(FaultKind kind, const fakes::LogRequest& request) {
  if (kind == FaultKind::kEndsNext) return request.is_end;
  if (kind == FaultKind::kExpired) return request.of_transaction;
  return request.changes || !IsMishap(kind);
}

// The steps that announce what it befalls.
std::vector<std::string_view> RequestsFor(FaultKind kind) {
  std::vector<std::string_view> steps;
  for (const fakes::LogRequest& request : fakes::kLogRequests) {
    if (Befalls(kind, request)) steps.emplace_back(request.announced->name);
  }
  return steps;
}

class RequestFaultDrawing {
 public:
  RequestFaultDrawing(const Choices& choices, std::string name, const FaultTargets& targets,
                      const Aim& aim)
      : choices_(choices),
        name_(std::move(name)),
        targets_(targets),
        aim_(aim),
        system_(choices.OneOf(name_ + " system", targets.external)) {}

  // Empty: none comes that it could befall.
  std::vector<Fault> Draw() const {
    std::vector<const FaultInfo*> kinds;
    std::vector<const FaultInfo*> mishaps;
    for (const FaultInfo& info : simulator::FaultTable()) {
      if (info.family != FaultFamily::kExternal || !info.on) continue;
      kinds.push_back(&info);
      if (IsMishap(info.kind)) mishaps.push_back(&info);
    }
    // Of what is drawn, each kind alone is as much as each sort of two.
    enum { kSlowLog = 1, kDies, kStandsStill };
    const int64_t two =
        choices_.Between(name_ + " two", 1, std::ssize(kinds) + int64_t{kStandsStill});
    if (two == kSlowLog) return DrawLateAtASlowLog();
    if (two <= kStandsStill) {
      const FaultInfo& mishap = *choices_.OneOf(name_ + " mishap", mishaps);
      return DrawWithItsClient(mishap, two == kDies ? FaultKind::kCrash : FaultKind::kZombie);
    }
    Fault fault = DrawOf(*choices_.OneOf(name_ + " kind", kinds));
    return Aimed(fault) ? std::vector{std::move(fault)} : std::vector<Fault>();
  }

 private:
  Fault OfKind(FaultKind kind) const {
    Fault fault;
    fault.set_kind(std::string(simulator::InfoOf(kind).name));
    fault.set_target(system_);
    return fault;
  }

  Fault DrawOf(const FaultInfo& info) const {
    Fault fault = OfKind(info.kind);
    if (!info.duration_ms.empty()) {
      fault.set_duration_ms(
          IsMishap(info.kind)
              ? DrawLate(info)
              : choices_.Between(name_ + " duration", info.duration_ms.low, info.duration_ms.high));
    }
    if (!info.amount.empty()) fault.set_amount(DrawWait(info));
    return fault;
  }

  // Mostly soon after nobody waits any more, when who asked begins again; else before, or long
  // after.
  int64_t DrawLate(const FaultInfo& info) const {
    enum { kSoonAfter, kSoonAfterToo, kBefore, kLongAfter };
    switch (choices_.Between(name_ + " late", kSoonAfter, kLongAfter)) {
      case kBefore:
        return choices_.Between(name_ + " in time", info.duration_ms.low, kWaitedMs - 1);
      case kLongAfter:
        return choices_.Between(name_ + " much too late", kWaitedMs + kLittleMs,
                                info.duration_ms.high);
      default:
        return kWaitedMs + choices_.Between(name_ + " too late by", 1, kLittleMs);
    }
  }

  // Of each request, longer than anybody waits, or so that a batch is written all the same.
  int64_t DrawWait(const FaultInfo& info) const {
    return choices_.OneIn(name_ + " waits too long", 2)
               ? choices_.Between(name_ + " wait", kWaitedMs + 1, info.amount.high)
               : choices_.Between(name_ + " wait", info.amount.low, kLittleMs);
  }

  // Those places at which such a request is announced.
  std::vector<size_t> Requests(const Fault& fault) const {
    const FaultInfo& info = *simulator::FindFault(fault.kind());
    return aim_.AtStepsOf(system_, RequestsFor(info.kind), aim_.PlacesOf(fault));
  }

  // Mostly at a request, else before one. Whether one comes.
  bool Aimed(Fault& fault) const {
    const std::vector<size_t> requests = Requests(fault);
    if (requests.empty()) return false;
    if (!choices_.OneIn(name_ + " before one", 8)) {
      aim_.DrawStep(choices_, name_, requests, fault);
      return true;
    }
    std::vector<size_t> places = aim_.PlacesOf(fault);
    std::erase_if(places, [&](size_t place) { return place > requests.back(); });
    aim_.Draw(choices_, name_, places, fault);
    return true;
  }

  // Whoever asks for the outcome has the answer before what was asked for is done, and does what
  // follows from it afterwards. What is asked for is mostly the outcome of a transaction.
  std::vector<Fault> DrawLateAtASlowLog() const {
    Fault late = OfKind(FaultKind::kAppliedLate);
    std::vector<size_t> requests = Requests(late);
    if (requests.empty()) return {};
    const std::vector<size_t> ends =
        aim_.AtStepsOf(system_, RequestsFor(FaultKind::kEndsNext), requests);
    if (!ends.empty() && choices_.OneIn(name_ + " of an end", 2)) requests = ends;
    Fault slow = OfKind(FaultKind::kThrottled);
    slow.set_amount(choices_.Between(name_ + " wait", 10, kLittleMs));
    slow.set_duration_ms(choices_.Between(name_ + " duration", 2 * kWaitedMs, 3 * kWaitedMs));
    late.set_duration_ms(kWaitedMs + choices_.Between(name_ + " too late by", 1, slow.amount()));
    aim_.DrawStep(choices_, name_, requests, late);
    *slow.mutable_at_step() = late.at_step();
    return {std::move(slow), std::move(late)};
  }

  // Something befalls a request, and then a process: at once, or while somebody waits for it, or
  // when nobody does any more.
  std::vector<Fault> DrawWithItsClient(const FaultInfo& mishap, FaultKind kind) const {
    Fault fault = DrawOf(mishap);
    const std::vector<size_t> requests = Requests(fault);
    if (requests.empty()) return {};
    std::vector<std::string> clients = targets_.processes;
    std::erase_if(clients, [&](const std::string& process) {
      return std::find(targets_.external.begin(), targets_.external.end(), process) !=
             targets_.external.end();
    });
    const FaultInfo& end = simulator::InfoOf(kind);
    Fault of_client;
    of_client.set_kind(std::string(end.name));
    of_client.set_target(choices_.OneOf(name_ + " client", clients));
    if (!end.duration_ms.empty()) {
      of_client.set_duration_ms(
          choices_.Between(name_ + " still for", end.duration_ms.low, end.duration_ms.high));
    }
    const size_t place = aim_.DrawStep(choices_, name_, requests, fault);
    const std::vector<size_t> lives = aim_.PlacesOf(of_client);
    if (!std::binary_search(lives.begin(), lives.end(), place)) return {std::move(fault)};
    if (choices_.OneIn(name_ + " at once", 2)) {
      *of_client.mutable_at_step() = fault.at_step();
    } else {
      const int64_t by_ms = choices_.Between(name_ + " after", 1, kWaitedMs + kLittleMs);
      aim_.SetAfter(place, by_ms, of_client);
    }
    return {std::move(fault), std::move(of_client)};
  }

  const Choices& choices_;
  const std::string name_;
  const FaultTargets& targets_;
  const Aim& aim_;
  const std::string system_;
};

}  // namespace

bool AddFaultOfRequests(const Choices& choices, const std::string& name,
                        const FaultTargets& targets, const Aim& aim, Scenario& scenario) {
  WT_CHECK(!targets.external.empty());
  for (int tried = 0; tried < kKindsTried; ++tried) {
    const std::string again = tried == 0 ? name : absl::StrCat(name, " again ", tried);
    std::vector<Fault> drawn = RequestFaultDrawing(choices, again, targets, aim).Draw();
    if (drawn.empty()) continue;
    for (Fault& fault : drawn) *scenario.add_fault() = std::move(fault);
    return true;
  }
  return false;
}

}  // namespace wavetank::scenarios
