// DiskImage: the names and files of one disk, without time: what calls change, what syncs settle,
// and what a power loss decides.
//
// Every change of names is pending until the directory that it settles in is synced: the parent of
// the name that appears or, for a removal, disappears. A power loss does or undoes each pending
// change by itself; a rename is one change. Settling a change settles the earlier pending ones of
// the names that it touches, so that no order of syncs brings back what is gone for good.
#ifndef WAVETANK_SIMULATOR_DISK_IMAGE_H_
#define WAVETANK_SIMULATOR_DISK_IMAGE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "platform/disk.h"
#include "simulator/event_queue.h"
#include "simulator/sector_file.h"

namespace wavetank::simulator {

class DiskImage {
 public:
  struct Inode : std::enable_shared_from_this<Inode> {
    Inode(DiskImage& image, platform::FileKind file_kind, uint64_t draw_key)
        : kind(file_kind),
          key(draw_key),
          file(image.used_bytes_, [this, &image] { image.Touch(*this); }) {}

    const platform::FileKind kind;
    const uint64_t key;  // names the inode in random draws, the same in every run
    SectorFile file;
    absl::Time modified;
    LifeId locked_by;  // 0: nobody
    uint64_t failed_syncs = 0;
    absl::StatusCode sync_error = absl::StatusCode::kOk;  // of the last one
    // Set while the device cannot read the file's content.
    bool unreadable = false;
    std::map<std::string, std::shared_ptr<Inode>, std::less<>> entries;  // of a directory
    std::map<std::string, std::shared_ptr<Inode>, std::less<>> durable_entries;
    // Wherever a name has stood for it, though none may any more.
    struct Name {
      std::weak_ptr<Inode> directory;
      std::string name;
    };
    std::vector<Name> names;
    bool touched = false;  // it is among `touched_`
  };
  using InodePtr = std::shared_ptr<Inode>;

  DiskImage();
  DiskImage(const DiskImage&) = delete;
  DiskImage& operator=(const DiskImage&) = delete;

  // What calls do. `call` opens the message of an error.
  absl::StatusOr<InodePtr> Open(std::string_view path, platform::OpenMode mode);
  absl::StatusOr<InodePtr> OpenOrCreate(std::string_view call, std::string_view path);
  absl::Status Rename(std::string_view from, std::string_view to);
  absl::Status Link(std::string_view from, std::string_view to);
  absl::Status Remove(std::string_view path);
  absl::Status MakeDirectory(std::string_view path);
  absl::Status RemoveDirectory(std::string_view path);
  absl::StatusOr<InodePtr> Find(std::string_view call, std::string_view path) const;
  absl::StatusOr<InodePtr> FindDirectory(std::string_view call, std::string_view path) const;

  // A sync of a directory covers what was changed before it began.
  uint64_t SyncPoint() const { return changes_; }
  void SyncDirectory(const InodePtr& directory, uint64_t point);
  // Later syncs of the directory leave what this one should have covered pending, but where a name
  // has changed again.
  void FailSyncDirectory(const InodePtr& directory, uint64_t point);

  // Settles everything, in one of the ways in which it may turn out.
  void PowerLoss(const platform::Random& random);
  // The same, chosen item by item: each pending change of names, then each file's items. Appended
  // sectors may hold `stale` bytes, a sector of them.
  void PowerLoss(LossChoices& choices, const std::string& stale);
  // How many items that decides on, at most.
  size_t PendingItems() const;
  // The disk is replaced by an empty one.
  void Erase();
  // Becomes a copy of `other`, with nothing shared and no file locked.
  void CopyFrom(const DiskImage& other);
  // Equal for images that are alike in names, kinds and content: as processes see them, or also in
  // what is durable and what is pending.
  enum class Depth { kSeen, kPendingToo };
  uint64_t Fingerprint(Depth depth) const;

