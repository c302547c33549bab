#include "runtime/connectors/formats/decompress.h"

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/no_memory.h"
#include "platform/text.h"

namespace wavetank::runtime {
namespace {

class GzipDecompressor final : public Decompressor {
 public:
  GzipDecompressor() : Decompressor("gzip") {
    // 16: with gzip's header and checksum, and nothing else.
    if (inflateInit2(&stream_, MAX_WBITS + 16) != Z_OK) platform::NoMemory();
  }
  ~GzipDecompressor() override { inflateEnd(&stream_); }

 private:
  absl::StatusOr<Step> Run(std::string_view input, char* output, size_t room) override {
    if (std::exchange(ended_, false)) WT_CHECK(inflateReset(&stream_) == Z_OK);
    const size_t given = std::min<size_t>(input.size(), std::numeric_limits<uInt>::max());
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(given);
    stream_.next_out = reinterpret_cast<Bytef*>(output);
    stream_.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR) platform::NoMemory();
    // Z_BUF_ERROR: there was nothing to do.
    ended_ = result == Z_STREAM_END;
    if (result != Z_OK && result != Z_BUF_ERROR && !ended_) {
      return absl::DataLossError(stream_.msg != nullptr ? stream_.msg : "it is damaged");
    }
    return Step{given - stream_.avail_in, room - stream_.avail_out, ended_};
  }

  z_stream stream_ = {};
  bool ended_ = false;
};

class ZstandardDecompressor final : public Decompressor {
 public:
  ZstandardDecompressor() : Decompressor("Zstandard"), stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr) platform::NoMemory();
  }
  ~ZstandardDecompressor() override { ZSTD_freeDStream(stream_); }

 private:
  absl::StatusOr<Step> Run(std::string_view input, char* output, size_t room) override {
    ZSTD_inBuffer in = {input.data(), input.size(), 0};
    ZSTD_outBuffer out = {output, room, 0};
    const size_t result = ZSTD_decompressStream(stream_, &out, &in);
    if (ZSTD_isError(result) == 0) return Step{in.pos, out.pos, result == 0};
    switch (ZSTD_getErrorCode(result)) {
      case ZSTD_error_memory_allocation:
        platform::NoMemory();
      case ZSTD_error_frameParameter_windowTooLarge:
        return absl::FailedPreconditionError(
            "its frame looks back further than 128 MiB: compress it without --long above 27");
      default:
        return absl::DataLossError(ZSTD_getErrorName(result));
    }
  }

  ZSTD_DStream* const stream_;
};

class Lz4Decompressor final : public Decompressor {
 public:
  Lz4Decompressor() : Decompressor("LZ4") {
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) != 0) {
      platform::NoMemory();
    }
  }
  ~Lz4Decompressor() override { LZ4F_freeDecompressionContext(context_); }

 private:
  absl::StatusOr<Step> Run(std::string_view input, char* output, size_t room) override {
    size_t used = input.size();
    size_t made = room;
    const size_t result =
        LZ4F_decompress(context_, output, &made, input.data(), &used, /*dOptPtr=*/nullptr);
    if (LZ4F_isError(result) != 0) return absl::DataLossError(LZ4F_getErrorName(result));
    return Step{used, made, result == 0};
  }

  LZ4F_dctx* context_ = nullptr;
};

}  // namespace

void Decompressor::Feed(std::string_view bytes) {
  WT_CHECK(input_.empty() && !full_);
  input_ = bytes;
}

absl::StatusOr<std::string_view> Decompressor::Next() {
  output_.resize(kMostPieceBytes);
  while (!input_.empty() || full_) {
    // Without input there is no further member; asking for one would begin it.
    if (input_.empty() && between_) break;
    const absl::StatusOr<Step> step = Run(input_, output_.data(), output_.size());
    if (!step.ok()) {
      const bool damaged = absl::IsDataLoss(step.status());
      return absl::Status(
          step.status().code(),
          absl::StrCat(platform::ToAbsl(name_),
                       damaged ? " data is damaged near byte " : " data cannot be read from byte ",
                       offset_, ": ", step.status().message()));
    }
    input_.remove_prefix(step->used);
    offset_ += step->used;
    full_ = step->made == output_.size();
    if (step->ended) {
      between_ = true;
    } else if (step->used > 0 || step->made > 0) {
      between_ = false;
    } else {
      WT_CHECK(input_.empty(), "a decompressor is stuck");
      full_ = false;
    }
    if (step->made > 0) return std::string_view(output_).substr(0, step->made);
  }
  full_ = false;
  return std::string_view();
}

absl::Status Decompressor::Finish() const {
  if (between_) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(platform::ToAbsl(name_), " data is cut off at byte ",
                                          offset_, offset_ == 0 ? ": there is none" : ""));
}

std::unique_ptr<Decompressor> MakeDecompressor(CompressionCodec codec) {
  switch (codec) {
    case CompressionCodec::kGzip:
      return std::make_unique<GzipDecompressor>();
    case CompressionCodec::kZstandard:
      return std::make_unique<ZstandardDecompressor>();
    case CompressionCodec::kLz4:
      return std::make_unique<Lz4Decompressor>();
    case CompressionCodec::kNone:
      break;
  }
  WT_CHECK(false, "nothing to decompress");
}

}  // namespace wavetank::runtime
