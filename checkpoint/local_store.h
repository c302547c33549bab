// LocalStore: a Store over the disk of this machine.
//
// How the contract is kept on a disk where nothing survives a power loss until it is synced:
// - A whole file is written to a name beginning with ".tmp-", synced, and linked to its name: the
//   name appears with all of its content. Then the directory is synced. Something is made in a
//   directory only where the directory's own name is durable, so one that is not empty is: what
//   need be synced of those above is what one made, and its parent.
// - Who writes a temporary holds a lock on it until it has its name. What is there without one is a
//   dead process's, and is removed where a store makes its first file. One whose writer in this
//   process gave it up is removed before the next is made: a full disk must not fill with them.
// - What a dead process left, or another one is writing, may be visible without being durable. So
//   what Read and List found is synced, after it was read and before it is shown, unless this
//   instance knows that it was synced already.
// - A file whose sync failed is never trusted again: what it shows may be in memory alone although
//   a later sync succeeds, or may be gone at the next look. It is written anew, into a synced file
//   that then takes its name, and what is shown is read from that. That is
//   sound for a file that only this instance appends to: one it has appended to, or with
//   OpenExclusive any. For another's the error is returned, and the next read syncs it again.
// - A file that is appended to has one writer, and who appends once does so again: its handle stays
//   open, and where the file ends is known, until anything fails. Since a handle leads to a file
//   that somebody has removed or replaced too, no append is acknowledged before the name is seen to
//   lead to what was written: kDataLoss otherwise.
//
// Calls on one path wait for one another; calls on different paths run concurrently.
#ifndef WAVETANK_CHECKPOINT_LOCAL_STORE_H_
#define WAVETANK_CHECKPOINT_LOCAL_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/known_files.h"
#include "checkpoint/store.h"
#include "checkpoint/store_identity.h"
#include "platform/event.h"
#include "platform/node.h"

namespace wavetank::checkpoint {

class LocalStore final : public Store, public IdentifiedStore {
 public:
  // `root` is a directory of the node's disk, "" for all of it; it need not exist. `node` must
  // outlive the store. Other processes may use the same root.
  LocalStore(platform::Node& node, std::string root);
  // The store as the only one over its root (a lock holds the others off), cleared of what dead
  // processes left half-written. kFailedPrecondition: somebody holds the lock.
  static Task<absl::StatusOr<std::unique_ptr<LocalStore>>> OpenExclusive(platform::Node& node,
                                                                         std::string root);

  // With OpenExclusive a random name, kept in the file "_wavetank_store" of the root, which a copy
  // of the root has too. Else the machine's disk and the root on it.
  Task<absl::StatusOr<std::string>> Identity() override;
  Task<absl::Status> CreateIfAbsent(std::string path, std::string content) override;
  Task<absl::StatusOr<std::unique_ptr<StagedFile>>> Stage(std::string path) override;
  Task<absl::Status> Append(std::string path, uint64_t offset, std::string bytes) override;
  Task<absl::StatusOr<std::string>> Read(std::string path, uint64_t offset,
                                         uint64_t length) override;
  Task<absl::StatusOr<ShownBytes>> ReadShown(std::string path, uint64_t offset,
                                             uint64_t length) override;
  Task<absl::StatusOr<std::vector<StoredFile>>> List(std::string directory) override;
  Task<absl::StatusOr<std::vector<std::string>>> ListNames(std::string directory) override;
  Task<absl::StatusOr<StoredFile>> Stat(std::string path) override;
  Task<absl::StatusOr<std::string>> Identify(std::string directory) override;
  Task<absl::StatusOr<std::unique_ptr<platform::DirectoryWatch>>> Watch(
      std::string directory) override;
  Task<absl::Status> Link(std::string from, std::string to) override;
  Task<absl::Status> Remove(std::string path) override;
  Task<absl::Status> RemoveAll(std::vector<std::string> paths) override;

  // What it knows of, which is no more than is there.
  size_t paths_known() const { return known_.size(); }

 private:
  // The end of a file that this instance appends to: where the next bytes go.
  struct Tail {
    std::string file;
    std::unique_ptr<platform::File> handle;
    uint64_t end = 0;
  };
  class Staged;
  // A new file, for as long as its writer lives; empty and open, or synced (local_temporary.h).
  class Temporary;
  Task<absl::Status> Publish(std::string path, Temporary temporary, uint64_t size);

