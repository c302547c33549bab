// A partitioned log with transactions, the stand-in for Kafka: what real ones promise, and what
// they do not.
//
// - Durable: what it has acknowledged, and what anybody was shown, survives its process and a power
//   loss. What it did not acknowledge may have been done.
// - It has an id from when it was made: who says which log is meant gets nothing of another, and
//   changes nothing there.
// - A producer with a transactional id fences every older one of that id when it is made ("init"),
//   and what they left open is aborted. A transaction that is open for longer than its time-out is
//   aborted, and its producer fenced, when somebody asks the next time.
// - Readers that are read_committed see what is before the first open transaction of a partition,
//   without aborted records and markers, which have offsets too. (Of real logs, the partitions of
//   one transaction need not show it at the same instant; here they do.)
// - Repeated appends are told from new ones by their sequences; the newest five of each producer in
//   each partition.
// - The epoch does not change from transaction to transaction, as before KIP-890: an end that was
//   asked for, and that nobody waits for any more, may come when the producer's next transaction is
//   under way, and ends that. With `epoch_per_transaction` it is refused.
//
// One request is served at a time, each reply holds at most kMostReplyBytes, or one record, and
// what requests hold is bounded by the rpc server. Records stay in memory until they are trimmed.
#ifndef WAVETANK_SCENARIOS_FAKES_LOG_SERVER_H_
#define WAVETANK_SCENARIOS_FAKES_LOG_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "platform/node.h"
#include "platform/step.h"
#include "scenarios/fakes/log_feed.h"

namespace wavetank::scenarios::fakes {

namespace steps {

inline constexpr platform::StepName kLogInitAsked{
    "log_server.init_asked", "", "A new producer is asked for; nothing was done yet."};
inline constexpr platform::StepName kLogAppendAsked{
    "log_server.append_asked", "records", "Records are to be appended; nothing was done yet."};
inline constexpr platform::StepName kLogOffsetAsked{
    "log_server.offset_asked", "offset",
    "A transaction is to hold an offset of a group; nothing was done yet."};
inline constexpr platform::StepName kLogEndAsked{"log_server.end_asked", "commit",
                                                 "A transaction is to end; nothing was done yet."};
inline constexpr platform::StepName kLogFetchAsked{"log_server.fetch_asked", "partition",
                                                   "Records are asked for."};
inline constexpr platform::StepName kLogDone{"log_server.done", "",
                                             "What was asked for is durable; nobody was told yet."};
inline constexpr platform::StepName kLogSupplied{"log_server.supplied", "write",
                                                 "What the world has written is durable."};

inline constexpr const platform::StepName* kLogServerSteps[] = {
    &kLogInitAsked,  &kLogAppendAsked, &kLogOffsetAsked, &kLogEndAsked,
    &kLogFetchAsked, &kLogDone,        &kLogSupplied};

}  // namespace steps

// A request that changes something, or reads records: the step that announces it, at which what
// strikes befalls this very request.
struct LogRequest {
  const platform::StepName* announced;
  bool changes = true;
  bool of_transaction = false;  // of one that is open, or is to be
  bool is_end = false;          // of a transaction
};
inline constexpr LogRequest kLogRequests[] = {
    {.announced = &steps::kLogInitAsked},
    {.announced = &steps::kLogAppendAsked, .of_transaction = true},
    {.announced = &steps::kLogOffsetAsked, .of_transaction = true},
    {.announced = &steps::kLogEndAsked, .of_transaction = true, .is_end = true},
    {.announced = &steps::kLogFetchAsked, .changes = false}};

// Of a server's directory, where the log is.
inline constexpr char kJournalDirectory[] = "journal";

inline constexpr int64_t kMostReplyBytes = int64_t{1} << 20;

struct LogServerOptions {
  // Of the node's disk: its journal is a fenced log in <directory>/journal.
  std::string directory = "log";
  // How many partitions a topic has that somebody asks for.
  int32_t partitions = 2;
  bool epoch_per_transaction = false;
  int64_t memory_bytes = int64_t{64} << 20;
  // Whether it begins anew after a failure, as something that is supervised. False: it says why and
  // ends its process, with status 1.
  bool begins_anew = true;
};

// Serves on "host:port" until it fails. Several incarnations may do so one after the other.
platform::NodeMain LogServerMain(std::string address, std::shared_ptr<LogFeed> feed,
                                 LogServerOptions options = {});

}  // namespace wavetank::scenarios::fakes

#endif  // WAVETANK_SCENARIOS_FAKES_LOG_SERVER_H_
