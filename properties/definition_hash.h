// The hash of a batch definition, worked out from what its fields say: by checkpoint/FORMAT.md
// alone, with an encoder of its own.
#ifndef WAVETANK_PROPERTIES_DEFINITION_HASH_H_
#define WAVETANK_PROPERTIES_DEFINITION_HASH_H_

#include <cstdint>

#include "checkpoint/metadata.pb.h"

namespace wavetank::properties {

uint64_t HashOfDefinition(const checkpoint::BatchDefinition& definition);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_DEFINITION_HASH_H_
