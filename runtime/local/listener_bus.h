// ListenerBus: tells listeners, one event after the other, on a thread of its own: what they do
// there holds up no query, and they may call whatever the program may.
#ifndef WAVETANK_RUNTIME_LOCAL_LISTENER_BUS_H_
#define WAVETANK_RUNTIME_LOCAL_LISTENER_BUS_H_

#include <functional>
#include <memory>
#include <thread>

#include "runtime/local/query_listener.h"

namespace wavetank::runtime {

class ListenerBus {
 public:
  ListenerBus();
  ListenerBus(const ListenerBus&) = delete;
  ListenerBus& operator=(const ListenerBus&) = delete;
  // Waits until all that was posted is told; on its own thread, not.
  ~ListenerBus();

  void Add(std::shared_ptr<StreamingQueryListener> listener);
  void Remove(const std::shared_ptr<StreamingQueryListener>& listener);

  // call(listener), soon, for each that is there then. Of more than 10,000 that wait (Spark's
  // bound) further ones are dropped, which is said on standard error.
  void Post(std::function<void(StreamingQueryListener&)> call);

 private:
  struct State;
  static void Run(State& state);
  const std::shared_ptr<State> state_;  // with the thread, which may be told to outlive the bus
  std::thread thread_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_LOCAL_LISTENER_BUS_H_
