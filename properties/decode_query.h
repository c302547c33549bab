// Decodes what a structured query has made durable, its log and its file sink, into what the
// exactly-once checker looks at. Written from the formats' descriptions (checkpoint/FORMAT.md,
// docs/file_sink.md); of the engine only the message schemas are used.
#ifndef WAVETANK_PROPERTIES_DECODE_QUERY_H_
#define WAVETANK_PROPERTIES_DECODE_QUERY_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "properties/decode_log.h"
#include "properties/exactly_once.h"

namespace wavetank::properties {

// nullopt: a reader would have no answer yet. kDataLoss: something that counts is damaged.
absl::StatusOr<std::optional<QueryLogView>> DecodeQueryLog(const DurableFiles& files,
                                                           const std::string& directory);

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

// The rows of a part, by RFC 4180. A null is "\\N", the two characters.
absl::StatusOr<std::vector<NaiveRow>> ParseCsv(std::string_view text);
// Fields of one line of a part in the older dialect.
NaiveRow ParsePartLine(std::string_view line);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_DECODE_QUERY_H_
