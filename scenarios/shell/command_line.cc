#include "scenarios/shell/command_line.h"

#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"

#include "platform/planted.h"
#include "platform/real/early_stop.h"
#include "platform/text.h"
#include "properties/planted_bugs.h"
#include "runtime/structured/rescale.h"
#include "scenarios/jobs.h"
#include "scenarios/shell/bugs_command.h"
#include "scenarios/shell/explore_arguments.h"
#include "scenarios/shell/inspect_command.h"
#include "scenarios/shell/lines_command.h"
#include "scenarios/shell/log_command.h"
#include "scenarios/shell/recorded_scenario.h"
#include "scenarios/shell/rescale_command.h"
#include "scenarios/shell/run_command.h"
#include "scenarios/shell/sql_command.h"
#include "scenarios/shell/start_command.h"
#include "scenarios/shell/step_fault.h"
#include "scenarios/shell/sweep_arguments.h"
#include "scenarios/shell/usage.h"

namespace wavetank::scenarios {
namespace {

constexpr int kBadUsage = 2;

// `what` begins with the subcommand that it is about.
int RefuseUsage(const std::string& what) {
  const std::string subcommand = what.substr(0, what.find(':'));
  std::fprintf(stderr, "%s\n`%s --help` shows what there is.\n", what.c_str(), subcommand.c_str());
  return kBadUsage;
}

// "wavetank start word_count": as far as the words before an error were understood.
std::string TitleOfParsed(const CLI::App& app) {
  std::string title = app.get_name();
  for (const CLI::App* sub : app.get_subcommands()) {
    absl::StrAppend(&title, " ", TitleOfParsed(*sub));
  }
  return title;
}

// `wavetank run`.
class RunArguments {
 public:
  explicit RunArguments(CLI::App& app)
      : app_(*app.add_subcommand("run", "Replay scenario files and give their verdicts")) {
    app_.footer(
        "A scenario is run in the simulator, twice, and the two runs must be alike. Of one "
        "scenario\n"
        "the timeline is shown; of several, the timelines of those that did not pass.\n"
        "--report=FILE.html of several is an index, with the page of each in FILE_runs/.\n\n"
        "Exit status: 0 every expectation holds; 1 a guarantee is violated; 2 bad usage or input;\n"
        "3 no progress within the budget; 4 not deterministic; 5 inconclusive.\n\n"
        "  wavetank run scenarios/structured/driver_power_loss_at_sink_committed.textproto\n"
        "  wavetank run scenarios --json=out.json");
    app_.add_option("scenario", command_.paths, "Files, or directories of *.textproto files")
        ->required();
    app_.add_option("--seed", seed_, "Instead of the scenario's seed")
        ->check(shell::NumberFrom(0, UINT64_MAX));
    app_.add_option("--json", command_.json_file, "Write one JSON object a run to FILE (-: output)")
        ->type_name("FILE");
    app_.add_option("--report", command_.report_file, "Write an HTML page with pictures to FILE")
        ->type_name("FILE");
    app_.add_option("--junit", command_.junit_file, "Write the verdicts as JUnit XML to FILE")
        ->type_name("FILE");
    app_.add_flag("--verbose", command_.verbose, "Show messages and disk calls too");
    app_.add_flag("--quiet", command_.quiet, "Show no timelines");
    if (platform::kBugsArePlanted) {
      app_.add_option("--planted", command_.planted, "With this bug (see `wavetank bugs`)")
          ->type_name("BUG");
    }
  }
  bool wanted() const { return app_.parsed(); }
  int Execute(const ScenarioJobs& jobs) {
    if (app_.count("--seed") > 0) command_.seed = seed_;
    return shell::Execute(command_, jobs);
  }

