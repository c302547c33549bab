// Which compression a file has, by the ending of its name and by its first bytes: one table for
// those that can be read and for those that are refused by name.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_COMPRESSION_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_COMPRESSION_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace wavetank::runtime {

enum class CompressionCodec { kNone, kGzip, kZstandard, kLz4 };

// How many first bytes tell a compressed file.
inline constexpr uint64_t kCompressionMarkBytes = 10;

// "gzip", "Zstandard", "bzip2", ...: what the name ends as, or the first bytes begin as; "": a file
// that is not compressed.
std::string_view CompressionName(std::string_view path, std::string_view first_bytes);

// How to read a file. Its first bytes decide where they are the mark of a compression; else its
// name does. kFailedPrecondition: it is compressed by what cannot be read. kDataLoss: its name says
// how it is compressed, and its first bytes are others. Both name the file.
// REQUIRES: kCompressionMarkBytes of it, or all.
absl::StatusOr<CompressionCodec> CompressionOf(const std::string& path,
                                               std::string_view first_bytes);

// The same by the name alone: kFailedPrecondition.
absl::Status CheckCompressionName(const std::string& path);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_COMPRESSION_H_
