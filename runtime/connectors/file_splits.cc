#include "runtime/connectors/file_splits.h"

#include <algorithm>
#include <utility>

#include "runtime/connectors/formats/compression.h"

namespace wavetank::runtime {
namespace {

using checkpoint::InputFile;

// To open a file costs about as much as to read this part of a split.
constexpr uint64_t kOpenPart = 64;

// (An older writer's definition has a checksum of the whole file, so it is read whole.)
bool CanBeCut(const InputFile& file, const FileSplitOptions& options) {
  return options.splittable && file.crc32c() == 0 && CompressionName(file.path(), "").empty();
}

// REQUIRES: `parts` is small, so that nothing overflows.
uint64_t PartOf(uint64_t whole, uint64_t part, uint64_t parts) {
  return whole / parts * part + whole % parts * part / parts;
}

FilePiece PieceOf(const InputFile& file, uint32_t number, uint64_t begin, uint64_t end) {
  FilePiece piece;
  piece.set_path(file.path());
  piece.set_number(number);
  piece.set_size_bytes(file.size_bytes());
  piece.set_modified_ns(file.modified_ns());
  if (file.crc32c() != 0) piece.set_crc32c(file.crc32c());
  piece.set_begin(begin);
  piece.set_end(end);
  return piece;
}

}  // namespace

std::vector<FileSplit> SplitFiles(const checkpoint::SourceRange& range,
                                  const FileSplitOptions& options) {
  const uint64_t open_bytes = options.split_bytes / kOpenPart;
  uint64_t run_bytes = 0;
  for (const InputFile& file : range.files()) run_bytes += open_bytes + file.size_bytes();
  const uint64_t tasks =
      std::clamp<uint64_t>(run_bytes / options.split_bytes, uint64_t{1}, kMaxSourceTasks);

  std::vector<FileSplit> splits;
  bool next_split = true;
  uint64_t cut = 1;          // the next one, after the so-manieth task
  uint64_t bytes_begin = 0;  // of the file, in the run
  for (int i = 0; i < range.files_size(); ++i) {
    const InputFile& file = range.files(i);
    bytes_begin += open_bytes;
    uint64_t begin = 0;
    const auto add_until = [&](uint64_t end) {
      if (std::exchange(next_split, false)) splits.emplace_back();
      *splits.back().add_pieces() = PieceOf(file, static_cast<uint32_t>(i), begin, end);
      begin = end;
    };
    for (; cut < tasks; ++cut) {
      const uint64_t at = PartOf(run_bytes, cut, tasks);
      if (at >= bytes_begin + file.size_bytes()) break;
      if (at > bytes_begin && !CanBeCut(file, options)) break;
      if (at > bytes_begin) add_until(at - bytes_begin);
      next_split = true;
    }
    add_until(file.size_bytes());
    bytes_begin += file.size_bytes();
    // Those within a file that is not cut are behind it.
    for (; cut < tasks && PartOf(run_bytes, cut, tasks) < bytes_begin; ++cut) next_split = true;
  }
  return splits;
}

}  // namespace wavetank::runtime
