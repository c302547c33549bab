#include "scenarios/sim_job.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/steps.h"
#include "platform/text.h"
#include "runtime/steps.h"
#include "scenarios/fakes/line_server.h"
#include "scenarios/fakes/log_feed.h"
#include "simulator/external_system.h"
#include "simulator/fault_table.h"

namespace wavetank::scenarios {

namespace kinds = properties::violation_kinds;
using properties::Violation;

SimJob::SimJob(simulator::SimWorld& world, const PreparedJob& job)
    : world_(world),
      job_(job),
      checker_(
          MakeRunChecker(job.oracle, job.tokens, job.shape, job.instance.arguments, job.feeds)),
      life_(world.scheduler().NewLife()) {
  for (const PlannedProcess& process : job.cluster.processes) {
    const bool rival = process.start_at != absl::InfiniteDuration();
    if (!rival) processes_.insert(process.spec.name);
    owners_.emplace(process.spec.name, "");
  }
  for (const auto& [address, server] : job.logs) {
    owners_[server.process] = absl::StrCat(server.process, ":");
  }
  for (const JobPart& part : job.shape.parts) {
    own_.push_back(part.paths.checkpoint + "/");
    if (!part.paths.output.empty()) own_.push_back(part.paths.output + "/");
    const auto* query = std::get_if<QueryShape>(&part.of);
    // A batch function is fenced by what it writes to, which is no step of the engine.
    if (query == nullptr || query->log) continue;
    queries_.insert(part.name);
    query_of_sink_.emplace(part.paths.output, part.name);
  }
}

// What befalls the requests that a log is sent.
class SimJob::LogOutside final : public simulator::ExternalSystem {
 public:
  explicit LogOutside(std::shared_ptr<fakes::LogFeed> feed) : feed_(std::move(feed)) {}

  void Strike(const simulator::Fault& fault) override {
    using simulator::FaultKind;
    const absl::Duration late =
        fault.duration == absl::InfiniteDuration() ? absl::Minutes(1) : fault.duration;
    switch (fault.kind) {
      case FaultKind::kReplyLost:
        return feed_->Strike(fakes::LogMishap::kReplyLost, late);
      case FaultKind::kReplyLate:
        return feed_->Strike(fakes::LogMishap::kReplyLate, late);
      case FaultKind::kAppliedLate:
        return feed_->Strike(fakes::LogMishap::kAppliedLate, late);
      case FaultKind::kEndsNext:
        return feed_->Strike(fakes::LogMishap::kEndsNext, late);
      case FaultKind::kExpired:
        return feed_->Strike(fakes::LogMishap::kExpired, late);
      case FaultKind::kRepeated:
        return feed_->Strike(fakes::LogMishap::kRepeated, late);
      case FaultKind::kThrottled:
        return feed_->Throttle(absl::Milliseconds(fault.amount));
      default:
        return feed_->BeUnavailable(true);
    }
  }
  void End(const simulator::Fault& fault) override {
    if (fault.kind == simulator::FaultKind::kThrottled) {
      feed_->Throttle(absl::ZeroDuration());
    } else {
      feed_->BeUnavailable(false);
    }
  }
  void Heal() override { feed_->Heal(); }

