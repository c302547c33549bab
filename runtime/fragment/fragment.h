// A fragment is the operators between exchanges: a tree, whose leaves read the fragment's inputs (a
// source, exchanges) and whose last operator writes to its outlet. FragmentPlan says what it is
// made of; a FragmentInstance is one task's: its operators, driven a batch at a time.
//
// The instance does no I/O and waits for nothing: it says what it needs, and who runs it gives it,
// awaits, charges, and commits the state.
#ifndef WAVETANK_RUNTIME_FRAGMENT_FRAGMENT_H_
#define WAVETANK_RUNTIME_FRAGMENT_FRAGMENT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/state_table.h"
#include "runtime/columnar/record_batch.h"
#include "runtime/operators/memory_account.h"
#include "runtime/operators/operator.h"

namespace wavetank::runtime {

struct FragmentPlan {
  // A source of the query, or an exchange, by number.
  struct Input {
    enum class Of : uint8_t { kSource, kExchange };
    Of of = Of::kSource;
    int number = 0;
    SchemaPtr schema;
  };
  // What feeds a port of an operator: another one, or an input, by number.
  struct Port {
    enum class Of : uint8_t { kInput, kOperator };
    Of of = Of::kInput;
    int number = 0;
  };
  struct Node {
    std::function<std::unique_ptr<Operator>()> make;
    std::vector<Port> ports;
    std::string text;                      // for people
    int state_id = -1;                     // the operator id that names its state; -1: it has none
    std::vector<std::string> stores = {};  // the names of its stores
    // How far its watermark is behind the query's; unset: it has none.
    std::optional<absl::Duration> watermark_lag = std::nullopt;
  };

  std::vector<Input> inputs;
  std::vector<Node> nodes;   // each reads earlier ones; the last writes
  int partitions = 0;        // how many tasks; 0: as many as its source has splits
  int writes_exchange = -1;  // by number; -1: it writes to the sink

  bool reads_source() const { return inputs.size() == 1 && inputs[0].of == Input::Of::kSource; }
};

struct FragmentReport {
  std::vector<int64_t> input_rows;        // by input
  std::vector<OperatorReport> operators;  // by node

  void Merge(const FragmentReport& other);
  friend bool operator==(const FragmentReport&, const FragmentReport&) = default;
};

class FragmentInstance {
 public:
  // Who and where it is: for errors.
  struct Identity {
    int fragment = 0;
    int partition = 0;
  };
  // By the operator's state id: its stores, as the epoch before has left them.
  using States = std::map<int, std::vector<checkpoint::StateTable*>>;

  // All outlive it. REQUIRES: `states` has what the plan's operators need.
  FragmentInstance(std::shared_ptr<const FragmentPlan> plan, Identity identity);
  absl::Status Open(const States& states, Outlet& outlet, MemoryAccount& memory);

  // `epoch.seed` is that of all tasks, its watermarks those of the query.
  void Begin(const Epoch& epoch);

  enum class Progress : uint8_t { kNeedsInput, kBlocked, kOutletFull, kDone };
  struct Step {
    Progress progress = Progress::kDone;
    int number = 0;  // of the input that is needed, or of the node that is blocked
  };
  // Goes on as far as it can. Errors carry epoch, partition and operator; those of a row, which.
  absl::StatusOr<Step> Run();

  // REQUIRES: Run gave kNeedsInput for this input. kDataLoss: rows of another schema.
  absl::Status Add(int input, RecordBatch rows);
  void EndInput(int input);
  // REQUIRES: Run gave kBlocked for this node.
  OperatorRequest BlockedOn(int node) const {
    return operators_[static_cast<size_t>(node)]->BlockedOn();
  }
  absl::Status Answer(int node, absl::StatusOr<std::string> answer);

  // REQUIRES: Run gave kDone.
  FragmentReport Report() const;

 private:
  struct InputState {
    std::optional<RecordBatch> rows;
    bool ended = false;
    int64_t seen = 0;
  };
  absl::StatusOr<Step> Pull(int node, RecordBatch& output, bool& has_output);
  // Runs `act`, one of a node's methods, and puts into an error where it happened.
  template <typename Act>
  auto Within(int node, const Act& act) -> decltype(act());
  std::string Where() const;
  absl::Status Located(int node, const absl::Status& status, int64_t row) const;

  const std::shared_ptr<const FragmentPlan> plan_;
  const Identity identity_;
  Outlet* outlet_ = nullptr;
  std::vector<std::unique_ptr<Operator>> operators_;
  bool begun_ = false;
  Epoch epoch_;
  std::vector<InputState> inputs_;
  struct Counts {
    int64_t in = 0;
    int64_t out = 0;
  };
  std::vector<Counts> counts_;  // by node
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FRAGMENT_FRAGMENT_H_