 private:
  CLI::App& app_;
  shell::RunCommand command_;
  uint64_t seed_ = 0;
};

// `wavetank bugs`.
class BugsArguments {
 public:
  explicit BugsArguments(CLI::App& app)
      : app_(*app.add_subcommand("bugs", "Plant each known bug, and show what finds it")) {
    std::string footer =
        "Draws scenarios, a seed each, until one fails, and shrinks it: of the built-in jobs,\n"
        "or of those that can show the bug. Exit status: 0 every bug was found; 1 one was not;\n"
        "2 bad usage, or a build without the bugs.\n\n"
        "  cmake --preset planted && cmake --build --preset planted --target wavetank\n"
        "  build/planted/bin/wavetank bugs commit_before_sink --save=.\n\nThe bugs:\n";
    for (const properties::PlantedBug& bug : properties::PlantedBugs()) {
      absl::StrAppend(&footer, "  ", std::string(bug.name), ": ", std::string(bug.meaning), "\n");
    }
    app_.footer(footer);
    app_.add_option("bug", command_.names, "Names of bugs; default: all");
    app_.add_option("--runs", command_.runs_max, "Give a bug up after so many runs")
        ->check(shell::NumberFrom(1, INT32_MAX))
        ->capture_default_str();
    app_.add_option("--json", command_.json_file, "Write one JSON object a bug to FILE (-: output)")
        ->type_name("FILE");
    app_.add_option("--save", command_.save_directory, "Save the smallest scenarios in DIR")
        ->type_name("DIR")
        ->check(shell::ExistingDirectory());
    app_.add_option("--first-seed", command_.first_seed, "Of the seeds that are drawn from")
        ->check(shell::NumberFrom(0, UINT64_MAX))
        ->capture_default_str();
    app_.add_option("--shrink", command_.shrink_tries_max, "Runs that shrinking may take")
        ->check(shell::NumberFrom(0, INT32_MAX))
        ->capture_default_str();
    app_.add_flag("--list", command_.list,
                  "Name the bugs, each with its kind in a line, and look for none");
  }
  bool wanted() const { return app_.parsed(); }
  int Execute(const ScenarioJobs& jobs) { return shell::Execute(command_, jobs); }

 private:
  CLI::App& app_;
  shell::BugsCommand command_;
};

// `wavetank start JOB`: a subcommand for each job, with an option for each of its parameters.
class StartArguments {
 public:
  StartArguments(CLI::App& app, const runtime::JobCatalogue& jobs)
      : app_(*app.add_subcommand("start", "Run a job for real")) {
    app_.require_subcommand(1);
    app_.footer(
        "By default driver and workers run in this process. To spread a job over processes or\n"
        "machines, start a store, then a driver and workers that name it:\n\n"
        "  wavetank start store --address=HOST:7001 --root=DIR\n"
        "  wavetank start JOB ... --as=driver --address=HOST:7000 --store=HOST:7001\n"
        "  wavetank start JOB ... --as=worker --address=HOST:7101 --driver=HOST:7000 "
        "--store=HOST:7001\n\n"
        "A second driver with --standby takes over when the first has been silent for the\n"
        "--standby-timeout that both are given; name both to the workers, --driver for each.\n"
        "With a store, a job's directories are relative to the store's root.\n"
        "Addresses that other machines reach need --secret-file: the processes of a cluster know\n"
        "one another by that they have the same. What crosses the network is not encrypted.\n"
        "A job that was killed goes on from its checkpoint when it is started again.");
    for (const std::string& name : jobs.names()) AddJob(*jobs.Find(name));
    store_ = app_.add_subcommand("store", "The service that keeps a cluster's durable files");
    store_->add_option("--address", command_.address, "Where others find it")
        ->required()
        ->type_name("HOST:PORT")
        ->check(shell::Address(shell::HostPart::kRequired));
    store_->add_option("--root", command_.store_root, "The directory that it serves")
        ->capture_default_str()
        ->type_name("DIR")
        ->check(shell::ExistingDirectory());
    store_
        ->add_option("--memory", command_.memory_bytes, "What it may have in memory: callers wait")
        ->transform(shell::MemoryOfThisMachine())
        ->default_str("512MiB")
        ->type_name("BYTES");
    AddCommon(*store_);
  }
  bool wanted() const { return app_.parsed(); }

  int Execute(const runtime::JobCatalogue& jobs) {
    if (store_->parsed()) {
      command_.role = shell::Role::kStore;
    } else {
      CLI::App* chosen = app_.get_subcommands().front();
      command_.job = chosen->get_name();
      for (const auto& [name, value] : values_[command_.job]) {
        if (chosen->count("--" + name) > 0) command_.parameters[name] = value;
      }
      command_.role = kRoles.at(role_);
      const absl::Status fit = CheckRole(*chosen);
      if (!fit.ok()) return Refuse(fit);
    }
    using Action = platform::StepFault::Action;
    for (const auto& [texts, action] :
         {std::pair{&kill_at_, Action::kKill}, std::pair{&stop_at_, Action::kStop}}) {
      for (const std::string& text : *texts) {
        absl::StatusOr<platform::StepFault> fault = shell::ParseStepFault(text, action);
        if (!fault.ok()) return Refuse(fault.status());
        command_.step_faults.push_back(*std::move(fault));
      }
    }
    return shell::Execute(command_, jobs);
  }

