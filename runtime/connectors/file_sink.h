// FileSink: a directory of text files with a manifest, in append, update and complete mode.
//
//   <directory>/_wavetank/             the manifest: a fenced log of ManifestRecords
//   <directory>/_wavetank/staged/      the parts, under names unique to the attempt
//   <directory>/part-<batch>-<p>.csv   plain names of committed parts, linked after the commit
//
// What the sink shows is what the manifest's entries name (manifest.proto): a batch becomes
// visible, whole, with the one append of its entry. The plain names serve tools that only list:
// they may lag behind the manifest, and never show what is not in it. In complete mode the parts of
// all but the two newest entries are removed; a reader that finds one gone reads the manifest
// again.
//
// To fence the sink is to take its log over. Since the log's epochs do not know the drivers' order,
// each owner also writes its token: a driver that finds a newer one stops (kAborted), one that was
// overtaken by an older one takes the log back. Nothing staged ever expires, so kGone means that a
// staged file is damaged or was removed.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FILE_SINK_H_
#define WAVETANK_RUNTIME_CONNECTORS_FILE_SINK_H_

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/fenced_log.h"
#include "checkpoint/store.h"
#include "platform/node.h"
#include "runtime/connectors/delimited_text.h"
#include "runtime/connectors/manifest.pb.h"
#include "runtime/connectors/sink.h"

namespace wavetank::runtime {

struct FileSinkOptions {
  std::string directory;  // in the store
  std::string query_id;
  ManifestMode mode = MANIFEST_MODE_APPEND;
  std::vector<ManifestColumn> columns;
};

class FileSink : public TransactionalSink {
 public:
  // `node` and `store` must outlive the sink.
  FileSink(platform::Node& node, checkpoint::Store& store, FileSinkOptions options);

  Task<absl::StatusOr<std::optional<CommittedBatch>>> Fence(FencingToken token) override;
  Task<absl::StatusOr<std::string>> Prepare(SinkBatch batch) override;
  Task<absl::Status> Commit(std::string committable) override;
  Task<absl::StatusOr<CommittableState>> Ask(std::string committable) override;

 private:
  Task<absl::Status> TakeOver(FencingToken token);
  Task<absl::Status> FindUnpublished(std::vector<ManifestEntry> entries);
  absl::StatusOr<bool> IsCommitted(const ManifestEntry& entry) const;
  Task<void> Publish();
  Task<absl::Status> LinkParts(ManifestEntry entry);
  Task<absl::Status> RemoveParts(ManifestEntry entry);
  std::string PlainName(const ManifestPart& part) const;

  platform::Node& node_;
  checkpoint::Store& store_;
  const FileSinkOptions options_;
  std::unique_ptr<checkpoint::FencedLog> log_;
  std::optional<ManifestEntry> last_;
  // What the plain names lag behind by, oldest first: entries to be linked and, in complete mode,
  // entries whose parts are to be removed.
  std::deque<ManifestEntry> unlinked_;
  std::deque<ManifestEntry> replaced_;
  std::optional<ManifestEntry> last_but_one_;  // complete mode: a reader may still be there
};

// A worker's side: writes one part durably under `unique`, a name that no other attempt ever uses,
// and gives what Prepare takes. No rows, no part: "".
Task<absl::StatusOr<std::string>> StageFilePart(checkpoint::Store& store, std::string directory,
                                                std::string unique, std::string text, int64_t rows);

// The table as a reader of the protocol sees it at this instant.
struct SinkTable {
  ManifestMode mode = MANIFEST_MODE_UNSPECIFIED;
  std::vector<std::string> columns;
  std::vector<TextRow> rows;  // in entry, part, row order; in update mode by a key's first row
  int64_t last_batch = -1;
};
// kUnavailable when no owner has sealed the manifest within `timeout`; kDataLoss names a part that
// is missing or damaged.
Task<absl::StatusOr<SinkTable>> ReadFileSink(platform::Node& node, checkpoint::Store& store,
                                             std::string directory, absl::Duration timeout);

// How the manifest's records are told apart; kDataLoss naming the record when they are not in
// order. Shared by the sink and its reader.
struct ManifestHistory {
  std::string query_id;  // "" when there is no record yet
  FencingToken token;    // the newest
  std::vector<ManifestEntry> entries;
};
absl::StatusOr<ManifestHistory> ParseManifest(const std::string& directory,
                                              const std::vector<std::string>& records);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FILE_SINK_H_
