#include "scenarios/fakes/log_server.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/local_store.h"
#include "platform/budget.h"
#include "platform/event.h"
#include "platform/rpc.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"
#include "scenarios/fakes/log_answers.h"
#include "scenarios/fakes/log_state.h"
#include "scenarios/fakes/log_supply.h"

namespace wavetank::scenarios::fakes {

namespace logs = runtime::logs;
using platform::Node;
using platform::RpcCall;
using platform::RpcPayload;
using platform::Task;

namespace {

constexpr absl::Duration kRetryDelay = absl::Milliseconds(100);
// An end that waits for the next transaction waits no longer.
constexpr absl::Duration kMostWait = absl::Minutes(1);
// A journal is not bounded by segments: all of its records count.
constexpr uint64_t kSegmentBytes = uint64_t{1} << 40;

using Reply = absl::StatusOr<std::string>;

class LogServer {
 public:
  LogServer(Node& node, std::string address, std::shared_ptr<LogFeed> feed,
            LogServerOptions options)
      : node_(node),
        address_(std::move(address)),
        feed_(std::move(feed)),
        options_(std::move(options)),
        store_(node, options_.directory) {}

  // Until its journal fails: who comes next reads it anew.
  Task<absl::Status> Serve() {
    platform::TaskScope scope(node_.executor());
    scope_ = &scope;
    // Who has no address takes the journal from nobody: another incarnation may serve there.
    WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<platform::RpcServer> server,
                           co_await platform::RpcServer::Start(
                               node_, address_,
                               [this](std::string method, RpcPayload request, RpcCall call) {
                                 return Handle(std::move(method), std::move(request),
                                               std::move(call));
                               },
                               {.memory_bytes = options_.memory_bytes, .on_disconnect = nullptr}));
    const checkpoint::FencedLogOptions journal{.segment_bytes = kSegmentBytes,
                                               .segment_age = absl::InfiniteDuration()};
    WT_CO_ASSIGN_OR_RETURN(log_, co_await checkpoint::FencedLog::TakeOver(
                                     node_, store_, kJournalDirectory, state_, journal));
    WT_CO_RETURN_IF_ERROR(co_await HaveId());
    // How long they have been open nobody knows any more.
    for (const auto& [id, producer] : state_.producers()) {
      if (producer.transaction >= 0) begun_[id] = node_.clock().Now();
    }
    for (const auto& [topic, partitions] : feed_->topics()) {
      WT_CO_RETURN_IF_ERROR(co_await HaveTopic(topic, partitions));
    }
    ready_ = true;
    node_.Log(platform::LogLevel::kInfo, absl::StrCat("a log is served at ", address_));
    scope.Spawn("what the world writes", TakeSupplies());
    co_await broken_.Wait();
    co_return why_broken_;
  }

 private:
  struct Request {
    std::string method;
    std::string body;
    // Who asks, of a request of a producer with a transactional id.
    std::string transactional_id = {};
    bool changes = false;
    bool is_end = false;
  };

  // --- what befalls requests ---

  Task<absl::StatusOr<RpcPayload>> Handle(std::string method, RpcPayload payload, RpcCall) {
    if (!ready_) co_return absl::UnavailableError("the log reads its journal: try again");
    Request request{.method = std::move(method), .body = std::move(payload.body)};
    WT_CO_RETURN_IF_ERROR(co_await Announce(request));
    if (feed_->delay() > absl::ZeroDuration()) co_await node_.clock().Sleep(feed_->delay());
    if (feed_->unavailable()) co_return absl::UnavailableError("the log is busy: try again");
    std::optional<LogFeed::Struck> struck;
    if (request.changes) struck = feed_->Take(request.is_end, !request.transactional_id.empty());
    if (struck && struck->mishap == LogMishap::kExpired) {
      WT_CO_RETURN_IF_ERROR((co_await ToItsEnd(Expire(request.transactional_id))).status());
    }
    const bool later = struck && (struck->mishap == LogMishap::kAppliedLate ||
                                  struck->mishap == LogMishap::kEndsNext);
    if (later) {
      scope_->Spawn("a late request", DoLater(request, *struck));
      co_await never_.Wait();
    }
    if (struck && struck->mishap == LogMishap::kRepeated) {
      (co_await ToItsEnd(Do(request))).IgnoreError();
    }
    WT_CO_ASSIGN_OR_RETURN(std::string reply, co_await ToItsEnd(Do(request)));
    if (request.changes) co_await node_.Step(steps::kLogDone);
    if (struck && struck->mishap == LogMishap::kReplyLost) co_await never_.Wait();
    if (struck && struck->mishap == LogMishap::kReplyLate) {
      co_await node_.clock().Sleep(struck->late);
    }
    RpcPayload said;
    said.body = std::move(reply);
    co_return said;
  }

