// SourceDirectory: which files of a directory are input, the one rule of both engines.
//
// - Input is every plain file directly in the directory whose name is not one that writers use
//   while they write: it begins with neither "." nor "_" and ends with none of "._COPYING_",
//   ".tmp", ".part"; an option leaves out more names. A FIFO, a device, a socket, a link to
//   nothing, or what may not be looked at is left out, and said once. Folders are not gone into.
// - A file must come into the directory whole, by a rename or a link, and never change.
// - It is input once, by its name: a name is remembered from the batch that took it on. It is
//   forgotten, so that another file of that name is new, when it was missing in two listings at
//   least `forget_after` apart, and in every one between, as far as the directory was there and was
//   the one in which the file showed last (Store::Identify): one that is away, unmounted or swapped
//   for another by a link forgets nothing. The forgetting is a record of the log before the name is
//   taken again, and is said. A new driver counts anew. So: give new files new names.
// - So a file that was removed while the directory was another, or was away until it came back as
//   another, is never forgotten: nothing tells it from one that is still where it was. How many
//   those are is said, once for each directory that comes to stand there; so is it when files of
//   such names show.
// - One that is replaced under a name that was read is not read again. That is said, once for each
//   name, by who has seen both: a listing looks at each file when a name is new.
// - Compressed files are read by format (formats/compression.h): what it cannot read is refused.
#ifndef WAVETANK_RUNTIME_CONNECTORS_SOURCE_DIRECTORY_H_
#define WAVETANK_RUNTIME_CONNECTORS_SOURCE_DIRECTORY_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "checkpoint/seen_paths.h"
#include "checkpoint/store.h"
#include "platform/clock.h"
#include "platform/node.h"
#include "platform/task.h"
#include "platform/wait_notice.h"
#include "runtime/connectors/formats/compression.h"
#include "runtime/connectors/input_file_options.h"

namespace wavetank::runtime {

// Whether `name` may be input, by the rule.
bool IsInputName(std::string_view name, const InputFileOptions& options);

// kFailedPrecondition: the file is compressed, as its name or its first bytes say.
absl::Status RefuseCompressed(const std::string& path, std::string_view first_bytes);

// Of a file that is not found: whether its directory is not there either, so that it may be back.
platform::Task<bool> DirectoryIsAway(checkpoint::Store& store, std::string path);

struct FoundFile {
  std::string path = {};  // in the store
  uint64_t size_bytes = 0;
  absl::Time modified = {};
};

struct FoundFiles {
  std::vector<FoundFile> files;  // new, by name
  // What the directory said of itself; "" if it is not there or has just been swapped.
  std::string root;
  // Paths to be logged as forgotten before, or together with, the next batch.
  std::vector<std::string> forgotten;
};

// What it needs of the node that looks.
struct SourceHost {
  const platform::Clock& clock;
  std::function<void(platform::LogLevel level, std::string text)> log;
};
SourceHost HostOf(platform::Node& node);

class SourceDirectory {
 public:
  // All outlive it. `seen` is that of the log.
  SourceDirectory(SourceHost host, checkpoint::Store& store, checkpoint::SeenPaths& seen,
                  std::string directory, InputFileOptions options);

  // What is new now. Repeatable: nothing is taken by it.
  platform::Task<absl::StatusOr<FoundFiles>> Find();

  // What the directory said of itself when it was listed last; "": it was not there.
  const std::string& root() const { return root_; }
  const std::string& path() const { return directory_; }
  const InputFileOptions& options() const { return options_; }
  // Says that the directory, which is to be read as it is now, is not there.
  void SayNone() const;
  // Says that a file is skipped.
  void SayLost(const std::string& path, std::string_view how) const;

 private:
  // The directory as it was listed, if nobody swapped it meanwhile; else "".
  platform::Task<absl::StatusOr<std::string>> Root();
  // Says that the directory is not there, when that is due.
  void SayAway();
  // What is in the directory; nullopt: the names of the quiet listing. As long as all of it is
  // known by name, nobody looks at each, whose cost would grow with all that was ever read: only of
  // files that are new is there a size and a time.
  platform::Task<absl::StatusOr<std::optional<std::vector<checkpoint::StoredFile>>>> Entries();
  bool TellsByName(const std::string& name) const;
  // Whether a file that was read is not the one that was looked at before, and nobody was told.
  bool IsAnother(const std::string& path, const checkpoint::StoredFile& file);
  void SayOnce(const std::vector<checkpoint::StoredFile>& listed);
  bool WasUnderAnother(const std::string& path, const std::string& root) const;
  void FindGone(const absl::btree_set<std::string>& there, const std::string& root);

  const SourceHost host_;
  checkpoint::Store& store_;
  checkpoint::SeenPaths& seen_;
  const std::string directory_;
  const InputFileOptions options_;
  std::string root_;           // at the end of the listing before
  std::string said_for_root_;  // that there are names which cannot be forgotten under it
  bool looked_ = false;
  // The hash of all names of the listing before, if it was by name; and if nothing was new, gone or
  // about to be forgotten then: that of the quiet listing. The same names under the same root say
  // the same again.
  std::optional<uint64_t> listed_;
  std::optional<uint64_t> quiet_;
  absl::btree_map<std::string, platform::FileKind> no_files_;  // when each entry was looked at last
  platform::MonotonicTime looked_at_each_;
  struct Look {
    uint64_t size_bytes = 0;
    absl::Time modified = {};
    friend bool operator==(const Look&, const Look&) = default;
  };
  bool looked_at_all_ = false;                // by the newest listing
  absl::btree_map<std::string, Look> looks_;  // what each was when it was looked at last
  absl::btree_set<std::string> said_replaced_;
  std::optional<platform::WaitNotice> away_;  // since it was seen to be away
  absl::btree_map<std::string, platform::MonotonicTime> missing_since_;
  absl::btree_set<std::string> said_;  // names that are left out, and there
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_SOURCE_DIRECTORY_H_
