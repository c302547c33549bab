// RunRecorder: notes what a report tells of a world: its timeline, who lived when, which faults
// lasted how long.
#ifndef WAVETANK_SCENARIOS_RUN_RECORDER_H_
#define WAVETANK_SCENARIOS_RUN_RECORDER_H_

#include <map>
#include <string>
#include <vector>

#include "scenarios/report.h"
#include "scenarios/run_history.h"
#include "simulator/observer.h"
#include "simulator/sim_world.h"

namespace wavetank::scenarios {

// REQUIRES: it observes the world from before anything starts in it (SimWorld::AddObserver), and
// lives as long.
class RunRecorder final : public simulator::WorldObserver {
 public:
  explicit RunRecorder(simulator::SimWorld& world) : world_(world) {}

  // The trace's hash and count, and what happened, as far as the world's trace retains it.
  void Fill(RunReport& report) const;

 private:
  void OnProcess(absl::Duration at, simulator::SimProcess& process,
                 simulator::ProcessChange change) override;
  void OnFault(absl::Duration at, const simulator::Fault& fault) override;
  // Until they end by themselves or everything is healed; and the times without power.
  std::vector<FaultBand> Bands() const;

  simulator::SimWorld& world_;
  std::vector<ProcessLife> lives_;
  std::map<std::string, size_t> life_of_;  // by label
  std::vector<FaultBand> faults_;
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_RUN_RECORDER_H_
