// Decodes what a structured query has made durable, its log and its file sink, into what the
// exactly-once checker looks at. Written from the formats' descriptions (checkpoint/FORMAT.md,
// docs/file_sink.md); of the engine only the message schemas are used.
#ifndef WAVETANK_PROPERTIES_DECODE_QUERY_H_
#define WAVETANK_PROPERTIES_DECODE_QUERY_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "properties/decode_log.h"
#include "properties/exactly_once.h"
#include "properties/manifest_reader.h"

namespace wavetank::properties {

// nullopt: a reader would have no answer yet. kDataLoss: something that counts is damaged.
absl::StatusOr<std::optional<QueryLogView>> DecodeQueryLog(const DurableFiles& files,
                                                           const std::string& directory);

// The same, again and again: a log that has only grown costs what is new.
class QueryLogReader {
 public:
  explicit QueryLogReader(std::string directory) : directory_(directory), log_(directory) {}

  // Null: no answer. Valid until the next call.
  absl::StatusOr<const QueryLogView*> Read(const DurableFiles& files);

 private:
  absl::Status Add(const std::string& bytes);

  const std::string directory_;
  FencedLogReader log_;
  std::vector<LogRecord> read_;
  // What they give.
  QueryLogView view_;
  std::string plan_hash_;  // of the newest plan; empty before there is one
};

// How a reader makes up the table, by the newest entry.
enum class TableIs { kNothing, kAllRows, kLastRowOfEachKey, kNewestRows };

struct FileSinkView {
  TableIs table = TableIs::kNothing;
  std::vector<bool> key_columns;
  std::vector<ShownBatch> batches;  // as the manifest says
  // Names in the plain listing that no manifest entry names: what a listing shows beyond what was
  // committed.
  std::vector<std::string> uncommitted;
};
absl::StatusOr<std::optional<FileSinkView>> DecodeFileSink(const DurableFiles& files,
                                                           const std::string& directory);

// The same, again and again: an entry whose parts are what they were costs a comparison.
class FileSinkReader {
 public:
  explicit FileSinkReader(std::string directory) : directory_(directory), manifest_(directory) {}

  absl::StatusOr<std::optional<FileSinkView>> Read(const DurableFiles& files);

 private:
  // What an entry says, and its parts as they were when their rows were read.
  struct Entry {
    ManifestReader::Record record;
    uint64_t hash = 0;
    struct Part {
      std::string path;
      std::string bytes;
    };
    std::vector<Part> parts;
    std::shared_ptr<const std::vector<NaiveRow>> rows;  // null: not read
  };
  // The indices of the entries that count, one after the other from 0 or from what was dropped on.
  absl::StatusOr<std::vector<size_t>> Counting() const;
  absl::Status ReadRows(const DurableFiles& files, Entry& entry) const;

  const std::string directory_;
  ManifestReader manifest_;
  std::vector<Entry> entries_;  // of the manifest's records, those without an entry too
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_DECODE_QUERY_H_
