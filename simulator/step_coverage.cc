#include "simulator/step_coverage.h"

#include "platform/node.h"
#include "simulator/trace.h"

namespace wavetank::simulator {

uint64_t StepCoverage::Add(const platform::StepEvent& event) {
  uint64_t hash = HashBytes(event.step.name);
  hash = FoldMultiply(hash ^ HashBytes(event.node.process()), HashBytes(event.node.name()));
  for (const platform::StepAttribute& attribute : event.attributes) {
    hash = FoldMultiply(hash ^ HashBytes(attribute.key),
                        static_cast<uint64_t>(attribute.value) ^ 0x8ebc6af09c88c6e3ULL);
  }
  const auto [entry, added] = by_hash_.try_emplace(hash, counts_.size());
  if (added) {
    StepCount& count = counts_.emplace_back();
    count.step = event.step.name;
    count.process = event.node.process();
    count.node = event.node.name();
    for (const platform::StepAttribute& attribute : event.attributes) {
      count.attributes.emplace_back(attribute.key, attribute.value);
    }
  }
  ++counts_[entry->second].count;
  return hash;
}

uint64_t StepCoverage::Count(std::string_view step) const {
  uint64_t total = 0;
  for (const StepCount& count : counts_) total += count.step == step ? count.count : 0;
  return total;
}

}  // namespace wavetank::simulator
