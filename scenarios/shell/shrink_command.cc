#include "scenarios/shell/shrink_command.h"

#include <cstdio>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/structured/compiled_queries.h"
#include "scenarios/explore/draw_world.h"
#include "scenarios/explore/exploration.h"
#include "scenarios/input.h"
#include "scenarios/parse.h"
#include "scenarios/runner.h"
#include "scenarios/shell/host.h"
#include "scenarios/shell/shrunk_file.h"
#include "scenarios/shrink/shrink.h"

namespace wavetank::scenarios::shell {
namespace {

constexpr int kDoesNotFail = 1;
constexpr int kBadInput = 2;

int Refuse(const absl::Status& why) {
  std::fprintf(stderr, "wavetank shrink: %s\n",
               std::string(platform::ToStd(why.message())).c_str());
  return kBadInput;
}

std::string Count(int64_t number, const char* what) {
  return absl::StrCat(number, " ", what, number == 1 ? "" : "s");
}

std::string SizeOf(const Scenario& scenario) {
  int nodes = 0;
  for (const Machine& machine : scenario.cluster().machine()) {
    for (const Process& process : machine.process()) nodes += process.node_size();
  }
  return absl::StrCat(Count(scenario.fault_size(), "fault"), ", ",
                      Count(nodes == 0 ? 3 : nodes, "node"), ", ",
                      Count(RecordsOf(scenario), "record"));
}

absl::StatusOr<std::string> Save(const ShrinkCommand& command, const Scenario& scenario) {
  const std::string comment = absl::StrCat("Shrunk from ", command.path, ".");
  if (command.out_file.empty()) return SaveShrunk(scenario, comment, kRegressions);
  WT_RETURN_IF_ERROR(WriteFile(command.out_file, ToText(scenario, comment)));
  return command.out_file;
}

}  // namespace

int Execute(const ShrinkCommand& command, const ScenarioJobs& jobs) {
  const absl::Status can = CheckWritable(command.out_file);
  if (!can.ok()) return Refuse(can);
  const absl::StatusOr<ParsedScenario> parsed = ReadScenario(command.path);
  if (!parsed.ok()) return Refuse(parsed.status());
  ProgressLine progress;
  const HostWatch watch;
  int tries = 0;
  const auto compiled = std::make_shared<runtime::CompiledQueries>();
  const auto run = [&](const Scenario& scenario,
                       simulator::Retain retain) -> absl::StatusOr<RunReport> {
    RunOptions options;
    options.retain = retain;
    options.planted = command.planted;
    options.compiled = compiled;
    return RunScenario(ParsedScenario::Of(scenario), jobs, options);
  };
  const Scenario& given = *parsed->scenario;
  const absl::StatusOr<RunReport> failed = run(given, simulator::Retain::kNothing);
  if (!failed.ok()) return Refuse(failed.status());
  if (!Fails(*failed)) {
    std::fprintf(stderr,
                 "wavetank shrink: %s does not fail, it is %s: there is nothing to shrink\n",
                 command.path.c_str(), VerdictName(failed->verdict).c_str());
    return kDoesNotFail;
  }
  const ShrunkScenario shrunk = ShrinkScenario(
      given, *failed,
      [&](const Scenario& scenario) { return run(scenario, simulator::Retain::kNothing); },
      [&] {
        progress.Show(absl::StrFormat("shrinking: %d tries, %.0f s", ++tries, watch.Seconds()));
        return watch.Seconds() > command.seconds_max;
      });
  progress.Clear();
  const absl::StatusOr<RunReport> report = run(shrunk.scenario, simulator::Retain::kTimeline);
  if (!report.ok()) return Refuse(report.status());
  const absl::StatusOr<std::string> file = Save(command, shrunk.scenario);
  if (!file.ok()) return Refuse(file.status());
  PrintShrunk(*report, *file, command.planted);
  std::printf(
      "  shrunk   from %s to %s, in %s%s\n", SizeOf(given).c_str(), SizeOf(shrunk.scenario).c_str(),
      (shrunk.tries == 1 ? std::string("1 try") : absl::StrCat(shrunk.tries, " tries")).c_str(),
      shrunk.whole ? "" : ", when its time was over: more may go");
  if (shrunk.at_random) {
    std::printf("  note     its faults at random, as a list, do not fail in this way\n");
  }
  return 0;
}

}  // namespace wavetank::scenarios::shell
