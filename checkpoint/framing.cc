#include "checkpoint/framing.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/coding.h"
#include "checkpoint/crc32c.h"
#include "platform/check.h"
#include "platform/status_macros.h"

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

enum class Found { kGroup, kNothing, kTooShort };

// What stands at the front of `bytes`, which are those of the file from `offset` on.
Found DecodeGroup(const LogFile& file, std::string_view bytes, uint64_t offset, Group* group) {
  const size_t magic = std::min(bytes.size(), kMagic.size());
  if (bytes.substr(0, magic) != kMagic.substr(0, magic)) return Found::kNothing;
  if (bytes.size() < kHeaderBytes) return Found::kTooShort;
  Decoder decoder(bytes.substr(kMagic.size()));
  const auto checksum = decoder.Fixed<uint32_t>();
  const auto length = decoder.Fixed<uint32_t>();
  group->kind = static_cast<GroupKind>(decoder.Fixed<uint32_t>());
  group->sequence = decoder.Fixed<uint64_t>();
  group->epoch = static_cast<int64_t>(decoder.Fixed<uint64_t>());
  group->durable_bytes = decoder.Fixed<uint64_t>();
  const bool known = group->kind == GroupKind::kSeal || group->kind == GroupKind::kRecords;
  if (!known || length == 0 || length > kLargestPayload || group->epoch != file.epoch ||
      group->durable_bytes > offset) {
    return Found::kNothing;
  }
  if (decoder.rest().size() < length) return Found::kTooShort;
  const std::string_view covered = bytes.substr(kChecksumEnd, kHeaderBytes - kChecksumEnd + length);
  if (Checksum(file, offset, covered) != checksum) return Found::kNothing;
  group->payload = std::string(decoder.Bytes(length));
  group->offset = offset;
  group->end = offset + kHeaderBytes + length;
  return Found::kGroup;
}

}  // namespace

std::string EncodeGroup(const LogFile& file, const Group& group) {
  WT_CHECK(!group.payload.empty(), "a group is never empty");
  WT_CHECK(group.payload.size() <= kLargestPayload, "a group is not too large");
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

LogDecoder::LogDecoder(LogFile file, uint64_t known_durable, Visitor visit)
    : file_(std::move(file)), known_durable_(known_durable), visit_(std::move(visit)) {}

absl::Status LogDecoder::Feed(std::string_view piece) {
  rest_ += piece;
  return Advance(/*ended=*/false);
}

absl::Status LogDecoder::Advance(bool ended) {
  if (!bad_) WT_RETURN_IF_ERROR(TakeGroups(ended));
  if (bad_) FindWitness(ended);
  return absl::OkStatus();
}

absl::Status LogDecoder::TakeGroups(bool ended) {
  size_t taken = 0;
  while (taken < rest_.size()) {
    Group group;
    const std::string_view here = std::string_view(rest_).substr(taken);
    const Found found = DecodeGroup(file_, here, offset_ + taken, &group);
    if (found == Found::kTooShort && !ended) break;
    if (found != Found::kGroup || group.sequence != extent_.groups) {
      bad_ = true;
      break;
    }
    WT_RETURN_IF_ERROR(visit_(group));
    taken = group.end - offset_;
    ++extent_.groups;
    extent_.valid_bytes = group.end;
  }
  rest_.erase(0, taken);
  offset_ += taken;
  return absl::OkStatus();
}

// Looks on behind the bad group, whose own first byte is at extent_.valid_bytes.
void LogDecoder::FindWitness(bool ended) {
  size_t at = offset_ == extent_.valid_bytes ? 1 : 0;
  while (!witness_.has_value()) {
    at = rest_.find(kMagic, at);
    if (at == std::string::npos) {
      at = std::max(rest_.size(), kMagic.size() - 1) - (kMagic.size() - 1);
      break;
    }
    Group group;
    const std::string_view here = std::string_view(rest_).substr(at);
    const Found found = DecodeGroup(file_, here, offset_ + at, &group);
    if (found == Found::kTooShort && !ended) break;
    if (found == Found::kGroup && group.durable_bytes > extent_.valid_bytes) {
      group.payload.clear();
      witness_ = std::move(group);
    }
    ++at;
  }
  if (witness_.has_value()) at = rest_.size();
  at = std::min(at, rest_.size());
  rest_.erase(0, at);
  offset_ += at;
}

absl::StatusOr<LogExtent> LogDecoder::Finish() {
  WT_RETURN_IF_ERROR(Advance(/*ended=*/true));
  const uint64_t size = offset_ + rest_.size();
  const uint64_t bad = extent_.valid_bytes;
  if (bad < known_durable_) {
    return absl::DataLossError(absl::StrCat(
        file_.path, ": corrupt at offset ", bad, ": the log counts up to ", known_durable_,
        size < known_durable_ ? absl::StrCat(" and has only ", size, " bytes") : "",
        "; restore the file from a copy"));
  }
  if (witness_.has_value()) {
    return absl::DataLossError(absl::StrCat(
        file_.path, ": corrupt at offset ", bad, ": the group at ", witness_->offset, " names ",
        witness_->durable_bytes, " bytes durable; restore the file from a copy"));
  }
  extent_.torn_bytes = size - bad;
  return extent_;
}

absl::StatusOr<DecodedLog> DecodeLog(const LogFile& file, std::string_view bytes,
                                     uint64_t known_durable) {
  DecodedLog log;
  LogDecoder decoder(file, known_durable, [&log](const Group& group) {
    log.groups.push_back(group);
    return absl::OkStatus();
  });
  WT_RETURN_IF_ERROR(decoder.Feed(bytes));
  WT_ASSIGN_OR_RETURN(log.extent, decoder.Finish());
  return log;
}

}  // namespace wavetank::checkpoint
