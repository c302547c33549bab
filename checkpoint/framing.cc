#include "checkpoint/framing.h"

#include <limits>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/coding.h"
#include "checkpoint/crc32c.h"
#include "platform/check.h"

namespace wavetank::checkpoint {
namespace {

constexpr std::string_view kMagic = "WTLG";
constexpr size_t kHeaderBytes = 40;
constexpr size_t kChecksumEnd = 8;  // magic and checksum, which the checksum does not cover

uint32_t Checksum(const LogFile& file, uint64_t offset, std::string_view covered) {
  std::string salt;
  PutFixed(salt, file.id);
  PutFixed(salt, offset);
  return Crc32c(covered, Crc32c(salt));
}

// The group at `offset`, if a valid one of this file stands there.
std::optional<Group> DecodeGroup(const LogFile& file, std::string_view bytes, uint64_t offset) {
  std::string_view here = bytes.substr(offset);
  Decoder decoder(here);
  if (decoder.Bytes(kMagic.size()) != kMagic) return std::nullopt;
  const auto checksum = decoder.Fixed<uint32_t>();
  const auto length = decoder.Fixed<uint32_t>();
  Group group;
  group.kind = static_cast<GroupKind>(decoder.Fixed<uint32_t>());
  group.sequence = decoder.Fixed<uint64_t>();
  group.epoch = static_cast<int64_t>(decoder.Fixed<uint64_t>());
  group.durable_bytes = decoder.Fixed<uint64_t>();
  const std::string_view payload = decoder.Bytes(length);
  if (!decoder.ok() || length == 0) return std::nullopt;
  const std::string_view covered =
      here.substr(kChecksumEnd, kHeaderBytes - kChecksumEnd + payload.size());
  if (Checksum(file, offset, covered) != checksum) return std::nullopt;
  if (group.kind != GroupKind::kSeal && group.kind != GroupKind::kRecords) return std::nullopt;
  if (group.epoch != file.epoch || group.durable_bytes > offset) return std::nullopt;
  group.payload = std::string(payload);
  group.offset = offset;
  group.end = offset + kHeaderBytes + payload.size();
  return group;
}

// A valid group after `bad` that names a durable length beyond it.
std::optional<Group> FindWitness(const LogFile& file, std::string_view bytes, uint64_t bad) {
  for (size_t at = bytes.find(kMagic, bad + 1); at != std::string_view::npos;
       at = bytes.find(kMagic, at + 1)) {
    std::optional<Group> group = DecodeGroup(file, bytes, at);
    if (group.has_value() && group->durable_bytes > bad) return group;
  }
  return std::nullopt;
}

}  // namespace

std::string EncodeGroup(const LogFile& file, const Group& group) {
  WT_CHECK(!group.payload.empty(), "a group is never empty");
  WT_CHECK(group.payload.size() <= std::numeric_limits<uint32_t>::max(), "a group is under 4 GB");
  WT_CHECK(group.durable_bytes <= group.offset, "a group names what stands before it");
  std::string covered;
  covered.reserve(kHeaderBytes + group.payload.size());
  PutFixed(covered, static_cast<uint32_t>(group.payload.size()));
  PutFixed(covered, static_cast<uint32_t>(group.kind));
  PutFixed(covered, group.sequence);
  PutFixed(covered, static_cast<uint64_t>(group.epoch));
  PutFixed(covered, group.durable_bytes);
  covered += group.payload;
  std::string bytes(kMagic);
  PutFixed(bytes, Checksum(file, group.offset, covered));
  bytes += covered;
  return bytes;
}

absl::StatusOr<DecodedLog> DecodeLog(const LogFile& file, std::string_view bytes,
                                     uint64_t known_durable) {
  DecodedLog log;
  while (log.valid_bytes < bytes.size()) {
    std::optional<Group> group = DecodeGroup(file, bytes, log.valid_bytes);
    if (!group.has_value() || group->sequence != log.groups.size()) break;
    log.valid_bytes = group->end;
    log.groups.push_back(*std::move(group));
  }
  const uint64_t bad = log.valid_bytes;
  if (bad < known_durable) {
    return absl::DataLossError(absl::StrCat(
        file.path, ": corrupt at offset ", bad, ": the log counts up to ", known_durable,
        bytes.size() < known_durable ? absl::StrCat(" and has only ", bytes.size(), " bytes") : "",
        "; restore the file from a copy"));
  }
  if (bad < bytes.size()) {
    const std::optional<Group> witness = FindWitness(file, bytes, bad);
    if (witness.has_value()) {
      return absl::DataLossError(absl::StrCat(
          file.path, ": corrupt at offset ", bad, ": the group at ", witness->offset, " names ",
          witness->durable_bytes, " bytes durable; restore the file from a copy"));
    }
    log.torn_bytes = bytes.size() - bad;
  }
  return log;
}

}  // namespace wavetank::checkpoint
