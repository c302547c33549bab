// Listening and connecting: how a connection comes about.
#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "simulator/sim_network.h"

namespace wavetank::simulator {
namespace {

constexpr std::string_view kInProcess = "inproc:";
constexpr const char* kStreamsCross = ": byte streams have host:port addresses";
constexpr int kFirstFreePort = 40'000;

struct HostPort {
  std::string host;
  int port;
};

bool IsInProcess(std::string_view address) {
  return address.substr(0, kInProcess.size()) == kInProcess;
}

absl::StatusOr<HostPort> Parse(const std::string& address) {
  const size_t colon = address.rfind(':');
  HostPort parsed{address.substr(0, colon == std::string::npos ? 0 : colon), -1};
  if (parsed.host.empty() || !absl::SimpleAtoi(address.substr(colon + 1), &parsed.port) ||
      parsed.port < 0 || parsed.port > 65'535) {
    return absl::InvalidArgumentError(
        absl::StrCat("address \"", address, "\": expected host:port or inproc:name"));
  }
  return parsed;
}

// In-process names are the process's own.
std::string ListenerKey(const SimProcess& process, const std::string& address) {
  return IsInProcess(address) ? absl::StrCat(process.label(), "/", address) : address;
}

}  // namespace

absl::StatusOr<SimListenerPtr> SimNetwork::Listen(SimNode& node, std::string address, bool stream) {
  SimProcess& process = node.process();
  if (!IsInProcess(address)) {
    absl::StatusOr<HostPort> parsed = Parse(address);
    if (!parsed.ok()) return parsed.status();
    const std::string& machine = process.machine_name();
    if (parsed->host != machine && parsed->host != "localhost" && parsed->host != "0.0.0.0") {
      return absl::InvalidArgumentError(
          absl::StrCat("listen ", address, ": this is machine ", machine));
    }
    if (parsed->port == 0) {
      int& next = next_port_.try_emplace(machine, kFirstFreePort).first->second;
      while (listeners_.contains(absl::StrCat(machine, ":", next))) ++next;
      parsed->port = next++;
    }
    address = absl::StrCat(machine, ":", parsed->port);
  } else if (stream) {
    return absl::InvalidArgumentError(absl::StrCat("listen ", address, kStreamsCross));
  }
  SimListenerPtr& listener = listeners_[ListenerKey(process, address)];
  if (listener != nullptr) {
    return absl::AlreadyExistsError(absl::StrCat("listen ", address, ": the address is in use"));
  }
  listener = std::make_shared<SimListener>();
  listener->process = &process;
  listener->actor = node.actor();
  listener->address = std::move(address);
  listener->stream = stream;
  return listener;
}

void SimNetwork::CloseListener(SimListener& listener) {
  if (!listener.open) return;
  listener.open = false;
  listener.acceptors.WakeAll();
  const SimListenerPtr held =
      listeners_.extract(ListenerKey(*listener.process, listener.address)).mapped();
  for (const SimConnectionPtr& connection : std::exchange(held->backlog, {})) {
    Break(*connection, 1, "nobody accepted the connection");
  }
}

SimListenerPtr SimNetwork::FindListener(const Attempt& attempt, const SimProcess& from) const {
  const auto entry = listeners_.find(ListenerKey(from, attempt.address));
  if (entry == listeners_.end() || entry->second->stream != attempt.stream) return nullptr;
  return entry->second;
}

void SimNetwork::Finish(const AttemptPtr& attempt, absl::Status status) {
  attempt->done = true;
  attempt->status = std::move(status);
  if (attempt->waiter != nullptr) attempt->waiter->MakeReady();
}

void SimNetwork::StartConnect(SimNode& node, const AttemptPtr& attempt) {
  if (attempt->stream && IsInProcess(attempt->address)) {
    return Finish(attempt, absl::InvalidArgumentError(
                               absl::StrCat("connect ", attempt->address, kStreamsCross)));
  }
  auto connection = std::make_shared<SimConnection>();
  connection->stream = attempt->stream;
  connection->in_process = IsInProcess(attempt->address);
  connection->ends[0].process = &node.process();
  connection->ends[0].actor = node.actor();
  std::string machine = node.process().machine_name();
  if (!connection->in_process) {
    const absl::StatusOr<HostPort> parsed = Parse(attempt->address);
    if (!parsed.ok()) return Finish(attempt, parsed.status());
    if (parsed->host != "localhost") machine = parsed->host;
    if (!machines_.contains(machine)) {
      return Finish(attempt, absl::UnavailableError(absl::StrCat("connect ", attempt->address,
                                                                 ": there is no such machine")));
    }
    attempt->address = absl::StrCat(machine, ":", parsed->port);
  }
  connection->address = attempt->address;
  const uint64_t address_key = platform::StableHash(attempt->address);
  const uint64_t nth = ++attempts_[{node.key(), address_key}];
  connection->key = platform::MixBits(platform::MixBits(node.key() ^ address_key) + nth);
  connection->number = ++next_connection_;
  connection->ends[0].link = &LinkOf(machine, node.process().machine_name());
  connection->ends[1].link = &LinkOf(node.process().machine_name(), machine);
  attempt->connection = std::move(connection);
  attempt->deadline_ns =
      scheduler_.now_ns() + absl::ToInt64Nanoseconds(options_.transport.connect_timeout);
  Handshake(attempt);
}

// The first packet goes out, and is repeated until the deadline while the peer does not answer.
void SimNetwork::Handshake(const AttemptPtr& attempt) {
  SimConnection& connection = *attempt->connection;
  SimEnd& there = connection.ends[1];
  const uint64_t number = ++attempt->tries;
  const Latency& latency = connection.in_process                   ? options_.within_process
                           : connection.ends[0].link == there.link ? options_.within_machine
                                                                   : options_.between_machines;
  const int64_t delay_ns =
      latency.DrawNs(scheduler_.random().Fork("handshake", {connection.key, number}));
  scheduler_.At(scheduler_.now_ns() + delay_ns,
                {there.link->actor, LifeId(0), EventKind::kDue, connection.number},
                [this, attempt] { Answer(attempt); });
}

void SimNetwork::Retry(const AttemptPtr& attempt) {
  const SimConnection& connection = *attempt->connection;
  const int64_t again_ns =
      scheduler_.now_ns() + options_.retransmission.DrawNs(scheduler_.random().Fork(
                                "retry", {connection.key, attempt->tries}));
  const EventOf of{connection.ends[1].link->actor, LifeId(0), EventKind::kDue, connection.number};
  if (again_ns <= attempt->deadline_ns) {
    scheduler_.At(again_ns, of, [this, attempt] { Handshake(attempt); });
    return;
  }
  scheduler_.At(std::max(scheduler_.now_ns(), attempt->deadline_ns), of, [attempt] {
    Finish(attempt, absl::UnavailableError(absl::StrCat("connect ", attempt->address,
                                                        ": no answer before the time-out")));
  });
}

void SimNetwork::Answer(const AttemptPtr& attempt) {
  SimConnection& connection = *attempt->connection;
  SimEnd& here = connection.ends[0];
  SimEnd& there = connection.ends[1];
  if (attempt->waiter == nullptr || !here.process->alive()) return;  // given up
  const size_t colon = attempt->address.rfind(':');
  const bool off =
      !connection.in_process && !machines_.find(attempt->address.substr(0, colon))->second;
  if (off || here.link->blocked() || there.link->blocked()) return Retry(attempt);
  const SimListenerPtr listener = FindListener(*attempt, *here.process);
  if (listener == nullptr || attempt->fails) {
    return Finish(attempt,
                  absl::UnavailableError(absl::StrCat("connect ", attempt->address, ": refused")));
  }
  there.process = listener->process;
  there.actor = listener->actor;
  connections_[connection.number] = attempt->connection;
  listener->backlog.push_back(attempt->connection);
  listener->acceptors.WakeAll();
  RefreshHearing(connection);
  Finish(attempt, absl::OkStatus());
}

}  // namespace wavetank::simulator
