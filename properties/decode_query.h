// Decodes what a structured query has made durable, its log and its file sink, into what the
// exactly-once checker looks at. Written from the formats' descriptions (checkpoint/FORMAT.md,
// runtime/connectors/README.md); of the engine only the message schemas are used.
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

struct FileSinkView {
  std::vector<ShownBatch> batches;  // as the manifest says
  // Names in the plain listing that no manifest entry names: what a listing shows beyond what was
  // committed.
  std::vector<std::string> uncommitted;
};
absl::StatusOr<std::optional<FileSinkView>> DecodeFileSink(const DurableFiles& files,
                                                           const std::string& directory);

// Fields of one line of a part. A null is "\\N", the two characters.
NaiveRow ParsePartLine(std::string_view line);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_DECODE_QUERY_H_
