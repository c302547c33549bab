// SeenPaths: which files of a source are not new, by path.
//
// A path is remembered from the first batch that names it, or from when it was found too old to be
// input, until it is forgotten: that is a record of the log (ForgottenFiles), which stands before
// the next batch that names the path. So what is remembered is bounded by what the directory holds
// and held lately, not by how long the source has been read, and no look at a directory that is
// away for a while makes old files new. source_directory.h says when a path may be forgotten.
#ifndef WAVETANK_CHECKPOINT_SEEN_PATHS_H_
#define WAVETANK_CHECKPOINT_SEEN_PATHS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"

namespace wavetank::checkpoint {

class SeenPaths {
 public:
  enum class State : uint8_t {
    kSeen,
    kMayGo,      // its owner has found that it may be forgotten, and no record says so yet
    kForgotten,  // and batches that are still in the log name it
  };
  struct Path {
    State state = State::kSeen;
    // What the directory said of itself (Store::Identify) under which the file showed last; "": not
    // known.
    std::string root;
    int32_t batches = 0;  // of the log, that name it
  };

  // A file of this path is not input.
  bool contains(const std::string& path) const {
    const auto found = paths_.find(path);
    return found != paths_.end() && found->second.state == State::kSeen;
  }
  const absl::btree_map<std::string, Path>& paths() const { return paths_; }

  // What records say.
  void Hold(const std::string& path, const std::string& root);  // a batch names it
  void Drop(const std::string& path);                           // one no longer does
  void See(const std::string& path, const std::string& root);   // no batch is left that named it
  void Forget(const std::string& path);

  // What the source's owner finds, which a new owner finds anew.
  void ShowsUnder(const std::string& path, const std::string& root);
  void MayGo(const std::string& path);

  // For a base: the paths that no batch of the log names, by root, and those that the log's batches
  // name and that are forgotten since.
  std::map<std::string, std::vector<std::string>> SeenByRoot() const;
  std::vector<std::string> Forgotten() const;

 private:
  absl::btree_map<std::string, Path> paths_;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_SEEN_PATHS_H_
