// FileSink: a directory of text files (CSV, JSON lines, lines) with a manifest, in append, update
// and complete mode.
//
//   <directory>/_wavetank/             the manifest: a fenced log of ManifestRecords
//   <directory>/_wavetank/staged/      the parts, under names unique to the attempt or the owner
//   <directory>/part-<batch>-<p>.csv   plain names of committed parts, linked after the commit
//
// What the sink shows is what the manifest's entries say (manifest.proto): a batch becomes visible,
// whole, with the one append of its entry. A small output stands in the entry itself, and becomes a
// file afterwards. The plain names serve tools that only list: a publisher brings them up to the
// manifest, beside the batches that follow (file_sink_publisher.h); they may lag behind it, and
// never show what is not in it. In complete mode the parts of all but the two newest entries are
// removed; a reader that finds one gone reads the manifest again. What attempts that do not count
// have staged goes when a driver has recovered. A file that somebody else has put under a plain
// name is let be, and holds up no other; only of a table that the manifest has forgotten nobody can
// tell any more, and the names of parts are the sink's.
//
// To fence the sink is to take its log over. Since the log's epochs do not know the drivers' order,
// each owner also writes its token: a driver that finds a newer one stops (kAborted), one that was
// overtaken by an older one takes the log back. Nothing staged ever expires, so kGone means that a
// staged file is damaged or was removed.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FILE_SINK_H_
#define WAVETANK_RUNTIME_CONNECTORS_FILE_SINK_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/fenced_log.h"
#include "checkpoint/store.h"
#include "platform/node.h"
#include "runtime/connectors/delimited_text.h"
#include "runtime/connectors/file_sink_publisher.h"
#include "runtime/connectors/manifest.pb.h"
#include "runtime/connectors/manifest_history.h"
#include "runtime/connectors/sink.h"

namespace wavetank::runtime {

struct FileSinkOptions {
  std::string directory;  // in the store
  std::string query_id;
  ManifestMode mode = MANIFEST_MODE_APPEND;
  std::vector<ManifestColumn> columns;
  PartDialect dialect = PART_DIALECT_RFC4180;  // of what is staged
  // How much the manifest may grow before its log goes on in another file.
  uint64_t log_segment_bytes = uint64_t{4} << 20;
  // So many bytes of a batch's output may stand in its entry.
  uint64_t inline_bytes = 0;
};

class FileSink : public TransactionalSink {
 public:
  // `node` and `store` must outlive the sink.
  FileSink(platform::Node& node, checkpoint::Store& store, FileSinkOptions options);

  Task<absl::StatusOr<std::optional<CommittedBatch>>> Fence(FencingToken token) override;
  Task<absl::StatusOr<std::string>> Prepare(SinkBatch batch) override;
  Task<absl::Status> Commit(std::string committable) override;
  Task<absl::StatusOr<CommittableState>> Ask(std::string committable) override;
  Task<absl::StatusOr<std::vector<std::string>>> Uncommitted() override;
  Task<absl::Status> RemoveUncommitted(std::vector<std::string> paths,
                                       std::string prepared) override;
  uint64_t InlineBytes() const override;
  Task<void> Settle(absl::Duration timeout) override { return publisher_.Settle(timeout); }

 private:
  // What is asked about the newest entry.
  struct Last {
    int64_t batch = 0;
    uint64_t definition_hash = 0;
    uint64_t committable_hash = 0;
  };
  static Last LastOf(const ManifestEntry& entry);

  Task<absl::Status> TakeOver(FencingToken token);
  Task<absl::Status> FindUnpublished(FencingToken token);
  Task<absl::Status> FindUncommitted(FencingToken token);
  Task<absl::Status> RemoveReplacedNames(std::vector<checkpoint::StoredFile> plain_files);
  Task<absl::Status> CheckNoParts();
  Task<absl::Status> CheckStaged(ManifestPart part);
  absl::Status CheckDialect() const;
  absl::StatusOr<bool> IsCommitted(const ManifestEntry& entry) const;

  platform::Node& node_;
  checkpoint::Store& store_;
  const FileSinkOptions options_;
  ManifestHistory history_;
  std::unique_ptr<checkpoint::FencedLog> log_;  // keeps history_ up to date
  std::optional<Last> last_;
  std::optional<PartDialect> shown_in_;   // of what is shown; unset: no row is
  std::vector<std::string> uncommitted_;  // staged when this owner came, of no entry
  // Between TakeOver and the end of Fence: what it may lag behind by.
  std::deque<ManifestEntry> unpublished_;
  FileSinkPublisher publisher_;  // last: it appends to the log
};

// kFailedPrecondition: the sink in `directory` belongs to another query, as Fence would find after
// it had fenced that one. `query_id` is "" for a query that has none yet. Nothing is written.
Task<absl::Status> CheckSinkIsOf(checkpoint::Store& store, std::string directory,
                                 std::string query_id);

// The table as a reader of the protocol sees it at this instant.
struct SinkTable {
  ManifestMode mode = MANIFEST_MODE_UNSPECIFIED;
  std::vector<std::string> columns;
  // In entry, part, row order; in update mode by a key's first row. Of JSON, what is no string is
  // the JSON that it is.
  std::vector<TextRow> rows;
  int64_t last_batch = -1;
};
// kUnavailable when no owner has sealed the manifest within `timeout`; kDataLoss names a part that
// is missing or damaged.
Task<absl::StatusOr<SinkTable>> ReadFileSink(platform::Node& node, checkpoint::Store& store,
                                             std::string directory, absl::Duration timeout);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FILE_SINK_H_
