#include "properties/epoch_owners.h"

#include <optional>

#include "absl/strings/str_cat.h"

#include "properties/decode_log.h"

namespace wavetank::properties {

std::string EpochOwners::Observe(const ObservedFiles& files) {
  std::string why;
  for (const std::string& path : files.changed) {
    if (path.find("/epoch-") == std::string::npos) continue;
    const auto file = files.files.find(path);
    if (file == files.files.end()) continue;
    const std::optional<std::string> owner = OwnerInEpochFile(file->second);
    if (!owner) continue;
    const auto [known, is_new] = epochs_.try_emplace(*owner, path);
    if (is_new || known->second == path || !why.empty()) continue;
    why = absl::StrCat(path, " is ", *owner, "'s, as ", known->second,
                       " was: each epoch has an owner of its own");
  }
  return why;
}

}  // namespace wavetank::properties
