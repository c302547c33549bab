#include "platform/real/frame.h"

#include <isa-l/crc.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "platform/check.h"

namespace wavetank::platform {
namespace {

uint32_t Crc32c(uint32_t crc, std::string_view bytes) {
  // Not written to: isa-l lacks a const. It counts in int.
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  constexpr size_t kMaxRun = 1 << 30;
  size_t left = bytes.size();
  while (left > 0) {
    const size_t run = left < kMaxRun ? left : kMaxRun;
    crc = crc32_iscsi(data, static_cast<int>(run), crc);
    data += run;
    left -= run;
  }
  return crc;
}

uint32_t PayloadCrc(std::string_view body, std::string_view attachment) {
  return ~Crc32c(Crc32c(~uint32_t{0}, body), attachment);
}

void AppendU32(uint32_t value, std::string& out) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift));
}

uint32_t ReadU32(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) {
    value |= uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return value;
}

bool IsKnown(FrameKind kind) {
  switch (kind) {
    case FrameKind::kHello:
    case FrameKind::kHeartbeat:
    case FrameKind::kMessage:
    case FrameKind::kCredit:
    case FrameKind::kEnd:
      return true;
  }
  return false;
}

}  // namespace

void AppendFrame(FrameKind kind, std::string_view body, std::string_view attachment,
                 std::string& out) {
  WT_CHECK(body.size() <= UINT32_MAX && attachment.size() <= UINT32_MAX);
  const size_t begin = out.size();
  AppendU32(static_cast<uint32_t>(kind), out);
  AppendU32(static_cast<uint32_t>(body.size()), out);
  AppendU32(static_cast<uint32_t>(attachment.size()), out);
  AppendU32(PayloadCrc(body, attachment), out);
  AppendU32(~Crc32c(~uint32_t{0}, std::string_view(out).substr(begin)), out);
  out.append(body);
  out.append(attachment);
}

std::string EncodeCredit(int64_t weight) {
  std::string body;
  AppendU32(static_cast<uint32_t>(static_cast<uint64_t>(weight)), body);
  AppendU32(static_cast<uint32_t>(static_cast<uint64_t>(weight) >> 32), body);
  return body;
}

absl::StatusOr<int64_t> DecodeCredit(const std::string& body) {
  if (body.size() != 8) return absl::DataLossError("a credit frame of the wrong size");
  return static_cast<int64_t>(uint64_t{ReadU32(body, 4)} << 32 | ReadU32(body, 0));
}

void FrameDecoder::Feed(std::string_view bytes) {
  // Moving what is left pays once it is the smaller part.
  if (begin_ > buffer_.size() / 2) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  buffer_.append(bytes);
}

absl::StatusOr<std::optional<Frame>> FrameDecoder::Next() {
  const std::string_view rest = std::string_view(buffer_).substr(begin_);
  if (rest.size() < kFrameHeaderBytes) return std::optional<Frame>();
  if (ReadU32(rest, 16) != ~Crc32c(~uint32_t{0}, rest.substr(0, 16))) {
    return absl::DataLossError("a frame's header fails its checksum");
  }
  const auto kind = static_cast<FrameKind>(ReadU32(rest, 0));
  const uint64_t body_bytes = ReadU32(rest, 4);
  const uint64_t attachment_bytes = ReadU32(rest, 8);
  if (!IsKnown(kind)) return absl::DataLossError("a frame of an unknown kind");
  if (body_bytes + attachment_bytes > static_cast<uint64_t>(max_message_bytes_)) {
    return absl::DataLossError(
        absl::StrCat("a frame of ", body_bytes + attachment_bytes,
                     " bytes, more than max_message_bytes = ", max_message_bytes_));
  }
  if (rest.size() - kFrameHeaderBytes < body_bytes + attachment_bytes) {
    return std::optional<Frame>();
  }
  const std::string_view body = rest.substr(kFrameHeaderBytes, body_bytes);
  const std::string_view attachment = rest.substr(kFrameHeaderBytes + body_bytes, attachment_bytes);
  if (ReadU32(rest, 12) != PayloadCrc(body, attachment)) {
    return absl::DataLossError("a frame's content fails its checksum");
  }
  Frame frame{kind, std::string(body), std::string(attachment)};
  begin_ += kFrameHeaderBytes + body_bytes + attachment_bytes;
  return std::optional<Frame>(std::move(frame));
}

}  // namespace wavetank::platform
