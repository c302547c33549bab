// Cluster: any program over the seam (platform/node.h) in a simulated world, driven by hand.
//
//   testing::Cluster cluster;
//   cluster.Start("ledger", LedgerMain);
//   cluster.Start("client", ClientMain);
//   cluster.LosePowerAt("ledger", {.step = "ledger.written", .occurrence = 3});
//   cluster.Advance(absl::Seconds(10));       // faults and all
//   cluster.RunUntil([&] { return done; });   // healed
//   cluster.Expect(total == 60, "every acknowledged transfer is in the ledger");
//   EXPECT_TRUE(cluster.ok()) << cluster.Explain();
//
// A job of the engine is started by what it is; tested_job.h says what is done with it then.
//
// A process that ends with a status other than 0 is started again a second later, as by whoever
// watches over processes; one that ends with 0 has done its work.
//
// A run is a pure function of the options and of what is called: the same seed, the same run. Time
// is virtual. What does not hold is a violation at that instant, with the timeline that led to it;
// nothing is thrown, and the world goes on. explore.h looks for the faults under which it happens.
#ifndef WAVETANK_SCENARIOS_TESTING_CLUSTER_H_
#define WAVETANK_SCENARIOS_TESTING_CLUSTER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "platform/node.h"
#include "runtime/job/job.h"
#include "scenarios/report.h"
#include "scenarios/run_recorder.h"
#include "scenarios/testing/tested_job.h"
#include "simulator/fault_injector.h"
#include "simulator/fault_plan.h"
#include "simulator/sim_world.h"

namespace wavetank::testing {

struct ClusterOptions {
  uint64_t seed = 1;
  // What befalls the world besides what the test does to it.
  simulator::FaultPlan faults = {};
  simulator::PolicyOptions policy = {};
  // What the timeline holds. A run that is thrown away needs none of it.
  simulator::Retain retain = simulator::Retain::kTimeline;
};

class Cluster {
 public:
  explicit Cluster(ClusterOptions options = {});
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // Starts a program with one node, or several, on a machine of that name, which comes into being
  // with it; "": one of the process's name. A name is a program's own: what has ended is started
  // again by Restart. Machines are addressed by name: "ledger:7000".
  void Start(const std::string& process, platform::NodeMain main, std::string machine = "");
  void Start(platform::ProcessSpec program, std::string machine = "");
  // A job, at work once time passes; as long as the cluster. Aborts with a sentence if it cannot
  // run: a parameter is missing, say.
  TestedJob& Start(runtime::Job job, TestedJobOptions options = {});

  // At a step, by name; REQUIRES: before time passes. What is ended starts again after a second.
  void CrashAt(const std::string& process, simulator::AtStep step);
  void LosePowerAt(const std::string& machine, simulator::AtStep step);
  void PauseAt(const std::string& process, simulator::AtStep step, absl::Duration duration);
  void At(simulator::AtStep step, simulator::Fault fault);

  // Now. Each aborts with a sentence if there is no process, or machine, of that name.
  void Crash(const std::string& process) { Begin().Crash(Process(process)); }
  void Restart(const std::string& process) { Begin().Restart(Process(process)); }
  void Pause(const std::string& process) { Begin().Pause(Process(process)); }
  void Resume(const std::string& process) { Begin().Resume(Process(process)); }
  void LosePower(const std::string& machine) { Begin().LosePower(Machine(machine)); }
  void PowerOn(const std::string& machine) { Begin().PowerOn(Machine(machine)); }
  // Nothing crosses between these machines until they are joined again.
  void Partition(const std::string& a, const std::string& b) {
    Begin().network().Partition(Machine(a), Machine(b));
  }
  void Join(const std::string& a, const std::string& b) {
    Begin().network().ReleasePartition(Machine(a), Machine(b));
  }
  // Everything works again: what was ended runs, links carry, and nothing more befalls the world.
  void Heal() { Begin().Heal(); }

  // Lets `duration` pass.
  void Advance(absl::Duration duration);
  // Heals, and lets time pass until it is so. False: not within the budget.
  bool Wait(const std::function<bool()>& done, const simulator::Budget& budget = {});
  // The same; what never came within ten virtual minutes is a violation.
  bool RunUntil(const std::function<bool()>& done, const std::string& what = "what is waited for");

  // Where `holds` is false: a violation, that this promise is broken.
  void Expect(bool holds, const std::string& promise);

  struct Violation {
    std::string promise;
    absl::Duration at;
    std::string what = {};  // in particular, if there is more to say
    std::string kind = "broken_promise";
  };
  const std::vector<Violation>& violations() const { return violations_; }
  void Add(Violation violation) { violations_.push_back(std::move(violation)); }
  // No promise is broken, and what was to happen at a step has happened: a test whose crash never
  // came has shown nothing.
  bool ok() const { return violations_.empty() && NeverCame().empty(); }
  // Of what was asked for at a step, in words.
  std::vector<std::string> NeverCame() const;
  // For people: what is broken, the timeline around the first violation, and where the page of the
  // run is, which is written as a file.
  std::string Explain(const std::string& name = "test");
  // What befell the world, as a list that befalls it again.
  std::vector<simulator::ListedFault> faults() const;
  // The run, for people (ToHtml, Summary).
  scenarios::RunReport Report(const std::string& name);
  // Everything else that a simulated world can do.
  simulator::SimWorld& world() { return Begin(); }

 private:
  simulator::SimWorld& Begin();
  // That name. REQUIRES: Begin().
  const std::string& Process(const std::string& name);
  const std::string& Machine(const std::string& name);
  void WatchOver();

  ClusterOptions options_;
  simulator::SimWorld world_;
  scenarios::RunRecorder recorder_{world_};
  std::vector<std::pair<platform::ProcessSpec, std::string>> programs_;  // until the world begins
  std::vector<std::unique_ptr<TestedJob>> jobs_;
  std::optional<simulator::FaultInjector> injector_;  // from then on
  std::vector<simulator::ListedFault> asked_;         // at steps
  std::set<std::string> programs_watched_;  // by name; those of jobs have who watches them
  std::set<std::string> job_processes_;
  std::map<std::string, absl::Duration> ended_at_;  // when, by a life's label
  std::vector<Violation> violations_;
};

}  // namespace wavetank::testing

#endif  // WAVETANK_SCENARIOS_TESTING_CLUSTER_H_
