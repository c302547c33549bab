// Aim: where in a run a fault can strike, by the survey of that run.
#ifndef WAVETANK_SCENARIOS_EXPLORE_AIM_H_
#define WAVETANK_SCENARIOS_EXPLORE_AIM_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "properties/choices.h"
#include "scenarios/scenario.pb.h"
#include "scenarios/survey.h"

namespace wavetank::scenarios {

class Aim {
 public:
  // `survey` must outlive it.
  explicit Aim(const Survey& survey);

  // The events after the last fault at which this fault, whose kind and target are drawn, finds
  // what it strikes, and after which comes a call that it can befall, if it needs one.
  std::vector<size_t> PlacesOf(const Fault& fault) const;
  // Those of `places` at which this step is reached.
  std::vector<size_t> AtStep(const std::string& step, const std::vector<size_t>& places) const;

  // Those at which this process reaches one of these steps.
  std::vector<size_t> AtStepsOf(const std::string& process,
                                const std::vector<std::string_view>& steps,
                                const std::vector<size_t>& places) const;

  // Those before `until_ns` at which this process reaches a step whose name begins so.
  std::vector<size_t> AtStepsLike(const std::string& process, std::string_view beginning,
                                  const std::vector<size_t>& places, int64_t until_ns) const;
  // One of these steps, each as often as any other, however often it is reached.
  size_t PickOfSteps(const properties::Choices& choices, const std::string& name,
                     const std::vector<size_t>& places) const;
  // So many calls of the process that reaches this step before it, or what came after the last
  // fault of them.
  size_t CallsBefore(size_t step, int64_t calls) const;
  // The same, of calls on files by whatever process.
  size_t FileCallsBefore(size_t step, int64_t calls) const;

  // Leaves those after which some file that matches has been synced, or has arrived from outside,
  // which no survey sees: then those after a call on one. Whether any is left.
  bool KeepAfterFiles(const std::string& files, std::vector<size_t>& places) const;

  // Says when: at one of these places, drawn: at a step, a call, a call on a file, or a time.
  // REQUIRES: there is one.
  void Draw(const properties::Choices& choices, const std::string& name,
            const std::vector<size_t>& places, Fault& fault) const;
  // The same, at a step; the place that was drawn. REQUIRES: one is reached at each of these
  // places, and there is one.
  size_t DrawStep(const properties::Choices& choices, const std::string& name,
                  const std::vector<size_t>& places, Fault& fault) const;
  // At the step that is reached there.
  void SetStep(size_t place, Fault& fault) const;
  // So many nanoseconds after it, and after the last fault.
  void SetInstant(size_t place, int64_t by_ns, Fault& fault) const;
  // So long after it, or when faults strike last.
  void SetAfter(size_t place, int64_t by_ms, Fault& fault) const;

  int64_t last_fault_ns() const { return last_fault_ns_; }

 private:
  using Event = Survey::Event;

  // Half of the time those soon after the last fault, if there are some.
  std::vector<size_t> SometimesSoon(const properties::Choices& choices, const std::string& name,
                                    const std::vector<size_t>& places) const;
  size_t Before(size_t step, int64_t calls, const std::function<bool(const Event&)>& counts) const;
  std::vector<size_t> Only(Survey::Kind kind, const std::vector<size_t>& places) const;
  size_t PickStep(const properties::Choices& choices, const std::string& name,
                  const std::vector<size_t>& places, Fault& fault) const;
  void SetTime(size_t place, Fault& fault) const;
  void SetFileCall(size_t place, Fault& fault) const;

  const Survey& survey_;
  size_t first_ = 0;  // event after the last fault
  int64_t last_fault_ns_ = 0;
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_EXPLORE_AIM_H_
