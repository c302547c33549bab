// EpochOwners: every epoch of every log has an owner of its own, by the epochs' durable files. What
// an owner is called is drawn anew each time that somebody takes a log over, and tells a request
// that is repeated from another's, and the groups of one owner from another's.
#ifndef WAVETANK_PROPERTIES_EPOCH_OWNERS_H_
#define WAVETANK_PROPERTIES_EPOCH_OWNERS_H_

#include <map>
#include <string>

#include "properties/durable_files.h"

namespace wavetank::properties {

class EpochOwners {
 public:
  // "" or, in a sentence, what is wrong with the epoch files among those that have changed. A file
  // that is no whole one is for others to tell.
  std::string Observe(const ObservedFiles& files);

 private:
  std::map<std::string, std::string> epochs_;  // by owner: the path
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_EPOCH_OWNERS_H_
