// Survey: where a run went, in order: the steps that it reached, the calls that it made, and what
// lived meanwhile.
//
// Who draws one more fault aims it there: a run is a pure function of its scenario, so what came
// after the last fault that struck comes again, up to where the new one strikes.
#ifndef WAVETANK_SCENARIOS_SURVEY_H_
#define WAVETANK_SCENARIOS_SURVEY_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "simulator/fault_injector.h"
#include "simulator/observer.h"
#include "simulator/sim_world.h"

namespace wavetank::scenarios {

struct Survey {
  enum class Kind : uint8_t {
    kStep,
    kCall,
    kUp,        // a process began
    kDown,      // the newest incarnation of a process ended
    kPowerOff,  // and its machine with it, until something begins there
    kFault,
  };
  // Names are indices into `names`.
  struct Event {
    Kind kind = Kind::kFault;
    simulator::SeamCallKind call = simulator::SeamCallKind::kOpen;
    int64_t at_ns = 0;
    uint32_t machine = 0;
    uint32_t process = 0;
    uint32_t node = 0;
    uint32_t what = 0;  // of a step, its name; of a call, the path or address
    uint32_t peer = 0;  // of a call, the machine at the other end
    // How often the step was reached, with this time. Of a call: its number in the node's life, or
    // 0 where an earlier life of the node has made a call of that number.
    uint64_t number = 0;
  };
  std::vector<Event> events;
  std::vector<std::string> names;

  const std::string& NameOf(uint32_t index) const { return names[index]; }
};

// Writes a survey while a world runs. Stands between the world and its faults.
class Surveyor final : public simulator::FaultHook {
 public:
  // `world` and `faults`, the hook that it has, must outlive it.
  Surveyor(simulator::SimWorld& world, simulator::FaultHook& faults);

  // REQUIRES: once, at the end.
  Survey Take() { return std::move(survey_); }

 private:
  void OnStep(simulator::SimNode& node, const platform::StepEvent& event) override;
  const simulator::Fault* OnSeamCall(simulator::SimNode& node,
                                     const simulator::SeamCall& call) override;
  void OnStarted(simulator::SimProcess& process) override { faults_.OnStarted(process); }
  void Freeze() override { faults_.Freeze(); }

  class Watching final : public simulator::WorldObserver {
   public:
    explicit Watching(Surveyor& surveyor) : surveyor_(surveyor) {}

   private:
    void OnProcess(absl::Duration at, simulator::SimProcess& process,
                   simulator::ProcessChange change) override {
      surveyor_.AddChange(at, process, change);
    }
    void OnFault(absl::Duration at, const simulator::Fault&) override {
      surveyor_.Add(Survey::Kind::kFault, at);
    }
    Surveyor& surveyor_;
  };

  void AddChange(absl::Duration at, simulator::SimProcess& process,
                 simulator::ProcessChange change);
  uint32_t Intern(std::string_view name);
  Survey::Event& Add(Survey::Kind kind, absl::Duration at);
  Survey::Event& Add(Survey::Kind kind, simulator::SimNode& node);

  simulator::SimWorld& world_;
  simulator::FaultHook& faults_;
  Watching watching_{*this};
  Survey survey_;
  absl::flat_hash_map<std::string, uint32_t> by_name_;  // never iterated
  std::map<uint32_t, uint64_t> times_reached_;          // by step
  std::map<uint32_t, uint64_t> calls_made_;             // at most in a life so far, by node
  std::map<std::string, std::string> newest_;           // label of a process's newest incarnation
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_SURVEY_H_
