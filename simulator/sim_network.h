// SimNetwork: every connection of a world, and what goes wrong between its machines.
//
// A link is the way from one machine to another. While it is *blocked* nothing arrives over it:
// what was sent waits, and goes on when the link is released (a partition's release costs a
// retransmission's delay, a clog's nothing). The transport's heartbeats are not simulated one by
// one: an end that has stopped hearing its peer (the link is blocked, the peer's process is paused,
// its machine is off) breaks after dead_after, less up to one heartbeat interval. When an end
// breaks, or its process dies, its peer has received, and will receive, some drawn prefix of what
// was under way, and learns of the break in its own time, or, after a power loss, by silence.
#ifndef WAVETANK_SIMULATOR_SIM_NETWORK_H_
#define WAVETANK_SIMULATOR_SIM_NETWORK_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "platform/network.h"
#include "simulator/latency.h"
#include "simulator/scheduler.h"
#include "simulator/sim_node.h"
#include "simulator/sim_process.h"

namespace wavetank::simulator {

struct SimNetworkOptions {
  platform::NetworkOptions transport = {};
  Latency between_machines{absl::Microseconds(50), absl::Microseconds(500), 10'000,
                           absl::Milliseconds(20)};
  Latency within_machine{absl::Microseconds(5), absl::Microseconds(50)};
  Latency within_process{absl::Nanoseconds(100), absl::Microseconds(2)};
  // After a partition is released: when the senders try again.
  Latency retransmission{absl::Milliseconds(1), absl::Milliseconds(400)};
  enum class Attachments { kDrawn, kHandedOver, kEncoded };
  // Of in-process messages; kDrawn chooses one of the others by the world's seed.
  Attachments attachments = Attachments::kDrawn;
};

// What crosses in one direction of a connection.
struct Parcel {
  enum Kind : uint8_t { kMessage, kEnd, kReset, kCorrupt };
  Kind kind = kMessage;
  platform::Message message;
  int64_t bytes = 0;
  int64_t arrives_ns = 0;
  int64_t sent_ns = 0;
};

// The way from one machine to another, or to itself.
struct SimLink {
  ActorId actor;
  int blocks[2] = {0, 0};  // by SimNetwork::Block
  int64_t slowness = 1;
  static constexpr int64_t kUnlimited = INT64_MAX;
  int64_t bytes_per_second = kUnlimited;
  int64_t free_ns = 0;  // when all that was sent has left, where that is limited
  bool blocked() const { return blocks[0] + blocks[1] > 0; }
};

// One end of a connection.
struct SimEnd {
  enum class State : uint8_t {
    kOpen,
    kClosed,    // by this end, in order
    kBroken,    // for the reason in `broken`
    kGone,      // its process died
    kVanished,  // its machine lost power, and has not spoken since
  };

  SimProcess* process = nullptr;
  ActorId actor;            // of the node that connected, or listened
  SimLink* link = nullptr;  // the way towards this end
  State state = State::kOpen;
  absl::Status broken;
  bool ended = false;  // the peer closed in order, and that has arrived

  // Towards this end.
  std::deque<Parcel> wire;   // under way, in order
  std::deque<Parcel> inbox;  // arrived
  int64_t unread_bytes = 0;  // of both
  int64_t last_arrival_ns = 0;
  uint64_t parcels = 0;
  bool arrival_pending = false;
  uint32_t arrivals = 0;  // events that were made for them; the last one counts
  bool cut_off = false;   // what comes towards this end is lost
  bool credit_pending = false;

  bool silent = false;    // the peer is not heard
  bool expired = false;   // the silence ran out while this end's process was paused
  uint64_t silences = 0;  // changes of `silent`

  platform::WaitList receivers;
  platform::WaitList senders;  // who send from this end
};

struct SimConnection : std::enable_shared_from_this<SimConnection> {
  uint64_t number = 0;  // in the world, in the order of their making
  uint64_t key = 0;     // the same in every run: for draws
  bool stream = false;
  bool in_process = false;
  std::string address;
  SimEnd ends[2];  // who connected, who accepted

  bool crosses_machines() const {
    return &ends[0].process->machine() != &ends[1].process->machine();
  }
};
using SimConnectionPtr = std::shared_ptr<SimConnection>;

// Where connections are taken.
struct SimListener {
  SimProcess* process = nullptr;
  ActorId actor;        // of the node that listens
  std::string address;  // "host:port" or "inproc:name"
  bool stream = false;
  bool open = true;
  std::deque<SimConnectionPtr> backlog;
  platform::WaitList acceptors;
};
using SimListenerPtr = std::shared_ptr<SimListener>;

class SimNetwork {
 public:
  SimNetwork(Scheduler& scheduler, const SimNetworkOptions& options);
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;

  const SimNetworkOptions& options() const { return options_; }
  bool hands_over() const { return hands_over_; }

  // Faults on links, by machines' names. A link may be blocked for several reasons; it is open when
  // each has been released.
  enum class Block : uint8_t { kPartition, kClog };
  void BlockLink(const std::string& from, const std::string& to, Block why);
  void ReleaseLink(const std::string& from, const std::string& to, Block why);
  void Partition(const std::string& a, const std::string& b);
  void ReleasePartition(const std::string& a, const std::string& b);
  // Every latency from one machine to the other is multiplied.
  void SetSlowness(const std::string& from, const std::string& to, int64_t factor);
  // What crosses from one machine to the other queues for so many bytes a second.
  void SetBandwidth(const std::string& from, const std::string& to, int64_t bytes_per_second);
  // Breaks the connections between two machines; a draw says which end sees it first.
  int Reset(const std::string& a, const std::string& b);
  // Nothing crosses those that are there any more, one way or both, and nobody is told. After
  // `duration` what is left of them breaks.
  void HalfOpen(const std::string& a, const std::string& b, absl::Duration duration);
  void Heal();

