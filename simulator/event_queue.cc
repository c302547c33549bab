#include "simulator/event_queue.h"

#include <algorithm>

namespace wavetank::simulator {

void EventQueue::Clear() {
  while (!heap_.empty()) Free(PopKey());
}

uint32_t EventQueue::TakeSlot() {
  if (free_.empty()) {
    const uint32_t first = static_cast<uint32_t>(chunks_.size()) * kChunkSlots;
    chunks_.push_back(std::make_unique<Slot[]>(kChunkSlots));
    for (uint32_t offset = kChunkSlots; offset > 0; --offset) free_.push_back(first + offset - 1);
  }
  const uint32_t number = free_.back();
  free_.pop_back();
  return number;
}

void EventQueue::DestroyAction(Slot& slot) {
  if (slot.run != nullptr && slot.destroy != nullptr) slot.destroy(slot.storage);
  slot.run = nullptr;
}

void EventQueue::Free(uint32_t number) {
  DestroyAction(At(number));
  free_.push_back(number);
}

void EventQueue::PushKey(Key key) {
  size_t at = heap_.size();
  heap_.push_back(key);
  while (at > 0) {
    const size_t parent = (at - 1) / 4;
    if (!(key < heap_[parent])) break;
    heap_[at] = heap_[parent];
    at = parent;
  }
  heap_[at] = key;
}

uint32_t EventQueue::PopKey() {
  const uint32_t slot = heap_.front().slot;
  const Key last = heap_.back();
  heap_.pop_back();
  const size_t size = heap_.size();
  if (size == 0) return slot;
  size_t at = 0;
  for (;;) {
    const size_t first_child = at * 4 + 1;
    if (first_child >= size) break;
    const size_t end = std::min(first_child + 4, size);
    size_t least = first_child;
    for (size_t child = first_child + 1; child < end; ++child) {
      if (heap_[child] < heap_[least]) least = child;
    }
    if (!(heap_[least] < last)) break;
    heap_[at] = heap_[least];
    at = least;
  }
  heap_[at] = last;
  return slot;
}

}  // namespace wavetank::simulator
