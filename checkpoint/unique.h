// Names and contents that nobody else uses, ever: what tells a node's own repeated request from
// another's, and one attempt's files from another's.
#ifndef WAVETANK_CHECKPOINT_UNIQUE_H_
#define WAVETANK_CHECKPOINT_UNIQUE_H_

#include <string>

#include "absl/status/status.h"

#include "checkpoint/store.h"
#include "platform/node.h"

namespace wavetank::checkpoint {

// "machine.process.node.incarnation.0123456789abcdef": fresh at each call. Fit for a file name.
std::string UniqueId(platform::Node& node);

// CreateIfAbsent for content that holds something only this caller writes: when a request repeated
// after a lost reply finds the file there, its content says whose it is. kAlreadyExists: another's.
Task<absl::Status> CreateUnique(Store& store, std::string path, std::string content);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_UNIQUE_H_
