#include "scenarios/shell/sweep_arguments.h"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"

#include "platform/planted.h"
#include "scenarios/shell/shrunk_file.h"
#include "scenarios/shell/usage.h"
#include "simulator/fault_table.h"

namespace wavetank::scenarios::shell {

SweepArguments::SweepArguments(CLI::App& app)
    : app_(*app.add_subcommand("sweep", "Strike a scenario at every place of its run")) {
  std::string footer =
      "The scenario is run once, to see where it can be struck: each step that it reaches, each\n"
      "call that its nodes make on disk or network. Then it is run again for each of these places\n"
      "and each fault that can strike there, and judged. What was exhausted is said; what fails "
      "is\n"
      "saved as a scenario that `wavetank run` replays. The faults:\n\n";
  for (const SweptKind& kind : SweptKinds()) {
    absl::StrAppend(&footer, "  ", std::string(simulator::InfoOf(kind.kind).name), ": ",
                    std::string(kind.meaning), "\n");
  }
  absl::StrAppend(
      &footer,
      "\nExit status: 0 nothing fails; 1 something does; 2 bad usage or input, or the scenario\n"
      "does not pass by itself; 3 something makes no progress.\n\n"
      "  wavetank sweep scenarios/bench/small.textproto\n"
      "  wavetank sweep failing.textproto --fault=process.crash --fault=machine.power_loss\n"
      "  wavetank sweep scenarios/bench/small.textproto --sample=500 --sample-seed=7\n"
      "  wavetank sweep scenarios/bench/small.textproto --pairs=1000");
  app_.footer(footer);
  app_.add_option("scenario", command_.path, "The scenario file")->required();
  app_.add_option("--fault", command_.options.kinds, "Faults of this kind alone; again for more")
      ->type_name("KIND");
  auto* const sample =
      app_.add_option("--sample", command_.options.sample, "So many of the faults, drawn")
          ->type_name("N")
          ->check(NumberFrom(1, INT32_MAX));
  app_.add_option("--pairs", command_.options.pairs,
                  "So many pairs of faults at different places instead, drawn")
      ->type_name("N")
      ->check(NumberFrom(1, INT32_MAX))
      ->excludes(sample);
  app_.add_option("--sample-seed", command_.options.sample_seed, "What draws them")
      ->type_name("SEED")
      ->check(NumberFrom(0, UINT64_MAX))
      ->capture_default_str();
  command_.workers = static_cast<uint64_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  app_.add_option("--jobs", command_.workers, "So many processes side by side; as many as cores")
      ->type_name("N")
      ->check(NumberFrom(1, 1024));
  command_.save_directory = kRegressions;
  app_.add_option("--save", command_.save_directory, "Where what fails is saved")
      ->type_name("DIR")
      ->capture_default_str();
  app_.add_option("--json", command_.json_file, "Write one JSON object to FILE (-: output)")
      ->type_name("FILE");
  if (platform::kBugsArePlanted) {
    app_.add_option("--planted", command_.planted, "With this bug (see `wavetank bugs`)")
        ->type_name("BUG");
  }
}

bool SweepArguments::wanted() const { return app_.parsed(); }

}  // namespace wavetank::scenarios::shell
