#include "checkpoint/named_files.h"

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"

namespace wavetank::checkpoint {

std::string StateDirectory(const std::string& checkpoint, int operator_id, int partition) {
  return JoinPath(checkpoint, absl::StrCat("state/", operator_id, "/", partition));
}

std::vector<std::string> StateFileNames(const OperatorState& state) {
  std::vector<std::string> names(state.names().begin(), state.names().end());
  // Older writers gave paths; they always stood in the same directory.
  for (const std::string& path : state.files()) names.push_back(NameInPath(path));
  return names;
}

std::vector<std::string> StateFiles(const std::string& checkpoint, const OperatorState& state) {
  const std::string directory = StateDirectory(checkpoint, state.operator_id(), state.partition());
  std::vector<std::string> files;
  for (const std::string& name : StateFileNames(state)) files.push_back(JoinPath(directory, name));
  return files;
}

std::string BlockPath(const std::string& directory, const BlockAdded& block) {
  return JoinPath(directory, block.block_id());
}

}  // namespace wavetank::checkpoint
