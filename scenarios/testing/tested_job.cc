#include "scenarios/testing/tested_job.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "platform/check.h"
#include "platform/nearest_name.h"
#include "platform/text.h"
#include "scenarios/input_places.h"
#include "scenarios/testing/cluster.h"

namespace wavetank::testing {

using scenarios::ArrivingFile;
using scenarios::Expect;
using scenarios::InputPlace;

namespace {

// What should not come any more gets the time to come.
constexpr absl::Duration kAfterwards = absl::Seconds(3);
// Without progress for so long, the work will never be done.
constexpr absl::Duration kPatience = absl::Minutes(1);

scenarios::Process& AddProcess(scenarios::Cluster& cluster, const std::string& machine,
                               const std::string& name) {
  scenarios::Machine& added = *cluster.add_machine();
  added.set_name(machine);
  scenarios::Process& process = *added.add_process();
  process.set_name(name);
  return process;
}

scenarios::Cluster ClusterFor(const TestedJobOptions& options) {
  WT_CHECK(options.workers > 0, "a job needs a worker");
  scenarios::Cluster cluster;
  const bool apart = options.spread == TestedJobOptions::Spread::kMachineEach;
  const std::string& prefix = options.prefix;
  if (apart) AddProcess(cluster, prefix + "m-store", prefix + "store").add_node("store");
  scenarios::Process* process = &AddProcess(cluster, prefix + (apart ? "m-driver" : "m1"),
                                            prefix + (apart ? "driver" : "app"));
  process->add_node("driver");
  for (int i = 1; i <= options.workers; ++i) {
    if (apart)
      process =
          &AddProcess(cluster, absl::StrCat(prefix, "m-", i), absl::StrCat(prefix, "process-", i));
    process->add_node(absl::StrCat("worker-", i));
  }
  return cluster;
}

template <typename T>
T Must(absl::StatusOr<T> result) {
  WT_CHECK(result.ok(), std::string(platform::ToStd(result.status().message())));
  return *std::move(result);
}

// A scenario of the job and its cluster, with an input for each place, into which nothing comes by
// itself.
scenarios::Prepared PrepareJob(const std::string& name, const scenarios::ScenarioJobs& jobs,
                               const TestedJobOptions& options) {
  scenarios::Scenario scenario;
  scenario.set_name(name);
  scenario.mutable_job()->set_name(name);
  std::map<std::string, std::string> parameters = options.parameters;
  for (const runtime::JobParameter& each : runtime::AllParameters(*jobs.catalogue().Find(name))) {
    const bool is_path = each.kind == runtime::ParameterKind::kPath;
    if (is_path && !each.default_value.has_value()) parameters.try_emplace(each.name, each.name);
  }
  for (const auto& [parameter, value] : parameters) {
    scenarios::Parameter& given = *scenario.mutable_job()->add_parameter();
    given.set_name(parameter);
    given.set_value(value);
  }
  *scenario.mutable_cluster() = ClusterFor(options);
  const scenarios::JobShape shape = scenarios::ShapeOf(
      Must(scenarios::FirstInstance(scenarios::ParsedScenario::Of(scenario), jobs)));
  for (const auto* places : {&shape.directories, &shape.servers}) {
    for (const std::string& place : *places) {
      scenarios::Input& input = *scenario.add_input();
      input.set_name(place);
      input.mutable_lines();
    }
  }
  return Must(scenarios::Prepare(scenarios::ParsedScenario::Of(std::move(scenario)), jobs, {}));
}

}  // namespace

TestedJob::TestedJob(Cluster& cluster, simulator::SimWorld& world, runtime::Job job,
                     TestedJobOptions options)
    : cluster_(cluster), world_(world), is_query_(job.structured != nullptr) {
  const std::string name = job.name;
  WT_CHECK(!options.oracle.has_value() || scenarios::IsOfStream(*options.oracle) == !is_query_,
           absl::StrCat("the oracle of job ", name, " is one of the other engine"));
  jobs_.Add(std::move(job), std::move(options.oracle));
  prepared_ = PrepareJob(name, jobs_, options);
  for (scenarios::NamedPlace& each :
       scenarios::NamesOfPlaces(prepared_.job.instance, prepared_.job.shape)) {
    places_.emplace(std::move(each.name), std::move(each.place));
  }
  sim_.emplace(world_, prepared_.job);
  if (sim_->checker() != nullptr) sim_->checker()->KeepHistory();
}

void TestedJob::Begin() {
  begun_ = true;
  sim_->Start();
  for (ArrivingFile& piece : std::exchange(waiting_, {})) Supply(std::move(piece));
}

InputPlace TestedJob::PlaceOf(const std::string& input) const {
  if (input.empty()) {
    WT_CHECK(prepared_.places.size() == 1,
             absl::StrCat("the job reads ", prepared_.places.size(), " places: say which is fed"));
    return prepared_.places.front();
  }
  const auto found = places_.find(input);
  if (found != places_.end()) return found->second;
  std::vector<std::string> names;
  names.reserve(places_.size());
  for (const auto& [name, place] : places_) names.push_back(name);
  WT_CHECK(false, absl::StrCat("the job reads no \"", input, "\": ", absl::StrJoin(names, ", "),
                               " are what it reads", platform::Suggestion(input, names)));
  return {};
}

void TestedJob::Feed(const std::vector<std::string>& lines, const std::string& input) {
  ArrivingFile piece{.place = PlaceOf(input),
                     .name = absl::StrFormat("input-%05d.txt", source_.size() + waiting_.size()),
                     .lines = lines};
  for (const std::string& line : lines) {
    WT_CHECK(line.find_first_of("\r\n") == std::string::npos, "a line has no end of a line in it");
    absl::StrAppend(&piece.text, line, "\n");
  }
  if (!begun_) {
    waiting_.push_back(std::move(piece));
    return;
  }
  Supply(std::move(piece));
}

void TestedJob::Supply(ArrivingFile piece) {
  piece.at_ms = absl::ToInt64Milliseconds(world_.now());
  sim_->Supply(piece);
  const bool file = piece.place.server.empty();
  source_.push_back({file ? absl::StrCat(piece.place.directory, "/", piece.name)
                          : absl::StrCat(piece.place.server, " ", piece.name),
                     absl::ToInt64Nanoseconds(world_.now()), std::move(piece.lines)});
}

bool TestedJob::RunUntilIdle() {
  WT_CHECK(sim_->checker() != nullptr,
           "the job leaves nothing durable that says when its work is done: use RunUntil");
  const simulator::Budget budget{.quiet = kPatience,
                                 .progress = [this] { return sim_->checker()->Progress(); }};
  const auto done = [this] { return sim_->checker()->Done(); };
  if (cluster_.Wait(done, budget)) {
    cluster_.Advance(kAfterwards);
    if (cluster_.Wait(done, budget)) return true;
  }
  cluster_.Add({"the work is done once everything works", world_.now(),
                errors().empty() ? "" : absl::StrCat("the last error: ", errors().back())});
  return false;
}

std::vector<std::string> TestedJob::processes() const {
  return prepared_.job.cluster.process_names();
}

const scenarios::RunChecker& TestedJob::PartOf(const std::string& part) const {
  WT_CHECK(sim_->checker() != nullptr, "the job leaves nothing durable that could be read");
  std::vector<std::string> names;
  names.reserve(prepared_.job.shape.parts.size());
  for (const scenarios::JobPart& each : prepared_.job.shape.parts) names.push_back(each.name);
  if (part.empty()) {
    WT_CHECK(names.size() == 1, absl::StrCat("say which is read: ", absl::StrJoin(names, ", ")));
    return sim_->checker()->Part(names.front());
  }
  WT_CHECK(std::find(names.begin(), names.end(), part) != names.end(),
           absl::StrCat("the job has no \"", part, "\"", platform::Suggestion(part, names)));
  return sim_->checker()->Part(part);
}

std::vector<std::string> TestedJob::ReadSink(const std::string& part) const {
  return PartOf(part).Rows();
}

std::vector<std::string> TestedJob::State(const std::string& part) const {
  return PartOf(part).KeysInState();
}

void TestedJob::ExpectExactlyOnce() {
  const bool told = sim_->checker() != nullptr && sim_->checker()->Counts().told_apart;
  WT_CHECK(is_query_ || told,
           "a stream promises at least once, and without an oracle nobody can tell what came "
           "twice: use ExpectAtLeastOnce");
  Judge(Expect::EXACTLY_ONCE);
}

void TestedJob::ExpectAtLeastOnce() { Judge(Expect::AT_LEAST_ONCE); }

void TestedJob::Judge(Expect::Guarantee guarantee) {
  WT_CHECK(sim_->checker() != nullptr, "the job leaves nothing durable that could be judged");
  const std::string unjudged = sim_->checker()->Unjudged();
  WT_CHECK(!is_query_ || unjudged.empty(),
           absl::StrCat("nobody can judge the job: ", unjudged, ": look at what it shows"));
  cluster_.world();  // what was fed is there
  const bool exactly = guarantee == Expect::EXACTLY_ONCE;
  if (!sim_->checker()->Done()) {
    cluster_.Add({"the work is done when it is judged", world_.now()});
  } else {
    sim_->Finish();
    sim_->JudgeCounts(guarantee);
  }
  for (const properties::Violation& violation : sim_->violations()) {
    if (!told_.emplace(violation.kind, violation.what).second) continue;
    cluster_.Add({absl::StrCat(exactly ? "exactly once: " : "at least once: ", violation.kind),
                  absl::Nanoseconds(violation.time_ns), violation.what, violation.kind});
  }
}

void TestedJob::Tell(scenarios::RunReport& report) const {
  report.source.insert(report.source.end(), source_.begin(), source_.end());
  if (sim_->checker() == nullptr) return;
  for (scenarios::BatchHistory& batch : sim_->checker()->History()) {
    report.batches.push_back(std::move(batch));
  }
  report.records = sim_->checker()->Counts();
  report.unjudged = sim_->checker()->Unjudged();
}

}  // namespace wavetank::testing
