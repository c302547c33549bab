#include "simulator/sim_network.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/text.h"

namespace wavetank::simulator {

using platform::Random;
using platform::ToAbsl;

namespace {

void Wake(SimEnd& end) {
  end.receivers.WakeAll();
  end.senders.WakeAll();
}

}  // namespace

SimNetwork::SimNetwork(Scheduler& scheduler, const SimNetworkOptions& options)
    : scheduler_(scheduler), options_(options) {
  Random draw = scheduler.random().Fork("attachments");
  const bool drawn = draw.Below(2) == 0;
  hands_over_ = options.attachments == SimNetworkOptions::Attachments::kDrawn
                    ? drawn
                    : options.attachments == SimNetworkOptions::Attachments::kHandedOver;
}

SimLink& SimNetwork::LinkOf(const std::string& from, const std::string& to) {
  SimLink& link = links_[{from, to}];
  if (link.actor == ActorId(0)) link.actor = scheduler_.NewActor(absl::StrCat(from, ">", to));
  return link;
}

std::vector<SimConnectionPtr> SimNetwork::Connections() const {
  std::vector<SimConnectionPtr> connections;
  connections.reserve(connections_.size());
  for (const auto& [number, connection] : connections_) connections.push_back(connection);
  return connections;
}

void SimNetwork::BlockLink(const std::string& from, const std::string& to, Block why) {
  WT_CHECK(from != to && machines_.contains(from) && machines_.contains(to), from + " > " + to);
  ++LinkOf(from, to).blocks[static_cast<size_t>(why)];
  for (const SimConnectionPtr& connection : Connections()) RefreshHearing(*connection);
}

void SimNetwork::ReleaseLink(const std::string& from, const std::string& to, Block why) {
  SimLink& link = LinkOf(from, to);
  int& blocks = link.blocks[static_cast<size_t>(why)];
  if (blocks == 0) return;  // healed before
  --blocks;
  if (!link.blocked()) Released(link, why);
}

void SimNetwork::Released(SimLink& link, Block why) {
  for (const SimConnectionPtr& connection : Connections()) {
    for (int to = 0; to < 2; ++to) {
      SimEnd& end = connection->ends[to];
      if (end.link != &link) continue;
      if (!end.wire.empty() && !end.arrival_pending) {
        int64_t resumes_ns = scheduler_.now_ns();
        if (why == Block::kPartition) {
          resumes_ns += options_.retransmission.DrawNs(scheduler_.random().Fork(
              "retransmission", {connection->key, static_cast<uint64_t>(to), end.parcels}));
        }
        for (Parcel& parcel : end.wire) parcel.arrives_ns = std::max(parcel.arrives_ns, resumes_ns);
        end.last_arrival_ns = std::max(end.last_arrival_ns, resumes_ns);
        ScheduleArrival(*connection, to);
      }
      end.senders.WakeAll();  // a reader's credit may have been held
    }
    RefreshHearing(*connection);
  }
}

void SimNetwork::Partition(const std::string& a, const std::string& b) {
  BlockLink(a, b, Block::kPartition);
  BlockLink(b, a, Block::kPartition);
}

void SimNetwork::ReleasePartition(const std::string& a, const std::string& b) {
  ReleaseLink(a, b, Block::kPartition);
  ReleaseLink(b, a, Block::kPartition);
}

void SimNetwork::SetSlowness(const std::string& from, const std::string& to, int64_t factor) {
  LinkOf(from, to).slowness = factor;
}

void SimNetwork::BreakEither(SimConnection& connection) {
  Random draw = scheduler_.random().Fork(
      "reset", {connection.key, connection.ends[0].parcels, connection.ends[1].parcels});
  Break(connection, static_cast<int>(draw.Below(2)), "connection reset");
}

std::vector<SimConnectionPtr> SimNetwork::Between(const std::string& a,
                                                  const std::string& b) const {
  std::vector<SimConnectionPtr> connections = Connections();
  std::erase_if(connections, [&](const SimConnectionPtr& connection) {
    const std::string& from = connection->ends[0].process->machine_name();
    const std::string& to = connection->ends[1].process->machine_name();
    return connection->in_process || !((from == a && to == b) || (from == b && to == a));
  });
  return connections;
}

int SimNetwork::Reset(const std::string& a, const std::string& b) {
  const std::vector<SimConnectionPtr> connections = Between(a, b);
  for (const SimConnectionPtr& connection : connections) BreakEither(*connection);
  return static_cast<int>(connections.size());
}

void SimNetwork::HalfOpen(const std::string& a, const std::string& b, absl::Duration duration) {
  for (const SimConnectionPtr& connection : Between(a, b)) HalfOpen(*connection, duration);
}

void SimNetwork::HalfOpen(SimConnection& connection, absl::Duration duration) {
  Random draw = scheduler_.random().Fork(
      "half open", {connection.key, connection.ends[0].parcels, connection.ends[1].parcels});
  const uint64_t spared = draw.Below(3);  // 2: none
  for (int end = 0; end < 2; ++end) {
    SimEnd& deaf = connection.ends[end];
    if (static_cast<uint64_t>(end) == spared || deaf.cut_off) continue;
    deaf.cut_off = true;
    deaf.wire.clear();
    scheduler_.Record(deaf.link->actor, EventKind::kMessage, connection.number, [&] {
      return absl::StrCat("connection ", connection.number, " to ", connection.address,
                          " is dead towards ", deaf.process->label());
    });
  }
  RefreshHearing(connection);
  if (duration == absl::InfiniteDuration()) return;
  scheduler_.At(scheduler_.now_ns() + absl::ToInt64Nanoseconds(duration),
                {connection.ends[0].link->actor, LifeId(0), EventKind::kDue, connection.number},
                [this, held = connection.shared_from_this()] { EndHalfOpen(*held); });
}

void SimNetwork::EndHalfOpen(SimConnection& connection) {
  for (int end = 0; end < 2; ++end) {
    if (!connection.ends[0].cut_off && !connection.ends[1].cut_off) return;
    MarkBroken(connection, end, Unavailable(connection, "connection timed out"));
  }
}

void SimNetwork::SetBandwidth(const std::string& from, const std::string& to,
                              int64_t bytes_per_second) {
  SimLink& link = LinkOf(from, to);
  link.bytes_per_second = bytes_per_second;
  if (bytes_per_second != SimLink::kUnlimited) return;
  link.free_ns = 0;
  for (const SimConnectionPtr& connection : Connections()) {
    for (int end = 0; end < 2; ++end) {
      SimEnd& reader = connection->ends[end];
      if (reader.link != &link || reader.wire.empty()) continue;
      for (Parcel& parcel : reader.wire) {
        parcel.arrives_ns = std::min(parcel.arrives_ns, scheduler_.now_ns());
      }
      reader.last_arrival_ns = scheduler_.now_ns();
      ScheduleArrival(*connection, end);
    }
  }
}

int64_t SimNetwork::QueueNs(SimLink& link, int64_t bytes) {
  if (link.bytes_per_second == SimLink::kUnlimited) return 0;
  constexpr int64_t kHeaderBytes = 64;
  constexpr int64_t kNsPerSecond = 1'000'000'000;
  const auto takes = static_cast<__int128>(bytes + kHeaderBytes) * kNsPerSecond;
  link.free_ns = std::max(link.free_ns, scheduler_.now_ns()) +
                 static_cast<int64_t>(takes / link.bytes_per_second);
  return link.free_ns - scheduler_.now_ns();
}

void SimNetwork::Heal() {
  for (auto& [names, link] : links_) {
    const bool partitioned = link.blocks[static_cast<size_t>(Block::kPartition)] > 0;
    const bool was_blocked = link.blocked();
    link.blocks[0] = link.blocks[1] = 0;
    link.slowness = 1;
    if (link.bytes_per_second != SimLink::kUnlimited) {
      SetBandwidth(names.first, names.second, SimLink::kUnlimited);
    }
    if (was_blocked) Released(link, partitioned ? Block::kPartition : Block::kClog);
  }
  for (const SimConnectionPtr& connection : Connections()) EndHalfOpen(*connection);
}

int64_t SimNetwork::DelayNs(const SimConnection& connection, int to, std::string_view purpose,
                            uint64_t number) const {
  const SimLink& link = *connection.ends[to].link;
  const bool crosses = connection.crosses_machines();
  const Latency& latency = connection.in_process ? options_.within_process
                           : crosses             ? options_.between_machines
                                                 : options_.within_machine;
  const int64_t drawn_ns = latency.DrawNs(
      scheduler_.random().Fork(purpose, {connection.key, static_cast<uint64_t>(to), number}));
  if (!crosses) return drawn_ns;
  return drawn_ns * link.slowness + scheduler_.policy().HoldBackNs(scheduler_.key(link.actor));
}

void SimNetwork::Put(SimConnection& connection, int to, Parcel parcel, int64_t extra_delay_ns) {
  SimEnd& end = connection.ends[to];
  int64_t delay_ns = DelayNs(connection, to, "message", ++end.parcels) + extra_delay_ns;
  if (end.cut_off) {
    end.unread_bytes += parcel.bytes;  // nobody will say that it has arrived
    return;
  }
  if (connection.crosses_machines()) delay_ns += QueueNs(*end.link, parcel.bytes);
  end.last_arrival_ns = std::max(end.last_arrival_ns, scheduler_.now_ns() + delay_ns);
  parcel.arrives_ns = end.last_arrival_ns;
  parcel.sent_ns = scheduler_.now_ns();
  end.unread_bytes += parcel.bytes;
  end.wire.push_back(std::move(parcel));
  // Behind a block nothing arrives, and what is first may be overdue: Released() goes on.
  if (!end.arrival_pending && !end.link->blocked()) ScheduleArrival(connection, to);
}

void SimNetwork::ScheduleArrival(SimConnection& connection, int to) {
  SimEnd& end = connection.ends[to];
  end.arrival_pending = true;
  const uint32_t nth = ++end.arrivals;
  scheduler_.At(std::max(scheduler_.now_ns(), end.wire.front().arrives_ns),
                {end.link->actor, LifeId(0), EventKind::kDue, connection.number},
                [this, to, nth, held = connection.shared_from_this()] {
                  if (held->ends[to].arrivals == nth) Arrive(*held, to);
                });
}

void SimNetwork::Arrive(SimConnection& connection, int to) {
  SimEnd& end = connection.ends[to];
  end.arrival_pending = false;
  if (end.wire.empty()) return;
  if (end.link->blocked()) return;  // Released() goes on
  if (end.wire.front().arrives_ns > scheduler_.now_ns()) return ScheduleArrival(connection, to);
  Parcel parcel = std::move(end.wire.front());
  end.wire.pop_front();
  const uint64_t payload = HashBytes(parcel.message.body) ^
                           FoldMultiply(HashBytes(parcel.message.attachment_bytes), 3) ^
                           FoldMultiply(connection.number + 1, parcel.kind + uint64_t{1});
  scheduler_.Record(end.link->actor, EventKind::kMessage, payload, [&] {
    static constexpr const char* kKinds[] = {"message", "end", "reset", "corrupt message"};
    return TraceText(absl::StrCat(kKinds[parcel.kind], " for ", end.process->label(), " on ",
                                  connection.address, " (connection ", connection.number, ", ",
                                  parcel.message.body.size(), " bytes)"),
                     parcel.sent_ns, connection.ends[1 - to].actor, end.actor);
  });
  if (end.state == SimEnd::State::kOpen) {
    switch (parcel.kind) {
      case Parcel::kMessage:
        end.inbox.push_back(std::move(parcel));
        end.receivers.WakeAll();
        break;
      case Parcel::kEnd:
        end.ended = true;
        Wake(end);
        break;
      case Parcel::kReset:
        MarkBroken(connection, to, Unavailable(connection, "connection reset by the peer"));
        break;
      case Parcel::kCorrupt:
        BreakWith(connection, to,
                  absl::DataLossError(
                      absl::StrCat(connection.address, ": a frame does not match its checksum")),
                  Wire::kCut);
        break;
    }
  } else if ((parcel.kind == Parcel::kMessage || parcel.kind == Parcel::kCorrupt) &&
             end.state != SimEnd::State::kVanished) {
    // A living kernel refuses what comes for a socket that is no more.
    SimEnd& sender = connection.ends[1 - to];
    if (sender.state == SimEnd::State::kOpen) Put(connection, 1 - to, {Parcel::kReset, {}, 0, 0});
  }
  if (!end.wire.empty() && !end.arrival_pending) ScheduleArrival(connection, to);
}

void SimNetwork::CutWire(SimConnection& connection, int to) {
  SimEnd& end = connection.ends[to];
  Random draw =
      scheduler_.random().Fork("cut", {connection.key, static_cast<uint64_t>(to), end.parcels});
  const size_t kept = draw.Below(end.wire.size() + 1);
  end.wire.resize(kept);
}

void SimNetwork::Send(SimConnection& connection, int from, platform::Message message,
                      int64_t bytes) {
  Put(connection, 1 - from, {Parcel::kMessage, std::move(message), bytes, 0});
}

void SimNetwork::SendCorrupt(SimConnection& connection, int from, platform::Message message,
                             int64_t bytes) {
  Put(connection, 1 - from, {Parcel::kCorrupt, std::move(message), bytes, 0});
}

void SimNetwork::SendLateAndBreak(SimConnection& connection, int from, platform::Message message,
                                  int64_t bytes, absl::Duration late) {
  Put(connection, 1 - from, {Parcel::kMessage, std::move(message), bytes, 0},
      absl::ToInt64Nanoseconds(late));
  BreakWith(connection, from, Unavailable(connection, "connection reset"), Wire::kKept);
}

void SimNetwork::Consumed(SimConnection& connection, int end, int64_t bytes) {
  SimEnd& reader = connection.ends[end];
  SimEnd& writer = connection.ends[1 - end];
  reader.unread_bytes -= bytes;
  if (writer.senders.empty() || writer.credit_pending) return;
  writer.credit_pending = true;
  const int64_t delay_ns = DelayNs(connection, 1 - end, "credit", reader.parcels);
  scheduler_.At(scheduler_.now_ns() + delay_ns,
                {writer.link->actor, LifeId(0), EventKind::kDue, connection.number},
                [end, held = connection.shared_from_this()] {
                  SimEnd& waiting = held->ends[1 - end];
                  waiting.credit_pending = false;
                  if (!waiting.link->blocked() && !waiting.cut_off) waiting.senders.WakeAll();
                });
}

absl::Status SimNetwork::Unavailable(const SimConnection& connection, std::string_view why) {
  return absl::UnavailableError(absl::StrCat(connection.address, ": ", ToAbsl(why)));
}

void SimNetwork::MarkBroken(SimConnection& connection, int end, absl::Status status) {
  SimEnd& broken = connection.ends[end];
  if (broken.state != SimEnd::State::kOpen) return;
  broken.state = SimEnd::State::kBroken;
  broken.broken = std::move(status);
  broken.wire.clear();
  Wake(broken);
  ForgetIfOver(connection);
}

void SimNetwork::Break(SimConnection& connection, int end, std::string_view why) {
  BreakWith(connection, end, Unavailable(connection, why), Wire::kCut);
}

void SimNetwork::BreakWith(SimConnection& connection, int end, absl::Status status, Wire wire) {
  if (connection.ends[end].state != SimEnd::State::kOpen) return;
  scheduler_.Record(
      connection.ends[1 - end].link->actor, EventKind::kMessage, connection.number, [&] {
        return absl::StrCat("connection ", connection.number, " breaks at ",
                            connection.ends[end].process->label(), ": ", status.message());
      });
  if (connection.ends[1 - end].state == SimEnd::State::kOpen) {
    if (wire == Wire::kCut) CutWire(connection, 1 - end);
    Put(connection, 1 - end, {Parcel::kReset, {}, 0, 0});
  }
  MarkBroken(connection, end, std::move(status));
}

void SimNetwork::Close(SimConnection& connection, int end) {
  SimEnd& closing = connection.ends[end];
  if (closing.state == SimEnd::State::kBroken) closing.state = SimEnd::State::kClosed;
  if (closing.state != SimEnd::State::kOpen) return;
  closing.state = SimEnd::State::kClosed;
  closing.wire.clear();
  closing.inbox.clear();
  Wake(closing);
  if (connection.ends[1 - end].state == SimEnd::State::kOpen) {
    Put(connection, 1 - end, {Parcel::kEnd, {}, 0, 0});
  }
  RefreshHearing(connection);
  ForgetIfOver(connection);
}

void SimNetwork::ForgetIfOver(SimConnection& connection) {
  for (const SimEnd& end : connection.ends) {
    if (end.state == SimEnd::State::kOpen) return;
  }
  connections_.erase(connection.number);
}

bool SimNetwork::Hears(const SimConnection& connection, int end) {
  const SimEnd& here = connection.ends[end];
  const SimEnd& peer = connection.ends[1 - end];
  if (connection.in_process || connection.stream || here.ended) return true;
  if (here.cut_off || here.link->blocked() || peer.state == SimEnd::State::kVanished) return false;
  return peer.state != SimEnd::State::kOpen || !peer.process->paused();
}

void SimNetwork::RefreshHearing(SimConnection& connection) {
  for (int end = 0; end < 2; ++end) {
    SimEnd& here = connection.ends[end];
    if (here.state != SimEnd::State::kOpen || here.silent == !Hears(connection, end)) continue;
    here.silent = !here.silent;
    const uint64_t silence = ++here.silences;
    if (!here.silent) continue;
    // The peer was last heard at its last heartbeat.
    const platform::NetworkOptions& transport = options_.transport;
    Random draw =
        scheduler_.random().Fork("silence", {connection.key, static_cast<uint64_t>(end), silence});
    const int64_t dead_after_ns = absl::ToInt64Nanoseconds(transport.dead_after);
    const int64_t interval_ns = absl::ToInt64Nanoseconds(transport.heartbeat_interval);
    const int64_t wait_ns = dead_after_ns - draw.Between(0, std::min(interval_ns, dead_after_ns));
    scheduler_.At(scheduler_.now_ns() + wait_ns,
                  {here.link->actor, LifeId(0), EventKind::kDue, connection.number},
                  [this, end, silence, held = connection.shared_from_this()] {
                    SilenceOver(*held, end, silence);
                  });
  }
}

void SimNetwork::SilenceOver(SimConnection& connection, int end, uint64_t silence) {
  SimEnd& here = connection.ends[end];
  if (here.state != SimEnd::State::kOpen || here.silences != silence) return;
  if (here.process->paused()) {
    here.expired = true;
  } else {
    Break(connection, end, "the peer is silent");
  }
}

void SimNetwork::OnPauseChanged(SimProcess& process) {
  for (const SimConnectionPtr& connection : Connections()) {
    for (int end = 0; end < 2; ++end) {
      SimEnd& here = connection->ends[end];
      if (here.process != &process || !here.expired || process.paused()) continue;
      // Who wakes after a silence sees either the time that has passed or the peer's next word.
      here.expired = false;
      Random draw = scheduler_.random().Fork(
          "awake", {connection->key, static_cast<uint64_t>(end), here.silences});
      if (here.silent || draw.Below(2) == 0) Break(*connection, end, "the peer was silent");
    }
    RefreshHearing(*connection);
  }
}

// Whether an orderly end waited long enough for what was under way.
bool SimNetwork::DrainsAtExit(const SimConnection& connection, int end) const {
  Random draw = scheduler_.random().Fork("exit", {connection.key, static_cast<uint64_t>(end)});
  return !draw.OneIn(4);
}

void SimNetwork::OnProcessDeath(SimProcess& process, Death death) {
  for (auto entry = listeners_.begin(); entry != listeners_.end();) {
    const SimListenerPtr listener = entry->second;
    ++entry;
    if (listener->process == &process) CloseListener(*listener);
  }
  for (const SimConnectionPtr& connection : Connections()) {
    for (int end = 0; end < 2; ++end) {
      SimEnd& here = connection->ends[end];
      if (here.process != &process) continue;
      const bool was_open = here.state == SimEnd::State::kOpen;
      here.state = death == Death::kPowerLoss ? SimEnd::State::kVanished : SimEnd::State::kGone;
      here.wire.clear();
      here.inbox.clear();
      if (!was_open || connection->ends[1 - end].state != SimEnd::State::kOpen) continue;
      const bool drained = death == Death::kExit && DrainsAtExit(*connection, end);
      if (!drained) CutWire(*connection, 1 - end);
      if (death == Death::kPowerLoss) continue;
      const Parcel::Kind last_word = drained ? Parcel::kEnd : Parcel::kReset;
      Put(*connection, 1 - end, {last_word, {}, 0, 0});
    }
    RefreshHearing(*connection);
    ForgetIfOver(*connection);
  }
}

void SimNetwork::OnPower(const std::string& machine, bool on) {
  machines_[machine] = on;
  if (!on) return;
  // The machine does not know the connections that it once had, and says so at the next heartbeat.
  for (const SimConnectionPtr& connection : Connections()) {
    for (int end = 0; end < 2; ++end) {
      SimEnd& here = connection->ends[end];
      const bool vanished = here.state == SimEnd::State::kVanished;
      if (!vanished || here.process->machine_name() != machine) continue;
      here.state = SimEnd::State::kGone;
      if (connection->ends[1 - end].state != SimEnd::State::kOpen) continue;
      Random draw =
          scheduler_.random().Fork("power on", {connection->key, static_cast<uint64_t>(end)});
      const int64_t interval_ns = absl::ToInt64Nanoseconds(options_.transport.heartbeat_interval);
      Put(*connection, 1 - end, {Parcel::kReset, {}, 0, 0}, draw.Between(0, interval_ns));
    }
    RefreshHearing(*connection);
  }
}

}  // namespace wavetank::simulator