 private:
  inline static const std::map<std::string, shell::Role> kRoles = {
      {"local", shell::Role::kLocal},
      {"driver", shell::Role::kDriver},
      {"worker", shell::Role::kWorker}};

  // An option that this role has no use for was meant for another.
  absl::Status CheckRole(const CLI::App& chosen) const {
    struct Use {
      const char* option;
      shell::Role roles[2];
      const char* belongs_to;
    };
    static constexpr Use kUses[] = {
        {"--workers", {shell::Role::kLocal, shell::Role::kLocal}, "a local run"},
        {"--record", {shell::Role::kLocal, shell::Role::kLocal}, "a local run"},
        {"--address", {shell::Role::kDriver, shell::Role::kWorker}, "--as=driver and --as=worker"},
        {"--driver", {shell::Role::kWorker, shell::Role::kWorker}, "--as=worker"},
        {"--standby", {shell::Role::kDriver, shell::Role::kDriver}, "--as=driver"}};
    for (const Use& use : kUses) {
      const bool fits = command_.role == use.roles[0] || command_.role == use.roles[1];
      if (fits || chosen.count(use.option) == 0) continue;
      return absl::InvalidArgumentError(absl::StrCat(use.option, " belongs to ", use.belongs_to,
                                                     ", and this process is --as=", role_));
    }
    return absl::OkStatus();
  }

  static const char* TypeName(runtime::ParameterKind kind) {
    switch (kind) {
      case runtime::ParameterKind::kPath:
        return "DIR";
      case runtime::ParameterKind::kDuration:
        return "DURATION";
      case runtime::ParameterKind::kPort:
        return "PORT";
      case runtime::ParameterKind::kText:
      case runtime::ParameterKind::kFlag:
        break;
    }
    return "TEXT";
  }

  static int Refuse(const absl::Status& why) {
    std::fprintf(stderr, "wavetank start: %s\n",
                 std::string(platform::ToStd(why.message())).c_str());
    return kBadUsage;
  }

  void AddJob(const runtime::Job& job) {
    CLI::App& sub = *app_.add_subcommand(job.name, job.meaning);
    for (const runtime::JobParameter& parameter : runtime::AllParameters(job)) {
      std::string& value = values_[job.name][parameter.name];
      if (parameter.kind == runtime::ParameterKind::kFlag) {
        value = parameter.default_value.value_or("false");
        sub.add_flag("--" + parameter.name, value, parameter.meaning);
        continue;
      }
      CLI::Option* option = sub.add_option("--" + parameter.name, value, parameter.meaning);
      option->type_name(TypeName(parameter.kind));
      if (parameter.default_value.has_value()) {
        option->default_str(*parameter.default_value);
      } else {
        option->required();
      }
    }
    sub.add_option("--as", role_, "What this process is: local, driver or worker")
        ->type_name("ROLE")
        ->check(shell::OneOf({"local", "driver", "worker"}))
        ->group("Cluster");
    sub.add_option("--workers", command_.workers, "Workers of a local run")
        ->check(shell::NumberFrom(1, 256))
        ->type_name("NUMBER")
        ->capture_default_str()
        ->group("Cluster");
    const auto add_address = [&sub](const char* name, auto& value, const char* meaning,
                                    shell::HostPart host) {
      sub.add_option(name, value, meaning)
          ->type_name("HOST:PORT")
          ->check(shell::Address(host))
          ->group("Cluster");
    };
    add_address("--address", command_.address, "Where others find this process",
                shell::HostPart::kOptional);
    add_address("--driver", command_.driver_addresses,
                "The driver; again for each that may replace it", shell::HostPart::kRequired);
    sub.add_flag("--standby", command_.stands_by,
                 "Do nothing until the driver at work is silent for --standby-timeout: then take "
                 "over")
        ->group("Cluster");
    add_address("--store", command_.store_address, "The store", shell::HostPart::kRequired);
    sub.add_option("--record", command_.record_file,
                   "Add the steps of this run to FILE: `wavetank recall` makes a scenario of it")
        ->type_name("FILE");
    if (job.dstream != nullptr) {
      sub.add_option("--scratch", command_.scratch,
                     "The directory of this host for what has no room in a worker's memory")
          ->type_name("DIR")
          ->capture_default_str();
    }
    if (job.structured != nullptr) {
      sub.add_flag("--explain", command_.explain,
                   "Show the job's plans, from what was written to what workers run, and start "
                   "nothing");
    }
    AddCommon(sub);
  }

