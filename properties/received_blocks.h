// ReceivedBlocks: what the batch log says of blocks that receivers handed over, held against the
// durable block files and against what the outside world gave.
//
// A block is stored when its file is durable while its receiver is the newest of its stream in the
// log: from then on it is owed, whoever dies, and may not go before it is logged. It is read once,
// at the instant at which its record is durable: it must be whole then, and stay until the batch
// that took it is complete. Its lines must be among those that were given, and none more often than
// it was given: a socket sends nothing again. Where its server ends within a line, the beginning of
// that is one. Written from the description of blocks in checkpoint/FORMAT.md.
#ifndef WAVETANK_PROPERTIES_RECEIVED_BLOCKS_H_
#define WAVETANK_PROPERTIES_RECEIVED_BLOCKS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "properties/at_least_once.h"
#include "properties/decode_log.h"
#include "properties/verdict.h"

namespace wavetank::properties {

// kDataLoss: these bytes are not what the record says.
absl::StatusOr<std::vector<std::string>> DecodeBlock(const LoggedBlock& block,
                                                     std::string_view bytes);

class ReceivedBlocks {
 public:
  // `directory`: where receivers store.
  explicit ReceivedBlocks(std::string directory) : directory_(std::move(directory)) {}

  // More of what the outside world gives, before any of it can have come.
  void Gives(const std::vector<std::string>& lines);

  // At each change of the log or of a file below the directory. `unfinished`: texts of which a part
  // came, or may have: each may end anywhere, within a line, too. REQUIRES: time does not fall.
  // Gives what is newly wrong; each thing once.
  std::vector<Violation> Observe(int64_t now_ns, const DurableFiles& files, const BatchLogView& log,
                                 const std::vector<std::string>& unfinished = {});

  // Of a logged block; none of any other.
  std::vector<std::string> Lines(const std::string& path) const;
  // Every block that was logged, in the order of the log.
  const std::vector<std::string>& logged() const { return logged_; }
  // Every block that was stored or logged.
  std::vector<std::string> Owed() const;
  int64_t lines_logged() const { return lines_logged_; }

 private:
  void NoteStored(const DurableFiles& files, const BatchLogView& log);
  void Read(const LoggedBlock& block, const DurableFiles& files,
            const std::vector<std::string>& unfinished);
  void CheckLines(const LoggedBlock& block, const std::vector<std::string>& lines,
                  const std::vector<std::string>& unfinished);
  void Report(const char* kind, std::string what, std::vector<std::string> records);

  const std::string directory_;
  int64_t now_ns_ = 0;
  std::map<std::string, int64_t> given_;                   // how often each line was given
  std::map<std::string, int64_t> came_;                    // and came
  std::map<std::string, std::vector<std::string>> lines_;  // by block
  std::vector<std::string> logged_;
  int64_t lines_logged_ = 0;
  std::set<std::string> stored_;
  std::set<std::string> done_with_;  // blocks of completed batches
  // What is still to be watched: logged and not done with, stored and not logged.
  std::set<std::string> open_;
  std::set<std::string> unlogged_;
  std::set<std::string> reported_;
  std::vector<Violation> fresh_;
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_RECEIVED_BLOCKS_H_