  // What every power loss would leave, by path below `prefix`, ordered: the names that stand for a
  // file however the pending changes turn out, each with the bytes with which that file then
  // begins, whichever file it is. No less and no more. Views hold until the next change.
  struct DurableFile {
    std::string path;
    std::string_view content;
  };
  std::vector<DurableFile> DurableView(std::string_view prefix) const;
  std::optional<std::string_view> DurableContent(std::string_view path) const;
  // DurableView("") as a copy, kept from call to call, so that a call costs what has changed.
  // `changed` becomes the paths that have appeared, are gone or have other bytes since the last.
  using DurableFiles = std::map<std::string, std::string, std::less<>>;
  const DurableFiles& KeptDurableView(std::set<std::string>& changed);
  // The files that live processes see, by path, ordered.
  std::vector<std::string> Files(std::string_view prefix) const;
  std::vector<std::string> FilesMatching(std::string_view pattern) const;
  // A fault of the device: the name is gone, durably, with what is below it, and what was pending
  // of it. REQUIRES: it is there.
  void Lose(std::string_view path);

  void ReleaseLocks(LifeId life);
  int64_t used_bytes() const { return used_bytes_; }

 private:
  struct Change {
    InodePtr directory;
    std::string name;
    InodePtr inode;
    bool appears;  // else the name stops standing for the inode
  };
  struct Pending {
    uint64_t sequence;
    InodePtr settles_in;
    std::vector<Change> changes;
    bool lost = false;  // with a sync that failed
  };
  struct Place {
    InodePtr directory;
    std::string name;
    InodePtr inode;  // null if there is nothing of that name
  };

  static absl::Status CheckPath(std::string_view call, std::string_view path);
  absl::StatusOr<Place> Locate(std::string_view call, std::string_view path) const;
  InodePtr NewInode(platform::FileKind kind, std::string_view path);
  // Makes the change visible, and pending.
  void Make(const InodePtr& settles_in, std::vector<Change> changes);
  static void Apply(const Change& change,
                    std::map<std::string, InodePtr, std::less<>>& entries_of_directory);
  static void ApplyDurably(const Pending& pending);
  static bool SharesName(const Pending& a, const Pending& b);
  // What a durable name may stand for after a power loss; empty if it may stand for nothing.
  std::vector<const Inode*> MayBecome(const Inode& directory, std::string_view name) const;
  bool IsPending(const Inode& directory, std::string_view name) const;
  // What every power loss would leave at a durable name, if that is a file.
  std::optional<std::string_view> SureContent(const Inode& directory, std::string_view name) const;
  // The directory that a durable name stands for after every power loss; null if there is none.
  const Inode* SureDirectory(const Inode& directory, std::string_view name) const;
  // Of the names: what is durable becomes what is seen. Calls back with each file once.
  template <typename Visit>
  void SettleNames(const Visit& visit);
  void RememberFreed(const InodePtr& inode);
  std::string StaleSector(platform::Random& random) const;
  // The sure files that begin with `prefix`, below `directory`, whose path is `above` ("" or "…/").
  template <typename Visit>
  void WalkDurable(const Inode& directory, const std::string& above, std::string_view prefix,
                   const Visit& visit) const;

  // What the kept view has to look at again: a file, a name with all below it, everything.
  void Touch(Inode& inode);
  void Touch(const InodePtr& directory, const std::string& name);
  void TouchAll() { all_touched_ = true; }
  std::set<std::string> TakeTouchedPaths();
  // Each "" or with a slash at its end; none for a directory that no durable name leads to.
  std::vector<std::string> PathsTo(const Inode& directory) const;
  // What the durable view has at the path and below it.
  DurableFiles DurableAt(std::string_view path) const;
  // What is alike in `fresh` goes from there; what is not goes from the kept view.
  void Compare(DurableFiles::iterator from, DurableFiles::iterator to, DurableFiles& fresh,
               std::set<std::string>& changed);
  void Add(DurableFiles fresh, std::set<std::string>& changed);

  int64_t used_bytes_ = 0;
  InodePtr root_;
  std::vector<Pending> pending_;
  uint64_t changes_ = 0;
  std::map<std::string, uint64_t, std::less<>> creations_;  // of each path
  std::deque<std::string> freed_sectors_;

  bool keeps_view_ = false;
  bool all_touched_ = true;
  std::vector<std::weak_ptr<Inode>> touched_;
  std::vector<Inode::Name> touched_names_;
  DurableFiles kept_;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_DISK_IMAGE_H_