  // The right to work on one path.
  class PathLock;
  Task<PathLock> Lock(std::string file);

  std::string OnDisk(const std::string& path) const;
  Task<absl::Status> MakeDirectories(std::string directory);
  struct OpenTemporary;
  Task<absl::StatusOr<OpenTemporary>> MakeTemporary(std::string directory);
  // `modified`: the time that it shows, if that is not now.
  Task<absl::StatusOr<Temporary>> WriteTemporary(std::string directory, std::string content,
                                                 std::optional<absl::Time> modified = {});

  // What is answered when it cannot be made for that reason.
  absl::Status DirectoryIsGone(const std::string& path);

  // Takes it away, whether or not it has got another name. If it stays, it is a leftover that
  // nobody sees.
  Task<void> RemoveTemporary(Temporary temporary);
  Task<void> RemoveAbandoned();

  Task<absl::Status> RemoveLeftovers();
  // The first time that this instance makes a file there.
  Task<void> RemoveDeadTemporaries(std::string directory);

  // All of the file, and its name; gives its size.
  Task<absl::StatusOr<uint64_t>> MakeDurable(std::string path);
  // Makes durable what List is about to show, and gives that; `seen`: what is known of it. Nothing:
  // the file is gone.
  Task<absl::StatusOr<std::optional<platform::FileInfo>>> SyncListed(
      std::string file, std::optional<platform::FileInfo> seen);

  // What List shows of an entry, and whether its name is durable.
  struct Shown {
    StoredFile file;
    bool name_durable = true;
  };
  // kNotFound: it is gone.
  Task<absl::StatusOr<Shown>> LookAtEntry(std::string file, platform::DirectoryEntry entry);
  Task<absl::StatusOr<Shown>> LookAt(std::string file);
  Task<absl::StatusOr<Shown>> LookAtFile(std::string file, std::optional<platform::FileInfo> info);
  struct Listing;
  Task<void> LookTogether(Listing& listing);
  Task<void> LookAtEntries(Listing& listing);

  // REQUIRES, from here on: the lock of `file`, a path on the disk, is held.
  // Takes the tail that is held, or opens the file. The caller holds it again if all went well.
  Task<absl::StatusOr<Tail>> TakeTail(std::string file);
  void HoldTail(Tail tail);
  void DropTail(const std::string& file);
  // Gives a synced temporary its name, if that is free, and takes the temporary away.
  Task<absl::Status> LinkTemporary(Temporary temporary, std::string file, uint64_t size);
  // What Link gave is answered when the name that is there is durable.
  Task<absl::Status> AfterLink(std::string file, absl::Status linked);
  Task<absl::Status> WriteAnew(std::string file);
  Task<absl::Status> WriteAnewIfDistrusted(std::string file);
  // What a sync left of a file's content. Written anew, it may be shorter than it was, and other
  // bytes: what was read before counts no more.
  enum class Content { kAsItWas, kWrittenAnew };
  // Makes the first `length` bytes durable. REQUIRES: they have been written.
  Task<absl::StatusOr<Content>> SyncContent(std::string file, platform::File& handle,
                                            uint64_t length);
  // That what was appended is what others find under the name.
  Task<absl::Status> CheckStillNamed(std::string file, uint64_t end);
  Task<absl::Status> CheckStillThere(std::string file, uint64_t offset, uint64_t end,
                                     uint32_t checksum);
  // What follows from the outcome of a sync of these bytes.
  Task<absl::StatusOr<Content>> AfterSync(std::string file, uint64_t length, absl::Status synced);
  Task<absl::Status> SyncName(std::string file);

  platform::Node& node_;
  const std::string root_;
  std::unique_ptr<platform::FileLock> root_lock_;  // with OpenExclusive
  platform::Random random_;
  KnownFiles known_;
  // Temporaries that their writers have left; who is destroyed after the store still adds to it.
  std::shared_ptr<std::vector<std::string>> abandoned_ =
      std::make_shared<std::vector<std::string>>();
  std::vector<Tail> tails_;  // the one used last is last
  absl::btree_set<std::string> locked_;
  platform::Event lock_released_;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_LOCAL_STORE_H_
