// EventQueue: everything that is yet to happen, ordered by (virtual time, tie-break, sequence).
//
// The order is total: a sequence number is given at most once. An event belongs to a Life, one
// incarnation of a process; when that life has ended the event is dropped unseen. Actions live in
// place in slots that are reused, so that a push allocates nothing once the queue is warm.
#ifndef WAVETANK_SIMULATOR_EVENT_QUEUE_H_
#define WAVETANK_SIMULATOR_EVENT_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "platform/strong_id.h"
#include "simulator/trace.h"

namespace wavetank::simulator {

// One incarnation of a process, for the world's own lifetime; 0 is the world itself.
using LifeId = platform::StrongId<struct LifeIdTag>;

struct Event {
  int64_t time_ns = 0;
  uint64_t tie = 0;
  uint64_t sequence = 0;
  LifeId life = {};
  ActorId actor = {};
  EventKind kind = EventKind::kWorld;
  uint64_t payload = 0;
};

class EventQueue {
 public:
  static constexpr size_t kActionBytes = 48;

  EventQueue() = default;
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;
  ~EventQueue() { Clear(); }

  bool empty() const { return heap_.empty(); }
  size_t size() const { return heap_.size(); }
  int64_t next_time_ns() const { return heap_.front().time_ns; }

  // Gives a number by which the event can be revoked until it is popped.
  template <typename Action>
  uint32_t Push(const Event& event, Action action) {
    static_assert(sizeof(Action) <= kActionBytes, "capture less, or keep it in an object");
    const uint32_t number = TakeSlot();
    Slot& slot = At(number);
    slot.event = event;
    ::new (static_cast<void*>(slot.storage)) Action(std::move(action));
    slot.run = [](void* storage) { (*static_cast<Action*>(storage))(); };
    if constexpr (std::is_trivially_destructible_v<Action>) {
      slot.destroy = nullptr;
    } else {
      slot.destroy = [](void* storage) { static_cast<Action*>(storage)->~Action(); };
    }
    PushKey({event.time_ns, event.tie, event.sequence, number});
    return number;
  }
  // The event keeps its place, and is dropped when that comes.
  void Revoke(uint32_t number) { DestroyAction(At(number)); }

  // Removes the next event and calls `dispatch(event, run)`, where run() performs its action; a
  // revoked event is dropped, and false returned. REQUIRES: not empty.
  template <typename Dispatch>
  bool Pop(Dispatch dispatch) {
    const uint32_t number = PopKey();
    Slot& slot = At(number);
    const bool live = slot.run != nullptr;
    if (live) dispatch(slot.event, [&slot] { slot.run(slot.storage); });
    Free(number);
    return live;
  }
  void Clear();

 private:
  struct Key {
    int64_t time_ns;
    uint64_t tie;
    uint64_t sequence;
    uint32_t slot;

    // Without branches, which nobody could predict.
    bool operator<(const Key& other) const {
      const bool by_tie = (tie < other.tie) | ((tie == other.tie) & (sequence < other.sequence));
      return (time_ns < other.time_ns) | ((time_ns == other.time_ns) & by_tie);
    }
  };
  struct Slot {
    Event event;
    void (*run)(void*) = nullptr;
    void (*destroy)(void*) = nullptr;
    alignas(std::max_align_t) std::byte storage[kActionBytes];
  };
  static constexpr uint32_t kChunkSlots = 256;

  Slot& At(uint32_t number) { return chunks_[number / kChunkSlots][number % kChunkSlots]; }
  uint32_t TakeSlot();
  void DestroyAction(Slot& slot);
  void Free(uint32_t number);
  void PushKey(Key key);
  uint32_t PopKey();

  std::vector<Key> heap_;                        // four children a node: half the cache misses
  std::vector<std::unique_ptr<Slot[]>> chunks_;  // slots never move: an action may push
  std::vector<uint32_t> free_;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_EVENT_QUEUE_H_
