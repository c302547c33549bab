// StateFileWriter: a state file on its way into a store, a part at a time.
#ifndef WAVETANK_CHECKPOINT_STATE_FILE_WRITER_H_
#define WAVETANK_CHECKPOINT_STATE_FILE_WRITER_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/state_file.h"
#include "checkpoint/store.h"
#include "checkpoint/unique_file_writer.h"

namespace wavetank::checkpoint {

class StateFileWriter {
 public:
  // The path is nobody else's, in no other attempt either (unique.h). The store must outlive it.
  StateFileWriter(Store& store, std::string path, const StateFileHeader& header,
                  uint64_t part_bytes = UniqueFileWriter::kPartBytes)
      : part_bytes_(part_bytes), encoder_(header), file_(store, std::move(path)) {}

  // Takes entries.
  StateFileEncoder& encoder() { return encoder_; }
  // Sends off what is a part by now: between some entries and the next.
  Task<absl::Status> Flush() {
    if (encoder_.pending_bytes() < part_bytes_) co_return absl::OkStatus();
    co_return co_await file_.Append(encoder_.Take());
  }
  // The file is there, whole and durable; gives its size. REQUIRES: all entries were added.
  Task<absl::StatusOr<uint64_t>> Finish() { return file_.Finish(encoder_.Finish()); }

 private:
  const uint64_t part_bytes_;
  StateFileEncoder encoder_;
  UniqueFileWriter file_;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STATE_FILE_WRITER_H_
