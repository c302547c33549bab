// What driver and workers say to each other about DStreams: between nodes of one plan, so of one
// build. Nothing here is ever stored.
#ifndef WAVETANK_RUNTIME_DSTREAM_WIRE_H_
#define WAVETANK_RUNTIME_DSTREAM_WIRE_H_

#include <concepts>
#include <cstdint>
#include <string>
#include <tuple>

#include "runtime/dstream/codec.h"

namespace wavetank::runtime {

// Task kinds, and the methods that receivers call (Cluster::Handle).
inline constexpr char kBatchTaskKind[] = "dstream.batch";
inline constexpr char kReceiverTaskKind[] = "dstream.receiver";
inline constexpr char kReceiverStartedMethod[] = "dstream.receiver_started";
inline constexpr char kAddBlockMethod[] = "dstream.add_block";
inline constexpr char kAwaitStopMethod[] = "dstream.await_stop";
inline constexpr char kReceiverErrorMethod[] = "dstream.receiver_error";

// The input of one task of a first stage: bytes that came along, or a file of the store, of which
// the first `size_bytes` are the batch's input, whatever it has become since.
struct InputSplit {
  std::string inline_bytes;
  std::string path;
  uint64_t size_bytes = 0;
  bool has_checksum = false;
  uint32_t crc32c = 0;  // of the whole
  auto Fields() { return std::tie(inline_bytes, path, size_bytes, has_checksum, crc32c); }
  auto Fields() const { return std::tie(inline_bytes, path, size_bytes, has_checksum, crc32c); }
};

struct BatchTask {
  int64_t batch_time_ms = 0;
  int64_t output = 0;  // an OperatorId
  int64_t stage = 0;   // of StreamingGraph::StagesOf(output)
  int64_t targets = 0;
  InputSplit split;             // of a first stage
  std::string files_directory;  // of a last stage that writes files
  auto Fields() { return std::tie(batch_time_ms, output, stage, targets, split, files_directory); }
  auto Fields() const {
    return std::tie(batch_time_ms, output, stage, targets, split, files_directory);
  }
};

struct ReceiverTask {
  int64_t stream = 0;  // an OperatorId
  std::string directory;
  int64_t block_interval_ms = 0;
  int64_t restart_delay_ms = 0;
  int64_t line_bytes_max = 0;
  int64_t buffer_bytes_max = 0;
  auto Fields() {
    return std::tie(stream, directory, block_interval_ms, restart_delay_ms, line_bytes_max,
                    buffer_bytes_max);
  }
  auto Fields() const {
    return std::tie(stream, directory, block_interval_ms, restart_delay_ms, line_bytes_max,
                    buffer_bytes_max);
  }
};

// One run of a stream's receiver, by the unique name of its task.
struct ReceiverRun {
  int64_t stream = 0;
  std::string run;
  auto Fields() { return std::tie(stream, run); }
  auto Fields() const { return std::tie(stream, run); }
  friend bool operator==(const ReceiverRun&, const ReceiverRun&) = default;
};

// A block that is durable in the store. Its path is unique, so a repeated report is known as one;
// its last component is a checkpoint::BlockName.
struct Block {
  int64_t stream = 0;
  std::string path;
  uint64_t size_bytes = 0;
  uint32_t crc32c = 0;
  int64_t records = 0;
  auto Fields() { return std::tie(stream, path, size_bytes, crc32c, records); }
  auto Fields() const { return std::tie(stream, path, size_bytes, crc32c, records); }
  friend bool operator==(const Block&, const Block&) = default;
};

template <typename T>
  requires requires(T& fields) { fields.Fields(); }
struct Codec<T> {
  static std::string Name() { return "fields"; }
  static void Encode(const T& value, std::string& out) {
    internal::EncodeFields(value.Fields(), out);
  }
  static bool Decode(Decoder& in, T& value) {
    auto fields = value.Fields();
    return internal::DecodeFields(in, fields);
  }
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_WIRE_H_
