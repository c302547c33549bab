#include "simulator/step_coverage.h"

#include "platform/node.h"
#include "simulator/trace.h"

namespace wavetank::simulator {

uint64_t StepCoverage::Add(const platform::StepEvent& event) {
  uint64_t hash = HashBytes(event.step.name);
  hash = FoldMultiply(hash ^ HashBytes(event.node.process()), HashBytes(event.node.name()));
  uint64_t with_text = hash;
  for (const platform::StepAttribute& attribute : event.attributes) {
    const auto value = static_cast<uint64_t>(attribute.value) ^ 0x8ebc6af09c88c6e3ULL;
    if (!attribute.is_text) hash = FoldMultiply(hash ^ HashBytes(attribute.key), value);
    with_text = FoldMultiply(with_text ^ HashBytes(attribute.key),
                             attribute.is_text ? HashBytes(attribute.text) : value);
  }
  const auto [entry, added] = by_hash_.try_emplace(with_text, counts_.size());
  if (added) {
    StepCount& count = counts_.emplace_back();
    count.step = event.step.name;
    count.process = event.node.process();
    count.node = event.node.name();
    for (const platform::StepAttribute& attribute : event.attributes) {
      platform::StepValue value = attribute.value;
      if (attribute.is_text) value = std::string(attribute.text);
      count.attributes.emplace_back(attribute.key, std::move(value));
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