  void AddCommon(CLI::App& sub) {
    sub.add_option("--secret-file", command_.secret_file,
                   "What all processes of the cluster know, 16 bytes or more; for its owner alone")
        ->type_name("FILE")
        ->group("Cluster");
    sub.add_option("--kill-at", kill_at_, "kill -9 itself at STEP[:OCCURRENCE[:NAME=VALUE]...]")
        ->type_name("STEP")
        ->group("Faults");
    sub.add_option("--stop-at", stop_at_, "Stand still there, until SIGCONT")
        ->type_name("STEP")
        ->group("Faults");
    sub.add_flag("--verbose", command_.verbose, "Log more");
  }

  CLI::App& app_;
  CLI::App* store_ = nullptr;
  shell::StartCommand command_;
  std::map<std::string, std::map<std::string, std::string>> values_;
  std::string role_ = "local";
  std::vector<std::string> kill_at_;
  std::vector<std::string> stop_at_;
};

// `wavetank recall`.
class RecallArguments {
 public:
  explicit RecallArguments(CLI::App& app)
      : app_(*app.add_subcommand("recall", "Make a scenario of a recorded run")) {
    app_.footer(
        "A run that was started with --record=FILE, and again with the same FILE after each time\n"
        "that it was killed, becomes a scenario: the job with its parameters, the files that "
        "came,\n"
        "and a crash where it was killed. Its input is read where the job read it. From then on "
        "it\n"
        "can be run, swept, varied and made small as any other. Exit status: 0; 2 bad usage, or "
        "it\n"
        "is no recording, or its input is gone.\n\n"
        "  wavetank start word_count --input=in --output=out --checkpoint=cp --record=seen.json\n"
        "  wavetank recall seen.json --to=seen.textproto && wavetank run seen.textproto");
    app_.add_option("RECORDING", command_.recording, "What --record wrote")->required();
    app_.add_option("--to", command_.scenario_file, "Write the scenario to FILE (-: output)")
        ->type_name("FILE")
        ->capture_default_str();
  }
  bool wanted() const { return app_.parsed(); }
  int Execute(const ScenarioJobs& jobs) { return shell::Execute(command_, jobs); }

 private:
  CLI::App& app_;
  shell::RecallCommand command_;
};

// `wavetank inspect`.
class InspectArguments {
 public:
  explicit InspectArguments(CLI::App& app)
      : app_(*app.add_subcommand("inspect", "Print, and check, checkpoint directories")) {
    app_.footer(
        "DIR is a checkpoint of either engine, a file sink's output directory, or a folder of\n"
        "such. Its logs are shown group by group, what counts in them as a line a batch:\n\n"
        "  batch 4: committed, attempt 1-5, 3 files [12, 15)         of a query\n"
        "  batch 1795631828000 ms: not completed, 2 files, 0 blocks  of a DStream\n"
        "  batch 4: shown, 2 parts, 857 rows                         of a sink\n\n"
        "DAMAGED is what cannot be read as what it is, or is named and not there. UNFINISHED is\n"
        "what a crash may leave without any loss: the torn end of a log, an epoch without a log, "
        "a\n"
        "plain name that a sink has yet to link. So may the last write of a job that is running\n"
        "look. UNREFERENCED is what no record that counts names, and nobody reads: of an attempt\n"
        "at work or given up, or not cleaned up yet; it is no fault. UNSEEN is what is named and\n"
        "stands outside of DIR, as when DIR is a part of a checkpoint: nothing is known of it.\n"
        "Nothing in DIR is changed.\n\n"
        "Exit status: 0; 1 with --verify if anything is damaged, missing, unfinished or unseen; 2\n"
        "bad usage, or DIR holds no checkpoint or cannot be read.\n\n"
        "  wavetank inspect --verify --quiet checkpoints\n"
        "  wavetank inspect checkpoint | grep 'not completed'");
    app_.add_option("DIR", command_.directories, "Checkpoints, sinks, or folders of them")
        ->required()
        ->check(shell::ExistingDirectory());
    app_.add_flag("--verify", command_.verify, "Exit with 1 if anything is wrong");
    app_.add_flag("--state", command_.show_state, "Show each key and value of state files too");
    app_.add_flag("--rows", command_.show_rows, "Show the rows of output that stand in logs too");
    app_.add_flag("--quiet", command_.quiet, "Show only what is wrong, and a line for each DIR");
  }
  bool wanted() const { return app_.parsed(); }
  int Execute() { return shell::Execute(command_); }

