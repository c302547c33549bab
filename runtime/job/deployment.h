// Deployment: how a job's nodes find each other, and what each of them runs. The same mains run in
// the simulator and for real.
#ifndef WAVETANK_RUNTIME_JOB_DEPLOYMENT_H_
#define WAVETANK_RUNTIME_JOB_DEPLOYMENT_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/store.h"
#include "checkpoint/store_service.h"
#include "platform/event.h"
#include "platform/node.h"
#include "runtime/connectors/job_directories.h"
#include "runtime/job/job.h"

namespace wavetank::runtime {

class CompiledQueries;

struct Deployment {
  // "host:port" or "inproc:name" of the driver, and of those that may replace it.
  std::vector<std::string> driver_addresses;
  // Of the store service; empty: every node uses the disk of its own machine.
  std::string store_address;
  // The directory of that disk under which the job's paths are.
  std::string store_root;
  // Where a worker of DStreams puts what has no room in its memory: a directory of the disk of its
  // own machine, in which each has one of its own. Nothing in it is needed once that has ended. Its
  // files hold rows; who may read them the umask of the process says.
  std::string scratch = "tmp/wavetank";
  // Of a driver: it looks whether another one is at work, and takes over when that has been silent
  // for the job's "standby-timeout" (driver_lease.h). Its address should be among
  // driver_addresses: until it takes over, nobody listens there.
  bool stands_by = false;
  // Of the process that runs StoreMain.
  checkpoint::StoreServiceOptions store;
  // Of the program (platform/real/build_id.h); "": it is not known. A job with functions of its own
  // runs on nodes of one build.
  std::string build_id = "";
  // Gives the event by which this incarnation of a node is asked to end in good order, as by
  // SIGTERM: set on the node's own turn. Called once for each incarnation. Null, or gives null: it
  // never is.
  std::function<std::shared_ptr<platform::Event>(platform::Node&)> stop_requested = nullptr;
};

// The store of the job's directories, as a node reaches it.
std::unique_ptr<checkpoint::Store> OpenStore(platform::Node& node, const Deployment& deployment);

// A job with its arguments. The job outlives whatever runs it.
struct JobInstance {
  const Job* job = nullptr;
  JobArguments arguments;
  // What its queries may be found compiled in, for nodes that share a thread. Null: each node
  // compiles them.
  std::shared_ptr<CompiledQueries> compiled = nullptr;
};

// kInvalidArgument or kFailedPrecondition: what is wrong with the plan that the job builds.
absl::Status CheckPlan(const JobInstance& instance);

// What a job reads and writes. REQUIRES: CheckPlan(instance) is OK.
std::vector<JobDirectory> DirectoriesOf(const JobInstance& instance);

struct DriverHooks {
  // What DStream outputs print; null: the node's log.
  std::function<void(const std::string&)> print;
  // Told a line of progress after each structured batch; null: the node's log.
  std::function<void(const std::string&)> progress;
};

// Runs the job until all of its queries have ended; a query that fails says so in the log, and the
// others go on. The process exits with status 1 if one has failed, or with status 2 if the job was
// refused before anything durable was written, as for an address in use.
// When the node is asked to stop (Deployment::stop_requested) it finishes first what is under way:
// of a DStream graph what its receivers have taken in and the batches up to the next batch time; of
// a query the batch that is defined. Then it exits with status 0; at once where nothing has begun,
// as while the store is not there. What is not finished within "stop-timeout" it leaves to the next
// start: it says so and exits with status 1.
// One that stands by exits with status 0, too, when the driver at work has brought the job to its
// end, or when it is asked to stop. With a "standby-timeout" a driver that cannot tell the store
// for so long that it is at work exits with status 1, so that its workers look for the next one.
// `address` is where the workers find it; ":port" is that port of the machine that it runs on.
platform::NodeMain DriverMain(JobInstance instance, Deployment deployment, std::string address,
                              DriverHooks hooks = {});
// In a process of its own, when that is asked to stop: exits with 0 once its receivers have handed
// over what they have, with 1 if that takes longer than "stop-timeout". A store exits at once:
// whoever has no answer asks the next one.
platform::NodeMain WorkerMain(JobInstance instance, Deployment deployment, std::string address);
platform::NodeMain StoreMain(Deployment deployment);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_JOB_DEPLOYMENT_H_
