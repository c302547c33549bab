// Frames: how messages cross a TCP connection.
//
//   offset  0  kind            u32, little-endian like all that follow
//           4  body bytes      u32
//           8  attachment bytes u32
//          12  CRC32C of body and attachment
//          16  CRC32C of bytes 0 to 15
//          20  body, then attachment
//
// The header has a checksum of its own, so that a damaged length is noticed before it is waited
// for. Each direction begins with one kHello.
#ifndef WAVETANK_PLATFORM_REAL_FRAME_H_
#define WAVETANK_PLATFORM_REAL_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace wavetank::platform {

enum class FrameKind : uint32_t {
  kHello = 0x4b4e5457,  // "WTNK"; the body is the protocol's version
  kHeartbeat = 1,       // empty
  kMessage = 2,
  kCredit = 3,  // the body is how much more weight the receiver takes, u64
  kEnd = 4,     // empty: the sender has closed, no message follows
};

struct Frame {
  FrameKind kind;
  std::string body;
  std::string attachment;
};

inline constexpr std::string_view kFrameVersion = "2";
inline constexpr size_t kFrameHeaderBytes = 20;

// REQUIRES: body and attachment below 4 GiB each.
void AppendFrame(FrameKind kind, std::string_view body, std::string_view attachment,
                 std::string& out);

std::string EncodeCredit(int64_t weight);
absl::StatusOr<int64_t> DecodeCredit(const std::string& body);

// Cuts a stream of bytes into frames.
class FrameDecoder {
 public:
  explicit FrameDecoder(int64_t max_message_bytes) : max_message_bytes_(max_message_bytes) {}

  void Feed(std::string_view bytes);
  // The next whole frame, or nothing yet. kDataLoss, from then on, if the stream is damaged.
  absl::StatusOr<std::optional<Frame>> Next();

 private:
  const int64_t max_message_bytes_;
  std::string buffer_;
  size_t begin_ = 0;  // what comes before it has been given out
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_FRAME_H_
