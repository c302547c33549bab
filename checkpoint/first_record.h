// FirstRecord: what tells whose a fenced log is, before anybody takes it over. Nothing is written.
#ifndef WAVETANK_CHECKPOINT_FIRST_RECORD_H_
#define WAVETANK_CHECKPOINT_FIRST_RECORD_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"

#include "checkpoint/metadata.pb.h"
#include "checkpoint/store.h"

namespace wavetank::checkpoint {

// The first record that counts of the log in `directory`, whatever epochs are there: it is the same
// for ever. "": there is none.
Task<absl::StatusOr<std::string>> FirstRecord(Store& store, std::string directory);

// The same of an engine's log; unset: there is none.
Task<absl::StatusOr<std::optional<MetadataRecord>>> FirstMetadata(Store& store,
                                                                  std::string directory);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_FIRST_RECORD_H_
