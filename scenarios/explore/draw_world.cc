#include "scenarios/explore/draw_world.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"

#include "platform/check.h"
#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "properties/programs/draw_program.h"
#include "scenarios/cluster_plan.h"
#include "scenarios/explore/draw_inputs.h"
#include "scenarios/explore/draw_takeover.h"
#include "scenarios/job_shape.h"
#include "scenarios/prepare.h"
#include "scenarios/program_job.h"

namespace wavetank::scenarios {
namespace {

using properties::Choices;

const std::vector<JobForm>& FormsWithAnOracle() {
  static const std::vector<JobForm> forms = [] {
    std::vector<JobForm> all = {
        {.name = "word_count"},
        {.name = "word_count", .fixed = {{"mode", "complete"}}},
        {.name = "windowed_count", .windowed = true},
        {.name = "words", .drawn = {{"mode", {"append", "update"}}}},
        {.name = "line_count"},
        {.name = "word_count_dstream", .structured = false},
        {.name = "numbered_word_count_dstream", .structured = false},
        {.name = "socket_word_count", .structured = false, .socket = true},
    };
    for (JobForm& form : all) {
      if (form.structured) continue;
      // A socket promises nothing of lines that are in no block; what is in one is checked anyway.
      form.guarantee = form.socket ? Expect::NONE : Expect::AT_LEAST_ONCE;
    }
    return all;
  }();
  return forms;
}

// Of shapes that no oracle was written for. (Not of several queries: one that a fault has stopped
// for good is not started again while the others run.)
const std::vector<JobForm>& FormsThatAreReplayed() {
  static const std::vector<JobForm> forms = [] {
    std::vector<JobForm> all = {
        {.name = "spend_by_customer"},
        {.name = "spend_by_customer", .fixed = {{"mode", "complete"}}},
        {.name = "spend_by_window", .windowed = true},
        {.name = "readings_dstream", .structured = false},
        {.name = "stamped_lines_dstream", .structured = false},
        {.name = "readings_and_alarms_dstream",
         .inputs = {"readings", "alarms"},
         .structured = false,
         .socket = true},
        {.name = "customer_totals", .structured = false},
        {.name = "orders_and_payments",
         .fixed = {{"orders", "orders"}, {"payments", "payments"}},
         .inputs = {"orders", "payments"},
         .structured = false},
        {.name = "recent_socket_lines", .inputs = {"server"}, .structured = false, .socket = true},
        {.name = "reliable_word_count", .inputs = {"server"}, .structured = false, .socket = true},
    };
    const auto add = [&all](JobForm form) {
      form.timed = true;
      form.numbers = false;
      form.changing = {{"delay", {"0s", "3s", "10s"}}, {"except", {"", "key1", "key2"}}};
      all.push_back(std::move(form));
    };
    const std::pair<std::string, std::vector<std::string>> within = {"within", {"5s", "30s"}};
    const std::pair<std::string, std::vector<std::string>> window = {"window", {"3s", "20s"}};
    const std::vector<std::pair<std::string, std::string>> viewed = {{"views", "views"},
                                                                     {"clicks", "clicks"}};
    add({.name = "clicked_views",
         .fixed = viewed,
         .drawn = {within},
         .inputs = {"views", "clicks"}});
    add({.name = "clicks_by_window",
         .fixed = viewed,
         .drawn = {within, window},
         .inputs = {"views", "clicks"}});
    add({.name = "view_outcomes",
         .fixed = viewed,
         .drawn = {within, {"type", {"left", "right", "full", "left semi"}}},
         .inputs = {"views", "clicks"}});
    add({.name = "clicks_of_two_sites",
         .fixed = {{"one", "one"}, {"other", "other"}},
         .drawn = {{"policy", {"min", "max"}}},
         .inputs = {"one", "other"}});
    add({.name = "distinct_visits", .drawn = {window}});
    add({.name = "first_visits"});
    add({.name = "busy_windows", .drawn = {window}});
    add({.name = "visit_sessions", .drawn = {{"gap", {"2s", "8s"}}}});
    add({.name = "sliding_visits",
         .drawn = {{"window", {"10s", "12s"}}, {"slide", {"3s", "10s"}}}});
    for (JobForm& form : all) {
      form.lines = JobForm::Lines::kRecords;
      const bool keeps_lines = form.name == "reliable_word_count";
      if (keeps_lines || form.name == "recent_socket_lines") form.lines = JobForm::Lines::kAny;
      if (form.structured) continue;
      form.guarantee = form.socket && !keeps_lines ? Expect::NONE : Expect::AT_LEAST_ONCE;
    }
    return all;
  }();
  return forms;
}

// Of a program that is drawn: mostly of lines whose keys come again.
const std::vector<JobForm>& FormsOfPrograms() {
  static const std::vector<JobForm> forms = [] {
    const JobForm form = {.name = kProgramJob,
                          .structured = false,
                          .program = true,
                          .lines = JobForm::Lines::kRecords,
                          .guarantee = Expect::AT_LEAST_ONCE};
    std::vector<JobForm> all(4, form);
    all.back().lines = JobForm::Lines::kAny;
    return all;
  }();
  return forms;
}

const std::vector<JobForm>& FormsOverALog() {
  static const std::vector<JobForm> forms = {
      {.name = "log_copy",
       .drawn = {{"max-offsets", {"", "10"}},
                 {"transaction-timeout", {"60s", "5s"}},
                 {"starting", {"earliest", "latest"}}},
       .inputs = {"from"},
       .log = true,
       .forgets = false},
      // Many small transactions.
      {.name = "log_copy",
       .drawn = {{"max-offsets", {"1", "3"}}, {"transaction-timeout", {"60s", "2s"}}},
       .inputs = {"from"},
       .log = true,
       .forgets = false},
      {.name = "log_copy",
       .drawn = {{"delivery", {"idempotent", "plain"}}, {"max-offsets", {"", "3"}}},
       .inputs = {"from"},
       .log = true,
       .forgets = false,
       .guarantee = Expect::AT_LEAST_ONCE},
      {.name = "log_word_count",
       .drawn = {{"max-rate", {"0", "3", "50"}}, {"starting", {"earliest", "latest"}}},
       .inputs = {"visits"},
       .structured = false,
       .log = true,
       .forgets = false,
       .guarantee = Expect::AT_LEAST_ONCE},
      {.name = "log_records_dstream",
       .drawn = {{"max-rate", {"0", "20"}}, {"starting", {"earliest", "latest"}}},
       .inputs = {"visits"},
       .structured = false,
       .log = true,
       .forgets = false,
       .guarantee = Expect::AT_LEAST_ONCE}};
  return forms;
}

// Of a program that is drawn, or fixed.
JobForm WithProgram(const Choices& choices, JobForm form) {
  const auto fixed =
      std::ranges::find(form.fixed, kProgramParameter, [](const auto& each) { return each.first; });
  properties::StreamProgram program;
  if (fixed == form.fixed.end()) {
    program = properties::DrawProgram(choices, {});
    form.fixed.emplace_back(kProgramParameter, ToText(program));
  } else {
    const auto read = properties::ParseProgram(fixed->second);
    WT_CHECK(read.ok(), std::string(platform::ToStd(read.status().message())));
    program = *read;
  }
  form.inputs.clear();
  form.guarantee = Expect::AT_LEAST_ONCE;
  for (const properties::ProgramLine& line : program.lines) {
    if (!line.IsInput()) continue;
    const std::string& place = line.arguments.front();
    form.inputs.push_back(line.call == "text" ? place : absl::StrCat(kOutside, ":", place));
    form.socket = form.socket || line.call != "text";
    if (line.call == "socket") form.guarantee = Expect::NONE;
  }
  // Each once, those of servers first.
  std::ranges::sort(form.inputs, std::greater<>());
  const auto again = std::ranges::unique(form.inputs);
  form.inputs.erase(again.begin(), again.end());
  return form;
}

void Set(Job& job, const std::string& name, std::string value) {
  Parameter& parameter = *job.add_parameter();
  parameter.set_name(name);
  parameter.set_value(std::move(value));
}

class WorldDrawing {
 public:
  WorldDrawing(const Choices& choices, const JobForm& form) : choices_(choices), form_(form) {}

