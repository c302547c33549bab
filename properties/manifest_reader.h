// ManifestReader: the records of a file sink's manifest that count, parsed once each. Entries have
// the parts that they have by now: those of the record that files them, if there is one.
#ifndef WAVETANK_PROPERTIES_MANIFEST_READER_H_
#define WAVETANK_PROPERTIES_MANIFEST_READER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "properties/decode_log.h"

namespace wavetank::runtime {
class ManifestRecord;
}

namespace wavetank::properties {

class ManifestReader {
 public:
  // Shared by all answers that have it: the same pointer, the same record.
  using Record = std::shared_ptr<const runtime::ManifestRecord>;

  // `directory`: the sink's.
  explicit ManifestReader(std::string directory);

  // Null: a reader would have no answer yet. kDataLoss: something that counts is damaged. Valid
  // until the next call.
  absl::StatusOr<const std::vector<Record>*> Read(const DurableFiles& files);

 private:
  absl::Status File(const runtime::ManifestRecord& filing);

  const std::string directory_;
  FencedLogReader log_;
  std::vector<LogRecord> read_;
  std::vector<Record> records_;  // of those
  bool has_filed_ = false;       // some of records_ are not as they were read
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_MANIFEST_READER_H_
