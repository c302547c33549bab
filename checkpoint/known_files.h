// KnownFiles: what a LocalStore knows of the files and directories on its disk, by path, so that it
// syncs only what may not be durable. Of what is gone it knows nothing, once it has seen that. What
// it is not asked about any more, in directories that are not listed, as output that was written
// once and that others read, it forgets while it learns of kFew other such paths. That costs a sync
// each; but that a file is not to be trusted is kept until the file was written anew or removed.
#ifndef WAVETANK_CHECKPOINT_KNOWN_FILES_H_
#define WAVETANK_CHECKPOINT_KNOWN_FILES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"

#include "platform/disk.h"

namespace wavetank::checkpoint {

class KnownFiles {
 public:
  struct File {
    bool name_durable = false;
    bool appended = false;    // by this instance, so by nobody else
    bool distrusted = false;  // a sync of it failed: to be written anew
    uint64_t synced_bytes = 0;
  };

  static constexpr size_t kFew = 1024;

  // Nothing, at first. Valid until the next call.
  File& operator[](const std::string& file);
  bool Contains(const std::string& file) const { return files_.contains(file); }
  bool IsDistrusted(const std::string& file) const;
  // Some of its content at least.
  bool IsSynced(const std::string& file) const;
  // This instance removed it, or found it gone.
  void Forget(const std::string& file) { files_.erase(file); }

  // Whether the directory's own name is durable.
  bool IsDurable(const std::string& directory);
  void SetDurable(const std::string& directory) { Of(directory).durable = true; }
  // Whether dead stores' leftovers in it were looked for; from now on they were.
  bool SetTidied(const std::string& directory);

  // There is nothing else in the directory. REQUIRES: ordered by name.
  void SawAll(const std::string& directory, const std::vector<platform::DirectoryEntry>& entries);
  void SawNoDirectory(const std::string& directory);
  // Somebody else removes directories: what is durable is seen anew.
  void ForgetDirectories() { directories_.clear(); }

  size_t size() const { return files_.size() + directories_.size(); }

 private:
  struct Known {
    File file;
    uint64_t turn = 0;  // in which it was asked about last
  };
  struct Directory {
    bool durable = false;
    bool tidied = false;
    uint64_t turn = 0;
    uint64_t listed = 0;  // the turn in which all that is in it was seen last
  };

  Directory& Of(const std::string& directory);
  void ForgetGone(const std::string& file);
  // Whether it is in a directory that is listed now and then.
  bool IsListed(const std::string& path) const;
  // This path is known from now on. Forgets others, if those since the turn began are many.
  void Learned(const std::string& path);

  absl::btree_map<std::string, Known> files_;
  absl::btree_map<std::string, Directory> directories_;
  uint64_t turn_ = 1;
  size_t learned_ = 0;  // since the turn began
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_KNOWN_FILES_H_
