// How blocks of a state file are compressed: by LZ4 or Zstandard, each block by itself.
#ifndef WAVETANK_CHECKPOINT_BLOCK_COMPRESSION_H_
#define WAVETANK_CHECKPOINT_BLOCK_COMPRESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace wavetank::checkpoint {

// The numbers stand in files.
enum class StateCompression : uint32_t { kNone = 0, kLz4 = 1, kZstd = 2 };

// "none", "lz4", "zstd".
std::string_view NameOf(StateCompression compression);

// Keeps the libraries' working memory between blocks.
class BlockCompressor {
 public:
  explicit BlockCompressor(StateCompression compression);
  ~BlockCompressor();

  // What is to be stored of a block: `raw` itself where compressing it saves nothing. The view
  // stays valid until the next call, or as long as `raw`.
  std::string_view Compress(std::string_view raw);

 private:
  struct Zstd;
  const StateCompression compression_;
  std::unique_ptr<Zstd> zstd_;
  std::string buffer_;
};

class BlockDecompressor {
 public:
  // Of a block that was compressed, and had `raw_bytes`. False: it does not give that. The view
  // stays valid until the next call.
  bool Decompress(StateCompression compression, std::string_view stored, uint64_t raw_bytes,
                  std::string_view* raw);

 private:
  std::unique_ptr<char[]> buffer_;
  uint64_t capacity_ = 0;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_BLOCK_COMPRESSION_H_
