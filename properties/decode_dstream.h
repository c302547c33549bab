// Decodes what a DStream job has made durable, its batch log and its outputs' files, into what the
// at-least-once checker looks at. Written from the formats' descriptions (checkpoint/FORMAT.md,
// DStream::SaveAsTextFiles); of the engine only the message schemas are used.
#ifndef WAVETANK_PROPERTIES_DECODE_DSTREAM_H_
#define WAVETANK_PROPERTIES_DECODE_DSTREAM_H_

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "properties/at_least_once.h"
#include "properties/decode_log.h"

namespace wavetank::properties {

// What the log says of some of the graph's input streams; nullopt: of all of them. Gives nullopt
// where a reader would have no answer yet. kDataLoss: something that counts is damaged.
absl::StatusOr<std::optional<BatchLogView>> DecodeBatchLog(
    const DurableFiles& files, const std::string& directory,
    const std::optional<std::set<int64_t>>& streams = std::nullopt);

// An output's directories are "<prefix>-<milliseconds>", and then ".<suffix>" if it has one.
struct TextOutputName {
  std::string prefix;
  std::string suffix = {};
  bool of_objects = false;  // object_rows.h; a row is shown as a line
};

// The attempts below an output's directories. A row is a line, one field. Of a complete attempt
// those of the parts that its mark names; of any other those of all its parts.
std::vector<OutputAttempt> DecodeTextOutputs(const DurableFiles& files,
                                             const TextOutputName& output);
// Of one, by its directory with a slash at its end; nullopt: no such attempt has a file there.
std::optional<OutputAttempt> DecodeTextOutput(const DurableFiles& files,
                                              const TextOutputName& output,
                                              const std::string& directory);
// The directory, in that form, of the attempt that a file may be of; "": of none.
std::string AttemptDirectory(std::string_view path, const TextOutputName& output);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_DECODE_DSTREAM_H_
