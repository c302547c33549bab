#include "checkpoint/seen_paths.h"

namespace wavetank::checkpoint {

void SeenPaths::Hold(const std::string& path, const std::string& root) {
  See(path, root);
  ++paths_[path].batches;
}

void SeenPaths::Drop(const std::string& path) {
  const auto found = paths_.find(path);
  if (found == paths_.end()) return;
  if (--found->second.batches == 0 && found->second.state == State::kForgotten) paths_.erase(found);
}

void SeenPaths::See(const std::string& path, const std::string& root) {
  Path& seen = paths_[path];
  seen.state = State::kSeen;
  seen.root = root;
}

void SeenPaths::Forget(const std::string& path) {
  const auto found = paths_.find(path);
  if (found == paths_.end()) return;
  if (found->second.batches == 0) {
    paths_.erase(found);
  } else {
    found->second.state = State::kForgotten;
  }
}

void SeenPaths::ShowsUnder(const std::string& path, const std::string& root) {
  const auto found = paths_.find(path);
  if (found != paths_.end() && found->second.root != root) found->second.root = root;
}

void SeenPaths::MayGo(const std::string& path) {
  const auto found = paths_.find(path);
  if (found != paths_.end() && found->second.state == State::kSeen) {
    found->second.state = State::kMayGo;
  }
}

std::map<std::string, std::vector<std::string>> SeenPaths::SeenByRoot() const {
  std::map<std::string, std::vector<std::string>> by_root;
  for (const auto& [path, seen] : paths_) {
    if (seen.batches == 0) by_root[seen.root].push_back(path);
  }
  return by_root;
}

std::vector<std::string> SeenPaths::Forgotten() const {
  std::vector<std::string> forgotten;
  for (const auto& [path, seen] : paths_) {
    if (seen.state == State::kForgotten) forgotten.push_back(path);
  }
  return forgotten;
}

}  // namespace wavetank::checkpoint
