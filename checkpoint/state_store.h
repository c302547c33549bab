// StateStore: versioned keyed state of one (operator, partition): one or more named stores of bytes
// by bytes, which are committed together.
//
// A version is named by the unique ids of the files that make it up (its lineage: one snapshot and
// the deltas after it, or nothing for version 0), never by its number alone: a zombie's or a second
// attempt's commit of the "same" version is another version, and cannot change a committed one. The
// driver puts the version that counts into the batch's prepared and commit records.
//
// A commit writes one delta with the changes of all stores. When the lineage has grown long enough,
// a snapshot of the version just committed is written in the background, meanwhile deltas go on;
// the next commit after it is durable takes it into its lineage, in place of the files that it
// stands for. It does so only if the store still stands on those files, and within kAdoptWithin
// versions: so an unadopted snapshot can be told by its number to be garbage (state_cleanup.h).
#ifndef WAVETANK_CHECKPOINT_STATE_STORE_H_
#define WAVETANK_CHECKPOINT_STATE_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/state_file.h"
#include "checkpoint/state_file_writer.h"
#include "checkpoint/state_snapshot.h"
#include "checkpoint/state_table.h"
#include "checkpoint/state_version.h"
#include "checkpoint/store.h"
#include "platform/node.h"

namespace wavetank::checkpoint {

// How many files a lineage has. What is loaded is a snapshot and deltas; a snapshot costs writing
// everything again.
struct LineageBounds {
  // A background snapshot begins once there are so many, and the deltas are at least half as large
  // as what they give ...
  size_t snapshot_at = 10;
  // ... or so many, however small.
  size_t snapshot_at_latest = 24;
  // A commit that would make it longer, because no background snapshot was ready in time, writes a
  // snapshot itself.
  size_t longest = 64;
};

struct StateStoreOptions {
  // Of the operator, its keys and types: state of another one is refused.
  std::string operator_fingerprint = {};
  std::vector<NamedStore> stores = {NamedStore()};
  // Of the files that are written from now on.
  StateCompression compression = StateCompression::kNone;
  LineageBounds lineage = {};
  // Files that are longer travel to the store in parts of about so many bytes.
  uint64_t part_bytes = UniqueFileWriter::kPartBytes;
};

class StateStore {
 public:
  // A snapshot is adopted by a version at most so much above its own.
  static constexpr int64_t kAdoptWithin = 32;

  // Opens `version`, reading its files. kDataLoss or kNotFound name the file that is damaged or
  // gone; there is no fallback to an older version. kFailedPrecondition: it is state of another
  // operator, of other stores, or of a newer build. Node and store must outlive what is opened.
  static Task<absl::StatusOr<std::unique_ptr<StateStore>>> Open(platform::Node& node, Store& store,
                                                                std::string directory,
                                                                StateVersion version,
                                                                StateStoreOptions options = {});

  // The committed version this store stands on; uncommitted changes come on top.
  const StateVersion& version() const { return version_; }

  // Named stores by their number in the options, or by name (REQUIRES: one of the options). What is
  // read and changed is a table; accepting changes and taking them back is up to this class.
  // References stay valid until RollBack.
  StateTable& table(size_t number = 0) { return *tables_[number]; }
  const StateTable& table(size_t number = 0) const { return *tables_[number]; }
  StateTable& table(std::string_view name);

  // Of the first store: for operators that have one.
  size_t size() const { return table().size(); }
  bool Get(std::string_view key, std::string_view* value) const { return table().Get(key, value); }
  void Put(std::string_view key, std::string_view value) { table().Put(key, value); }
  void Remove(std::string_view key) { table().Remove(key); }
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    table().ForEach(visit);
  }

  // Writes the uncommitted changes of all stores durably under a fresh unique name. The store then
  // stands on the new version. On an error it stands where it did, changes and all.
  Task<absl::StatusOr<StateVersion>> Commit();
  // Forgets the uncommitted changes.
  void Abort();
  // Stands on `version` instead, whatever lineage that is of. Uncommitted changes are forgotten,
  // and so is a background snapshot. Errors as by Open: the store then stands where it did.
  Task<absl::Status> RollBack(StateVersion version);

  // Whether a background snapshot is on its way.
  bool snapshot_running() const { return snapshot_ != nullptr && snapshot_->running(); }

 private:
  using Tables = std::vector<std::unique_ptr<StateTable>>;
  // A version in memory, and how large its files are.
  struct Loaded {
    StateVersion version;
    std::vector<uint64_t> sizes;
    Tables tables;
  };

  StateStore(platform::Node& node, Store& store, std::string directory, StateStoreOptions options);
  Task<absl::StatusOr<Loaded>> Load(StateVersion version) const;
  void StandOn(Loaded loaded);
  StateFileHeader NewHeader() const;

  bool Adoptable() const;
  // What stands after the snapshot has taken its place in the lineage, if it may.
  void Adopt(StateVersion& next, std::vector<uint64_t>& sizes) const;
  Task<absl::Status> WriteFile(StateVersion& next, std::vector<uint64_t>& sizes);
  Task<absl::Status> WriteEntries(bool snapshot, StateFileWriter& writer);
  void StartSnapshotIfDue();

  platform::Node& node_;
  Store& store_;
  const std::string directory_;
  const StateStoreOptions options_;
  StateVersion version_;
  std::vector<uint64_t> sizes_;                   // of the version's files
  Tables tables_;                                 // as the options name them
  std::unique_ptr<BackgroundSnapshot> snapshot_;  // of tables_
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STATE_STORE_H_
