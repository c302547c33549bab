#include <string>

#include "platform/check.h"
#include "platform/text.h"
#include "properties/choices.h"
#include "scenarios/explore/draw_world.h"
#include "scenarios/jobs.h"
#include "scenarios/parse.h"
#include "scenarios/runner.h"
#include "tests/fuzz/fuzz_seeds.h"

namespace wavetank {

std::vector<std::string> fuzz::Seeds() {
  std::vector<std::string> seeds;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const properties::Choices choices(seed);
    const scenarios::Scenario drawn =
        scenarios::DrawWorld(choices, scenarios::DrawBuiltInForm(choices));
    seeds.push_back(scenarios::ToText(drawn, "a seed"));
  }
  return seeds;
}

// Whether it takes long before its first event.
static bool IsLarge(const scenarios::Scenario& scenario) {
  int64_t records = 0;
  for (const scenarios::Input& input : scenario.input()) records += input.generator().records();
  return records > 1000 || scenario.cluster().machine_size() > 20;
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
    scenarios::RunOptions options;
    options.retain = simulator::Retain::kNothing;
    options.events_max = 3000;
    options.read_host_file = [](const std::string&) {
      return absl::StatusOr<std::string>("a line\n");
    };
    status = IsLarge(*parsed->scenario)
                 ? scenarios::ValidateScenario(*parsed, *jobs, options.read_host_file)
                 : scenarios::RunScenario(*parsed, *jobs, options).status();
  }
  // Every message to the user says where.
  if (!status.ok()) {
    WT_CHECK(platform::ToStd(status.message()).starts_with("file:"),
             std::string(platform::ToStd(status.message())));
  }
  return 0;
}

}  // namespace wavetank
