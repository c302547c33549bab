// A part of a file sink on a worker's side: written a piece at a time, and looked at afterwards.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FILE_PART_H_
#define WAVETANK_RUNTIME_CONNECTORS_FILE_PART_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "checkpoint/store.h"
#include "checkpoint/unique_file_writer.h"
#include "platform/task.h"
#include "runtime/connectors/manifest.pb.h"
#include "runtime/connectors/sink.h"

namespace wavetank::runtime {

using platform::Task;

// Writes one part of a batch, durably under a name with `unique`, which no other attempt ever uses.
class FilePartWriter {
 public:
  // `store` must outlive it. A part of up to `inline_bytes` becomes no file: what Finish gives has
  // its text.
  FilePartWriter(checkpoint::Store& store, const std::string& directory, int64_t batch,
                 const std::string& unique, PartDialect dialect, uint64_t inline_bytes = 0,
                 uint64_t piece_bytes = checkpoint::UniqueFileWriter::kPartBytes);

  // Takes the part's text.
  std::string& text() { return text_; }
  // All that was added so far is no row, but what stands before them.
  void EndHeader() { part_.set_header_bytes(text_.size()); }
  bool has_header() const { return part_.header_bytes() > 0; }
  void AddRows(int64_t rows) { part_.set_rows(part_.rows() + rows); }
  // Sends off what is worth it: between some rows and the next.
  Task<absl::Status> Flush();
  // What Prepare takes. "": no row was added, and no part is written.
  Task<absl::StatusOr<std::string>> Finish();

 private:
  void Measure();

  const uint64_t inline_bytes_;
  const uint64_t piece_bytes_;
  ManifestPart part_;
  checkpoint::UniqueFileWriter file_;
  std::string text_;
};

// Whether it is a name that workers stage parts under.
bool IsStagedName(absl::string_view name);

// A name that the publisher files parts of a batch under, with its token; nobody else has `unique`.
std::string FiledName(int64_t batch, FencingToken token, const std::string& unique,
                      PartDialect dialect);
// The token in such a name; nullopt: it is none.
std::optional<FencingToken> TokenOfFiled(absl::string_view name);

// Whether the file has the part's size and checksum. It is read a piece at a time.
Task<absl::StatusOr<bool>> HasTextOf(checkpoint::Store& store, std::string path, ManifestPart part);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FILE_PART_H_
