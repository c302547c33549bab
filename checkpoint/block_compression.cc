#include "checkpoint/block_compression.h"

#include <lz4.h>
#include <zstd.h>

#include "platform/check.h"

namespace wavetank::checkpoint {
namespace {

// Fast: state is written at every batch, and read only after a failure.
constexpr int kZstdLevel = 1;

// What so many stored bytes can give at most: LZ4 at best repeats 255 bytes a byte, Zstandard
// 128 KB a block. So a damaged length does not ask for any memory there is.
uint64_t LargestRaw(StateCompression compression, uint64_t stored_bytes) {
  return stored_bytes * (compression == StateCompression::kLz4 ? 255 : uint64_t{128} << 10);
}

}  // namespace

struct BlockCompressor::Zstd {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  Zstd() = default;
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;
  ~Zstd() { ZSTD_freeCCtx(context); }
};

std::string_view NameOf(StateCompression compression) {
  switch (compression) {
    case StateCompression::kNone:
      return "none";
    case StateCompression::kLz4:
      return "lz4";
    case StateCompression::kZstd:
      return "zstd";
  }
  return "unknown";
}

BlockCompressor::BlockCompressor(StateCompression compression) : compression_(compression) {
  if (compression == StateCompression::kZstd) zstd_ = std::make_unique<Zstd>();
}
BlockCompressor::~BlockCompressor() = default;

std::string_view BlockCompressor::Compress(std::string_view raw) {
  size_t size = 0;
  switch (compression_) {
    case StateCompression::kNone:
      return raw;
    case StateCompression::kLz4:
      if (raw.size() > LZ4_MAX_INPUT_SIZE) return raw;
      buffer_.resize(static_cast<size_t>(LZ4_compressBound(static_cast<int>(raw.size()))));
      size = static_cast<size_t>(LZ4_compress_default(raw.data(), buffer_.data(),
                                                      static_cast<int>(raw.size()),
                                                      static_cast<int>(buffer_.size())));
      break;
    case StateCompression::kZstd:
      buffer_.resize(ZSTD_compressBound(raw.size()));
      size = ZSTD_compressCCtx(zstd_->context, buffer_.data(), buffer_.size(), raw.data(),
                               raw.size(), kZstdLevel);
      if (ZSTD_isError(size)) return raw;
      break;
  }
  return size > 0 && size < raw.size() ? std::string_view(buffer_).substr(0, size) : raw;
}

bool BlockDecompressor::Decompress(StateCompression compression, std::string_view stored,
                                   uint64_t raw_bytes, std::string_view* raw) {
  if (raw_bytes > LargestRaw(compression, stored.size())) return false;
  if (raw_bytes > capacity_) {
    buffer_ = std::make_unique_for_overwrite<char[]>(raw_bytes);
    capacity_ = raw_bytes;
  }
  bool whole = false;
  if (compression == StateCompression::kZstd) {
    whole = ZSTD_decompress(buffer_.get(), raw_bytes, stored.data(), stored.size()) == raw_bytes;
  } else if (compression == StateCompression::kLz4 && raw_bytes <= LZ4_MAX_INPUT_SIZE &&
             stored.size() <= LZ4_MAX_INPUT_SIZE) {
    const int size = LZ4_decompress_safe(
        stored.data(), buffer_.get(), static_cast<int>(stored.size()), static_cast<int>(raw_bytes));
    whole = size >= 0 && static_cast<uint64_t>(size) == raw_bytes;
  }
  *raw = {buffer_.get(), raw_bytes};
  return whole;
}

}  // namespace wavetank::checkpoint
