#include "runtime/job/job.h"

#include <algorithm>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/check.h"
#include "platform/nearest_name.h"
#include "runtime/structured/rescale.h"

namespace wavetank::runtime {
namespace {

// Longer is a mistake in the unit.
constexpr absl::Duration kLongest = absl::Hours(24 * 366);

bool IsDuration(const std::string& text, absl::Duration least) {
  absl::Duration duration;
  return absl::ParseDuration(text, &duration) && duration >= least && duration <= kLongest;
}

// A value that a job's function could make nothing of must not get as far as there.
absl::Status CheckKind(const Job& job, const JobParameter& parameter, const std::string& value) {
  const auto error = [&](const char* expected) {
    return absl::InvalidArgumentError(
        absl::StrCat("job ", job.name, ": ", parameter.name, " \"", value, "\" is not ", expected));
  };
  switch (parameter.kind) {
    case ParameterKind::kText:
    case ParameterKind::kPath:
      return absl::OkStatus();
    case ParameterKind::kDuration:
      return IsDuration(value, absl::ZeroDuration())
                 ? absl::OkStatus()
                 : error("a duration such as 500ms or 2s, a year at most");
    case ParameterKind::kPort: {
      int port = 0;
      const bool valid = absl::SimpleAtoi(value, &port) && port >= 1 && port <= 65'535;
      return valid ? absl::OkStatus() : error("a number from 1 to 65535");
    }
    case ParameterKind::kFlag:
      return value == "true" || value == "false" ? absl::OkStatus() : error("true or false");
  }
  return absl::OkStatus();
}

struct StandardNumber {
  const char* name;
  const char* meaning;
  const char* default_value;
  int64_t least;
  int64_t most;
  enum class Of : uint8_t { kAll, kQueries, kStreams } of = Of::kAll;
  bool IsOf(const Job& job) const {
    return of == Of::kAll || (of == Of::kStreams) == (job.dstream != nullptr);
  }
};
constexpr StandardNumber kStandardNumbers[] = {
    {"partitions", "partitions of a shuffle", "2", 1, 1024, StandardNumber::Of::kStreams},
    {"kept-bytes",
     "bytes of memory for what batches have written that windows and state still need, each "
     "worker; of more, the oldest-used goes to the worker's scratch disk, or, as its storage level "
     "says, is dropped and made again if it is needed",
     "268435456", 0, int64_t{1} << 40, StandardNumber::Of::kStreams},
    {"spill-bytes",
     "bytes of the scratch disk for what has no room in memory, each worker; of more, the "
     "oldest-used is dropped; what batches that run need besides fails them",
     "17179869184", 0, int64_t{1} << 50, StandardNumber::Of::kStreams},
    {"partitions",
     "partitions of a shuffle and of state; not given: as many as the checkpoint has, 2 in a new "
     "one",
     "", 1, kMostShufflePartitions, StandardNumber::Of::kQueries},
    {"receiver-rate", "rows a second of each receiver, at most; 0: no limit", "0", 0,
     int64_t{1} << 40, StandardNumber::Of::kStreams},
    {"min-rate", "rows a second that back-pressure leaves each receiver and log, at least", "100",
     1, int64_t{1} << 40, StandardNumber::Of::kStreams},
    {"unprocessed-bytes",
     "bytes that receivers have stored and that wait for batches, beyond which they pause",
     "1073741824", 1, int64_t{1} << 50, StandardNumber::Of::kStreams},
    {"retain", "batches that have ended and that the checkpoint keeps", "100", 2, 1'000'000},
    {"log-bytes", "how many bytes the checkpoint's logs may grow by before they are begun anew",
     "1048576", 1, int64_t{1} << 40},
    {"max-bytes",
     "bytes of each source that a batch has at most, but always one file or record; the rest is "
     "for the batches after it",
     "268435456", 1, int64_t{1} << 40, StandardNumber::Of::kQueries},
    {"inline-bytes",
     "bytes of a batch's output that may stand in its records, and become files after its commit",
     "262144", 0, int64_t{1} << 20, StandardNumber::Of::kQueries},
    {"restarts", "how often in a row a query goes on after an error that may pass before it fails",
     "8", 0, 1'000'000, StandardNumber::Of::kQueries},
};

absl::Status CheckStandard(const Job& job, const JobArguments& arguments) {
  const std::string& text = arguments.Get("interval");
  const bool dstream = job.dstream != nullptr;
  if (!IsDuration(text, dstream ? absl::Milliseconds(1) : absl::ZeroDuration())) {
    return absl::InvalidArgumentError(absl::StrCat(
        "job ", job.name, ": interval \"", text, "\" is not a duration such as 500ms or 2s, ",
        dstream ? "from a millisecond to a year" : "a year at most"));
  }
  if (!dstream && !IsDuration(arguments.Get("source-timeout"), absl::Nanoseconds(1))) {
    return absl::InvalidArgumentError(
        absl::StrCat("job ", job.name, ": source-timeout \"", arguments.Get("source-timeout"),
                     "\" is not a duration above 0s, such as 500ms or 2s"));
  }
  const absl::Status speculation = CheckSpeculation(SpeculationOf(arguments));
  if (!speculation.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("job ", job.name, ": ", speculation.message()));
  }
  const std::string& standby = arguments.Get("standby-timeout");
  if (!IsDuration(standby, absl::Milliseconds(100)) && IsDuration(standby, absl::Nanoseconds(1))) {
    return absl::InvalidArgumentError(
        absl::StrCat("job ", job.name, ": standby-timeout \"", standby,
                     "\" is too short for a driver to say that it is at work: give 100ms or more, "
                     "or 0s where no driver stands by"));
  }
  for (const StandardNumber& number : kStandardNumbers) {
    if (!number.IsOf(job)) continue;
    int64_t value = 0;
    const std::string& given = arguments.Get(number.name);
    if (given == number.default_value) continue;
    if (!absl::SimpleAtoi(given, &value) || value < number.least || value > number.most) {
      return absl::InvalidArgumentError(absl::StrCat("job ", job.name, ": ", number.name, " \"",
                                                     given, "\" is not a number from ",
                                                     number.least, " to ", number.most));
    }
  }
  return absl::OkStatus();
}

}  // namespace

