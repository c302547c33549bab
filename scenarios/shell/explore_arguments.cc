#include "scenarios/shell/explore_arguments.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"

#include "platform/planted.h"
#include "scenarios/shell/shrunk_file.h"
#include "scenarios/shell/usage.h"

namespace wavetank::scenarios::shell {
namespace {

constexpr int kBadUsage = 2;

// "60s", more than nothing.
std::string WhatIsWrongWithDuration(const std::string& text) {
  absl::Duration duration;
  const bool is_one = absl::ParseDuration(text, &duration) && duration > absl::ZeroDuration() &&
                      duration < absl::Hours(24 * 365);
  return is_one ? "" : absl::StrCat("\"", text, "\" is no time: write 90s, 10m or 2h");
}

double SecondsOf(const std::string& text) {
  absl::Duration duration;
  absl::ParseDuration(text, &duration);
  return absl::ToDoubleSeconds(duration);
}

// "A-B" or "i/n".
bool ParsePair(const std::string& text, char between, uint64_t& first, uint64_t& second) {
  const std::vector<std::string> parts = absl::StrSplit(text, between);
  return parts.size() == 2 && absl::SimpleAtoi(parts[0], &first) &&
         absl::SimpleAtoi(parts[1], &second) && first <= second;
}

std::string WhatIsWrongWithSeeds(const std::string& text) {
  uint64_t first = 0;
  uint64_t last = 0;
  if (ParsePair(text, '-', first, last)) return "";
  return absl::StrCat("\"", text, "\" is no range of seeds: write 1-1000");
}

std::string WhatIsWrongWithShard(const std::string& text) {
  uint64_t shard = 0;
  uint64_t shards = 0;
  if (ParsePair(text, '/', shard, shards) && shard >= 1 && shards <= 100'000) return "";
  return absl::StrCat("\"", text, "\" is no part of a whole: write 1/4, 2/4, 3/4 or 4/4");
}

uint64_t Cores() { return static_cast<uint64_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN))); }

void AddPlanted(CLI::App& app, std::string& planted) {
  if (!platform::kBugsArePlanted) return;
  app.add_option("--planted", planted, "With this bug (see `wavetank bugs`)")->type_name("BUG");
}

}  // namespace

ExploreArguments::ExploreArguments(CLI::App& app)
    : app_(*app.add_subcommand("explore", "Look for scenarios that fail, and make them small")) {
  app_.footer(
      "Each seed draws a world: a job, its parameters, a cluster, input, and a schedule. It is "
      "run\n"
      "without faults, then with one more at a time, each where the run before shows that it can\n"
      "strike: up to six runs a seed. Every run is judged by all checks: by the job's oracle, if "
      "it\n"
      "has one, and by replay of its plan. What fails is made small, shown, and saved as a "
      "scenario\n"
      "that `wavetank run` replays. A seed gives the same runs anywhere.\n\n"
      "Of a JOB of this program its plan says what it reads; its parameters are what they are by\n"
      "default, or one of the values that it names (JobParameter::tried). Of a SCENARIO the job, "
      "the\n"
      "cluster and the input stay, and seed, schedule and faults are drawn anew. Without either: "
      "the\n"
      "built-in jobs. Ctrl-C ends it, with the summary so far; a second one at once.\n\n"
      "A file of what must be reached has a line for each: `step NAME`, `row NAME` (of a recovery\n"
      "table), `fault NAME`, or `pair STEP FAULT`; what stands behind a # is for people.\n\n"
      "Exit status: 0 nothing fails; 1 something does; 2 bad usage or input; 3 something makes no\n"
      "progress; 5 what must be reached was not.\n\n"
      "  wavetank explore --for=5m\n"
      "  wavetank explore word_count windowed_count --seeds=1-500 --jobs=2\n"
      "  wavetank explore scenarios/cluster/worker_crash_in_map.textproto --for=1m --keep-going\n"
      "  wavetank explore --seeds=1-10000 --shard=2/4 --json=2.json\n"
      "  wavetank explore --merge 1.json 2.json 3.json 4.json --require-coverage=reached.txt");
  app_.add_option("of", command_.origins,
                  "Jobs, scenario files, or directories of them; with --merge, summaries")
      ->type_name("JOB|SCENARIO");
  app_.add_option("--for", for_, "For so long; 60s, unless seeds or runs are given")
      ->type_name("TIME")
      ->check(WhatIsWrongWithDuration);
  app_.add_option("--seeds", seeds_, "These seeds, both included; from 1, if it is not said")
      ->type_name("A-B")
      ->check(WhatIsWrongWithSeeds);
  app_.add_option("--runs", command_.runs_max,
                  "No more than some so many runs, an equal share for each of --jobs")
      ->type_name("N")
      ->check(NumberFrom(1, INT32_MAX));
  command_.workers = Cores();
  app_.add_option("--jobs", command_.workers, "So many processes side by side; as many as cores")
      ->type_name("N")
      ->check(NumberFrom(1, 1024));
  app_.add_option("--shard", shard_, "The I-th of N parts of the seeds")
      ->type_name("I/N")
      ->check(WhatIsWrongWithShard);
  app_.add_flag("--keep-going", command_.keep_going,
                "After a failure, too: of those that are alike the first is made small");
  app_.add_option("--shrink-for", shrink_for_, "Make a failure small for so long at most")
      ->type_name("TIME")
      ->capture_default_str()
      ->check(WhatIsWrongWithDuration);
  command_.save_directory = kRegressions;
  app_.add_option("--save", command_.save_directory, "Where what fails is saved")
      ->type_name("DIR")
      ->capture_default_str();
  app_.add_option("--json", command_.json_file,
                  "Write the summary as one JSON object to FILE (-: output)")
      ->type_name("FILE");
  app_.add_option("--require-coverage", command_.required_file,
                  "Fail unless all that FILE lists was reached")
      ->type_name("FILE");
  app_.add_flag("--merge", merge_, "Add up the summaries of other explorations, and run nothing");
  AddPlanted(app_, command_.planted);
}

