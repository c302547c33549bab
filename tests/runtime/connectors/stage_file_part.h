// A staged part of a file sink with that text, as a worker's writer leaves it.
#ifndef WAVETANK_TESTS_RUNTIME_CONNECTORS_STAGE_FILE_PART_H_
#define WAVETANK_TESTS_RUNTIME_CONNECTORS_STAGE_FILE_PART_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "runtime/connectors/file_part.h"

namespace wavetank::runtime {

// `piece_bytes`: as FilePartWriter takes them; each piece is sent as one.
inline Task<absl::StatusOr<std::string>> StageFilePart(
    checkpoint::Store& store, std::string directory, int64_t batch, std::string unique,
    std::string text, int64_t rows,
    uint64_t piece_bytes = checkpoint::UniqueFileWriter::kPartBytes) {
  FilePartWriter writer(store, directory, batch, unique, PART_DIALECT_RFC4180, 0, piece_bytes);
  writer.AddRows(rows);
  for (size_t at = 0; at < text.size(); at += piece_bytes) {
    writer.text() += text.substr(at, piece_bytes);
    const absl::Status sent = co_await writer.Flush();
    if (!sent.ok()) co_return sent;
  }
  co_return co_await writer.Finish();
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_CONNECTORS_STAGE_FILE_PART_H_
