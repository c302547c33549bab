// MemoryStream: the source `memory`: rows that the embedding program appends, or a test.
//
//   MemoryStream clicks(schema, {});
//   session.RegisterSource(MemorySource(clicks));
//   session.ReadStream().Format("memory").Load() ...
//   clicks.Append(rows);
//
// - What no batch has committed is kept, and can be read again, by whichever node of this process:
//   all nodes of the job are in it (local[N], or the simulator). With the process its rows go: a
//   batch that was defined and not committed then stops the query (kDataLoss), and rows that were
//   in no batch are lost. So it is not replayable.
// - It is bounded: beyond that Append refuses.
// - By itself it is of one thread, as everything above the seam. Where the program's thread appends
//   and the nodes have threads of their own, LockedMemoryStream (real/locked_memory.h) is it.
#ifndef WAVETANK_RUNTIME_CONNECTORS_MEMORY_STREAM_H_
#define WAVETANK_RUNTIME_CONNECTORS_MEMORY_STREAM_H_

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/columnar/record_batch.h"
#include "runtime/connectors/source_format.h"

namespace wavetank::runtime {

struct MemoryStreamOptions {
  // Of what is kept. Rows that come while less is kept are taken whole.
  uint64_t max_bytes = uint64_t{64} << 20;
  // Tells this stream from that of a process before, to which a checkpoint's offsets may belong:
  // without ':'.
  std::string incarnation = "1";
};

class MemoryStream {
 public:
  MemoryStream(SchemaPtr schema, MemoryStreamOptions options)
      : schema_(std::move(schema)), options_(std::move(options)) {}
  virtual ~MemoryStream() = default;
  MemoryStream(const MemoryStream&) = delete;
  MemoryStream& operator=(const MemoryStream&) = delete;

  const SchemaPtr& schema() const { return schema_; }
  const std::string& incarnation() const { return options_.incarnation; }

  // kResourceExhausted: as much is kept as may be, and nothing was taken. kInvalidArgument: rows of
  // other columns.
  virtual absl::Status Append(RecordBatch rows);

  // How many rows were appended, and how many of them are gone.
  struct Extent {
    int64_t end = 0;
    int64_t released = 0;
  };
  virtual Extent extent() const;
  // Rows [begin, end). kDataLoss: some are gone.
  virtual absl::StatusOr<std::vector<RecordBatch>> Read(int64_t begin, int64_t end) const;
  // Nobody asks for rows before `end` any more.
  virtual void Release(int64_t end);

 private:
  struct Piece {
    int64_t first = 0;
    uint64_t bytes = 0;
    RecordBatch rows;
  };

  const SchemaPtr schema_;
  const MemoryStreamOptions options_;
  std::deque<Piece> kept_;
  uint64_t kept_bytes_ = 0;
  int64_t end_ = 0;
};

// `stream` outlives every session that is given it. A query that reads several gives each a name of
// its own.
SourceFormat MemorySource(MemoryStream& stream, const std::string& name = "memory");

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_MEMORY_STREAM_H_
