// SimJob: a job at work in a simulated world. It starts the job's processes and starts again those
// that end by themselves, puts input where the job reads, and lets the job's checker look at what
// is durable at every instant.
//
// When time passes, what befalls the world, and what it all has to come to, is for who has it: a
// scenario's run (runner.h), or a test (testing/tested_job.h).
#ifndef WAVETANK_SCENARIOS_SIM_JOB_H_
#define WAVETANK_SCENARIOS_SIM_JOB_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "properties/epoch_owners.h"
#include "properties/fenced_log_protocol.h"
#include "properties/micro_batch_protocol.h"
#include "properties/verdict.h"
#include "scenarios/failure_count.h"
#include "scenarios/input.h"
#include "scenarios/prepare.h"
#include "scenarios/run_checker.h"
#include "scenarios/scenario.pb.h"
#include "simulator/sim_world.h"

namespace wavetank::scenarios {

class SimJob : private simulator::WorldObserver {
 public:
  // REQUIRES: nothing has happened in the world; both live as long as the world does.
  SimJob(simulator::SimWorld& world, const PreparedJob& job);
  ~SimJob() override;
  SimJob(const SimJob&) = delete;
  SimJob& operator=(const SimJob&) = delete;

  void Start();
  // Ends every process and starts it anew, at once.
  void StartAnew();
  // Into one of the job's inputs, now.
  void Supply(const ArrivingFile& arriving);

  // Null: the job leaves nothing that could be judged.
  RunChecker* checker() const { return checker_.get(); }
  // What was wrong, each with the last step before it.
  const std::vector<properties::Violation>& violations() const { return violations_; }
  // What nodes have logged as errors.
  const std::vector<std::string>& errors() const { return errors_; }
  // When a batch, or several, had durably ended.
  const std::vector<absl::Duration>& batch_ends() const { return batch_ends_; }

  // The checker's last word, once: the work is done, or will never be. What shows only now is of no
  // step.
  void Finish();
  void Add(std::vector<properties::Violation> violations);
  // By this guarantee, which may be a stronger one than the job's. REQUIRES: there is a checker.
  void JudgeCounts(Expect::Guarantee guarantee);

 private:
  class LogOutside;

  void StartBeside(const PlannedProcess& process);
  void StartAgainAfterExit(const std::string& name);
  void Observe(const simulator::SimDisk::DurableNews& news);
  void Ask(const simulator::SimProcess& process);

  void FollowLog(absl::Duration at, const platform::StepEvent& event);
  void FollowProtocol(absl::Duration at, const platform::StepEvent& event);
  void NotAllowed(absl::Duration at, std::string wrong);
  bool IsFalseAlarm(const std::string& error) const;

  void OnStep(absl::Duration at, const platform::StepEvent& event) override;
  void OnLog(absl::Duration at, const platform::Node& node, platform::LogLevel level,
             const std::string& text) override;
  void OnProcess(absl::Duration at, simulator::SimProcess& process,
                 simulator::ProcessChange change) override;
  void OnFault(absl::Duration at, const simulator::Fault& fault) override;

  simulator::SimWorld& world_;
  const PreparedJob& job_;
  const std::unique_ptr<RunChecker> checker_;
  const simulator::LifeId life_;  // of its own events
  std::vector<std::unique_ptr<LogOutside>> outside_;
  FailureCount failures_;
  std::set<std::string> processes_;                   // of the job itself
  std::map<std::string, std::string> query_of_sink_;  // by its directory
  std::set<std::string> queries_;
  properties::MicroBatchProtocol protocol_;
  std::map<std::string, std::string> owners_;  // processes that own logs: whose store they are in
  properties::FencedLogProtocol logs_;
  properties::EpochOwners epoch_owners_;
  std::vector<std::string> own_;  // the beginnings of the paths of what only the job writes
  bool beyond_ = false;           // something has befallen files that nobody promises to withstand
  bool failed_ = false;           // something has befallen the run, or a process has ended
  std::set<std::string> asked_;   // incarnations that were asked to end, by label
  std::map<std::string, absl::Time> modified_;  // of files that were supplied, by path
  bool in_order_ = true;                        // what arrived could be taken in that order
  std::string last_step_;
  std::vector<properties::Violation> violations_;
  std::vector<std::string> errors_;
  std::vector<absl::Duration> batch_ends_;
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_SIM_JOB_H_
