// Where the parts of a file sink stand: staged for good, and under their plain names.
#ifndef WAVETANK_RUNTIME_CONNECTORS_PART_NAME_H_
#define WAVETANK_RUNTIME_CONNECTORS_PART_NAME_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/string_view.h"

#include "runtime/connectors/manifest.pb.h"

namespace wavetank::runtime {

// The directory of the manifest of the sink in `directory`, and that of its staged parts.
std::string ManifestDirectory(const std::string& directory);
std::string StagedDirectory(const std::string& directory);
// Where a part of that sink is readable, wherever the sink was when it was staged.
std::string StagedPath(const std::string& directory, const ManifestPart& part);

// Whether the part stands in its entry; whether one of the entry's does.
inline bool IsInline(const ManifestPart& part) { return !part.text().empty(); }
bool HasInline(const ManifestEntry& entry);
// Of the file that the part stands in, alone or with others.
inline uint64_t FileBytes(const ManifestPart& part) {
  return part.file_bytes() != 0 ? part.file_bytes() : part.size_bytes();
}
// How much is read of the file to have the part: more than that, where it should end with the file.
inline uint64_t BytesToRead(const ManifestPart& part) {
  return part.offset() + part.size_bytes() < part.file_bytes() ? part.size_bytes() : UINT64_MAX;
}

// ".csv", ".json" or ".txt".
std::string_view ExtensionOf(PartDialect dialect);
// The plain name: "part-<batch>-<partition>.csv", both numbers of five digits or more.
std::string PartName(int64_t batch, size_t partition, PartDialect dialect = PART_DIALECT_RFC4180);
// -1: `name` is no such name.
int64_t BatchOfPart(absl::string_view name);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_PART_NAME_H_
