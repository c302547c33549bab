#include <string>

#include "platform/check.h"
#include "platform/text.h"
#include "properties/choices.h"
#include "scenarios/draw_scenario.h"
#include "scenarios/jobs.h"
#include "scenarios/parse.h"
#include "scenarios/runner.h"
#include "tests/fuzz/fuzz_seeds.h"

namespace wavetank {

std::vector<std::string> fuzz::Seeds() {
  std::vector<std::string> seeds;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    properties::SeededChoices choices(seed);
    seeds.push_back(scenarios::ToText(scenarios::DrawScenario(choices), "a seed"));
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const scenarios::ScenarioJobs* const jobs = [] {
    auto* made = new scenarios::ScenarioJobs;
    scenarios::AddBuiltInJobs(*made);
    return made;
  }();
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto parsed = scenarios::ParseScenario("file", text);
  absl::Status status = parsed.status();
  if (parsed.ok()) {
    status = scenarios::ValidateScenario(
        *parsed, *jobs, [](const std::string&) { return absl::StatusOr<std::string>("a line\n"); });
  }
  // Every message to the user says where.
  if (!status.ok()) {
    WT_CHECK(platform::ToStd(status.message()).starts_with("file:"),
             std::string(platform::ToStd(status.message())));
  }
  return 0;
}

}  // namespace wavetank
