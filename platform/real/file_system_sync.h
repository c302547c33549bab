// FileSystemSync: many files made durable in one call, by a sync of the file systems they are on.
// A sync of a file costs the device a flush, also where nothing is to be written: 5,000 of them
// take most of a second, and one of their file system 20 ms.
//
// It is used where it is known to be worth as much: on ext4, whose sync_fs ends in a flush of the
// device (others' may not, and FUSE's may do nothing), and from Linux 5.8 on, which says when a
// write had failed (syncfs(2)). An error is of any file of the file system: then ask each.
#ifndef WAVETANK_PLATFORM_REAL_FILE_SYSTEM_SYNC_H_
#define WAVETANK_PLATFORM_REAL_FILE_SYSTEM_SYNC_H_

#include <cstdint>
#include <map>

#include "platform/real/descriptor.h"

namespace wavetank::platform {

class FileSystemSync {
 public:
  // An open file on that device.
  void Add(Descriptor file, uint64_t device) { files_.try_emplace(device, std::move(file)); }
  // Whether all that was written to the files that were added is durable. False says nothing.
  bool Sync() const;

 private:
  std::map<uint64_t, Descriptor> files_;  // one of each device
};

// Of the release that uname(2) gives, such as "6.1.0-18-amd64".
bool TellsFailedSyncs(const char* kernel_release);

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_FILE_SYSTEM_SYNC_H_
