// StateLoader: applies the files of a version to tables, and refuses what does not belong: to the
// lineage, to the operator, or to its stores.
#ifndef WAVETANK_CHECKPOINT_STATE_LOADER_H_
#define WAVETANK_CHECKPOINT_STATE_LOADER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "checkpoint/state_file.h"
#include "checkpoint/state_version.h"
#include "checkpoint/store.h"
#include "platform/node.h"

namespace wavetank::checkpoint {

class StateLoader final : public StateFileVisitor {
 public:
  // For a version of that number. The tables are those of `stores`, in order; all of it must
  // outlive the loader.
  StateLoader(const std::string& operator_fingerprint, const std::vector<NamedStore>& stores,
              const std::vector<std::unique_ptr<StateTable>>& tables, int64_t version);

  // Applies the next file, and gives its size.
  Task<absl::StatusOr<uint64_t>> Apply(platform::Node& node, Store& store, std::string path);

  absl::Status OnHeader(const StateFileHeader& header) override;
  void OnEntries(size_t store, std::span<const std::string_view> keys,
                 std::span<const std::optional<std::string_view>> values) override;

 private:
  absl::Status MatchStores(const StateFileHeader& header);
  absl::Status Refused(std::string holds, std::string asked) const;

  const std::string& operator_fingerprint_;
  const std::vector<NamedStore>& stores_;
  const std::vector<std::unique_ptr<StateTable>>& tables_;
  LineageCheck lineage_;
  std::string path_;                  // of the file being applied
  std::vector<StateTable*> targets_;  // by the numbers of the stores in the file
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STATE_LOADER_H_
