// ConformanceWorld: where a connector is put to the test: a simulated world with a store, machines
// that use it, and what stands outside.
//
//   store    serves the files of the cluster, below kStoreRoot
//   first    where a driver runs
//   second   where the next one does
//   worker   where splits are read, and parts of batches written
//   reader   who looks at what outsiders see
//
// Each schedule is run in a world of its own, which is the same up to the place where it is struck.
#ifndef WAVETANK_SCENARIOS_TESTING_CONFORMANCE_WORLD_H_
#define WAVETANK_SCENARIOS_TESTING_CONFORMANCE_WORLD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "checkpoint/store.h"
#include "platform/node.h"
#include "simulator/fault_injector.h"
#include "simulator/sim_world.h"

namespace wavetank::testing {

inline constexpr char kStoreRoot[] = "root";

// Where a run can be struck: a step that is reached, or a call on disk or network.
struct Place {
  std::string machine;
  std::string process;
  int64_t incarnation = 1;
  uint64_t call = 0;  // 0: a step
  simulator::SeamCallKind kind = simulator::SeamCallKind::kOpen;
  std::string peer;  // of a call to another machine
  std::string step;
  uint64_t occurrence = 1;
  std::string text;  // "at sink.commit (2)", "at send to store, the 3rd call after sink.commit"

  bool is_step() const { return call == 0; }
  // Whether something goes to another machine, or comes from there.
  bool of_link() const {
    const bool moves =
        kind == simulator::SeamCallKind::kSend || kind == simulator::SeamCallKind::kReceive;
    return !is_step() && moves && !peer.empty() && peer != machine;
  }
};

// Writes down the places of a run.
class PlaceRecorder final : public simulator::FaultHook {
 public:
  explicit PlaceRecorder(simulator::SimWorld& world) : world_(world) { world.SetFaultHook(this); }
  ~PlaceRecorder() override { world_.SetFaultHook(nullptr); }

  // Only while it is so; and of these steps their names are known to readers.
  void Record(bool on) { on_ = on; }
  const std::vector<Place>& places() const { return places_; }

 private:
  void OnStep(simulator::SimNode& node, const platform::StepEvent& event) override;
  const simulator::Fault* OnSeamCall(simulator::SimNode& node,
                                     const simulator::SeamCall& call) override;
  void OnStarted(simulator::SimProcess&) override {}
  void Freeze() override {}

  simulator::SimWorld& world_;
  bool on_ = true;
  std::map<std::string, uint64_t> reached_;
  // By process: the newest step there, and how many calls came since.
  struct Since {
    std::string step = "its start";
    uint64_t calls = 0;
  };
  std::map<std::string, Since> since_;
  std::vector<Place> places_;
};

class ConformanceWorld {
 public:
  // A world in which these faults strike; with `record`, none do, and its places are written down.
  explicit ConformanceWorld(std::vector<simulator::ListedFault> faults, bool record = false);
  ConformanceWorld(const ConformanceWorld&) = delete;
  ConformanceWorld& operator=(const ConformanceWorld&) = delete;

  // --- for who sets up what stands outside ---

  simulator::SimWorld& sim() { return world_; }
  // A file of the store that is there at once, whole and durable.
  void PutFile(const std::string& path, const std::string& content);
  // A program outside, on a machine of its own name, where the connector reaches it ("bank:7000").
  // It is struck as the store is, and started again.
  void Serve(const std::string& name, platform::NodeMain main);

  // --- for the kit ---

  const std::vector<std::string>& servers() const { return servers_; }
  PlaceRecorder* recorder() { return recorder_.get(); }
  // Whether a fault has struck.
  bool struck() const { return injector_ != nullptr && !injector_->fired().empty(); }
  // What is lasting is over, but for who is paused.
  void Release(const std::string& from, const std::string& to);

  simulator::SimProcess& Start(const std::string& machine, const std::string& process,
                               platform::NodeMain main);
  // Lets it run until it has ended, is paused, or `held` holds. False: none of it within minutes.
  bool RunUntilEnded(simulator::SimProcess& process, const std::function<bool()>& held = nullptr);
  // Every machine that serves loses power, what was not synced with it, and comes back.
  void LosePowerOutside();
  // The servers that were ended run.
  void Repair();

 private:
  simulator::SimWorld world_;
  std::unique_ptr<simulator::FaultInjector> injector_;
  std::unique_ptr<PlaceRecorder> recorder_;
  std::vector<std::string> servers_;  // machines, each with a process of its name
};

// The store, as a node of another machine has it.
std::unique_ptr<checkpoint::Store> StoreOf(platform::Node& node);

// Of the calls, one of so many is struck, and every step: for a connector that differs little from
// one of which all are.
struct CallsStruck {
  int64_t one_of = 1;
};
std::vector<Place> Sample(const std::vector<Place>& places, CallsStruck struck);

// How a place is struck.
enum class Strike : uint8_t {
  kCrash,             // the process dies
  kPause,             // it stands still, and nobody knows whether it will go on
  kPowerLoss,         // the machine loses power, and of what was not synced a part
  kPowerLossAtWorst,  // all that was not synced
  kReset,             // the connection breaks: a request or its reply is lost
  kRepeat,            // the connection breaks, and what was sent arrives after what is sent again
  kClog,              // what is sent arrives when it is released
  kCallFails,         // the call gives an error, once, and may have been done
};
// Whether the place can be struck so.
bool CanStrike(Strike strike, const Place& place);
// A server that is struck starts again; who drives does not.
simulator::ListedFault FaultAt(Strike strike, const Place& place, bool starts_again);
// "driver dies at ..."
std::string Describe(Strike strike, const Place& place);

}  // namespace wavetank::testing

#endif  // WAVETANK_SCENARIOS_TESTING_CONFORMANCE_WORLD_H_
