// The fault table: every kind of fault, in one place, as data.
#ifndef WAVETANK_SIMULATOR_FAULT_TABLE_H_
#define WAVETANK_SIMULATOR_FAULT_TABLE_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "simulator/fault.h"

namespace wavetank::simulator {

enum class FaultFamily : uint8_t { kProcess, kMachine, kNetwork, kDisk, kClock, kExternal };
std::string_view Name(FaultFamily family);

// What a rate counts.
enum class RateUnit : uint8_t {
  kPerHour,             // of virtual time, in the whole world
  kPerMillionCalls,     // of the seam calls that the fault can befall
  kPerMillionRestarts,  // of processes
};

// Both included; both 0 where a fault has no such parameter.
struct Bounds {
  int64_t low = 0;
  int64_t high = 0;

  bool empty() const { return low == 0 && high == 0; }
};

struct FaultInfo {
  FaultKind kind;
  FaultFamily family;
  std::string_view name;
  // Whether a swarm may choose it. Off: it goes beyond what the guarantees cover.
  bool on;
  // When a swarm has chosen it.
  int64_t rate;
  RateUnit unit;
  Bounds duration_ms;
  Bounds restart_after_ms;
  Bounds amount;  // that is drawn
  std::string_view amount_unit;
  std::string_view meaning;
  // What may be asked for; empty: what is drawn.
  Bounds amount_most = {};

  const Bounds& AmountAllowed() const { return amount_most.empty() ? amount : amount_most; }
};

// In the order of FaultKind.
std::span<const FaultInfo> FaultTable();
const FaultInfo& InfoOf(FaultKind kind);
// Null if there is no fault of that name.
const FaultInfo* FindFault(std::string_view name);

// "process.crash driver, again after 2s"
std::string Describe(const Fault& fault);

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_FAULT_TABLE_H_
