// Source: where a query's rows come from, as the micro-batch engine asks for them. A format
// (source_format.h) makes three things, each for its own place:
//
//   Source        on the driver: what is new, as a range of offsets
//   splits        a range in pieces, one a task: pure, so that a batch run again has the same
//   SplitReader   on a worker: the rows of one split
//
// Contract:
// - Offsets are text in the source's own terms; the engine compares them for equality alone. A
//   range holds all that its rows depend on, and is logged before anything of it is read: a batch
//   that is run again reads the same, or the reader says so by kDataLoss.
// - Define takes nothing: it may be called again, also by another driver, and gives then what is
//   new after the same offset.
// - A range may be asked for again as long as its batch is not committed; then Committed says so,
//   also once more after a restart. What it ended with may be let go.
// - One that has not answered Define within the query's source-timeout (30s) keeps its offset, and
//   batches go on without it; its answer counts when it comes. After as long again Define may be
//   destroyed where it waits, and called anew. Begin, Freeze and Committed are given as long.
// - An error that may pass is kUnavailable or kDeadlineExceeded; any other stops the query.
#ifndef WAVETANK_RUNTIME_CONNECTORS_SOURCE_H_
#define WAVETANK_RUNTIME_CONNECTORS_SOURCE_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/metadata.pb.h"
#include "checkpoint/store.h"
#include "platform/node.h"
#include "platform/task.h"
#include "runtime/columnar/record_batch.h"

namespace wavetank::runtime {

using platform::Task;

// What is new after an offset.
struct SourceInput {
  // From that offset to `end_offset`; of a source of files, `files` says which. What a reader must
  // know otherwise stands in the offsets. The name and where it starts are the engine's to set.
  // Nothing is new: it ends where it starts.
  checkpoint::SourceRange range;
  // Of a source of files: paths that may come again (seen_paths.h).
  std::vector<std::string> forgotten = {};
  // Of what there was when the source was frozen there is more, and it cannot be looked at now.
  bool away = false;

  bool any() const { return range.end_offset() != range.start_offset(); }
};

class Source {
 public:
  virtual ~Source() = default;

  // Where a query that has no batch yet begins: an offset, not empty. It is logged before anything
  // is defined, so a query that is started again before its first batch does not ask again, unless
  // one of the options is another that say where (ConnectorOption::of_begin).
  virtual Task<absl::StatusOr<std::string>> Begin() = 0;
  // What is new after the offset, as much of it as a batch may have.
  virtual Task<absl::StatusOr<SourceInput>> Define(std::string after) = 0;
  // Where what is there at this instant ends, in the source's own terms (AvailableNow).
  virtual Task<absl::StatusOr<std::string>> Freeze();
  // From now on nothing beyond `frozen`, which this source or one before it gave, is new.
  virtual absl::Status StopAt(const std::string& frozen);
  // The batch that ended there is committed.
  virtual Task<absl::Status> Committed(std::string end);

  // Whether AwaitNews tells of what comes. Of one that does not, it is asked from time to time.
  virtual bool tells_news() const { return false; }
  // Returns once there may be something that the newest Define did not find: late, or now and then
  // never, so it is asked from time to time, too, but not so often. REQUIRES: tells_news().
  virtual Task<void> AwaitNews();
};

// Of a file of a range, its bytes from `begin` to `end`.
struct FileRead {
  uint32_t file = 0;  // its place in the range
  uint64_t begin = 0;
  uint64_t end = 0;
  uint32_t crc32c = 0;
  bool skipped = false;  // lost, and left out: nothing of it was read
};

class SplitReader {
 public:
  virtual ~SplitReader() = default;
  // Some rows of the source's schema, in order; nullopt: there are none left. All that was read
  // counts only then.
  virtual Task<absl::StatusOr<std::optional<RecordBatch>>> Next() = 0;
  // Rows that were given have failed: whether they were what was meant. kDataLoss: they were not.
  virtual Task<absl::Status> Check() { co_return absl::OkStatus(); }
  // Of a source of files, once there are no rows left: what was read, each byte by one split. One
  // that says nothing has its files not compared with what another attempt has read.
  virtual std::vector<FileRead> Reads() const { return {}; }
};

// What a reader may use, while its task runs.
struct SplitContext {
  platform::Node& node;
  checkpoint::Store& store;
  int64_t batch = 0;
  // Pieces of input (files) that are lost and are left out.
  const std::set<std::string>& skipped;
  // Set by a reader that fails on a piece that is lost and may be left out: it is then read again
  // without it.
  std::optional<std::string>& lost;
  std::string directory = {};  // SourceContext's
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_SOURCE_H_
