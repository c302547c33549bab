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

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/fenced_log.h"
#include "runtime/connectors/manifest.pb.h"
#include "runtime/connectors/sink.h"

namespace wavetank::runtime {

class ManifestHistory final : public checkpoint::LogFold {
 public:
  // `directory`: the sink's, for messages.
  explicit ManifestHistory(std::string directory) : directory_(std::move(directory)) {}

  void Clear() override;
  // kDataLoss naming the record that is not in order.
  absl::Status Add(std::string_view bytes) override;
  // Of a complete table only the two newest entries are needed: a reader may still be at the last
  // but one. Of the others, all that ever were.
  std::optional<platform::Generator<std::string>> Base() const override;

  // Lets go of the entries before those, which are not asked for any more.
  void KeepNewest(size_t count);

  const std::string& query_id() const { return query_id_; }  // "" when there is no record yet
  const FencingToken& token() const { return token_; }       // the newest
  // In the order of their batches, without gaps.
  const std::deque<ManifestEntry>& entries() const { return entries_; }

 private:
  absl::Status Damaged(const std::string& why) const;
  platform::Generator<std::string> CompleteBase() const;

  const std::string directory_;
  int64_t place_ = -1;  // of the newest record
  std::string query_id_;
  FencingToken token_;
  int64_t next_batch_ = 0;
  std::deque<ManifestEntry> entries_;
};

absl::StatusOr<ManifestHistory> ParseManifest(const std::string& directory,
                                              const std::vector<std::string>& records);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_MANIFEST_HISTORY_H_