  // For the world.
  void AddMachine(const std::string& name) { machines_[name] = true; }
  void OnPauseChanged(SimProcess& process);
  void OnProcessDeath(SimProcess& process, Death death);
  void OnPower(const std::string& machine, bool on);

  // For SimNodeNetwork: what a live node asks.
  absl::StatusOr<SimListenerPtr> Listen(SimNode& node, std::string address, bool stream);
  void CloseListener(SimListener& listener);
  // Is done when it has a connection or an error; gives `waiter` its turn then, if it is not null.
  struct Attempt {
    std::string address;
    bool stream = false;
    bool fails = false;  // a fault befalls it
    bool done = false;
    absl::Status status;
    SimConnectionPtr connection;
    platform::Waiter* waiter = nullptr;
    int64_t deadline_ns = 0;
    uint64_t tries = 0;
  };
  using AttemptPtr = std::shared_ptr<Attempt>;
  void StartConnect(SimNode& node, const AttemptPtr& attempt);
  void Send(SimConnection& connection, int from, platform::Message message, int64_t bytes);
  // The same with bits turned over.
  void SendCorrupt(SimConnection& connection, int from, platform::Message message, int64_t bytes);
  // The sender's end breaks; what it has sent, this too, arrives so much later.
  void SendLateAndBreak(SimConnection& connection, int from, platform::Message message,
                        int64_t bytes, absl::Duration late);
  // The reader at `end` took so much out of its inbox.
  void Consumed(SimConnection& connection, int end, int64_t bytes);
  void Close(SimConnection& connection, int end);
  // The end breaks now; its peer hears of it when it can.
  void Break(SimConnection& connection, int end, std::string_view why);
  // A draw says which end breaks first.
  void BreakEither(SimConnection& connection);
  // A draw says which ends hear no more.
  void HalfOpen(SimConnection& connection, absl::Duration duration);

 private:
  SimLink& LinkOf(const std::string& from, const std::string& to);
  int64_t DelayNs(const SimConnection& connection, int to, std::string_view purpose,
                  uint64_t number) const;
  void Put(SimConnection& connection, int to, Parcel parcel, int64_t extra_delay_ns = 0);
  void ScheduleArrival(SimConnection& connection, int to);
  void Arrive(SimConnection& connection, int to);
  void CutWire(SimConnection& connection, int to);
  int64_t QueueNs(SimLink& link, int64_t bytes);
  static absl::Status Unavailable(const SimConnection& connection, std::string_view why);
  enum class Wire { kCut, kKept };  // of what is under way to the peer
  void BreakWith(SimConnection& connection, int end, absl::Status status, Wire wire);
  void MarkBroken(SimConnection& connection, int end, absl::Status status);
  void EndHalfOpen(SimConnection& connection);
  std::vector<SimConnectionPtr> Between(const std::string& a, const std::string& b) const;
  bool DrainsAtExit(const SimConnection& connection, int end) const;
  void ForgetIfOver(SimConnection& connection);
  static bool Hears(const SimConnection& connection, int end);
  void RefreshHearing(SimConnection& connection);
  void SilenceOver(SimConnection& connection, int end, uint64_t silence);
  void Released(SimLink& link, Block why);

  SimListenerPtr FindListener(const Attempt& attempt, const SimProcess& from) const;
  void Handshake(const AttemptPtr& attempt);
  void Answer(const AttemptPtr& attempt);
  void Retry(const AttemptPtr& attempt);
  static void Finish(const AttemptPtr& attempt, absl::Status status);
  // A copy: what is done to them may remove some.
  std::vector<SimConnectionPtr> Connections() const;

  Scheduler& scheduler_;
  const SimNetworkOptions options_;
  bool hands_over_;
  std::map<std::string, bool> machines_;  // is it on?
  std::map<std::pair<std::string, std::string>, SimLink> links_;
  std::map<std::string, SimListenerPtr> listeners_;
  std::map<uint64_t, SimConnectionPtr> connections_;
  std::map<std::string, int> next_port_;
  std::map<std::pair<uint64_t, uint64_t>, uint64_t> attempts_;  // of a node to an address
  uint64_t next_connection_ = 0;
};

// A node's view of the network.
class SimNodeNetwork final : public platform::Network {
 public:
  SimNodeNetwork(SimNode& node, SimNetwork& network) : node_(node), network_(network) {}

  platform::Task<absl::StatusOr<std::unique_ptr<platform::Connection>>> Connect(
      std::string address) override;
  platform::Task<absl::StatusOr<std::unique_ptr<platform::Listener>>> Listen(
      std::string address) override;
  platform::Task<absl::StatusOr<std::unique_ptr<platform::ByteStream>>> ConnectStream(
      std::string address) override;
  platform::Task<absl::StatusOr<std::unique_ptr<platform::StreamListener>>> ListenStream(
      std::string address) override;

 private:
  SimNode& node_;
  SimNetwork& network_;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_SIM_NETWORK_H_
