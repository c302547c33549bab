// FileSinkPublisher: brings the plain names of a file sink up to its manifest, beside the batches
// that go on, in their order, several at a time:
//
//   what stands in entries     is staged in a file, the manifest is told (Filed, of all that are in
//                              it in one group), and only then is the file linked to its plain
//                              name, each durably before the next
//   what stands in files       is linked
//   a table that was replaced  is linked too, if it has files; then, once all newer ones are, its
//                              staged names go, then its plain names, then the manifest forgets it
//
// So a lister of a complete table sees no table after a later one, none that was removed comes
// back, whoever may still be at work as an owner that is fenced by now, and once there is a table
// there always is one. It works for one owner of the manifest, under its token: a Filed that is
// refused ends it. The next one begins anew: all that it does may be done again.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FILE_SINK_PUBLISHER_H_
#define WAVETANK_RUNTIME_CONNECTORS_FILE_SINK_PUBLISHER_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "checkpoint/fenced_log.h"
#include "checkpoint/store.h"
#include "platform/event.h"
#include "platform/node.h"
#include "platform/task_scope.h"
#include "runtime/connectors/manifest.pb.h"
#include "runtime/connectors/manifest_history.h"
#include "runtime/connectors/sink.h"

namespace wavetank::runtime {

class FileSinkPublisher {
 public:
  // All must outlive it. `complete`: a newer table replaces the older ones.
  FileSinkPublisher(platform::Node& node, checkpoint::Store& store, std::string directory,
                    bool complete, ManifestHistory& history);

  // For the owner of `log`, which must live until End: `last` is the newest batch of the manifest;
  // the plain names of these entries may lag behind, oldest first. Of a complete table they are all
  // that the manifest has not forgotten.
  void Begin(checkpoint::FencedLog& log, FencingToken token, int64_t last,
             std::deque<ManifestEntry> entries);
  // The manifest has another entry.
  void Committed(ManifestEntry entry);
  // What is under way may turn out done, or not. It has nothing to do until Begin.
  void End();

  // Until there is nothing left that it could do, or so long. It does not wait for more meanwhile.
  Task<void> Settle(absl::Duration timeout);

  // Of the entries that are not filed.
  uint64_t inline_bytes() const { return inline_bytes_; }

 private:
  struct Table {
    ManifestEntry entry;
    bool linked = false;  // or cannot be
    // Of each part: its plain name is known to be the sink's.
    std::vector<bool> ours = {};
    // Another's file has some of its plain names, or some files are gone or damaged.
    absl::Status blocked = {};
  };

  void Add(ManifestEntry entry);
  bool IsReplaced(const Table& table) const;
  void Wake();
  Task<void> Run();
  Task<void> AwaitMore();
  Task<absl::Status> CatchUp();
  Task<absl::Status> Publish(size_t at);
  // And those behind it that one file can hold with it.
  Task<absl::Status> File(size_t at);
  Task<absl::Status> LinkParts(Table& table);
  Task<absl::Status> RemoveParts(const Table& table);
  // The manifest need not know of it any more, nor this.
  void Forget(size_t at);
  void Drop(size_t at);
  Task<absl::StatusOr<bool>> PlainNameIsOurs(ManifestPart part);
  std::string PlainName(const ManifestPart& part) const;

  platform::Node& node_;
  checkpoint::Store& store_;
  const std::string directory_;
  const bool complete_;
  ManifestHistory& history_;
  checkpoint::FencedLog* log_ = nullptr;
  FencingToken token_;
  int64_t last_ = -1;
  int64_t newest_ = -1;  // up to which it catches up
  std::optional<platform::MonotonicTime> committed_at_;
  absl::Duration apart_;      // the newest batch, from the one before
  std::deque<Table> tables_;  // what it is not done with; others only add behind
  uint64_t inline_bytes_ = 0;
  std::string linked_file_;  // the newest that it has linked, of those that batches share
  bool in_haste_ = false;    // somebody waits
  bool running_ = false;
  bool refused_ = false;
  platform::Event news_;
  platform::Event settled_;
  platform::TaskScope scope_;  // last: its child uses all of the above
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FILE_SINK_PUBLISHER_H_
