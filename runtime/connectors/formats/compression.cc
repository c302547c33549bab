#include "runtime/connectors/formats/compression.h"

#include "absl/strings/str_cat.h"

#include "platform/text.h"

namespace wavetank::runtime {
namespace {

struct Compression {
  std::string_view name;
  std::string_view ending;
  std::string_view mark;  // of the first bytes; "": none that is sure
  CompressionCodec codec = CompressionCodec::kNone;
};

using std::string_view_literals::operator""sv;
constexpr Compression kCompressions[] = {
    {"gzip", ".gz", "\x1f\x8b\x08"sv, CompressionCodec::kGzip},
    {"gzip", ".tgz", ""sv},  // an archive of files, which is not what was meant
    {"Zstandard", ".zst", "\x28\xb5\x2f\xfd"sv, CompressionCodec::kZstandard},
    {"LZ4", ".lz4", "\x04\x22\x4d\x18"sv, CompressionCodec::kLz4},
    {"bzip2", ".bz2", ""sv},  // a digit stands in its mark
    {"xz", ".xz", "\xfd\x37zXZ\x00"sv},
    {"Snappy", ".snappy", "\xff\x06\x00\x00sNaPpY"sv},
    {"compress", ".Z", "\x1f\x9d"sv},
    {"Brotli", ".br", ""sv},
    {"deflate", ".deflate", ""sv},
    {"zip", ".zip", "PK\x03\x04"sv},
};

bool IsBzip2(std::string_view bytes) {
  return bytes.size() >= 10 && bytes.starts_with("BZh") && bytes[3] >= '1' && bytes[3] <= '9' &&
         bytes.substr(4, 6) == "1AY&SY";
}

// Of Zstandard and LZ4 alike: a frame that readers skip, before the first that counts.
bool IsSkippable(std::string_view bytes) {
  return bytes.size() >= 4 && (static_cast<unsigned char>(bytes[0]) & 0xf0) == 0x50 &&
         bytes.substr(1, 3) == "\x2a\x4d\x18";
}

const Compression* ByMark(std::string_view first_bytes) {
  for (const Compression& compression : kCompressions) {
    const bool is_bzip2 = compression.ending == ".bz2" && IsBzip2(first_bytes);
    const bool by_mark = !compression.mark.empty() && first_bytes.starts_with(compression.mark);
    if (by_mark || is_bzip2) return &compression;
  }
  return nullptr;
}

const Compression* ByEnding(std::string_view path) {
  for (const Compression& compression : kCompressions) {
    if (path.ends_with(compression.ending)) return &compression;
  }
  return nullptr;
}

absl::Status CannotBeRead(const std::string& path, const Compression& compression) {
  return absl::FailedPreconditionError(absl::StrCat(
      "input file ", path, " is compressed (", platform::ToAbsl(compression.name),
      compression.ending == ".tgz" ? " of an archive" : "",
      "), and of compressed files those of gzip (.gz), Zstandard (.zst) and LZ4 (.lz4) can be "
      "read: decompress it under another name, or leave such names out (ignoreNames=*",
      platform::ToAbsl(compression.ending),
      "), or take those alone that are meant (as "
      "pathGlobFilter=*.csv)"));
}

}  // namespace

std::string_view CompressionName(std::string_view path, std::string_view first_bytes) {
  const Compression* const by_mark = ByMark(first_bytes);
  const Compression* const found = by_mark != nullptr ? by_mark : ByEnding(path);
  return found == nullptr ? "" : found->name;
}

absl::StatusOr<CompressionCodec> CompressionOf(const std::string& path,
                                               std::string_view first_bytes) {
  const Compression* const by_ending = ByEnding(path);
  const Compression* const by_mark = ByMark(first_bytes);
  const bool is_tar = by_ending != nullptr && by_ending->ending == ".tgz";
  const Compression* const found = by_mark != nullptr && !is_tar ? by_mark : by_ending;
  if (found == nullptr) return CompressionCodec::kNone;
  if (found->codec == CompressionCodec::kNone) return CannotBeRead(path, *found);
  const bool skippable = found->codec != CompressionCodec::kGzip && IsSkippable(first_bytes);
  if (by_mark == nullptr && !skippable) {
    return absl::DataLossError(absl::StrCat("input file ", path, " is named as one of ",
                                            platform::ToAbsl(found->name),
                                            ", and does not begin as such"));
  }
  return found->codec;
}

absl::Status CheckCompressionName(const std::string& path) {
  const Compression* const found = ByEnding(path);
  const bool can_be_read = found == nullptr || found->codec != CompressionCodec::kNone;
  return can_be_read ? absl::OkStatus() : CannotBeRead(path, *found);
}

}  // namespace wavetank::runtime
