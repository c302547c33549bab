#include "scenarios/explore/draw_takeover.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace wavetank::scenarios {
namespace {

using properties::Choices;

// One that the job has been given stays.
void Give(Job& job, const std::string& name, std::string value) {
  const auto& given = job.parameter();
  if (std::ranges::any_of(given, [&](const Parameter& each) { return each.name() == name; }))
    return;
  Parameter& parameter = *job.add_parameter();
  parameter.set_name(name);
  parameter.set_value(std::move(value));
}

}  // namespace

void DrawStandby(const Choices& choices, Scenario& scenario) {
  if (!choices.OneIn("a driver stands by", 4)) return;
  Give(*scenario.mutable_job(), "standby-timeout",
       absl::StrCat(choices.Between("standby timeout", 1, 6), "s"));
  Machine& machine = *scenario.mutable_cluster()->add_machine();
  machine.set_name("m-standby");
  Process& process = *machine.add_process();
  process.set_name("standby");
  process.add_node("standby");
}

void DrawSpeculation(const Choices& choices, Job& job) {
  if (!choices.OneIn("speculation", 4)) return;
  Give(job, "speculation", "true");
  Give(job, "speculation-quantile", choices.OneIn("few have ended", 2) ? "0.2" : "0.9");
  Give(job, "speculation-multiplier", choices.OneIn("soon", 2) ? "1" : "3");
  Give(job, "speculation-min-runtime", "1ms");
  Give(job, "speculation-interval", absl::StrCat(choices.Between("looked", 5, 100), "ms"));
  const int64_t threshold_ms = choices.Between("takes long", 0, 5) * 20;
  Give(job, "speculation-threshold", absl::StrCat(threshold_ms, "ms"));
}

}  // namespace wavetank::scenarios
