// Decompressor: compressed bytes in, in pieces cut anywhere; what they hold out, in pieces of
// bounded size. Members of gzip, and frames of Zstandard and LZ4, may follow one another: their
// contents follow too. Checksums that are there are compared.
//
//   for each piece of the file:
//     decompressor->Feed(piece);
//     while (piece_of_content = decompressor->Next(), not "") use it
//   decompressor->Finish()
//
// In memory is what the format looks back to (32 KiB of gzip, at most 4 MiB of LZ4, 128 MiB of
// Zstandard: a frame that wants more is kFailedPrecondition) and one piece of the content, whatever
// the whole of it may be.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_DECOMPRESS_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_DECOMPRESS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/connectors/formats/compression.h"

namespace wavetank::runtime {

class Decompressor {
 public:
  static constexpr size_t kMostPieceBytes = size_t{64} << 10;

  virtual ~Decompressor() = default;

  // Takes further compressed bytes, which must stay where they are until Next gave "".
  // REQUIRES: Next gave "", or nothing was taken yet.
  void Feed(std::string_view bytes);
  // Further content, which stays valid until the next call; "": it needs further bytes.
  // kDataLoss: the bytes are damaged, near the offset that it names. Nothing may be asked any more.
  absl::StatusOr<std::string_view> Next();
  // Whether the compressed bytes may end here. kDataLoss: they were cut off, at the offset that it
  // names. REQUIRES: Next gave "".
  absl::Status Finish() const;

  // Compressed bytes that it has used.
  uint64_t offset() const { return offset_; }

 protected:
  explicit Decompressor(std::string_view name) : name_(name) {}

  // What of the input was used and of the output made, at least something of one unless nothing
  // can be; `ended`: a member or frame is complete.
  struct Step {
    size_t used = 0;
    size_t made = 0;
    bool ended = false;
  };
  // An error's message says what is wrong, and not where.
  virtual absl::StatusOr<Step> Run(std::string_view input, char* output, size_t room) = 0;

 private:
  std::string_view name_;
  std::string_view input_;
  std::string output_;
  uint64_t offset_ = 0;
  bool between_ = false;  // a member or frame has ended, and no other has begun
  bool full_ = false;     // the output was: there may be more without further input
};

// REQUIRES: a codec but kNone.
std::unique_ptr<Decompressor> MakeDecompressor(CompressionCodec codec);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_DECOMPRESS_H_
