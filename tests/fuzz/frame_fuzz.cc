#include <string>
#include <string_view>

#include "platform/check.h"
#include "platform/real/frame.h"
#include "tests/fuzz/fuzz_seeds.h"

namespace wavetank {

using platform::Frame;
using platform::FrameDecoder;
using platform::FrameKind;

std::vector<std::string> fuzz::Seeds() {
  std::string bytes;
  platform::AppendFrame(FrameKind::kHello, platform::kFrameVersion, "", bytes);
  platform::AppendFrame(FrameKind::kMessage, "body", "attachment", bytes);
  platform::AppendFrame(FrameKind::kCredit, platform::EncodeCredit(4096), "", bytes);
  platform::AppendFrame(FrameKind::kHeartbeat, "", "", bytes);
  platform::AppendFrame(FrameKind::kEnd, "", "", bytes);
  return {bytes};
}

// What comes out of bytes that come in pieces of that size, as frames again.
std::string Frames(std::string_view bytes, size_t piece) {
  constexpr int64_t kMost = 1 << 20;
  FrameDecoder decoder(kMost);
  std::string again;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    decoder.Feed(bytes.substr(at, piece));
    while (true) {
      const auto frame = decoder.Next();
      if (!frame.ok()) return again + "damaged";
      if (!frame->has_value()) break;
      if ((*frame)->kind == FrameKind::kCredit) (void)platform::DecodeCredit((*frame)->body).ok();
      platform::AppendFrame((*frame)->kind, (*frame)->body, (*frame)->attachment, again);
    }
  }
  return again;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = Frames(bytes, size + 1);
  WT_CHECK(whole == Frames(bytes, 5), "the pieces make no difference");
  if (!whole.ends_with("damaged")) WT_CHECK(bytes.starts_with(whole));
  return 0;
}

}  // namespace wavetank
