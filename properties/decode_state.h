// Decodes the state of one operator and partition from its durable files, written from
// checkpoint/FORMAT.md alone.
#ifndef WAVETANK_PROPERTIES_DECODE_STATE_H_
#define WAVETANK_PROPERTIES_DECODE_STATE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "properties/durable_files.h"
#include "properties/naive_query.h"

namespace wavetank::properties {

// What the files `names` of the directory give, applied in that order upon nothing: each store, in
// the files' order. No files: nothing. kDataLoss: one is not durable, is damaged, or does not
// follow from the one before. kUnimplemented: compressed, ordered or of format 1.
absl::StatusOr<std::vector<StateEntries>> DecodeState(const DurableFiles& files,
                                                      const std::string& directory,
                                                      const std::vector<std::string>& names);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_DECODE_STATE_H_
