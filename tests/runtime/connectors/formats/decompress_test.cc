#include "runtime/connectors/formats/decompress.h"

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "platform/check.h"
#include "platform/random.h"
#include "runtime/connectors/formats/compression.h"

namespace wavetank::runtime {
namespace {

using ::testing::HasSubstr;

constexpr CompressionCodec kCodecs[] = {CompressionCodec::kGzip, CompressionCodec::kZstandard,
                                        CompressionCodec::kLz4};

std::string Gzipped(const std::string& text) {
  z_stream stream = {};
  WT_CHECK(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string bytes(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  WT_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

std::string Compressed(CompressionCodec codec, const std::string& text) {
  if (codec == CompressionCodec::kGzip) return Gzipped(text);
  if (codec == CompressionCodec::kZstandard) {
    std::string bytes(ZSTD_compressBound(text.size()), '\0');
    ZSTD_CCtx* const context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    bytes.resize(ZSTD_compress2(context, bytes.data(), bytes.size(), text.data(), text.size()));
    ZSTD_freeCCtx(context);
    return bytes;
  }
  LZ4F_preferences_t preferences = {};
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  std::string bytes(LZ4F_compressFrameBound(text.size(), &preferences), '\0');
  bytes.resize(
      LZ4F_compressFrame(bytes.data(), bytes.size(), text.data(), text.size(), &preferences));
  return bytes;
}

absl::StatusOr<std::string> Decompressed(CompressionCodec codec, std::string_view bytes,
                                         platform::Random* random = nullptr) {
  const auto decompressor = MakeDecompressor(codec);
  std::string text;
  while (!bytes.empty()) {
    const size_t size = random == nullptr ? bytes.size() : 1 + random->Below(bytes.size());
    const std::vector<char> piece(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    decompressor->Feed({piece.data(), piece.size()});
    while (true) {
      const auto content = decompressor->Next();
      if (!content.ok()) return content.status();
      if (content->empty()) break;
      WT_CHECK(content->size() <= Decompressor::kMostPieceBytes);
      text += *content;
    }
    bytes.remove_prefix(size);
  }
  const absl::Status finished = decompressor->Finish();
  if (!finished.ok()) return finished;
  return text;
}

std::string RandomContent(platform::Random& random) {
  constexpr size_t kSizes[] = {0, 1, 100, 5000, 65536, 300'000};
  std::string text(kSizes[random.Below(std::size(kSizes))], ' ');
  const uint64_t letters = 1 + random.Below(256);
  for (char& c : text) c = static_cast<char>(random.Below(letters));
  return text;
}

RC_GTEST_PROP(Decompressor, GivesWhatWasCompressedHoweverItIsCut, (uint64_t seed)) {
  platform::Random random(seed);
  const CompressionCodec codec = kCodecs[random.Below(3)];
  std::string text;
  std::string bytes;
  for (uint64_t members = 1 + random.Below(3); members > 0; --members) {
    const std::string content = RandomContent(random);
    text += content;
    bytes += Compressed(codec, content);
  }
  const auto decompressed = Decompressed(codec, bytes, &random);
  RC_ASSERT(decompressed.ok());
  RC_ASSERT(*decompressed == text);
}

RC_GTEST_PROP(Decompressor, EveryPrefixIsDataLoss, (uint64_t seed)) {
  platform::Random random(seed);
  const CompressionCodec codec = kCodecs[random.Below(3)];
  const std::string bytes = Compressed(codec, RandomContent(random));
  const size_t size = random.Below(bytes.size());
  const auto decompressed = Decompressed(codec, bytes.substr(0, size), &random);
  RC_ASSERT(decompressed.status().code() == absl::StatusCode::kDataLoss);
  RC_ASSERT(decompressed.status().message().find("cut off at byte " + std::to_string(size)) !=
            absl::string_view::npos);
}

RC_GTEST_PROP(Decompressor, DamageIsDataLossOrIsSeenByNoOne, (uint64_t seed)) {
  platform::Random random(seed);
  const CompressionCodec codec = kCodecs[random.Below(3)];
  const std::string text = RandomContent(random);
  std::string bytes = Compressed(codec, text);
  const size_t at = random.Below(bytes.size());
  bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.Below(8)));
  const auto decompressed = Decompressed(codec, bytes, &random);
  // gzip's header has bytes that mean nothing: a time, a system.
  if (decompressed.ok()) {
    RC_ASSERT(*decompressed == text);
  } else {
    RC_ASSERT(decompressed.status().code() == absl::StatusCode::kDataLoss ||
              decompressed.status().code() == absl::StatusCode::kFailedPrecondition);
  }
}

TEST(Decompressor, WhatFollowsTheLastMemberIsDataLossWithItsOffset) {
  for (const CompressionCodec codec : kCodecs) {
    const std::string bytes = Compressed(codec, "some text");
    const auto decompressed = Decompressed(codec, bytes + "rubbish, and more of it");
    EXPECT_EQ(decompressed.status().code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(decompressed.status().message()),
                HasSubstr("damaged near byte " + std::to_string(bytes.size())));
  }
}

TEST(Decompressor, NothingAtAllIsCutOff) {
  EXPECT_EQ(Decompressed(CompressionCodec::kGzip, "").status().message(),
            "gzip data is cut off at byte 0: there is none");
}

TEST(Decompressor, ABombComesInPieces) {
  const std::string text(50'000'000, '\0');
  for (const CompressionCodec codec : kCodecs) {
    const std::string bytes = Compressed(codec, text);
    const auto decompressor = MakeDecompressor(codec);
    decompressor->Feed(bytes);
    size_t size = 0;
    while (true) {
      const auto piece = decompressor->Next();
      ASSERT_TRUE(piece.ok()) << piece.status();
      if (piece->empty()) break;
      ASSERT_LE(piece->size(), Decompressor::kMostPieceBytes);
      size += piece->size();
    }
    EXPECT_TRUE(decompressor->Finish().ok());
    EXPECT_EQ(size, text.size());
    EXPECT_EQ(decompressor->offset(), bytes.size());
  }
}

TEST(Decompressor, AFrameThatLooksBackTooFarIsRefused) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 28);
  const std::string text(1000, 'x');
  std::string bytes(ZSTD_compressBound(text.size()), '\0');
  ZSTD_outBuffer out = {bytes.data(), bytes.size(), 0};
  ZSTD_inBuffer in = {text.data(), text.size(), 0};
  // The size is not known when the frame begins, so its window is what was asked for.
  ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush);
  ZSTD_compressStream2(context, &out, &in, ZSTD_e_end);
  ZSTD_freeCCtx(context);
  bytes.resize(out.pos);
  const auto decompressed = Decompressed(CompressionCodec::kZstandard, bytes);
  EXPECT_EQ(decompressed.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(decompressed.status().message()),
              HasSubstr("Zstandard data cannot be read from byte 0: its frame looks back further"));
}

TEST(Compression, FirstBytesDecideAndThenTheName) {
  const std::string gzip = Compressed(CompressionCodec::kGzip, "x");
  const std::string zstandard = Compressed(CompressionCodec::kZstandard, "x");
  const std::string lz4 = Compressed(CompressionCodec::kLz4, "x");
  EXPECT_EQ(*CompressionOf("in/a.gz", gzip), CompressionCodec::kGzip);
  EXPECT_EQ(*CompressionOf("in/a", gzip), CompressionCodec::kGzip);
  EXPECT_EQ(*CompressionOf("in/a.csv.zst", zstandard), CompressionCodec::kZstandard);
  EXPECT_EQ(*CompressionOf("in/a.gz", lz4), CompressionCodec::kLz4);
  EXPECT_EQ(*CompressionOf("in/a.csv", "a,b\n"), CompressionCodec::kNone);
  EXPECT_EQ(*CompressionOf("in/a.csv", ""), CompressionCodec::kNone);
  EXPECT_EQ(*CompressionOf("in/a.zst", "\x51\x2a\x4d\x18\x04"), CompressionCodec::kZstandard);
  EXPECT_EQ(*CompressionOf("in/a.lz4", "\x5f\x2a\x4d\x18\x04"), CompressionCodec::kLz4);
  const auto other = CompressionOf("in/a.gz", "a,b\n");
  EXPECT_EQ(other.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(other.status().message(),
            "input file in/a.gz is named as one of gzip, and does not begin as such");
}

TEST(Compression, WhatCannotBeReadIsRefusedByName) {
  const auto refusal = [](const std::string& path, std::string_view first_bytes) {
    const auto codec = CompressionOf(path, first_bytes);
    EXPECT_EQ(codec.status().code(), absl::StatusCode::kFailedPrecondition) << path;
    return std::string(codec.status().message());
  };
  EXPECT_THAT(refusal("a.bz2", ""), HasSubstr("input file a.bz2 is compressed (bzip2), and"));
  EXPECT_THAT(refusal("a", "BZh91AY&SY"), HasSubstr("(bzip2)"));
  EXPECT_THAT(refusal("a", std::string_view("\xfd\x37zXZ\0", 6)), HasSubstr("(xz)"));
  EXPECT_THAT(refusal("a.snappy", "abc"), HasSubstr("(Snappy)"));
  EXPECT_THAT(refusal("a.zip", "PK\x03\x04"), HasSubstr("(zip)"));
  EXPECT_THAT(refusal("a.tgz", Compressed(CompressionCodec::kGzip, "x")),
              HasSubstr("(gzip of an archive)"));
  EXPECT_EQ(CompressionName("a.br", ""), "Brotli");
  EXPECT_EQ(CompressionName("a.csv", Compressed(CompressionCodec::kGzip, "x")), "gzip");
  EXPECT_EQ(CompressionName("a.csv", "x"), "");
}

}  // namespace
}  // namespace wavetank::runtime
