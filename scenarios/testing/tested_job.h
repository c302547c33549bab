// TestedJob: a job on a test's cluster: input is fed to it by hand, and what it has put out is read
// and judged.
//
//   testing::Cluster cluster;
//   testing::TestedJob& job = cluster.Start(MyJob());
//   cluster.CrashAt("app", {.step = "batch.prepared"});
//   job.Feed({"apples,3", "pears,1"});
//   job.RunUntilIdle();
//   EXPECT_THAT(job.ReadSink(), ElementsAre("apples,3", "pears,1"));
//   job.ExpectExactlyOnce();
//   EXPECT_TRUE(cluster.ok()) << cluster.Explain();
//
// What it must answer nobody needs to say: each batch is worked out anew, by the job's own plan in
// one loop in memory, from what is durable (scenarios/replay_query.h); and by an oracle, where the
// test brings one. A checker watches at every instant, as in a scenario's run.
#ifndef WAVETANK_SCENARIOS_TESTING_TESTED_JOB_H_
#define WAVETANK_SCENARIOS_TESTING_TESTED_JOB_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/job/job.h"
#include "scenarios/input.h"
#include "scenarios/oracle.h"
#include "scenarios/prepare.h"
#include "scenarios/report.h"
#include "scenarios/sim_job.h"
#include "simulator/sim_world.h"

namespace wavetank::testing {

class Cluster;

struct TestedJobOptions {
  // Of the job. Paths without a default are directories by their parameter's name, and "host" is
  // the machine "outside", where what the job's sockets connect to stands.
  std::map<std::string, std::string> parameters = {};
  // Before the names of its processes and machines: where several jobs are on one cluster.
  std::string prefix = "";
  // Where its nodes are: all in one process "app" on a machine "m1"; or each in a process on a
  // machine of its own, "store" on "m-store", "driver" on "m-driver", "process-1" on "m-1", ...
  enum class Spread { kOneProcess, kMachineEach } spread = Spread::kOneProcess;
  int workers = 2;
  std::optional<scenarios::JobOracle> oracle = std::nullopt;
};

class TestedJob {
 public:
  TestedJob(const TestedJob&) = delete;
  TestedJob& operator=(const TestedJob&) = delete;

  // A file of these lines into the job's input directory, or lines from its server. What is fed
  // before time passes is there when the job starts, and a stream leaves old files out unless it
  // says otherwise (TextFileStream's `new_files_only`). Of several inputs, `input` says which: a
  // parameter of the job, a directory, or a server's address.
  void Feed(const std::vector<std::string>& lines, const std::string& input = "");

  // Heals the world, and lets time pass until all that was fed is worked off. False, and a
  // violation of the cluster, with the job's last error, if nothing has advanced for a virtual
  // minute. REQUIRES: it leaves something durable to judge it by; else wait for what you look at:
  // Cluster::RunUntil.
  bool RunUntilIdle();

  // What its reader sees: the rows, fields joined by commas, ordered. Of a stream: those of one
  // complete output of each batch. `part`: the query's name or the output's prefix, of several.
  std::vector<std::string> ReadSink(const std::string& part = "") const;
  // The keys that a query's operators hold, ordered.
  std::vector<std::string> State(const std::string& part = "") const;
  // What its nodes have logged as errors.
  const std::vector<std::string>& errors() const { return sim_->errors(); }

  // Whatever the checker has found or finds now, is a violation of the cluster: what is lost, comes
  // twice or is wrong, of what its sink has shown at any time. So is work that is not done: first
  // RunUntilIdle. REQUIRES: it is a query, or its oracle tells records apart: a stream promises at
  // least once.
  void ExpectExactlyOnce();
  void ExpectAtLeastOnce();

 private:
  friend class Cluster;
  // Aborts with a sentence if the job cannot run.
  TestedJob(Cluster& cluster, simulator::SimWorld& world, runtime::Job job,
            TestedJobOptions options);
  std::vector<std::string> processes() const;

  void Begin();
  void Tell(scenarios::RunReport& report) const;
  scenarios::InputPlace PlaceOf(const std::string& input) const;
  void Supply(scenarios::ArrivingFile piece);
  void Judge(scenarios::Expect::Guarantee guarantee);
  const scenarios::RunChecker& PartOf(const std::string& part) const;

  Cluster& cluster_;
  simulator::SimWorld& world_;
  scenarios::ScenarioJobs jobs_;
  const bool is_query_;
  scenarios::Prepared prepared_;
  std::map<std::string, scenarios::InputPlace> places_;  // by the names of inputs
  std::optional<scenarios::SimJob> sim_;
  bool begun_ = false;
  std::vector<scenarios::ArrivingFile> waiting_;  // until the world begins
  std::vector<scenarios::SourcePiece> source_;
  std::set<std::pair<std::string, std::string>> told_;  // kinds and texts, to the cluster
};

}  // namespace wavetank::testing

#endif  // WAVETANK_SCENARIOS_TESTING_TESTED_JOB_H_
