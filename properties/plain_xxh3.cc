#include "properties/plain_xxh3.h"

#include <array>
#include <bit>
#include <cstddef>

namespace wavetank::properties {
namespace {

constexpr uint64_t kPrime32[] = {0, 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D};
constexpr uint64_t kPrime64[] = {0,
                                 0x9E3779B185EBCA87,
                                 0xC2B2AE3D27D4EB4F,
                                 0x165667B19E3779F9,
                                 0x85EBCA77C2B2AE63,
                                 0x27D4EB2F165667C5};
constexpr uint64_t kMix[] = {0, 0x165667919E3779F9, 0x9FB21C651E98DF25};

constexpr size_t kSecretBytes = 192;
constexpr size_t kStripe = 64;
constexpr size_t kStripesInBlock = (kSecretBytes - kStripe) / 8;
constexpr uint8_t kSecret[kSecretBytes] = {
    0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
    0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
    0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
    0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
    0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
    0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
    0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
    0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
    0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
    0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
    0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
    0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
};

uint64_t Number(const void* from, size_t bytes) {
  const auto* at = static_cast<const uint8_t*>(from);
  uint64_t number = 0;
  for (size_t i = 0; i < bytes; ++i) number |= uint64_t{at[i]} << (8 * i);
  return number;
}
uint64_t Secret64(size_t at) { return Number(kSecret + at, 8); }
uint64_t Secret32(size_t at) { return Number(kSecret + at, 4); }

uint64_t Swapped(uint64_t value) {
  uint64_t swapped = 0;
  for (int shift = 0; shift < 64; shift += 8) swapped = swapped << 8 | ((value >> shift) & 0xff);
  return swapped;
}

uint64_t FoldedProduct(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t OldAvalanche(uint64_t hash) {
  hash ^= hash >> 33;
  hash *= kPrime64[2];
  hash ^= hash >> 29;
  hash *= kPrime64[3];
  return hash ^ hash >> 32;
}

uint64_t Avalanche(uint64_t hash) {
  hash ^= hash >> 37;
  hash *= kMix[1];
  return hash ^ hash >> 32;
}

uint64_t UpTo3(const char* in, size_t length) {
  const uint64_t first = Number(in, 1);
  const uint64_t middle = Number(in + length / 2, 1);
  const uint64_t last = Number(in + length - 1, 1);
  const uint64_t combined = first << 16 | middle << 24 | last | uint64_t{length} << 8;
  return OldAvalanche(combined ^ (Secret32(0) ^ Secret32(4)));
}

uint64_t UpTo8(const char* in, size_t length) {
  uint64_t hash = Number(in + length - 4, 4) + (Number(in, 4) << 32);
  hash ^= Secret64(8) ^ Secret64(16);
  hash ^= std::rotl(hash, 49) ^ std::rotl(hash, 24);
  hash *= kMix[2];
  hash ^= (hash >> 35) + length;
  hash *= kMix[2];
  return hash ^ hash >> 28;
}

uint64_t UpTo16(const char* in, size_t length) {
  const uint64_t low = Number(in, 8) ^ (Secret64(24) ^ Secret64(32));
  const uint64_t high = Number(in + length - 8, 8) ^ (Secret64(40) ^ Secret64(48));
  return Avalanche(length + Swapped(low) + high + FoldedProduct(low, high));
}

uint64_t Mix16(const char* in, size_t secret) {
  return FoldedProduct(Number(in, 8) ^ Secret64(secret), Number(in + 8, 8) ^ Secret64(secret + 8));
}

uint64_t UpTo128(const char* in, size_t length) {
  uint64_t sum = length * kPrime64[1];
  for (size_t pair = (length - 1) / 32 + 1; pair-- > 0;) {
    sum += Mix16(in + 16 * pair, 32 * pair);
    sum += Mix16(in + length - 16 * (pair + 1), 32 * pair + 16);
  }
  return Avalanche(sum);
}

uint64_t UpTo240(const char* in, size_t length) {
  uint64_t sum = length * kPrime64[1];
  for (size_t i = 0; i < 8; ++i) sum += Mix16(in + 16 * i, 16 * i);
  sum = Avalanche(sum);
  for (size_t i = 8; i < length / 16; ++i) sum += Mix16(in + 16 * i, 16 * (i - 8) + 3);
  return Avalanche(sum + Mix16(in + length - 16, 136 - 17));
}

using Lanes = std::array<uint64_t, 8>;

void TakeStripe(const char* in, size_t secret, Lanes& lanes) {
  for (size_t i = 0; i < lanes.size(); ++i) {
    const uint64_t value = Number(in + 8 * i, 8);
    const uint64_t key = value ^ Secret64(secret + 8 * i);
    lanes[i ^ 1] += value;
    lanes[i] += (key & 0xFFFFFFFF) * (key >> 32);
  }
}

void Scramble(Lanes& lanes) {
  for (size_t i = 0; i < lanes.size(); ++i) {
    lanes[i] ^= lanes[i] >> 47;
    lanes[i] ^= Secret64(kSecretBytes - kStripe + 8 * i);
    lanes[i] *= kPrime32[1];
  }
}

uint64_t Long(const char* in, size_t length) {
  Lanes lanes = {kPrime32[3], kPrime64[1], kPrime64[2], kPrime64[3],
                 kPrime64[4], kPrime32[2], kPrime64[5], kPrime32[1]};
  const size_t stripes = (length - 1) / kStripe;
  for (size_t stripe = 0; stripe < stripes; ++stripe) {
    const size_t within = stripe % kStripesInBlock;
    TakeStripe(in + stripe * kStripe, 8 * within, lanes);
    if (within + 1 == kStripesInBlock) Scramble(lanes);
  }
  TakeStripe(in + length - kStripe, kSecretBytes - kStripe - 7, lanes);
  uint64_t hash = length * kPrime64[1];
  for (size_t i = 0; i < 4; ++i) {
    hash += FoldedProduct(lanes[2 * i] ^ Secret64(11 + 16 * i),
                          lanes[2 * i + 1] ^ Secret64(11 + 16 * i + 8));
  }
  return Avalanche(hash);
}

}  // namespace

uint64_t PlainXxh3(std::string_view bytes) {
  const char* const in = bytes.data();
  const size_t length = bytes.size();
  if (length == 0) return OldAvalanche(Secret64(56) ^ Secret64(64));
  if (length <= 3) return UpTo3(in, length);
  if (length <= 8) return UpTo8(in, length);
  if (length <= 16) return UpTo16(in, length);
  if (length <= 128) return UpTo128(in, length);
  if (length <= 240) return UpTo240(in, length);
  return Long(in, length);
}

}  // namespace wavetank::properties