  // The step at which it can be struck.
  Task<absl::Status> Announce(Request& request) {
    if (request.method == "init") {
      WT_CO_RETURN_IF_ERROR(ParseRequest<logs::InitRequest>(request.body).status());
      request.changes = true;
      co_await node_.Step(steps::kLogInitAsked);
    } else if (request.method == "append") {
      WT_CO_ASSIGN_OR_RETURN(const auto append, ParseRequest<logs::AppendRequest>(request.body));
      request.changes = true;
      request.transactional_id = append.transactional_id();
      co_await node_.Step(steps::kLogAppendAsked,
                          {{"records", static_cast<int64_t>(append.records_size())}});
    } else if (request.method == "add_offset") {
      WT_CO_ASSIGN_OR_RETURN(const auto add, ParseRequest<logs::AddOffsetRequest>(request.body));
      request.changes = true;
      request.transactional_id = add.transactional_id();
      co_await node_.Step(steps::kLogOffsetAsked, {{"offset", add.offset().offset()}});
    } else if (request.method == "end") {
      WT_CO_ASSIGN_OR_RETURN(const auto end, ParseRequest<logs::EndRequest>(request.body));
      request.changes = request.is_end = true;
      request.transactional_id = end.transactional_id();
      co_await node_.Step(steps::kLogEndAsked, {{"commit", end.commit() ? 1 : 0}});
    } else if (request.method == "fetch") {
      WT_CO_ASSIGN_OR_RETURN(const auto fetch, ParseRequest<logs::FetchRequest>(request.body));
      co_await node_.Step(steps::kLogFetchAsked, {{"partition", int64_t{fetch.partition()}}});
    }
    co_return absl::OkStatus();
  }

  Task<void> DoLater(Request request, LogFeed::Struck struck) {
    if (struck.mishap == LogMishap::kAppliedLate) {
      co_await node_.clock().Sleep(struck.late);
    } else {
      const platform::MonotonicTime until = node_.clock().Now() + kMostWait;
      const LogState::Producer* producer = state_.OfTransactionalId(request.transactional_id);
      const int64_t now = producer == nullptr ? -1 : producer->transaction;
      while (true) {
        producer = state_.OfTransactionalId(request.transactional_id);
        const int64_t open = producer == nullptr ? -1 : producer->transaction;
        if ((open >= 0 && open != now) || node_.clock().Now() >= until) break;
        changed_.Reset();
        co_await changed_.WaitFor(node_.clock(), until - node_.clock().Now());
      }
    }
    (co_await Do(request)).IgnoreError();
  }

  // --- what is asked ---

  struct Outcome {
    platform::Event known;
    Reply reply = absl::UnknownError("");
  };
  static Task<void> Finish(Task<Reply> work, std::shared_ptr<Outcome> outcome) {
    outcome->reply = co_await std::move(work);
    outcome->known.Set();
  }
  // Also when nobody waits for it any more: a handler goes with its connection, and what it was
  // about to write would be written all the same, beside the next one's turn.
  Task<Reply> ToItsEnd(Task<Reply> work) {
    const auto outcome = std::make_shared<Outcome>();
    scope_->Spawn("a request", Finish(std::move(work), outcome));
    co_await outcome->known.Wait();
    co_return outcome->reply;
  }

  Task<Reply> Do(Request request) {
    // One after the other: what is found stays so until what follows from it is durable.
    const platform::Budget::Share turn = co_await turn_.Take(1);
    WT_CO_RETURN_IF_ERROR(co_await ExpireOld());
    const std::string& body = request.body;
    if (request.method == "metadata") co_return TellMetadata(state_, body);
    if (request.method == "offsets") co_return co_await Offsets(body);
    if (request.method == "measure") co_return TellMeasure(state_, body);
    if (request.method == "fetch") co_return TellRecords(state_, body, kMostReplyBytes);
    if (request.method == "init") co_return co_await Init(body);
    if (request.method == "describe") co_return TellProducer(state_, body);
    if (request.method == "append") co_return co_await Append(body);
    if (request.method == "add_offset") co_return co_await AddOffset(body);
    if (request.method == "group_offset") co_return TellNewestOffset(state_, body);
    if (request.method == "end") co_return co_await End(body);
    if (request.method == "trim") co_return co_await Trim(body);
    co_return absl::InvalidArgumentError(absl::StrCat("a log knows no \"", request.method, "\""));
  }

