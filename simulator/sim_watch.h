// SimWatches: who waits for names to come into the directories of a disk, and is told: a while
// later, and now and then not at all (platform::DirectoryWatch says that both may be).
#ifndef WAVETANK_SIMULATOR_SIM_WATCH_H_
#define WAVETANK_SIMULATOR_SIM_WATCH_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/disk.h"
#include "simulator/scheduler.h"

namespace wavetank::simulator {

class SimWatches {
 public:
  // `number` tells the life's watches apart.
  std::unique_ptr<platform::DirectoryWatch> Add(std::string directory, ActorId actor, LifeId life,
                                                uint64_t number);
  // `path` is there now.
  void NameCame(Scheduler& scheduler, std::string_view path);

 private:
  struct Watched;
  class SimWatch;

  std::vector<std::weak_ptr<Watched>> watched_;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_SIM_WATCH_H_