const std::string& JobArguments::Get(const std::string& name) const {
  const auto found = values_.find(name);
  WT_CHECK(found != values_.end(), "the job has no parameter " + name);
  return found->second;
}

BlockBounds BlockBoundsOf(const JobArguments& arguments) {
  uint64_t kept = 0;
  uint64_t spilled = 0;
  WT_CHECK(absl::SimpleAtoi(arguments.Get("kept-bytes"), &kept), "it was checked");
  WT_CHECK(absl::SimpleAtoi(arguments.Get("spill-bytes"), &spilled), "it was checked");
  return {.memory_bytes_max = kept, .spilled_bytes_max = spilled};
}

SpeculationOptions SpeculationOf(const JobArguments& arguments) {
  SpeculationOptions options;
  options.enabled = arguments.Get("speculation") == "true";
  // What is no number is none that may be; durations were checked.
  const auto number = [&arguments](const char* name) {
    double value = 0;
    const bool parsed = absl::SimpleAtod(arguments.Get(name), &value);
    return parsed ? value : std::numeric_limits<double>::quiet_NaN();
  };
  const auto duration = [&arguments](const char* name) {
    absl::Duration value;
    WT_CHECK(absl::ParseDuration(arguments.Get(name), &value), "it was checked");
    return value;
  };
  options.multiplier = number("speculation-multiplier");
  options.quantile = number("speculation-quantile");
  options.interval = duration("speculation-interval");
  options.min_task_runtime = duration("speculation-min-runtime");
  options.task_duration_threshold = duration("speculation-threshold");
  return options;
}

std::optional<int> PartitionsOf(const JobArguments& arguments) {
  int partitions = 0;
  // BindArguments has seen that it is a number, if it is there.
  return absl::SimpleAtoi(arguments.Get("partitions"), &partitions) ? std::optional(partitions)
                                                                    : std::nullopt;
}

