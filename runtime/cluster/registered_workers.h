// What a driver knows of its workers, each for as long as its connection stands.
#ifndef WAVETANK_RUNTIME_CLUSTER_REGISTERED_WORKERS_H_
#define WAVETANK_RUNTIME_CLUSTER_REGISTERED_WORKERS_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "platform/event.h"
#include "runtime/cluster/messages.h"
#include "runtime/cluster/task.h"

namespace wavetank::runtime {

// One registration. What is in `commands` goes with the worker's next "next".
struct RegisteredWorker {
  WorkerRef ref;
  int slots = 1;
  std::deque<cluster::Command> commands;
  platform::Event wake;
  bool lost = false;

  void Send(cluster::Command command) {
    commands.push_back(std::move(command));
    wake.Set();
  }
  void Begin(cluster::RunTask run) {
    cluster::Command command;
    *command.mutable_run() = std::move(run);
    Send(std::move(command));
  }
};
using RegisteredWorkers = std::map<uint64_t, std::shared_ptr<RegisteredWorker>>;  // by connection

// The workers in order of their names, and the slots that they have free.
struct WorkerOffers {
  std::vector<RegisteredWorker*> workers;
  std::vector<WorkerRef> refs;
  std::vector<int> free;
  int most_slots = 0;
};

// taken(id): how many slots of that worker are.
template <typename Taken>
WorkerOffers OffersOf(const RegisteredWorkers& registered, const Taken& taken) {
  WorkerOffers offers;
  offers.workers.reserve(registered.size());
  for (const auto& [connection, worker] : registered) offers.workers.push_back(worker.get());
  std::ranges::sort(offers.workers, {}, [](const RegisteredWorker* worker) {
    return std::tie(worker->ref.name, worker->ref.address);
  });
  for (const RegisteredWorker* worker : offers.workers) {
    offers.refs.push_back(worker->ref);
    offers.free.push_back(worker->slots - taken(worker->ref.id));
    offers.most_slots = std::max(offers.most_slots, worker->slots);
  }
  return offers;
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_REGISTERED_WORKERS_H_