  Scenario Draw() {
    scenario_.set_schema_version(1);
    scenario_.set_name("drawn");
    scenario_.set_seed(static_cast<uint64_t>(choices_.Between("seed", 1, 1'000'000)));
    DrawJob();
    DrawCluster();
    DrawPlanChange();
    const bool any = form_.lines == JobForm::Lines::kAny;
    enum { kWords, kRecords, kTimedRecords };
    const int64_t lines = any ? choices_.Between("lines", kWords, kTimedRecords) : kWords;
    DrawInputs(choices_,
               {.names = form_.inputs,
                .schemas = form_.schemas,
                .records = form_.lines == JobForm::Lines::kRecords || lines != kWords,
                .numbers = form_.numbers,
                .structured = form_.structured,
                .timed = form_.windowed || form_.timed || lines == kTimedRecords,
                .socket = form_.socket,
                .log = form_.log,
                .forgets = form_.forgets && !IsFixed("forget-after")},
               scenario_);
    const auto policy = choices_.Between("policy", Schedule::Policy_MIN, Schedule::Policy_MAX);
    scenario_.mutable_schedule()->set_policy(static_cast<Schedule::Policy>(policy));
    scenario_.mutable_expect()->set_guarantee(form_.guarantee);
    return scenario_;
  }

 private:
  bool IsFixed(const std::string& name) const {
    return std::any_of(form_.fixed.begin(), form_.fixed.end(),
                       [&name](const auto& each) { return each.first == name; });
  }
  void SetDrawn(Job& job, const std::string& name, std::string value) const {
    if (!IsFixed(name)) Set(job, name, std::move(value));
  }