bool ExploreArguments::wanted() const { return app_.parsed(); }

int ExploreArguments::Execute(const ScenarioJobs& jobs) {
  if (merge_) {
    command_.merged = std::exchange(command_.origins, {});
    if (command_.merged.empty()) {
      std::fprintf(stderr, "wavetank explore: --merge needs the files of summaries\n");
      return kBadUsage;
    }
    return shell::Execute(command_, jobs);
  }
  const bool bounded = !seeds_.empty() || command_.runs_max > 0;
  if (!bounded && for_.empty()) for_ = "60s";
  if (!for_.empty()) command_.seconds_max = SecondsOf(for_);
  if (!seeds_.empty()) ParsePair(seeds_, '-', command_.first_seed, command_.last_seed);
  if (!shard_.empty()) ParsePair(shard_, '/', command_.shard, command_.shards);
  command_.shrink_seconds = SecondsOf(shrink_for_);
  return shell::Execute(command_, jobs);
}

ShrinkArguments::ShrinkArguments(CLI::App& app)
    : app_(*app.add_subcommand("shrink", "Make a scenario that fails small")) {
  app_.footer(
      "Leaves out faults, machines, nodes, inputs, records, parameters and all else that the\n"
      "failure does not need, makes times round and numbers small, and keeps what fails in the "
      "same\n"
      "way: the same verdict, kind of violation and step. The faults of the result are a list, "
      "none\n"
      "is at random, and its claim says what is left.\n\n"
      "Exit status: 0 the smallest is saved; 1 the scenario does not fail; 2 bad usage or "
      "input.\n\n"
      "  wavetank shrink failing.textproto\n"
      "  wavetank shrink failing.textproto --budget=5m --out=smallest.textproto");
  app_.add_option("scenario", command_.path, "The scenario file")->required();
  app_.add_option("--budget", budget_, "Try for so long at most")
      ->type_name("TIME")
      ->capture_default_str()
      ->check(WhatIsWrongWithDuration);
  app_.add_option(
          "--out", command_.out_file,
          absl::StrCat("Save the smallest as FILE; in ", kRegressions, " if it is not said"))
      ->type_name("FILE");
  AddPlanted(app_, command_.planted);
}

bool ShrinkArguments::wanted() const { return app_.parsed(); }

int ShrinkArguments::Execute(const ScenarioJobs& jobs) {
  command_.seconds_max = SecondsOf(budget_);
  return shell::Execute(command_, jobs);
}

NamesArguments::NamesArguments(CLI::App& app) {
  struct Verb {
    const char* name;
    const char* meaning;
    const char* footer;
  };
  static constexpr Verb kVerbs[] = {
      {"steps", "List the steps at which a fault can strike",
       "Of one, or of a few, its attributes too, which are numbers unless it is said.\n\n"
       "  wavetank steps\n  wavetank steps batch.\n  wavetank steps --json | jq .name"},
      {"faults", "List what can go wrong",
       "Of one, or of a few, what it takes too: its target, its amount with bounds and unit, how "
       "long\nit lasts.\n\n"
       "  wavetank faults\n  wavetank faults disk.torn_write"},
      {"jobs", "List the jobs of this program",
       "Of one, or of a few, its parameters too, with their defaults.\n\n"
       "  wavetank jobs\n  wavetank jobs word_count --json"},
      {"formats", "List what queries can read from and write to",
       "Of one, or of a few, its options too, with what they take and their defaults. A job's own "
       "\nsources and sinks are not among them.\n\n"
       "  wavetank formats\n  wavetank formats text"}};
  for (size_t i = 0; i < apps_.size(); ++i) {
    apps_[i] = app.add_subcommand(kVerbs[i].name, kVerbs[i].meaning);
    apps_[i]->footer(kVerbs[i].footer);
    commands_[i].of = static_cast<NamesCommand::Of>(i);
    apps_[i]
        ->add_option("name", commands_[i].name, "Its name, or how the names begin")
        ->type_name("NAME");
    apps_[i]->add_flag("--json", commands_[i].json, "As one JSON object a line");
  }
}

bool NamesArguments::wanted() const {
  return std::any_of(apps_.begin(), apps_.end(), [](const CLI::App* app) { return app->parsed(); });
}

int NamesArguments::Execute(const ScenarioJobs& jobs) {
  for (size_t i = 0; i < apps_.size(); ++i) {
    if (apps_[i]->parsed()) return shell::Execute(commands_[i], jobs);
  }
  return kBadUsage;
}

}  // namespace wavetank::scenarios::shell
