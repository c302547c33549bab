// LogState: what a log server holds: topics, producers and transactions, as its journal's entries
// make them, one after the other. It decides nothing that is not in an entry.
#ifndef WAVETANK_SCENARIOS_FAKES_LOG_STATE_H_
#define WAVETANK_SCENARIOS_FAKES_LOG_STATE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/fenced_log.h"
#include "runtime/connectors/log/protocol/log_protocol.pb.h"
#include "scenarios/fakes/log_journal.pb.h"

namespace wavetank::scenarios::fakes {

class LogState final : public checkpoint::LogFold {
 public:
  enum class Ended : uint8_t { kOpen, kCommitted, kAborted };

  struct Stored {
    runtime::logs::LogRecord record;
    int64_t transaction = -1;  // an index into `transactions`; -1: of none
    bool is_marker = false;
    // Of it and all that were ever before it in its partition.
    int64_t bytes_so_far = 0;
  };
  struct Partition {
    int64_t start = 0;
    std::deque<Stored> stored;  // from `start` on
    // Where those that are open begin here.
    std::map<int64_t, int64_t> open = {};

    int64_t end() const { return start + static_cast<int64_t>(stored.size()); }
    // Of all that were ever before `offset`; of those that are gone, as much as is known.
    int64_t BytesBefore(int64_t offset) const;
    // Up to where, from `begin` on, there are at most so many.
    int64_t EndWithin(int64_t begin, int64_t end, int64_t most_bytes) const;
    void Store(Stored record);

    int64_t last_stable() const;
  };
  using Topic = std::vector<Partition>;

  struct Sequences {
    int32_t epoch = 0;
    int32_t next = 0;
    // Of the newest appends: their first sequences, and where they are.
    std::deque<std::pair<int32_t, int64_t>> newest = {};
  };
  struct Producer {
    int64_t id = 0;
    int32_t epoch = 0;
    std::string transactional_id = {};
    int64_t timeout_ms = 0;
    int64_t transaction = -1;  // the open one
    // How the last one ended; unset: there was none.
    std::optional<bool> last_was_commit = {};
    std::map<std::pair<std::string, int32_t>, Sequences> sequences = {};
  };

  void Clear() override { *this = LogState(); }
  absl::Status Add(std::string_view record) override;

  // "": it was given none yet.
  const std::string& id() const { return id_; }
  const Topic* FindTopic(const std::string& topic) const;
  // Null: there is no such partition.
  const Partition* Find(const std::string& topic, int32_t partition) const;
  // Where each range of such a request ends. REQUIRES: there are its partitions.
  runtime::logs::MeasureReply Measure(const runtime::logs::MeasureRequest& request) const;
  // What a reader is given, in at most so many bytes, or one record. REQUIRES: there is such a
  // partition. kOutOfRange: no record was, or will be next, at that offset.
  absl::StatusOr<runtime::logs::FetchReply> Fetch(const runtime::logs::FetchRequest& request,
                                                  int64_t most_bytes) const;
  const Producer* FindProducer(int64_t id) const;
  const Producer* OfTransactionalId(const std::string& id) const;
  const runtime::logs::GroupOffset* FindOffset(const std::string& group) const;
  Ended StateOf(int64_t transaction) const {
    return transactions_[static_cast<size_t>(transaction)].ended;
  }
  const std::map<int64_t, Producer>& producers() const { return producers_; }
  int64_t next_producer_id() const { return next_producer_id_; }
  // The newest of what the world has supplied.
  int64_t supplied() const { return supplied_; }

 private:
  struct Transaction {
    Ended ended = Ended::kOpen;
    std::vector<std::pair<std::string, int32_t>> partitions = {};
    std::vector<std::pair<std::string, runtime::logs::GroupOffset>> offsets = {};
  };

  void Make(const TopicMade& made);
  void Make(const ProducerMade& made);
  void Append(const Appended& appended);
  int64_t OpenTransactionOf(int64_t producer);
  void End(const TransactionEnded& ended);
  void Trim(const Trimmed& trimmed);

  std::string id_;
  std::map<std::string, Topic> topics_;
  std::map<int64_t, Producer> producers_;
  std::map<std::string, int64_t> transactional_ids_;
  std::map<std::string, runtime::logs::GroupOffset> offsets_;
  std::vector<Transaction> transactions_;
  int64_t next_producer_id_ = 0;
  int64_t supplied_ = 0;
};

}  // namespace wavetank::scenarios::fakes

#endif  // WAVETANK_SCENARIOS_FAKES_LOG_STATE_H_