std::vector<JobParameter> AllParameters(const Job& job) {
  std::vector<JobParameter> all = job.parameters;
  all.push_back(
      {"checkpoint", "directory of the job's checkpoint", std::nullopt, ParameterKind::kPath});
  all.push_back({"interval", "time between batches; 0s, for structured queries: no pause",
                 job.dstream != nullptr ? "1s" : "0s"});
  for (const StandardNumber& number : kStandardNumbers) {
    if (number.IsOf(job)) all.push_back({number.name, number.meaning, number.default_value});
  }
  all.push_back({"stop-timeout",
                 "how long a stop in good order may take before it leaves what is under way to the "
                 "next start; 0s: 30s, or ten intervals of a stream if they are longer",
                 "0s", ParameterKind::kDuration});
  all.push_back({"standby-timeout",
                 "how long a driver may be silent before one that stands by takes over, 100ms or "
                 "more; 0s: no driver stands by",
                 "0s", ParameterKind::kDuration});
  all.push_back({.name = "speculation",
                 .meaning =
                     "whether a task that takes much longer than others of its stage is begun "
                     "on another worker, too: the first to end counts",
                 .default_value = "false",
                 .kind = ParameterKind::kFlag});
  all.push_back(
      {"speculation-multiplier", "how many times the median such a task must have run", "3"});
  all.push_back({"speculation-quantile",
                 "the part of a stage's tasks that must have ended before, from 0 to 1", "0.9"});
  all.push_back({"speculation-interval", "how often it is looked for such tasks", "100ms",
                 ParameterKind::kDuration});
  all.push_back({"speculation-min-runtime", "how long such a task must have run", "100ms",
                 ParameterKind::kDuration});
  all.push_back({"speculation-threshold",
                 "after how long a task takes long whose stage has no others to compare it with; "
                 "0s: never",
                 "0s", ParameterKind::kDuration});
  if (job.dstream != nullptr) {
    all.push_back({"backpressure",
                   "whether receivers and logs are read no faster than batches are worked off",
                   "false", ParameterKind::kFlag});
  }
  if (job.structured != nullptr) {
    all.push_back({"available-now", "read what is there at the start, in batches, and end", "false",
                   ParameterKind::kFlag});
    all.push_back({"once",
                   "read what is there at the start, in one batch whatever its limits, and end",
                   "false", ParameterKind::kFlag});
    all.push_back({"source-timeout",
                   "how long a source may take to answer before batches go on without it", "30s",
                   ParameterKind::kDuration});
  }
  return all;
}

absl::StatusOr<JobArguments> BindArguments(const Job& job,
                                           std::map<std::string, std::string> given) {
  JobArguments arguments;
  std::vector<std::string> names;
  for (const JobParameter& parameter : AllParameters(job)) {
    names.push_back(parameter.name);
    const auto found = given.find(parameter.name);
    if (found != given.end()) {
      arguments.values_[parameter.name] = found->second;
      given.erase(found);
    } else if (parameter.default_value.has_value()) {
      arguments.values_[parameter.name] = *parameter.default_value;
    } else {
      return absl::InvalidArgumentError(absl::StrCat("job ", job.name, " needs the parameter ",
                                                     parameter.name, ": ", parameter.meaning));
    }
  }
  if (!given.empty()) {
    const std::string& unknown = given.begin()->first;
    return absl::InvalidArgumentError(absl::StrCat("job ", job.name, " has no parameter \"",
                                                   unknown, "\"",
                                                   platform::Suggestion(unknown, names)));
  }
  for (const JobParameter& parameter : AllParameters(job)) {
    const absl::Status valid = CheckKind(job, parameter, arguments.values_[parameter.name]);
    if (!valid.ok()) return valid;
  }
  const absl::Status standard = CheckStandard(job, arguments);
  if (!standard.ok()) return standard;
  return arguments;
}

void JobCatalogue::Add(Job job) {
  WT_CHECK((job.dstream == nullptr) != (job.structured == nullptr),
           "job " + job.name + " must have one of its two functions");
  std::string name = job.name;
  const bool added = jobs_.emplace(std::move(name), std::move(job)).second;
  WT_CHECK(added, "two jobs have one name");
}

const Job* JobCatalogue::Find(const std::string& name) const {
  const auto found = jobs_.find(name);
  return found == jobs_.end() ? nullptr : &found->second;
}

std::vector<std::string> JobCatalogue::names() const {
  std::vector<std::string> names;
  names.reserve(jobs_.size());
  for (const auto& [name, job] : jobs_) names.push_back(name);
  return names;
}

}  // namespace wavetank::runtime
