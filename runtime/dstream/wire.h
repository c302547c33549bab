// What driver and workers say to each other about DStreams: between nodes of one plan, so of one
// build. Nothing here is ever stored.
#ifndef WAVETANK_RUNTIME_DSTREAM_WIRE_H_
#define WAVETANK_RUNTIME_DSTREAM_WIRE_H_

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "runtime/dstream/codec.h"

namespace wavetank::runtime {

// Task kinds, and the methods that receivers call (Cluster::Handle).
inline constexpr char kBatchTaskKind[] = "dstream.batch";
inline constexpr char kReceiverTaskKind[] = "dstream.receiver";
inline constexpr char kReceiverStartedMethod[] = "dstream.receiver_started";
inline constexpr char kAddBlockMethod[] = "dstream.add_block";
inline constexpr char kAwaitOrdersMethod[] = "dstream.await_orders";
inline constexpr char kReceiverErrorMethod[] = "dstream.receiver_error";

// Of a partition of a log, the offsets that are the batch's input.
struct LogSplit {
  std::string log_id;
  int32_t partition = 0;
  int64_t begin = 0;
  int64_t end = 0;
  static constexpr auto Fields() {
    return std::tuple(&LogSplit::log_id, &LogSplit::partition, &LogSplit::begin, &LogSplit::end);
  }
};

// Input of one task of a first stage: bytes that came along, a range of a log, or bytes `begin` to
// `end` of a file of the store, of which the first `size_bytes` are the batch's input, whatever it
// has become since.
struct InputSplit {
  std::string inline_bytes;
  std::string path;
  uint64_t size_bytes = 0;
  uint64_t begin = 0;
  uint64_t end = 0;
  bool has_checksum = false;
  uint32_t crc32c = 0;  // of the whole, which such a split is
  LogSplit log = {};    // of a stream of a log
  static constexpr auto Fields() {
    return std::tuple(&InputSplit::inline_bytes, &InputSplit::path, &InputSplit::size_bytes,
                      &InputSplit::begin, &InputSplit::end, &InputSplit::has_checksum,
                      &InputSplit::crc32c, &InputSplit::log);
  }
};

// What a task reads of a batch: the stages of its graph that write its shuffle, by side.
struct TaskRead {
  int64_t batch_time_ms = 0;
  std::vector<std::vector<int32_t>> sides;
  static constexpr auto Fields() { return std::tuple(&TaskRead::batch_time_ms, &TaskRead::sides); }
};

// The state that a task goes on from, of a head that has state.
struct TaskState {
  std::string directory;  // in the store
  int64_t version = 0;
  std::vector<std::string> files;
  // The attempt that has left the state, if a worker has it in memory, of which `read` alone is not
  // part of yet. Empty: the one that is kept is the newest.
  std::string newest;
  TaskRead read;
  bool goes_on = false;  // what comes of it is the newest
  bool kept = false;     // and durable, and named by the task's result
  static constexpr auto Fields() {
    return std::tuple(&TaskState::directory, &TaskState::version, &TaskState::files,
                      &TaskState::newest, &TaskState::read, &TaskState::goes_on, &TaskState::kept);
  }
};

// What comes of it, the result of such a task: what is kept.
struct TaskStateResult {
  int64_t version = 0;
  std::vector<std::string> files;
  static constexpr auto Fields() {
    return std::tuple(&TaskStateResult::version, &TaskStateResult::files);
  }
};

// What the functions of an operator have added to one of the plan's accumulators in a task.
struct Addition {
  int64_t op = 0;           // an OperatorId
  int64_t accumulator = 0;  // which, from 0
  std::string added;        // as AccumulatorCell::Merge takes it
  static constexpr auto Fields() {
    return std::tuple(&Addition::op, &Addition::accumulator, &Addition::added);
  }
};
// The result of a task of a plan that has accumulators. Of any other it is `result` alone.
struct TaskOutcome {
  std::string result;
  std::vector<Addition> additions;
  static constexpr auto Fields() {
    return std::tuple(&TaskOutcome::result, &TaskOutcome::additions);
  }
};

// A stage's plan (StagePlan), by OperatorIds, and one partition of it.
struct BatchTask {
  int64_t batch_time_ms = 0;
  int64_t row_time_ms = 0;  // of the batch that its rows are of (TaskRun)
  int64_t head = 0;
  bool head_is_kept = false;  // it reads single tasks' output, which are rows of the head
  std::vector<int64_t> narrow = {};
  int64_t tail = 0;
  int64_t side = 0;
  int64_t targets = 1;  // of a tail that is a shuffle
  int64_t sources = 1;  // of a head that is one: the stage's partitions
  std::vector<TaskRead> reads = {};
  std::vector<InputSplit> splits = {};  // of a stage that reads an input: several if they are files
  TaskState state = {};                 // of one whose head has state
  std::string files_directory = {};     // of a stage that writes an output's files
  int64_t first_part = 0;               // of the files: the number of the stage's first partition
  static constexpr auto Fields() {
    return std::tuple(&BatchTask::batch_time_ms, &BatchTask::row_time_ms, &BatchTask::head,
                      &BatchTask::head_is_kept, &BatchTask::narrow, &BatchTask::tail,
                      &BatchTask::side, &BatchTask::targets, &BatchTask::sources, &BatchTask::reads,
                      &BatchTask::splits, &BatchTask::state, &BatchTask::files_directory,
                      &BatchTask::first_part);
  }
};

// What a receiver is to do.
struct ReceiverOrders {
  bool stop = false;     // after its last block has been taken over
  bool pause = false;    // hands over no block, and takes in no more than it has room for
  int64_t max_rate = 0;  // rows a second; 0: no limit
  static constexpr auto Fields() {
    return std::tuple(&ReceiverOrders::stop, &ReceiverOrders::pause, &ReceiverOrders::max_rate);
  }
  friend bool operator==(const ReceiverOrders&, const ReceiverOrders&) = default;
};
// It asks for those that are others than it knows.
struct ReceiverQuestion {
  int64_t stream = 0;
  ReceiverOrders known;
  static constexpr auto Fields() {
    return std::tuple(&ReceiverQuestion::stream, &ReceiverQuestion::known);
  }
};

struct ReceiverTask {
  int64_t stream = 0;  // an OperatorId
  std::string directory;
  int64_t block_interval_ms = 0;
  int64_t restart_delay_ms = 0;
  int64_t line_bytes_max = 0;
  int64_t buffer_bytes_max = 0;
  ReceiverOrders orders = {};  // until it has asked for others
  static constexpr auto Fields() {
    return std::tuple(&ReceiverTask::stream, &ReceiverTask::directory,
                      &ReceiverTask::block_interval_ms, &ReceiverTask::restart_delay_ms,
                      &ReceiverTask::line_bytes_max, &ReceiverTask::buffer_bytes_max,
                      &ReceiverTask::orders);
  }
};

// One run of a stream's receiver, by the unique name of its task.
struct ReceiverRun {
  int64_t stream = 0;
  std::string run;
  static constexpr auto Fields() { return std::tuple(&ReceiverRun::stream, &ReceiverRun::run); }
  friend bool operator==(const ReceiverRun&, const ReceiverRun&) = default;
};

// What a receiver says of its source.
struct ReceiverFailure {
  int64_t stream = 0;
  std::string what;
  static constexpr auto Fields() {
    return std::tuple(&ReceiverFailure::stream, &ReceiverFailure::what);
  }
};

// A block that is durable in the store. Its path is unique, so a repeated report is known as one;
// its last component is a checkpoint::BlockName.
struct Block {
  int64_t stream = 0;
  std::string path;
  uint64_t size_bytes = 0;
  uint32_t crc32c = 0;
  int64_t records = 0;
  static constexpr auto Fields() {
    return std::tuple(&Block::stream, &Block::path, &Block::size_bytes, &Block::crc32c,
                      &Block::records);
  }
  friend bool operator==(const Block&, const Block&) = default;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_WIRE_H_
