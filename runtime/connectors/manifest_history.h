// ManifestHistory: what the records of a file sink's manifest (manifest.proto) amount to.
#ifndef WAVETANK_RUNTIME_CONNECTORS_MANIFEST_HISTORY_H_
#define WAVETANK_RUNTIME_CONNECTORS_MANIFEST_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/fenced_log.h"
#include "runtime/connectors/manifest.pb.h"
#include "runtime/connectors/sink.h"

namespace wavetank::runtime {

class ManifestHistory final : public checkpoint::LogFold {
 public:
  enum class Of {
    kReader,  // of a complete table it keeps the two newest entries: it may still be at that before
    kOwner,   // and those whose names it has not removed
  };
  // `directory`: the sink's, for messages. `drops_unfiled`: a known bug, for who plants it.
  explicit ManifestHistory(std::string directory, Of of = Of::kReader, bool drops_unfiled = false)
      : directory_(std::move(directory)), of_(of), drops_unfiled_(drops_unfiled) {}

  void Clear() override;
  // kDataLoss naming the record that is not in order.
  absl::Status Add(std::string_view bytes) override;
  // Of a complete table the entries that are kept. Of the others, all that ever were: those that
  // are filed are copied without their text.
  std::optional<platform::Generator<std::string>> Base() const override;
  std::optional<std::string> Copied(std::string bytes) const override;
  void HasCopied() override { filed_.clear(); }

  // Lets go of the entries before those, which are not asked for any more.
  void KeepNewest(size_t count);
  // An owner's, of a complete table: this entry's table was replaced, and none of its names is
  // left. Until then whoever comes must know of it.
  void Forget(int64_t batch);

  const std::string& query_id() const { return query_id_; }  // "" when there is no record yet
  const FencingToken& token() const { return token_; }       // the newest
  // In the order of their batches, without gaps; with the parts that they have by now.
  const std::deque<ManifestEntry>& entries() const { return entries_; }

 private:
  absl::Status Damaged(const std::string& why) const;
  absl::Status AddEntry(ManifestEntry entry);
  absl::Status AddFiled(const ManifestFiled& filed);
  platform::Generator<std::string> CompleteBase() const;

  const std::string directory_;
  const Of of_;
  const bool drops_unfiled_;
  int64_t place_ = -1;  // of the newest record
  std::string query_id_;
  FencingToken token_;
  int64_t next_batch_ = 0;
  std::deque<ManifestEntry> entries_;
  absl::btree_set<int64_t> forgotten_;             // of entries_, behind one that is not
  absl::btree_map<int64_t, ManifestFiled> filed_;  // what no copy of the entries says yet
};

absl::StatusOr<ManifestHistory> ParseManifest(const std::string& directory,
                                              const std::vector<std::string>& records);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_MANIFEST_HISTORY_H_
