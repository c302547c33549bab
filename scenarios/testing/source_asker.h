// SourceAsker: asks a source what the engine asks it, each time as a new Source, in a process that
// may be struck.
#ifndef WAVETANK_SCENARIOS_TESTING_SOURCE_ASKER_H_
#define WAVETANK_SCENARIOS_TESTING_SOURCE_ASKER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/metadata.pb.h"
#include "checkpoint/seen_paths.h"
#include "scenarios/testing/source_conformance.h"

namespace wavetank::testing {

// Who asks: a process on a machine.
struct Asker {
  std::string machine;
  std::string process;
};

class SourceAsker {
 public:
  using Range = checkpoint::SourceRange;
  using Rows = std::vector<std::string>;

  SourceAsker(const SourceUnderTest& source, ConformanceWorld& world)
      : source_(source), world_(world) {}

  // One Source is asked so often; fewer answers: the process was ended.
  std::vector<absl::StatusOr<std::string>> Begin(const Asker& asker, int times);
  // With `frozen`: told to stop there.
  std::vector<absl::StatusOr<Range>> Define(const Asker& asker, const std::string& after, int times,
                                            const std::optional<std::string>& frozen = {});
  absl::StatusOr<std::string> Freeze(const Asker& asker);
  absl::Status Committed(const Asker& asker, const std::string& end, int times);
  // By its splits, in their order. kCancelled: the process was ended.
  absl::StatusOr<Rows> Read(const Asker& asker, const Range& range);

  // The range is in the query's log.
  void Log(const Range& range);
  // Whether a range has had other splits than before.
  bool splits_differ() const { return splits_differ_; }

 private:
  friend class Asking;
  template <typename Answer, typename Ask>
  std::vector<Answer> Run(const Asker& asker, Ask ask);

  const SourceUnderTest& source_;
  ConformanceWorld& world_;
  checkpoint::SeenPaths seen_;
  std::map<std::string, std::vector<std::string>> splits_;  // by the bytes of the range
  bool splits_differ_ = false;
};

}  // namespace wavetank::testing

#endif  // WAVETANK_SCENARIOS_TESTING_SOURCE_ASKER_H_
