#include "platform/real/frame.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace wavetank::platform {
namespace {

constexpr int64_t kMaxBytes = 1000;

std::string Encode(FrameKind kind, std::string_view body, std::string_view attachment) {
  std::string bytes;
  AppendFrame(kind, body, attachment, bytes);
  return bytes;
}

// All frames of `bytes`, fed in pieces of `piece_bytes`; or the first error.
absl::StatusOr<std::vector<Frame>> DecodeAll(const std::string& bytes, size_t piece_bytes) {
  FrameDecoder decoder(kMaxBytes);
  std::vector<Frame> frames;
  for (size_t at = 0; at < bytes.size(); at += piece_bytes) {
    decoder.Feed(std::string_view(bytes).substr(at, piece_bytes));
    while (true) {
      absl::StatusOr<std::optional<Frame>> next = decoder.Next();
      if (!next.ok()) return next.status();
      if (!next->has_value()) break;
      frames.push_back(**std::move(next));
    }
  }
  return frames;
}

// Peers of other builds speak it: the bytes are fixed.
TEST(Frame, BytesOnTheWireAreTheDocumentedOnes) {
  const std::string expected(
      "\x02\x00\x00\x00"  // kMessage
      "\x05\x00\x00\x00"
      "\x04\x00\x00\x00"
      "\x83\x92\x06\xe3"  // CRC32C of "123456789" is e3069283
      "\x64\xe3\xe8\x6b"
      "123456789",
      29);
  EXPECT_EQ(Encode(FrameKind::kMessage, "12345", "6789"), expected);
}

TEST(FrameDecoder, FindsFramesHoweverTheStreamIsCut) {
  const std::string bytes = Encode(FrameKind::kHello, kFrameVersion, "") +
                            Encode(FrameKind::kMessage, "", "") +
                            Encode(FrameKind::kMessage, std::string(600, 'b'), "attachment") +
                            Encode(FrameKind::kHeartbeat, "", "");
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    const absl::StatusOr<std::vector<Frame>> frames = DecodeAll(bytes, piece);
    ASSERT_TRUE(frames.ok()) << frames.status();
    ASSERT_EQ(frames->size(), 4u) << "pieces of " << piece;
    EXPECT_EQ((*frames)[0].body, kFrameVersion);
    EXPECT_EQ((*frames)[1].body, "");
    EXPECT_EQ((*frames)[2].body, std::string(600, 'b'));
    EXPECT_EQ((*frames)[2].attachment, "attachment");
    EXPECT_EQ((*frames)[3].kind, FrameKind::kHeartbeat);
  }
}

TEST(FrameDecoder, ReportsEveryFlippedBitAndDeliversNothingOfThatFrame) {
  const std::string first = Encode(FrameKind::kMessage, "first", "");
  const std::string second = Encode(FrameKind::kMessage, "second", "with attachment");
  for (size_t bit = 0; bit < second.size() * 8; ++bit) {
    std::string damaged = second;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    const absl::StatusOr<std::vector<Frame>> frames = DecodeAll(first + damaged, 1000);
    EXPECT_EQ(frames.status().code(), absl::StatusCode::kDataLoss) << "bit " << bit;
  }
}

TEST(FrameDecoder, RefusesAMessageOverTheLimitBeforeItsBytesCome) {
  const std::string large = Encode(FrameKind::kMessage, std::string(kMaxBytes, 'x'), "y");
  EXPECT_EQ(DecodeAll(large.substr(0, kFrameHeaderBytes), 1000).status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_TRUE(DecodeAll(Encode(FrameKind::kMessage, std::string(kMaxBytes, 'x'), ""), 99).ok());
}

TEST(Frame, CreditKeepsItsValue) {
  for (const int64_t weight : {int64_t{0}, int64_t{1}, int64_t{1} << 31, int64_t{1} << 40}) {
    EXPECT_EQ(DecodeCredit(EncodeCredit(weight)).value(), weight);
  }
  EXPECT_EQ(DecodeCredit("short").status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace wavetank::platform
