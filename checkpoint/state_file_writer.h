// StateFileWriter: a state file on its way into a store, a part at a time, so that a file of many
// entries is never in memory as a whole.
#ifndef WAVETANK_CHECKPOINT_STATE_FILE_WRITER_H_
#define WAVETANK_CHECKPOINT_STATE_FILE_WRITER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/staged_file.h"
#include "checkpoint/state_file.h"
#include "checkpoint/store.h"

namespace wavetank::checkpoint {

class StateFileWriter {
 public:
  static constexpr uint64_t kPartBytes = uint64_t{1} << 20;

  // The path is nobody else's, in no other attempt either (unique.h). The store must outlive it.
  StateFileWriter(Store& store, std::string path, const StateFileHeader& header,
                  uint64_t part_bytes = kPartBytes);

  // Takes entries.
  StateFileEncoder& encoder() { return encoder_; }
  // Sends off what is a part by now: between some entries and the next.
  Task<absl::Status> Flush();
  // The file is there, whole and durable; gives its size. REQUIRES: all entries were added.
  Task<absl::StatusOr<uint64_t>> Finish();

 private:
  Task<absl::Status> Append(std::string bytes);

  Store& store_;
  const std::string path_;
  const uint64_t part_bytes_;
  StateFileEncoder encoder_;
  uint64_t size_bytes_ = 0;
  std::unique_ptr<StagedFile> staged_;  // null: it is no larger than a part yet
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STATE_FILE_WRITER_H_
