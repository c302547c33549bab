// Where the files stand that the engines' records name. A record names them within the checkpoint
// that it belongs to, so that a checkpoint may be moved or copied as a whole, and a copy never
// reads the original's files.
#ifndef WAVETANK_CHECKPOINT_NAMED_FILES_H_
#define WAVETANK_CHECKPOINT_NAMED_FILES_H_

#include <string>
#include <vector>

#include "checkpoint/metadata.pb.h"

namespace wavetank::checkpoint {

// "<checkpoint>/state/<operator>/<partition>".
std::string StateDirectory(const std::string& checkpoint, int operator_id, int partition);

// The files' names in their directory, in the order in which they are applied.
std::vector<std::string> StateFileNames(const OperatorState& state);

// The same as paths.
std::vector<std::string> StateFiles(const std::string& checkpoint, const OperatorState& state);

// Of a block among those in `directory`, "<checkpoint>/blocks".
std::string BlockPath(const std::string& directory, const BlockAdded& block);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_NAMED_FILES_H_