  // All of them take effect, or none.
  Task<absl::Status> Write(std::vector<JournalEntry> entries) {
    std::vector<std::string> records;
    for (const JournalEntry& entry : entries) records.push_back(entry.SerializeAsString());
    const absl::Status written = co_await log_->Append(std::move(records));
    if (!written.ok() && !absl::IsInvalidArgument(written)) {
      why_broken_ = written;
      broken_.Set();
      co_return absl::UnavailableError(absl::StrCat("the log cannot write: ", written.message()));
    }
    changed_.Set();
    co_return written;
  }

  // Whoever finds another log at this address is to know it for one.
  Task<absl::Status> HaveId() {
    if (!state_.id().empty()) co_return absl::OkStatus();
    JournalEntry entry;
    entry.mutable_made()->set_log_id(
        absl::StrCat(absl::Hex(node_.random().Next(), absl::kZeroPad16)));
    std::vector<JournalEntry> entries = {std::move(entry)};
    co_return co_await Write(std::move(entries));
  }

  Task<absl::Status> HaveTopic(std::string topic, int32_t partitions) {
    const LogState::Topic* const found = state_.FindTopic(topic);
    if (found != nullptr && std::ssize(*found) >= partitions) co_return absl::OkStatus();
    JournalEntry entry;
    entry.mutable_topic()->set_topic(topic);
    entry.mutable_topic()->set_partitions(partitions);
    std::vector<JournalEntry> entries = {std::move(entry)};
    co_return co_await Write(std::move(entries));
  }

  Task<Reply> Offsets(std::string body) {
    WT_CO_ASSIGN_OR_RETURN(const auto request, AskedOf<logs::OffsetsRequest>(state_, body));
    logs::OffsetsReply reply;
    if (state_.FindTopic(request.topic()) == nullptr) {
      if (!request.make()) co_return reply.SerializeAsString();
      WT_CO_RETURN_IF_ERROR(co_await HaveTopic(request.topic(), options_.partitions));
    }
    for (const LogState::Partition& partition : *state_.FindTopic(request.topic())) {
      logs::PartitionOffsets& offsets = *reply.add_partitions();
      offsets.set_start(partition.start);
      offsets.set_last_stable(partition.last_stable());
      offsets.set_end(partition.end());
    }
    co_return reply.SerializeAsString();
  }

  static JournalEntry EndOf(const LogState::Producer& producer, bool commit, int32_t epoch) {
    JournalEntry entry;
    entry.mutable_ended()->set_producer_id(producer.id);
    entry.mutable_ended()->set_commit(commit);
    entry.mutable_ended()->set_epoch(epoch);
    return entry;
  }

  Task<Reply> Init(std::string body) {
    WT_CO_ASSIGN_OR_RETURN(const auto request, AskedOf<logs::InitRequest>(state_, body));
    std::vector<JournalEntry> entries;
    JournalEntry made;
    ProducerMade& producer = *made.mutable_producer();
    producer.set_producer_id(state_.next_producer_id());
    producer.set_transactional_id(request.transactional_id());
    producer.set_transaction_timeout_ms(request.transaction_timeout_ms());
    const LogState::Producer* const older =
        request.transactional_id().empty() ? nullptr
                                           : state_.OfTransactionalId(request.transactional_id());
    if (older != nullptr) {
      if (older->transaction >= 0) entries.push_back(EndOf(*older, false, older->epoch));
      begun_.erase(older->id);
      producer.set_producer_id(older->id);
      producer.set_epoch(older->epoch + 1);
    }
    logs::InitReply reply;
    reply.set_producer_id(producer.producer_id());
    reply.set_epoch(producer.epoch());
    entries.push_back(std::move(made));
    WT_CO_RETURN_IF_ERROR(co_await Write(std::move(entries)));
    co_return reply.SerializeAsString();
  }

  // Of the producer and epoch that a request names.
  absl::StatusOr<const LogState::Producer*> Known(int64_t id, int32_t epoch) const {
    const LogState::Producer* const producer = state_.FindProducer(id);
    if (producer == nullptr) return absl::AbortedError("there is no such producer");
    if (epoch < producer->epoch) {
      return absl::AbortedError(absl::StrCat(
          "the producer of epoch ", epoch, " is fenced: there is one of epoch ", producer->epoch));
    }
    return producer;
  }

