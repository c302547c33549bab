// SeenPaths: which files of a source are not new, by path.
//
// A path is remembered while a batch that the log still holds names it, and after that for as long
// as the file is there: so what is remembered is bounded by what the directory holds, not by how
// long the source has been read.
#ifndef WAVETANK_CHECKPOINT_SEEN_PATHS_H_
#define WAVETANK_CHECKPOINT_SEEN_PATHS_H_

#include <iterator>
#include <string>

#include "absl/container/btree_set.h"

namespace wavetank::checkpoint {

class SeenPaths {
 public:
  bool contains(const std::string& path) const {
    return held_.contains(path) || dropped_.contains(path);
  }
  // A batch names it.
  void Hold(const std::string& path) { held_.insert(path); }
  // No batch that is left names it.
  void Drop(const std::string& path) {
    held_.erase(path);
    dropped_.insert(path);
  }
  // Forgets those that no batch names and that are not among `there`, all that is there.
  void ForgetGone(const absl::btree_set<std::string>& there) {
    for (auto path = dropped_.begin(); path != dropped_.end();) {
      path = there.contains(*path) ? std::next(path) : dropped_.erase(path);
    }
  }

  const absl::btree_set<std::string>& dropped() const { return dropped_; }

 private:
  absl::btree_set<std::string> held_;
  absl::btree_set<std::string> dropped_;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_SEEN_PATHS_H_