 private:
  CLI::App& app_;
  shell::InspectCommand command_;
};

// `wavetank rescale`.
class RescaleArguments {
 public:
  explicit RescaleArguments(CLI::App& app)
      : app_(*app.add_subcommand("rescale", "Lay the state of queries out in other partitions")) {
    app_.footer(
        "CHECKPOINT is what a job of structured queries had as --checkpoint (of all its queries),\n"
        "or a folder of one query in it, on this host. How many partitions state is in bounds how\n"
        "many workers share the work; answers do not depend on it. Stop the job first, in good\n"
        "order (SIGTERM), and start it again without --partitions:\n\n"
        "  wavetank rescale --partitions=8 checkpoint\n"
        "  wavetank inspect --quiet checkpoint\n\n"
        "A job that runs all the same loses its log to the rescaling: it ends with an error, and\n"
        "nothing is lost. Until the last moment the checkpoint is what it was, whatever becomes "
        "of\n"
        "this command; call it again. Memory: an old partition and a new one, whole.\n\n"
        "Exit status: 0; 1 it failed, and what it has not named as done is as it was; 2 bad "
        "usage,\n"
        "or it was refused: a batch is under way, or there is no state to lay out.");
    app_.add_option("CHECKPOINT", command_.directory, "A checkpoint of structured queries")
        ->required()
        ->check(shell::ExistingDirectory());
    app_.add_option("--partitions", command_.partitions, "How many there are to be")
        ->required()
        ->check(CLI::Range(1, runtime::kMostShufflePartitions));
  }
  bool wanted() const { return app_.parsed(); }
  int Execute() { return shell::Execute(command_); }

 private:
  CLI::App& app_;
  shell::RescaleCommand command_;
};

}  // namespace

CommandLine::CommandLine() {
  platform::HoldStopSignals();
  AddBuiltInJobs(jobs_);
}

int CommandLine::Run(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  const bool starts = verb == "start" || verb == "sql";
  platform::LetStopSignals(starts ? platform::EarlyStop::kEndWell
                                  : platform::EarlyStop::kAsDefault);
  CLI::App app(
      "Wavetank: a streaming runtime, and the simulator that checks its delivery guarantees.\n"
      "See `wavetank SUBCOMMAND --help`.",
      "wavetank");
  app.require_subcommand(1);
  app.set_version_flag("--version", "wavetank " WAVETANK_VERSION);
  RunArguments run(app);
  shell::ExploreArguments explore(app);
  shell::ShrinkArguments shrink(app);
  shell::SweepArguments sweep(app);
  shell::NamesArguments names(app);
  BugsArguments bugs(app);
  StartArguments start(app, jobs_.catalogue());
  shell::SqlArguments sql(app);
  InspectArguments inspect(app);
  RescaleArguments rescale(app);
  RecallArguments recall(app);
  shell::LogArguments log(app);
  shell::LinesArguments lines(app);
  const absl::Status words = shell::CheckWords(app, {argv + 1, argv + argc});
  if (!words.ok()) return RefuseUsage(std::string(platform::ToStd(words.message())));
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return RefuseUsage(absl::StrCat(TitleOfParsed(app), ": ", error.what()));
  }
  if (explore.wanted()) return explore.Execute(jobs_);
  if (shrink.wanted()) return shrink.Execute(jobs_);
  if (sweep.wanted()) return sweep.Execute(jobs_);
  if (names.wanted()) return names.Execute(jobs_);
  if (bugs.wanted()) return bugs.Execute(jobs_);
  if (inspect.wanted()) return inspect.Execute();
  if (rescale.wanted()) return rescale.Execute();
  if (recall.wanted()) return recall.Execute(jobs_);
  if (log.wanted()) return log.Execute();
  if (lines.wanted()) return lines.Execute();
  if (sql.wanted()) return sql.Execute();
  return run.wanted() ? run.Execute(jobs_) : start.Execute(jobs_.catalogue());
}

}  // namespace wavetank::scenarios