  void DrawJob() {
    Job& job = *scenario_.mutable_job();
    job.set_name(form_.name);
    for (const auto& [name, value] : form_.fixed) Set(job, name, value);
    for (const auto& [name, values] : form_.drawn) {
      Set(job, name, choices_.OneOf("parameter " + name, values));
    }
    for (const auto& [name, values] : form_.changing) {
      const bool drawn =
          std::ranges::any_of(form_.drawn, [&](const auto& each) { return each.first == name; });
      if (!drawn) Set(job, name, choices_.OneOf("parameter " + name, values));
    }
    if (form_.windowed) {
      SetDrawn(job, "window", absl::StrCat(choices_.Between("window", 1, 20), "s"));
      SetDrawn(job, "delay", absl::StrCat(choices_.Between("delay", 0, 20), "s"));
    }
    // A start that asks for another number than there is by now is refused: who may rescale asks
    // for none.
    const bool rescales = form_.structured && choices_.OneIn("rescaling", 4);
    if (!rescales) SetDrawn(job, "partitions", absl::StrCat(choices_.Between("partitions", 1, 4)));
    // How much of what has ended the checkpoint keeps: 0 is the default, which is much.
    const int64_t retain = choices_.Between("retain", 0, 4);
    if (retain > 0) SetDrawn(job, "retain", absl::StrCat(retain + 1));
    const int64_t log_size = choices_.Between("log size", 0, 8);
    if (log_size > 0) SetDrawn(job, "log-bytes", absl::StrCat(log_size * 300));
    if (form_.structured) DrawInlineBytes(job);
    if (!form_.structured && choices_.OneIn("few bytes kept", 4)) {
      SetDrawn(job, "kept-bytes", absl::StrCat(choices_.Between("kept bytes", 0, 10) * 200));
    }
    const int64_t least_ms = form_.structured ? 0 : 200;
    SetDrawn(job, "interval", absl::StrCat(choices_.Between("interval", least_ms, 2'000), "ms"));
    DrawSpeculation(choices_, job);
    DrawChange(job, rescales);
  }

  // How much of its output a batch may have in its records: 0 is the default, which is more than
  // any has here; else nothing, or so little that some parts have files of their own.
  void DrawInlineBytes(Job& job) {
    const int64_t inline_output = choices_.Between("inline output", 0, 5);
    if (inline_output > 0) SetDrawn(job, "inline-bytes", absl::StrCat((inline_output - 1) * 60));
  }

  // What may be another from the second start of a process on, without a change of the answer.
  void DrawChange(Job& job, bool rescales) {
    if (!rescales && !choices_.OneIn("changes", 3)) return;
    Change& change = *job.add_change();
    const auto set = [&](const char* name, int64_t value) {
      if (IsFixed(name)) return;
      Parameter& parameter = *change.add_parameter();
      parameter.set_name(name);
      parameter.set_value(absl::StrCat(value));
    };
    if (!form_.structured) set("partitions", choices_.Between("changed partitions", 1, 4));
    if (rescales) {
      change.set_rescale(static_cast<int32_t>(choices_.Between("rescaled partitions", 1, 5)));
    }
    // All that might change is fixed.
    if (change.parameter().empty() && !rescales) job.mutable_change()->RemoveLast();
    set("retain", choices_.Between("changed retain", 2, 6));
    set("log-bytes", 300 * choices_.Between("changed log size", 1, 9));
  }

  // What changes the plan: all processes of a job must have the same, so only one that is alone may
  // be started with another.
  void DrawPlanChange() {
    const Cluster& cluster = scenario_.cluster();
    const bool alone = cluster.machine_size() == 1 && cluster.machine(0).process_size() == 1;
    if (form_.changing.empty() || !alone || !choices_.OneIn("plan changes", 2)) return;
    Job& job = *scenario_.mutable_job();
    for (const auto& [name, values] : form_.changing) {
      if (!choices_.OneIn("change of " + name, 2)) continue;
      Change& change = job.change_size() > 0 ? *job.mutable_change(0) : *job.add_change();
      Parameter& parameter = *change.add_parameter();
      parameter.set_name(name);
      parameter.set_value(choices_.OneOf("changed " + name, values));
    }
  }

  void AddMachine(const std::string& machine, const std::string& process,
                  const std::vector<std::string>& nodes) {
    Machine& added = *scenario_.mutable_cluster()->add_machine();
    added.set_name(machine);
    Process& on_it = *added.add_process();
    on_it.set_name(process);
    on_it.set_restart_after_ms(choices_.Between(absl::StrCat("restart of ", process), 100, 3'000));
    for (const std::string& node : nodes) on_it.add_node(node);
  }

  void DrawCluster() {
    const int64_t workers = choices_.Between("workers", 1, 3);
    std::vector<std::string> names;
    for (int64_t worker = 1; worker <= workers; ++worker) {
      names.push_back(absl::StrCat("worker-", worker));
    }
    if (choices_.Between("spread", 0, 1) == 0) {
      names.insert(names.begin(), "driver");
      AddMachine("m1", "app", names);
      return;
    }
    AddMachine("m-store", "store", {"store"});
    AddMachine("m-driver", "driver", {"driver"});
    for (int64_t worker = 1; worker <= workers; ++worker) {
      AddMachine(absl::StrCat("m-", worker), absl::StrCat("process-", worker),
                 {names[static_cast<size_t>(worker - 1)]});
    }
    DrawSpares();
    DrawStandby(choices_, scenario_);
  }

  // Machines on which a driver that is taken for dead may be replaced. (On its own it would wait
  // for the address of the one before.)
  void DrawSpares() {
    const int64_t spares = choices_.Between("spares", 0, 3);
    for (int64_t spare = 1; spare <= spares; ++spare) {
      const std::string number = spare == 1 ? "" : absl::StrCat("-", spare);
      Machine& added = *scenario_.mutable_cluster()->add_machine();
      added.set_name("m-spare" + number);
      Process& process = *added.add_process();
      process.set_name("spare" + number);
      process.set_standby(true);
      process.add_node("driver");
    }
  }

  const Choices& choices_;
  const JobForm& form_;
  Scenario scenario_;
};

absl::StatusOr<JobForm> FormOfPlan(const runtime::Job& job, const ScenarioJobs& jobs,
                                   const std::map<std::string, std::string>& fixed) {
  JobForm form;
  form.name = job.name;
  std::map<std::string, std::string> arguments = {
      {"input", "input"}, {"output", "output"}, {"checkpoint", "checkpoint"}, {"host", kOutside}};
  const std::vector<runtime::JobParameter> parameters = runtime::AllParameters(job);
  std::erase_if(arguments, [&](const auto& entry) {
    return std::none_of(parameters.begin(), parameters.end(),
                        [&](const auto& each) { return each.name == entry.first; });
  });
  form.forgets = false;
  for (const auto& [name, value] : fixed) arguments[name] = value;
  for (const runtime::JobParameter& parameter : parameters) {
    if (parameter.name == "forget-after") form.forgets = true;
    if (!parameter.tried.empty() && !fixed.contains(parameter.name)) {
      form.drawn.emplace_back(parameter.name, parameter.tried);
      if (parameter.may_change) form.changing.emplace_back(parameter.name, parameter.tried);
      arguments[parameter.name] = parameter.tried.front();
    }
    if (parameter.default_value.has_value() || arguments.contains(parameter.name)) continue;
    if (parameter.kind != runtime::ParameterKind::kPath) {
      return absl::InvalidArgumentError(
          absl::StrCat("job ", job.name, " cannot be drawn: its parameter \"", parameter.name,
                       "\" has no default, and no values to try (JobParameter::tried); or vary a ",
                       "scenario of it, which says its parameters"));
    }
    form.fixed.emplace_back(parameter.name, parameter.name);
    arguments[parameter.name] = parameter.name;
  }
  WT_ASSIGN_OR_RETURN(runtime::JobArguments bound, runtime::BindArguments(job, arguments));
  const runtime::JobInstance instance{&job, std::move(bound)};
  WT_RETURN_IF_ERROR(runtime::CheckPlan(instance));
  const JobShape shape = ShapeOf(instance);
  form.structured = job.structured != nullptr;
  form.socket = !shape.servers.empty();
  form.lines = JobForm::Lines::kAny;
  form.inputs = form.socket ? shape.servers : shape.directories;
  if (form.socket) {
    form.inputs.insert(form.inputs.end(), shape.directories.begin(), shape.directories.end());
  }
  if (form.inputs.empty() && !shape.topics.empty()) {
    form.log = true;
    for (const JobShape::ReadTopic& read : shape.topics) form.inputs.push_back(read.topic);
  }
  const bool told =
      job.deterministic || jobs.OracleOf(job.name) != nullptr || jobs.TokensOf(job.name) != nullptr;
  form.judged =
      !shape.parts.empty() && shape.unjudged.empty() &&
      std::ranges::all_of(shape.parts, [](const auto& part) { return part.unjudged.empty(); });
  if (!form.structured) {
    const bool promises = told && !form.socket && !shape.parts.empty();
    form.guarantee = promises ? Expect::AT_LEAST_ONCE : Expect::NONE;
  }
  return form;
}

}  // namespace

JobForm DrawBuiltInForm(const Choices& choices) {
  if (choices.OneIn("over a log", 10)) return choices.OneOf("log", FormsOverALog());
  if (choices.OneIn("program", 6)) return choices.OneOf("job", FormsOfPrograms());
  const bool replayed = choices.OneIn("replayed", 4);
  return choices.OneOf("job", replayed ? FormsThatAreReplayed() : FormsWithAnOracle());
}

absl::StatusOr<std::vector<JobForm>> FormsOf(const std::string& name, const ScenarioJobs& jobs,
                                             const std::map<std::string, std::string>& fixed) {
  const runtime::Job* const job = jobs.catalogue().Find(name);
  if (job == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "there is no job \"", name, "\"", platform::Suggestion(name, jobs.catalogue().names())));
  }
  std::vector<JobForm> forms;
  // A job of that name that is somebody's own is another.
  for (const auto* built_in :
       {&FormsWithAnOracle(), &FormsThatAreReplayed(), &FormsOfPrograms(), &FormsOverALog()}) {
    if (!jobs.IsBuiltIn(name)) break;
    std::copy_if(built_in->begin(), built_in->end(), std::back_inserter(forms),
                 [&](const JobForm& form) { return form.name == name; });
  }
  if (forms.empty()) {
    WT_ASSIGN_OR_RETURN(JobForm form, FormOfPlan(*job, jobs, fixed));
    forms.push_back(std::move(form));
  }
  for (JobForm& form : forms) {
    const auto is_fixed = [&fixed](const auto& each) { return fixed.contains(each.first); };
    std::erase_if(form.fixed, is_fixed);
    std::erase_if(form.drawn, is_fixed);
    form.fixed.insert(form.fixed.end(), fixed.begin(), fixed.end());
  }
  return forms;
}

Scenario DrawWorld(const Choices& choices, const JobForm& form) {
  return WorldDrawing(choices, form.program ? WithProgram(choices, form) : form).Draw();
}

Expect PromisesOf(const Expect& expected) {
  Expect promises;
  promises.set_guarantee(expected.guarantee());
  promises.set_listing_up_to_date(expected.listing_up_to_date());
  return promises;
}

Scenario DrawVariation(const Choices& choices, const Scenario& scenario) {
  Scenario varied = scenario;
  varied.clear_fault();
  varied.clear_phases();
  varied.set_seed(static_cast<uint64_t>(choices.Between("seed", 1, 1'000'000)));
  varied.clear_schedule();
  const auto policy = choices.Between("policy", Schedule::Policy_MIN, Schedule::Policy_MAX);
  varied.mutable_schedule()->set_policy(static_cast<Schedule::Policy>(policy));
  *varied.mutable_expect() = PromisesOf(scenario.expect());
  return varied;
}

std::string ToText(const Scenario& scenario, const std::string& comment) {
  std::string text;
  google::protobuf::TextFormat::Printer printer;
  printer.SetUseShortRepeatedPrimitives(true);
  WT_CHECK(printer.PrintToString(scenario, &text));
  return absl::StrCat("# ", comment, "\n", text);
}

}  // namespace wavetank::scenarios
