// What a batch has read of its files, by those who read it: measured by its tasks, piece by piece,
// and put together for the query's log.
#ifndef WAVETANK_RUNTIME_STRUCTURED_BATCH_READS_H_
#define WAVETANK_RUNTIME_STRUCTURED_BATCH_READS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/metadata.pb.h"
#include "runtime/connectors/source.h"

namespace wavetank::runtime {

// The pieces that one fragment of the plan has read of a source.
struct FragmentReads {
  std::string source;
  std::vector<FileRead> pieces = {};
};

// Of each source of the definition that has files. kUnavailable: some of a file was read, and the
// rest was lost, or had changed, by the time somebody came to it: the batch is to be run again.
absl::StatusOr<std::vector<checkpoint::SourceRead>> BatchReads(
    const checkpoint::BatchDefinition& definition, const std::map<int, FragmentReads>& by_fragment);

// kDataLoss, naming it: a file of the batch has other bytes than an attempt before has read.
absl::Status CheckReadsAgain(const checkpoint::BatchDefinition& definition,
                             const checkpoint::Prepared& before, const checkpoint::Prepared& now);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_BATCH_READS_H_