 private:
  const std::shared_ptr<fakes::LogFeed> feed_;
};

SimJob::~SimJob() = default;

void SimJob::Start() {
  world_.AddObserver(*this);
  for (const auto& [address, server] : job_.logs) {
    outside_.push_back(std::make_unique<LogOutside>(server.feed));
    world_.SetExternal(server.process, *outside_.back());
  }
  for (const std::string& machine : job_.cluster.machines) {
    if (!world_.HasMachine(machine)) world_.AddMachine(machine);
  }
  simulator::SimDisk& disk = world_.machine(job_.cluster.store_machine).disk();
  if (checker_ != nullptr)
    disk.Subscribe(checker_->Watches(), [this](const auto& news) { Observe(news); });
  if (checker_ != nullptr && !checker_->WatchesOutside().empty()) {
    world_.machine(kOutside).disk().Subscribe(
        checker_->WatchesOutside(), [this](const simulator::SimDisk::DurableNews& news) {
          Add(checker_->ObserveOutside(absl::ToInt64Nanoseconds(world_.now()),
                                       {news.files, news.changed}));
        });
  }
  for (const PlannedProcess& process : job_.cluster.processes) {
    if (!process.standby) world_.Start(process.machine, process.spec);
    if (process.start_at == absl::InfiniteDuration()) continue;
    world_.scheduler().FirstAt(absl::ToInt64Nanoseconds(process.start_at), life_,
                               [this, &process] { StartBeside(process); });
  }
}

void SimJob::StartBeside(const PlannedProcess& process) {
  if (world_.machine(process.machine).on()) world_.Start(process.machine, process.spec);
}

void SimJob::StartAnew() {
  // A zombie that its replacement never fenced is one of them.
  for (const auto& process : world_.processes()) world_.Crash(*process);
  for (const PlannedProcess& process : job_.cluster.processes) {
    if (world_.HasProcess(process.spec.name)) world_.Restart(process.spec.name);
  }
}

void SimJob::Supply(const ArrivingFile& arriving) {
  if (checker_ != nullptr) checker_->Arrives(arriving);
  if (!arriving.place.topic.empty()) {
    if (!arriving.removed) job_.logs.at(arriving.place.server).feed->Write(arriving.write);
    return;
  }
  if (!arriving.place.server.empty()) {
    const auto& feed = job_.feeds.at(arriving.place.server);
    if (!arriving.removed) feed->Add(arriving.text, static_cast<int64_t>(arriving.lines.size()));
    return;
  }
  simulator::SimDisk& disk = world_.machine(job_.cluster.store_machine).disk();
  const std::string path = absl::StrCat(arriving.place.directory, "/", arriving.name);
  if (!arriving.removed) {
    disk.Put(path, arriving.text);
    // One that comes again comes as it was.
    absl::Time& modified = disk.image().Find("put", path).value()->modified;
    modified = modified_.try_emplace(path, modified).first->second;
  } else if (disk.Get(path).ok()) {  // a lost disk has it no more
    disk.LoseFile(path);
  }
}

void SimJob::Observe(const simulator::SimDisk::DurableNews& news) {
  const int64_t ended = checker_->BatchesEnded();
  Add(checker_->Observe(
      absl::ToInt64Nanoseconds(world_.now()),
      {.files = news.files, .changed = news.changed, .power_was_lost = news.path.empty()},
      failures_.count()));
  if (!beyond_) NotAllowed(world_.now(), epoch_owners_.Observe({news.files, news.changed}));
  if (checker_->BatchesEnded() > ended) batch_ends_.push_back(world_.now());
}

void SimJob::Add(std::vector<Violation> violations) {
  for (Violation& violation : violations) {
    violation.step = last_step_;
    violations_.push_back(std::move(violation));
  }
}

void SimJob::Finish() {
  last_step_.clear();
  if (checker_ != nullptr) Add(checker_->Finish(absl::ToInt64Nanoseconds(world_.now())));
}

void SimJob::JudgeCounts(Expect::Guarantee guarantee) {
  if (guarantee == Expect::NONE) return;
  const properties::RecordCounts counts = checker_->Counts();
  const auto judge = [&](int64_t count, const char* kind, const char* what) {
    if (count == 0) return;
    const int64_t now_ns = absl::ToInt64Nanoseconds(world_.now());
    Add({{kind, absl::StrCat(count, " records ", what), now_ns, {}, ""}});
  };
  judge(counts.lost, kinds::kLost, "never came out");
  if (in_order_) {
    judge(counts.reordered, kinds::kReordered, "came out before earlier ones of their source");
  }
  judge(counts.phantom, kinds::kPhantom, "came out that no source gave");
  if (guarantee != Expect::EXACTLY_ONCE) return;
  judge(counts.duplicated, kinds::kDuplicated, "came out more than once");
  const int64_t again = checker_->BatchesAgain();
  if (again == 0) return;
  const int64_t now_ns = absl::ToInt64Nanoseconds(world_.now());
  Add({{kinds::kDuplicated,
        absl::StrCat(again, " batches came out more than once"),
        now_ns,
        {},
        ""}});
}

void SimJob::FollowProtocol(absl::Duration at, const platform::StepEvent& event) {
  if (!properties::BatchStepOf(event.step.name, 0, 0).has_value()) return;
  std::string query;
  int64_t batch = -1, state = 0, next_defined = 0;
  for (const platform::StepAttribute& attribute : event.attributes) {
    if (attribute.key == "query") query = std::string(attribute.text);
    if (attribute.key == "batch") batch = attribute.value;
    if (attribute.key == "state") state = attribute.value;
    if (attribute.key == "next_defined") next_defined = attribute.value;
    const auto sink = attribute.key == "sink" ? query_of_sink_.find(std::string(attribute.text))
                                              : query_of_sink_.end();
    if (sink != query_of_sink_.end()) query = sink->second;
  }
  const auto is = properties::BatchStepOf(event.step.name, state, next_defined);
  if (!is.has_value() || !queries_.contains(query)) return;
  if (!processes_.contains(event.node.process())) return;
  const std::string driver = absl::StrCat(event.node.process(), "#",
                                          event.node.incarnation().value(), "/", event.node.name());
  NotAllowed(at, protocol_.Observe(driver, query, {*is, batch}));
}

void SimJob::FollowLog(absl::Duration at, const platform::StepEvent& event) {
  const auto told = properties::LogStepOf(event.step.name, event.attributes);
  if (!told.has_value()) return;
  const auto store = owners_.find(event.node.process());
  if (store == owners_.end()) return;
  const std::string owner = absl::StrCat(event.node.process(), "#",
                                         event.node.incarnation().value(), "/", event.node.name());
  NotAllowed(at, logs_.Observe(absl::StrCat(store->second, platform::ToAbsl(told->log)), owner,
                               told->step));
}

void SimJob::NotAllowed(absl::Duration at, std::string wrong) {
  if (wrong.empty()) return;
  Add({{kinds::kProtocol, std::move(wrong), absl::ToInt64Nanoseconds(at), {}, ""}});
}

void SimJob::OnStep(absl::Duration at, const platform::StepEvent& event) {
  last_step_ = std::string(event.step.name);
  FollowLog(at, event);
  if (!queries_.empty()) FollowProtocol(at, event);
  if (event.step.name == checkpoint::steps::kEpochCreated.name) {
    failures_.OnTakeOver(event.node.process());
  }
  if (event.step.name == runtime::steps::kDriverFoundSilent.name && !failed_) {
    NotAllowed(at, absl::StrCat(event.node.process(),
                                ", which stands by, takes over, and nothing has failed"));
  }
}

void SimJob::OnLog(absl::Duration at, const platform::Node&, platform::LogLevel level,
                   const std::string& text) {
  if (level != platform::LogLevel::kError) return;
  errors_.push_back(text);
  if (beyond_ || !IsFalseAlarm(text)) return;
  Add({{kinds::kFalseAlarm,
        absl::StrCat("nothing has befallen the files, and it is said: ", text),
        absl::ToInt64Nanoseconds(at),
        {},
        ""}});
}

// What people are told to mend though nothing is wrong with it. (Whether a job's input is there is
// for others to say.)
bool SimJob::IsFalseAlarm(const std::string& error) const {
  const auto says = [&error](absl::string_view text) { return absl::StrContains(error, text); };
  const bool of_files = says("restore it from a copy") || says("restore the file") ||
                        says("has lost its log; restore it") ||
                        says("there is something of that name");
  if (of_files && std::ranges::any_of(own_, says)) return true;
  // A stream whose log another driver has begun meanwhile.
  return std::ranges::any_of(job_.shape.parts, [&says](const JobPart& part) {
    return says(absl::StrCat("with the empty checkpoint ", part.paths.checkpoint, ":"));
  });
}

// What the program around each process does when that has ended by itself, a driver that was fenced
// or met an error, say. (What a fault has ended starts again with the fault's own delay.)
void SimJob::StartAgainAfterExit(const std::string& name) {
  for (const PlannedProcess& process : job_.cluster.processes) {
    if (process.spec.name != name || process.restart_after == absl::InfiniteDuration()) continue;
    const int64_t when_ns = absl::ToInt64Nanoseconds(world_.now() + process.restart_after);
    world_.scheduler().FirstAt(when_ns, life_, [this, name] {
      const simulator::SimProcess& newest = world_.process(name);
      if (newest.alive()) return;
      // While its machine has no power, it is tried again and again.
      if (!world_.machine(newest.machine_name()).on()) return StartAgainAfterExit(name);
      world_.Restart(name);
    });
  }
}

void SimJob::OnProcess(absl::Duration, simulator::SimProcess& process,
                       simulator::ProcessChange change) {
  failed_ = failed_ || change != simulator::ProcessChange::kStarted;
  if (change == simulator::ProcessChange::kExited) StartAgainAfterExit(process.name());
  const bool asked = asked_.erase(process.label()) > 0;
  switch (change) {
    case simulator::ProcessChange::kExited:
      if (asked && process.exit_status() == 0) {
        failures_.OnEndedAsAsked(process.name());
        return;
      }
      return failures_.OnDied(process.name());
    case simulator::ProcessChange::kCrashed:
    case simulator::ProcessChange::kLostPower:
      return failures_.OnDied(process.name());
    default:
      return;
  }
}

void SimJob::OnFault(absl::Duration, const simulator::Fault& fault) {
  failed_ = true;
  if (fault.kind == simulator::FaultKind::kCleanStop && world_.HasProcess(fault.target)) {
    const simulator::SimProcess& process = world_.process(fault.target);
    asked_.erase(process.label());
    if (fault.amount > 0) return Ask(process);
  }
  // A file that may not be read is left out until it may be, and one that a listing does not show
  // until another does.
  if (fault.kind == simulator::FaultKind::kAccessDenied ||
      fault.kind == simulator::FaultKind::kShortListing) {
    in_order_ = false;
  }
  if (!simulator::InfoOf(fault.kind).on) {
    beyond_ = true;
    logs_.Doubt();
  }
  failures_.OnFault(fault);
}

// To end in good order: that is no failure, if it does.
void SimJob::Ask(const simulator::SimProcess& process) {
  asked_.insert(process.label());
  job_.cluster.stop_events->Set(process.name(), process.incarnation());
}

}  // namespace wavetank::scenarios
