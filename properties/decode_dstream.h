// Decodes what a DStream job has made durable, its batch log and its text outputs, into what the
// at-least-once checker looks at. Written from the formats' descriptions (checkpoint/FORMAT.md,
// DStream::SaveAsTextFiles); of the engine only the message schemas are used.
#ifndef WAVETANK_PROPERTIES_DECODE_DSTREAM_H_
#define WAVETANK_PROPERTIES_DECODE_DSTREAM_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "properties/at_least_once.h"
#include "properties/decode_log.h"

namespace wavetank::properties {

// nullopt: a reader would have no answer yet. kDataLoss: something that counts is damaged.
absl::StatusOr<std::optional<BatchLogView>> DecodeBatchLog(const DurableFiles& files,
                                                           const std::string& directory);

// The attempts below the directories "<prefix>-<milliseconds>". A row is a line "(key,value)". Of a
// complete attempt those of the parts that its mark names; of any other those of all its parts.
std::vector<OutputAttempt> DecodeTextOutputs(const DurableFiles& files, const std::string& prefix);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_DECODE_DSTREAM_H_
