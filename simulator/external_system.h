// ExternalSystem: something outside of the job, a log or a table, say, that a process of the world
// serves. What befalls its requests it does to them itself: the simulator knows none of them.
#ifndef WAVETANK_SIMULATOR_EXTERNAL_SYSTEM_H_
#define WAVETANK_SIMULATOR_EXTERNAL_SYSTEM_H_

#include "simulator/fault.h"

namespace wavetank::simulator {

class ExternalSystem {
 public:
  virtual ~ExternalSystem() = default;
  // A fault of the external family begins, or, where it lasts, is over.
  virtual void Strike(const Fault& fault) = 0;
  virtual void End(const Fault& fault) = 0;
  // Nothing befalls it any more.
  virtual void Heal() = 0;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_EXTERNAL_SYSTEM_H_
