// SinkDriver: what the engine does with a sink, batch after batch, by the engine's own recovery
// table (checkpoint/recovery.h), over a log that is never lost; and the workers' side of it.
//
// Of each batch a worker writes three parts. Beside what counts it leaves what must not: a writer
// that is dropped after some rows, and a whole part of another attempt. A row is a text that tells
// where it is from: "b1-a7-p0-r2".
#ifndef WAVETANK_SCENARIOS_TESTING_SINK_DRIVER_H_
#define WAVETANK_SCENARIOS_TESTING_SINK_DRIVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "checkpoint/recovery.h"
#include "checkpoint/store.h"
#include "platform/node.h"
#include "platform/step.h"
#include "runtime/connectors/sink_format.h"

namespace wavetank::testing {

using platform::Task;

namespace sink_steps {
inline constexpr platform::StepName kStaged{"sink.staged", "batch", "Workers have their parts."};
inline constexpr platform::StepName kPrepared{"sink.prepared", "batch",
                                              "The log names the attempt that counts."};
inline constexpr platform::StepName kCommitted{"sink.committed", "batch",
                                               "The sink has said that it has the batch."};
inline constexpr platform::StepName kLogged{"sink.logged", "batch",
                                            "The log says that the batch is committed."};
}  // namespace sink_steps

// What the query's log says: of each batch, the attempt that counts.
struct SinkLog {
  struct Batch {
    uint64_t hash = 0;
    std::optional<std::string> committable = {};
    std::vector<std::string> rows = {};  // of that attempt
    bool acknowledged = false;           // by the sink
    bool committed = false;
  };
  int64_t epoch = 0;  // of the driver that owns it
  std::vector<Batch> batches;
};

inline constexpr int64_t kOnceFenced = -1;
inline constexpr int64_t kOnceAsked = -2;

// Where a sink is driven: a simulated world (sink_conformance.cc), or another.
class SinkHost {
 public:
  virtual ~SinkHost() = default;
  // The cluster's store, as the driver of an epoch has it, or a worker.
  virtual std::unique_ptr<checkpoint::Store> StoreFor(platform::Node& node,
                                                      const std::string& who) = 0;
  // The answer says, whenever it is asked, whether that worker may still come to an end.
  virtual std::function<bool()> StartWorker(const std::string& name, platform::NodeMain main) = 0;
};

std::string NameOfDriver(int64_t epoch);

struct SinkRun {
  const runtime::SinkFormat& format;
  runtime::OptionMap options;
  runtime::QueryOutputMode mode;
  runtime::SchemaPtr schema;
  SinkHost& host;

  int64_t batches = 3;
  SinkLog log = {};
  int64_t attempts = 0;
  // The driver of this epoch waits there until it is released.
  int64_t held_epoch = 0;
  std::optional<int64_t> held_at = {};  // that many batches are committed; or one of the below
  bool is_held = false;
  // How the last driver to end has ended, if not well.
  absl::Status ended = {};
  int64_t newest_fence = 0;  // the highest epoch under whose token the sink was fenced
  // A Fence under an older token began after that, and was not refused.
  bool older_token_taken = false;
  // What the sink was asked that it should not mind: a committable a second time.
  bool commit_twice = false;
  bool commit_again_first = false;
  absl::Status committed_again = {};
  bool remembers = true;
};

// A driver, of an epoch that no other has had. Ends once all batches are committed, or with an
// error (SinkRun::ended).
Task<void> DriveSink(platform::Node& node, SinkRun* run, int64_t epoch, std::string worker);

}  // namespace wavetank::testing

#endif  // WAVETANK_SCENARIOS_TESTING_SINK_DRIVER_H_
