#include "runtime/fragment/fragment.h"

#include <algorithm>
#include <exception>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "runtime/functions/row_error.h"

namespace wavetank::runtime {
namespace {

constexpr int64_t kNoRow = -1;

}  // namespace

void FragmentReport::Merge(const FragmentReport& other) {
  input_rows.resize(std::max(input_rows.size(), other.input_rows.size()));
  for (size_t i = 0; i < other.input_rows.size(); ++i) input_rows[i] += other.input_rows[i];
  operators.resize(std::max(operators.size(), other.operators.size()));
  for (size_t i = 0; i < other.operators.size(); ++i) operators[i].Merge(other.operators[i]);
}

FragmentInstance::FragmentInstance(std::shared_ptr<const FragmentPlan> plan, Identity identity)
    : plan_(std::move(plan)), identity_(std::move(identity)) {
  for (const FragmentPlan::Node& node : plan_->nodes) operators_.push_back(node.make());
}

absl::Status FragmentInstance::Open(const States& states, Outlet& outlet, MemoryAccount& memory) {
  outlet_ = &outlet;
  for (int i = 0; i < static_cast<int>(operators_.size()); ++i) {
    const FragmentPlan::Node& node = plan_->nodes[static_cast<size_t>(i)];
    OperatorContext context;
    context.partition = identity_.partition;
    context.memory = MemoryHolder(&memory);
    if (node.state_id >= 0) {
      const auto state = states.find(node.state_id);
      WT_CHECK(state != states.end() && state->second.size() == node.stores.size(), node.text);
      context.stores = state->second;
    }
    if (i + 1 == static_cast<int>(operators_.size())) context.outlet = &outlet;
    WT_RETURN_IF_ERROR(
        Within(i, [&] { return operators_[static_cast<size_t>(i)]->Open(context); }));
  }
  return absl::OkStatus();
}

void FragmentInstance::Begin(const Epoch& epoch) {
  begun_ = true;
  epoch_ = epoch;
  // What is drawn differs between tasks.
  epoch_.seed = platform::MixBits(epoch.seed ^ (static_cast<uint64_t>(identity_.fragment) << 32 |
                                                static_cast<uint32_t>(identity_.partition)));
  inputs_.assign(plan_->inputs.size(), {});
  counts_.assign(operators_.size(), {});
  for (size_t i = 0; i < operators_.size(); ++i) {
    const std::optional<absl::Duration>& lag = plan_->nodes[i].watermark_lag;
    Epoch own = epoch_;
    own.late = lag ? epoch_.late - *lag : absl::InfinitePast();
    own.evict = lag ? epoch_.evict - *lag : absl::InfinitePast();
    operators_[i]->Begin(own);
  }
}

absl::Status FragmentInstance::Add(int input, RecordBatch rows) {
  const FragmentPlan::Input& plan = plan_->inputs[static_cast<size_t>(input)];
  if (rows.schema() != *plan.schema) {
    return absl::DataLossError(absl::StrCat(Where(), ", input ", input, ": it reads ",
                                            plan.schema->ToText(), ", and is given ",
                                            rows.schema().ToText()));
  }
  InputState& state = inputs_[static_cast<size_t>(input)];
  WT_CHECK(!state.rows && !state.ended);
  state.seen += rows.num_rows();
  if (rows.num_rows() > 0) state.rows = std::move(rows);
  return absl::OkStatus();
}

void FragmentInstance::EndInput(int input) {
  InputState& state = inputs_[static_cast<size_t>(input)];
  WT_CHECK(!state.rows && !state.ended);
  state.ended = true;
}

absl::Status FragmentInstance::Answer(int node, absl::StatusOr<std::string> answer) {
  return Within(node,
                [&] { return operators_[static_cast<size_t>(node)]->Answer(std::move(answer)); });
}

absl::StatusOr<FragmentInstance::Step> FragmentInstance::Run() {
  RecordBatch output;
  bool has_output = false;
  const int last = static_cast<int>(operators_.size()) - 1;
  WT_ASSIGN_OR_RETURN(const Step step, Pull(last, output, has_output));
  WT_CHECK(!has_output, "the last operator of a fragment writes to its outlet");
  return step;
}

// Until the node gives rows (has_output), or is done, or something is needed for it.
absl::StatusOr<FragmentInstance::Step> FragmentInstance::Pull(int node, RecordBatch& output,
                                                              bool& has_output) {
  const auto at = static_cast<size_t>(node);
  Operator& op = *operators_[at];
  const bool writes = at + 1 == operators_.size();
  while (true) {
    if (writes && outlet_->full()) return Step{Progress::kOutletFull, node};
    WT_ASSIGN_OR_RETURN(const Pulled pulled, Within(node, [&] { return op.Next(output); }));
    if (pulled.what == Pull::kOutput) {
      counts_[at].out += output.num_rows();
      has_output = true;
      return Step{};
    }
    if (pulled.what == Pull::kDone) return Step{};
    if (pulled.what == Pull::kBlocked) return Step{Progress::kBlocked, node};

    const FragmentPlan::Port& port = plan_->nodes[at].ports[static_cast<size_t>(pulled.port)];
    RecordBatch rows;
    bool has_rows = false;
    if (port.of == FragmentPlan::Port::Of::kInput) {
      InputState& input = inputs_[static_cast<size_t>(port.number)];
      if (!input.rows && !input.ended) return Step{Progress::kNeedsInput, port.number};
      has_rows = input.rows.has_value();
      if (has_rows) rows = *std::exchange(input.rows, std::nullopt);
    } else {
      WT_ASSIGN_OR_RETURN(const Step below, Pull(port.number, rows, has_rows));
      if (below.progress != Progress::kDone) return below;
    }
    if (has_rows) {
      const int64_t count = rows.num_rows();
      WT_RETURN_IF_ERROR(Within(node, [&] { return op.Add(pulled.port, std::move(rows)); }));
      counts_[at].in += count;
    } else {
      WT_RETURN_IF_ERROR(Within(node, [&] { return op.EndInput(pulled.port); }));
    }
  }
}

FragmentReport FragmentInstance::Report() const {
  FragmentReport report;
  for (const InputState& input : inputs_) report.input_rows.push_back(input.seen);
  for (size_t i = 0; i < operators_.size(); ++i) {
    OperatorReport& own = report.operators.emplace_back();
    operators_[i]->Report(own);
    own.rows_in = counts_[i].in;
    own.rows_out = counts_[i].out;
  }
  return report;
}

template <typename Act>
auto FragmentInstance::Within(int node, const Act& act) -> decltype(act()) {
  try {
    auto result = act();
    if constexpr (std::is_same_v<decltype(result), absl::Status>) {
      return result.ok() ? result : Located(node, result, kNoRow);
    } else {
      if (!result.ok()) return Located(node, result.status(), kNoRow);
      return result;
    }
  } catch (const RowError& error) {
    return Located(node, absl::InternalError(error.what()), error.row());
  } catch (const std::exception& error) {
    return Located(node, absl::InternalError(absl::StrCat("it threw: ", error.what())), kNoRow);
  }
}

std::string FragmentInstance::Where() const {
  return absl::StrCat(begun_ ? absl::StrCat("batch ", epoch_.id, ", ") : "", "fragment ",
                      identity_.fragment, ", partition ", identity_.partition);
}

absl::Status FragmentInstance::Located(int node, const absl::Status& status, int64_t row) const {
  const auto at = static_cast<size_t>(node);
  std::string where = absl::StrCat(Where(), ", operator ", node, " (", plan_->nodes[at].text, ")");
  if (row != kNoRow) absl::StrAppend(&where, ", row ", counts_[at].in + row);
  return absl::Status(status.code(), absl::StrCat(where, ": ", status.message()));
}

}  // namespace wavetank::runtime
