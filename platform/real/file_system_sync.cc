#include "platform/real/file_system_sync.h"

#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace wavetank::platform {

bool TellsFailedSyncs(const char* kernel_release) {
  int major = 0;
  int minor = 0;
  if (std::sscanf(kernel_release, "%d.%d", &major, &minor) != 2) return false;
  return major > 5 || (major == 5 && minor >= 8);
}

bool FileSystemSync::Sync() const {
  struct utsname system;
  if (::uname(&system) != 0 || !TellsFailedSyncs(system.release)) return false;
  return std::all_of(files_.begin(), files_.end(), [](const auto& entry) {
    const int file = entry.second.get();
    struct statfs info;
    return ::fstatfs(file, &info) == 0 && info.f_type == EXT4_SUPER_MAGIC && ::syncfs(file) == 0;
  });
}

}  // namespace wavetank::platform
