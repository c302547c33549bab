// Rows a chunk at a time, out of what holds many of them.
#ifndef WAVETANK_RUNTIME_DSTREAM_ROW_CHUNKS_H_
#define WAVETANK_RUNTIME_DSTREAM_ROW_CHUNKS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "runtime/dstream/codec.h"
#include "runtime/dstream/row_view.h"

namespace wavetank::runtime::internal {

// Operators pass rows on when they have gathered this many.
inline constexpr size_t kChunkRows = 1024;

// Calls take(chunk), a std::vector<RowView<T>>&, for the rows; it may move out what is in it. The
// views look into `rows`.
template <typename T, typename Take>
void ForEachChunkOf(const std::vector<T>& rows, const Take& take) {
  std::vector<RowView<T>> chunk;
  chunk.reserve(std::min(rows.size(), kChunkRows));
  for (const T& row : rows) {
    chunk.push_back(ViewOf<T>(row));
    if (chunk.size() < kChunkRows && &row != &rows.back()) continue;
    take(chunk);
    chunk.clear();
  }
}

// The same of a std::vector<T> as Codec has encoded it, of which the views are. kDataLoss: it is
// none, which may show after some of its rows were taken.
template <typename T, typename Take>
absl::Status ForEachChunkIn(std::string_view encoded, const Take& take) {
  Decoder in(encoded);
  uint64_t left = 0;
  if (!in.ReadVarint(left) || left > in.remaining()) {
    return NotDecoded<std::vector<T>>(in, false);
  }
  std::vector<RowView<T>> chunk;
  chunk.reserve(std::min(static_cast<size_t>(left), kChunkRows));
  for (; left > 0; --left) {
    RowView<T> row{};
    if (!DecodeView<T>(in, row)) return NotDecoded<std::vector<T>>(in, false);
    chunk.push_back(std::move(row));
    if (chunk.size() < kChunkRows && left > 1) continue;
    take(chunk);
    chunk.clear();
  }
  return in.remaining() == 0 ? absl::OkStatus() : NotDecoded<std::vector<T>>(in, true);
}

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_ROW_CHUNKS_H_