  Task<Reply> Append(std::string body) {
    WT_CO_ASSIGN_OR_RETURN(auto request, AskedOf<logs::AppendRequest>(state_, body));
    if (state_.FindTopic(request.topic()) == nullptr) {
      WT_CO_RETURN_IF_ERROR(co_await HaveTopic(request.topic(), options_.partitions));
    }
    const LogState::Partition* const partition = state_.Find(request.topic(), request.partition());
    if (partition == nullptr) co_return NoSuchPartition(request.topic(), request.partition());
    logs::AppendReply reply;
    reply.set_base_offset(partition->end());
    JournalEntry entry;
    Appended& appended = *entry.mutable_appended();
    if (request.has_producer_id()) {
      WT_CO_ASSIGN_OR_RETURN(const LogState::Producer* const producer,
                             Known(request.producer_id(), request.epoch()));
      const auto found = producer->sequences.find({request.topic(), request.partition()});
      const bool same =
          found != producer->sequences.end() && found->second.epoch == producer->epoch;
      const int32_t next = same ? found->second.next : 0;
      if (request.has_first_sequence() && request.first_sequence() < next) {
        for (const auto& [sequence, base] : found->second.newest) {
          if (sequence != request.first_sequence()) continue;
          reply.set_base_offset(base);
          co_return reply.SerializeAsString();
        }
      }
      if (request.has_first_sequence() && request.first_sequence() != next) {
        co_return absl::FailedPreconditionError(
            absl::StrCat("sequence ", request.first_sequence(), " comes where ", next, " is due"));
      }
      appended.set_producer_id(request.producer_id());
      appended.set_transactional(!request.transactional_id().empty());
      if (request.has_first_sequence()) appended.set_first_sequence(request.first_sequence());
    }
    appended.set_topic(request.topic());
    appended.set_partition(request.partition());
    appended.mutable_records()->Swap(request.mutable_records());
    std::vector<JournalEntry> entries = {std::move(entry)};
    WT_CO_RETURN_IF_ERROR(co_await Write(std::move(entries)));
    NoteBegun(request.producer_id());
    co_return reply.SerializeAsString();
  }

  Task<Reply> AddOffset(std::string body) {
    WT_CO_ASSIGN_OR_RETURN(const auto request, AskedOf<logs::AddOffsetRequest>(state_, body));
    WT_CO_RETURN_IF_ERROR(Known(request.producer_id(), request.epoch()).status());
    JournalEntry entry;
    entry.mutable_offset()->set_producer_id(request.producer_id());
    entry.mutable_offset()->set_group(request.group());
    *entry.mutable_offset()->mutable_offset() = request.offset();
    std::vector<JournalEntry> entries = {std::move(entry)};
    WT_CO_RETURN_IF_ERROR(co_await Write(std::move(entries)));
    NoteBegun(request.producer_id());
    co_return logs::Done().SerializeAsString();
  }

  Task<Reply> End(std::string body) {
    WT_CO_ASSIGN_OR_RETURN(const auto request, AskedOf<logs::EndRequest>(state_, body));
    const LogState::Producer* producer = state_.FindProducer(request.producer_id());
    logs::EndReply reply;
    // What has ended so already is asked for once more.
    const bool again =
        producer != nullptr && producer->transaction < 0 &&
        producer->last_was_commit == request.commit() &&
        request.epoch() + (options_.epoch_per_transaction ? 1 : 0) == producer->epoch;
    if (!again) {
      WT_CO_ASSIGN_OR_RETURN(producer, Known(request.producer_id(), request.epoch()));
      if (producer->transaction < 0) {
        co_return absl::FailedPreconditionError("no transaction of the producer is open");
      }
      const int32_t epoch = producer->epoch + (options_.epoch_per_transaction ? 1 : 0);
      std::vector<JournalEntry> entries = {EndOf(*producer, request.commit(), epoch)};
      begun_.erase(producer->id);
      WT_CO_RETURN_IF_ERROR(co_await Write(std::move(entries)));
    }
    reply.set_epoch(producer->epoch);
    co_return reply.SerializeAsString();
  }

