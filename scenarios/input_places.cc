#include "scenarios/input_places.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "checkpoint/paths.h"
#include "platform/nearest_name.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "scenarios/fakes/kept_line_server.h"
#include "scenarios/fakes/log_server.h"

namespace wavetank::scenarios {
namespace {

std::string HostOf(const std::string& address) { return address.substr(0, address.rfind(':')); }
std::string PortOf(const std::string& address) { return address.substr(address.rfind(':') + 1); }

std::string WhatIsRead(const JobShape& shape) {
  std::vector<std::string> reads;
  for (const std::string& each : shape.directories) reads.push_back(absl::StrCat("\"", each, "\""));
  if (shape.servers.size() == 1) {
    reads.emplace_back("a server, whose input is called \"server\"");
  } else {
    for (const std::string& each : shape.servers) {
      reads.push_back(absl::StrCat("the server \"", each, "\""));
    }
  }
  for (const auto& each : shape.topics)
    reads.push_back(absl::StrCat("the topic \"", each.topic, "\""));
  return reads.empty() ? "no directory and no server" : absl::StrJoin(reads, " and ");
}

InputPlace PlaceOf(const JobShape::ReadTopic& read) {
  return {.server = read.address, .topic = read.topic};
}

absl::StatusOr<InputPlace> PlaceOf(const ParsedScenario& parsed, const Input& input,
                                   const runtime::JobInstance& instance, const JobShape& shape) {
  const size_t all = shape.directories.size() + shape.servers.size() + shape.topics.size();
  if (parsed.scenario->input_size() == 1 && all == 1) {
    if (!shape.topics.empty()) return PlaceOf(shape.topics.front());
    return shape.servers.empty() ? InputPlace{.directory = shape.directories.front()}
                                 : InputPlace{.server = shape.servers.front()};
  }
  const std::vector<NamedPlace> named = NamesOfPlaces(instance, shape);
  for (const std::string& name : {input.name(), checkpoint::NormalPath(input.name())}) {
    for (const NamedPlace& each : named) {
      if (each.name == name) return each.place;
    }
  }
  std::vector<std::string> names;
  names.reserve(named.size());
  for (const NamedPlace& each : named) names.push_back(each.name);
  const std::string nearest = platform::NearestName(input.name(), names);
  return parsed.ErrorAt(
      input, "name", 0,
      absl::StrCat("job ", instance.job->name, " reads no \"", input.name(), "\": ",
                   nearest.empty() ? absl::StrCat("it reads ", WhatIsRead(shape))
                                   : absl::StrCat("did you mean \"", nearest, "\"?")));
}

int32_t PartitionsOf(const Input& input) { return input.has_partitions() ? input.partitions() : 2; }

absl::Status CheckServers(const ParsedScenario& parsed, const JobShape& shape) {
  const Job& job = parsed.scenario->job();
  std::set<std::string> seen;
  for (const std::string& address : shape.logs) {
    if (HostOf(address) == kOutside) continue;
    return parsed.ErrorAt(job, "name", 0,
                          absl::StrCat("there is no log on \"", HostOf(address),
                                       "\": the one that there is is on \"", kOutside, "\""));
  }
  for (const std::string& address : shape.servers) {
    if (HostOf(address) != kOutside) {
      return parsed.ErrorAt(
          job, "name", 0,
          absl::StrCat("there is no server on \"", HostOf(address),
                       "\": the one that the input comes from is on \"", kOutside, "\""));
    }
    if (!seen.insert(address).second) {
      return parsed.ErrorAt(job, "name", 0,
                            absl::StrCat("two streams of job ", job.name(), " connect to \"",
                                         address, "\", which serves one connection at a time: ",
                                         "give each a port of its own"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<NamedPlace> NamesOfPlaces(const runtime::JobInstance& instance, const JobShape& shape) {
  std::vector<NamedPlace> named;
  for (const runtime::JobParameter& parameter : runtime::AllParameters(*instance.job)) {
    const std::string& value = instance.arguments.Get(parameter.name);
    for (const std::string& directory : shape.directories) {
      if (directory != checkpoint::NormalPath(value)) continue;
      named.push_back({parameter.name, {.directory = directory}});
    }
    const bool is_port = parameter.kind == runtime::ParameterKind::kPort;
    for (const std::string& server : shape.servers) {
      if (value != server && !(is_port && value == PortOf(server))) continue;
      named.push_back({parameter.name, {.server = server}});
    }
  }
  for (const JobShape::ReadTopic& read : shape.topics) {
    for (const runtime::JobParameter& parameter : runtime::AllParameters(*instance.job)) {
      if (instance.arguments.Get(parameter.name) != read.topic) continue;
      named.push_back({parameter.name, PlaceOf(read)});
    }
    named.push_back({read.topic, PlaceOf(read)});
  }
  for (const std::string& directory : shape.directories) {
    named.push_back({directory, {.directory = directory}});
  }
  for (const std::string& server : shape.servers) named.push_back({server, {.server = server}});
  if (shape.servers.size() == 1) named.push_back({"server", {.server = shape.servers.front()}});
  return named;
}

absl::StatusOr<std::vector<InputPlace>> PlacesOfInputs(const ParsedScenario& parsed,
                                                       const runtime::JobInstance& instance,
                                                       const JobShape& shape) {
  WT_RETURN_IF_ERROR(CheckServers(parsed, shape));
  std::vector<InputPlace> places;
  for (const Input& input : parsed.scenario->input()) {
    WT_ASSIGN_OR_RETURN(InputPlace place, PlaceOf(parsed, input, instance, shape));
    if (std::find(places.begin(), places.end(), place) != places.end()) {
      return parsed.ErrorAt(input, "name", 0, "two inputs go to the same place");
    }
    places.push_back(std::move(place));
  }
  return places;
}

absl::StatusOr<fakes::LineFeeds> AddServers(const ParsedScenario& parsed, const JobShape& shape,
                                            const std::vector<InputPlace>& places,
                                            ClusterPlan& cluster) {
  const Scenario& scenario = *parsed.scenario;
  fakes::LineFeeds feeds;
  std::vector<platform::ProcessSpec> processes;
  for (const std::string& address : shape.servers) {
    const auto place =
        std::find(places.begin(), places.end(), InputPlace{.directory = "", .server = address});
    if (place == places.end()) {
      const bool only = shape.servers.size() == 1;
      return parsed.ErrorAt(
          scenario.job(), "name", 0,
          absl::StrCat("job ", scenario.job().name(), " reads ",
                       only ? "a socket" : absl::StrCat("the server \"", address, "\""),
                       ": it needs an input, which is what the server there sends"));
    }
    std::string suffix;
    if (shape.servers.size() > 1) {
      const std::string& name = scenario.input(static_cast<int>(place - places.begin())).name();
      suffix = absl::StrCat("-", name == address ? PortOf(address) : name);
    }
    const auto feed = std::make_shared<fakes::LineFeed>();
    feeds.emplace(address, feed);
    platform::NodeMain main = shape.kept.contains(address)
                                  ? fakes::KeptLineServerMain(address, feed)
                                  : fakes::LineServerMain(address, feed);
    processes.push_back({kOutside + suffix, {{"line-server" + suffix, std::move(main)}}});
  }
  WT_RETURN_IF_ERROR(AddOutside(parsed, std::move(processes), cluster));
  return feeds;
}

std::string DirectoryOfLog(const std::string& address) {
  return absl::StrCat("log-", PortOf(address));
}

absl::StatusOr<LogServers> AddLogs(const ParsedScenario& parsed, const JobShape& shape,
                                   const std::vector<InputPlace>& places, ClusterPlan& cluster) {
  LogServers servers;
  std::vector<platform::ProcessSpec> processes;
  for (const std::string& address : shape.logs) {
    const auto feed = std::make_shared<fakes::LogFeed>();
    for (size_t i = 0; i < places.size(); ++i) {
      if (places[i].topic.empty() || places[i].server != address) continue;
      const Input& input = parsed.scenario->input(static_cast<int>(i));
      feed->Make(places[i].topic, PartitionsOf(input));
    }
    std::string name = "log-server";
    if (shape.logs.size() > 1) absl::StrAppend(&name, "-", servers.size() + 1);
    servers.emplace(address, LogServer{name, feed});
    platform::NodeMain main =
        fakes::LogServerMain(address, feed, {.directory = DirectoryOfLog(address)});
    cluster.external.push_back(name);
    processes.push_back({name, {{name, std::move(main)}}});
  }
  WT_RETURN_IF_ERROR(AddOutside(parsed, std::move(processes), cluster));
  return servers;
}

absl::StatusOr<InputPlan> PlanInputs(const ParsedScenario& parsed,
                                     const std::vector<InputPlace>& places, uint64_t seed,
                                     const ReadHostFile& read_host_file) {
  InputPlan plan;
  for (size_t i = 0; i < places.size(); ++i) {
    // The first one's lines do not depend on whether there are others.
    platform::Random random = platform::Random(seed).Fork("input");
    if (i > 0) random = random.Fork("another", {static_cast<uint64_t>(i)});
    const Input& input = parsed.scenario->input(static_cast<int>(i));
    WT_ASSIGN_OR_RETURN(InputPlan files, PlanInput(parsed, input, random, read_host_file));
    for (size_t n = 0; n < files.size(); ++n) {
      ArrivingFile& file = files[n];
      file.place = places[i];
      if (places[i].topic.empty()) continue;
      file.write.topic = places[i].topic;
      file.write.values = file.lines;
      file.write.timestamp_ms = file.at_ms;
      if (!input.has_topic()) {
        file.write.partition = static_cast<int32_t>(n) % PartitionsOf(input);
      }
    }
    InputPlan merged;
    std::merge(std::make_move_iterator(plan.begin()), std::make_move_iterator(plan.end()),
               std::make_move_iterator(files.begin()), std::make_move_iterator(files.end()),
               std::back_inserter(merged),
               [](const ArrivingFile& a, const ArrivingFile& b) { return a.at_ms < b.at_ms; });
    plan = std::move(merged);
  }
  return plan;
}

}  // namespace wavetank::scenarios
