// Decodes a fenced log from its durable bytes, written from checkpoint/FORMAT.md alone: the
// checkers must not share code with what they check.
#ifndef WAVETANK_PROPERTIES_DECODE_LOG_H_
#define WAVETANK_PROPERTIES_DECODE_LOG_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "properties/durable_files.h"

namespace wavetank::properties {

// The records that count, in order, as a reader would be answered at this instant; nullopt when it
// would not be answered yet (no epoch, or the newest has not sealed its predecessors). kDataLoss:
// something that counts is damaged or gone.
absl::StatusOr<std::optional<std::vector<std::string>>> DecodeFencedLog(
    const DurableFiles& files, const std::string& directory);

// A record, shared by all answers that have it: the same pointer, the same record.
using LogRecord = std::shared_ptr<const std::string>;

// Decodes one log again and again as DecodeFencedLog would, and reads of a file that has only grown
// what is new. That it has only grown is told by its bytes.
class FencedLogReader {
 public:
  explicit FencedLogReader(std::string directory) : directory_(std::move(directory)) {}

  absl::StatusOr<std::optional<std::vector<LogRecord>>> Read(const DurableFiles& files);

 private:
  friend class FencedLogDecoder;

  struct SealedItem {
    uint64_t tag = 0;
    uint64_t epoch = 0;
    uint64_t segment = 0;
    uint64_t length = 0;
    std::string owner;
    std::vector<LogRecord> records;
  };
  struct Group {
    uint64_t end = 0;
    // As far as the payload is well formed.
    bool is_records = false;
    bool is_seal = false;
    std::vector<LogRecord> records;
    std::vector<SealedItem> sealed;
  };
  // The groups from the front of a file that are whole; what follows is a tear, or damage.
  struct WholeGroups {
    uint64_t file_id = 0;
    int64_t epoch = 0;
    std::string bytes;
    uint64_t end = 0;
    std::vector<Group> groups;
  };
  static void ReadGroups(WholeGroups& file);
  static void ReadPayload(uint64_t kind, std::string_view payload, Group& group);
  // Valid as long as the reader.
  const std::vector<Group>& GroupsOf(const std::string& path, std::string_view bytes,
                                     uint64_t file_id, int64_t epoch);

  const std::string directory_;
  std::map<std::pair<std::string, uint64_t>, WholeGroups> known_;  // by path and file id
};

// Who created an epoch, by its file; nullopt: that is no whole one.
std::optional<std::string> OwnerInEpochFile(std::string_view bytes);

// The beginnings of the paths of all files that it looks at.
std::vector<std::string> FencedLogFiles(const std::string& directory);

// CRC32C (Castagnoli), a byte at a time.
uint32_t PlainCrc32c(std::string_view bytes);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_DECODE_LOG_H_