  Task<Reply> Trim(std::string body) {
    WT_CO_ASSIGN_OR_RETURN(const auto request, AskedOf<logs::TrimRequest>(state_, body));
    const LogState::Partition* const partition = state_.Find(request.topic(), request.partition());
    if (partition == nullptr) co_return NoSuchPartition(request.topic(), request.partition());
    // What is undecided stays.
    JournalEntry entry;
    entry.mutable_trimmed()->set_topic(request.topic());
    entry.mutable_trimmed()->set_partition(request.partition());
    entry.mutable_trimmed()->set_start(std::min(request.start(), partition->last_stable()));
    std::vector<JournalEntry> entries = {std::move(entry)};
    WT_CO_RETURN_IF_ERROR(co_await Write(std::move(entries)));
    co_return logs::Done().SerializeAsString();
  }

  // --- time-outs ---

  void NoteBegun(int64_t producer_id) {
    const LogState::Producer* const producer = state_.FindProducer(producer_id);
    if (producer == nullptr || producer->transaction < 0) return;
    begun_.emplace(producer->id, node_.clock().Now());
  }

  Task<absl::Status> ExpireOld() {
    std::vector<JournalEntry> entries;
    for (auto begun = begun_.begin(); begun != begun_.end();) {
      const LogState::Producer& producer = *state_.FindProducer(begun->first);
      const bool open = producer.transaction >= 0;
      const absl::Duration timeout = absl::Milliseconds(producer.timeout_ms);
      if (open && node_.clock().Now() < begun->second + timeout) {
        ++begun;
        continue;
      }
      if (open) entries.push_back(EndOf(producer, false, producer.epoch + 1));
      begun = begun_.erase(begun);
    }
    if (entries.empty()) co_return absl::OkStatus();
    co_return co_await Write(std::move(entries));
  }

  Task<Reply> Expire(std::string transactional_id) {
    const platform::Budget::Share turn = co_await turn_.Take(1);
    const LogState::Producer* const producer = state_.OfTransactionalId(transactional_id);
    if (producer == nullptr || producer->transaction < 0) co_return std::string();
    std::vector<JournalEntry> entries = {EndOf(*producer, false, producer->epoch + 1)};
    begun_.erase(producer->id);
    WT_CO_RETURN_IF_ERROR(co_await Write(std::move(entries)));
    co_return std::string();
  }

  // --- what others write ---

  Task<void> TakeSupplies() {
    while (true) {
      const LogFeed::Waiting* const waiting = feed_->After(state_.supplied());
      if (waiting == nullptr) {
        feed_->news().Reset();
        co_await feed_->news().Wait();
        continue;
      }
      const int64_t number = waiting->number;
      const absl::Status supplied = co_await Supply(waiting->write, number);
      if (!supplied.ok()) co_return;
      co_await node_.Step(steps::kLogSupplied, {{"write", number}});
    }
  }

  Task<absl::Status> Supply(LogWrite write, int64_t number) {
    const platform::Budget::Share turn = co_await turn_.Take(1);
    WT_CO_RETURN_IF_ERROR(co_await HaveTopic(write.topic, write.partition + 1));
    const int64_t producer_id = state_.next_producer_id();
    std::vector<JournalEntry> entries = EntriesOf(write, number, producer_id);
    const absl::Status written = co_await Write(std::move(entries));
    NoteBegun(producer_id);
    co_return written;
  }

  Node& node_;
  const std::string address_;
  const std::shared_ptr<LogFeed> feed_;
  const LogServerOptions options_;
  checkpoint::LocalStore store_;
  LogState state_;
  std::unique_ptr<checkpoint::FencedLog> log_;
  platform::Budget turn_{1};
  std::map<int64_t, platform::MonotonicTime> begun_;  // of each producer with an open transaction
  platform::Event changed_;
  platform::Event never_;
  platform::Event broken_;
  absl::Status why_broken_;
  platform::TaskScope* scope_ = nullptr;
  bool ready_ = false;
};

Task<void> RunLogServer(Node& node, std::string address, std::shared_ptr<LogFeed> feed,
                        LogServerOptions options) {
  while (true) {
    LogServer server(node, address, feed, options);
    const absl::Status why = co_await server.Serve();
    node.Log(options.begins_anew ? platform::LogLevel::kDebug : platform::LogLevel::kError,
             absl::StrCat("the log at ", address, " is served no more: ", why.message()));
    if (!options.begins_anew) co_return node.Exit(1);
    co_await node.clock().Sleep(kRetryDelay);
  }
}

}  // namespace

platform::NodeMain LogServerMain(std::string address, std::shared_ptr<LogFeed> feed,
                                 LogServerOptions options) {
  return [address = std::move(address), feed = std::move(feed), options = std::move(options)](
             Node& node) { return RunLogServer(node, address, feed, options); };
}

}  // namespace wavetank::scenarios::fakes
