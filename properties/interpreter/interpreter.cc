#include "properties/interpreter/interpreter.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/status_macros.h"
#include "properties/interpreter/known_aggregates.h"
#include "properties/interpreter/plain_operators.h"
#include "properties/interpreter/plain_plan.h"
#include "properties/interpreter/propagation.h"

namespace wavetank::properties {
namespace {

class Interpreter final : public NaiveQuery {
 public:
  Interpreter(PlainPlan plan, const InterpreterOptions& options)
      : plan_(std::move(plan)), mode_(options.mode), event_times_(options.policy) {
    for (size_t i = 0; i < plan_.nodes.size(); ++i) {
      const PlainNode& node = plan_.nodes[i];
      if (node.op == PlainOperator::kAggregate) {
        stateful_[i] =
            node.sessions ? MakePlainSessions(node, mode_) : MakePlainAggregate(node, mode_);
      }
      if (node.op == PlainOperator::kDropDuplicates ||
          node.op == PlainOperator::kDropDuplicatesWithin) {
        stateful_[i] = MakePlainDropDuplicates(node);
      }
      if (node.op != PlainOperator::kJoin) continue;
      stateful_[i] = MakePlainJoin(node, plan_.nodes[node.inputs[0]], plan_.nodes[node.inputs[1]]);
    }
  }

  NaiveAnswer Run(const NaiveBatch& batch) override {
    try {
      return Answer(batch);
    } catch (const std::exception& error) {  // a function of the job's
      NaiveAnswer unknown;
      unknown.unknown = error.what();
      return unknown;
    }
  }

  absl::Status GoOnFrom(Interpreter& before) {
    for (auto& [i, op] : stateful_) {
      const auto same = std::ranges::find_if(before.stateful_, [&](const auto& other) {
        return before.plan_.nodes[other.first].operator_id == plan_.nodes[i].operator_id;
      });
      if (same == before.stateful_.end() || !op->GoOnFrom(*same->second)) {
        return absl::UnimplementedError(
            absl::StrCat("the interpreter does not know what operator ", plan_.nodes[i].operator_id,
                         " makes of what it kept under the plan before"));
      }
    }
    event_times_ = before.event_times_;
    return absl::OkStatus();
  }

 private:
  NaiveAnswer Answer(const NaiveBatch& batch) {
    WT_CHECK(batch.other_inputs.size() + 1 == std::max<size_t>(plan_.sources, 1),
             "a batch of other sources than the query's");
    const std::vector<NodeWatermark> late = Propagate(plan_, batch.late_watermark_ms);
    const std::vector<NodeWatermark> now = Propagate(plan_, batch.watermark_ms);
    NaiveAnswer answer;
    std::vector<PlainRows> rows(plan_.nodes.size());
    size_t source = 0;
    for (size_t i = 0; i < plan_.nodes.size(); ++i) {
      const PlainNode& node = plan_.nodes[i];
      if (node.op == PlainOperator::kSource) {
        const NaiveInput first{
            .lines = batch.lines, .file_ends = batch.file_ends, .from = batch.from, .to = batch.to};
        for (PlainFile& file : node.files(source == 0 ? first : batch.other_inputs[source - 1])) {
          rows[i].insert(rows[i].end(), std::make_move_iterator(file.rows.begin()),
                         std::make_move_iterator(file.rows.end()));
        }
        ++source;
        continue;
      }
      std::vector<const PlainRows*> inputs;
      for (const size_t input : node.inputs) inputs.push_back(&rows[input]);
      const auto stateful = stateful_.find(i);
      if (stateful == stateful_.end()) {
        rows[i] = Stateless(node, inputs, batch.timestamp_ms, answer);
        continue;
      }
      PlainCounts counts;
      const PlainBatch with = {batch.timestamp_ms, late[i].in, now[i].in};
      rows[i] = stateful->second->Run(inputs, with, counts);
      answer.dropped += counts.late;
      answer.without_time += counts.without_time;
      answer.late_rows.push_back({node.operator_id, counts.late});
    }
    for (const PlainRow& row : rows.back()) answer.rows.push_back(Text(row));
    event_times_.Add(answer.seen);
    answer.next_final = NextFinal();
    return answer;
  }

  static PlainRows Stateless(const PlainNode& node, const std::vector<const PlainRows*>& inputs,
                             int64_t timestamp_ms, NaiveAnswer& answer) {
    PlainRows rows;
    std::optional<int64_t> latest;
    for (const PlainRows* const input : inputs) {
      for (const PlainRow& row : *input) {
        switch (node.op) {
          case PlainOperator::kProject: {
            PlainRow& made = rows.emplace_back();
            for (const PlainExpression& column : node.expressions) {
              made.push_back(column.Of(row, timestamp_ms));
            }
            break;
          }
          case PlainOperator::kExplode:
            Explode(node, row, timestamp_ms, rows);
            break;
          case PlainOperator::kFilter: {
            const PlainValue keeps = node.expressions[0].Of(row, timestamp_ms);
            if (!keeps.is_null() && keeps.truth()) rows.push_back(row);
            break;
          }
          case PlainOperator::kWatermark: {
            const PlainValue time = node.expressions[0].Of(row, timestamp_ms);
            if (!time.is_null()) latest = std::max(latest.value_or(time.number()), time.number());
            rows.push_back(row);
            break;
          }
          default:  // a union, a sort
            rows.push_back(row);
        }
      }
    }
    if (node.op == PlainOperator::kWatermark) {
      answer.seen.push_back({node.operator_id, node.delay_micros, latest});
    }
    return rows;
  }

  static void Explode(const PlainNode& node, const PlainRow& row, int64_t timestamp_ms,
                      PlainRows& rows) {
    const PlainValue array = node.expressions[0].Of(row, timestamp_ms);
    if (array.is_null()) return;
    for (const PlainValue& element : array.children()) {
      PlainRow& made = rows.emplace_back();
      for (size_t i = 1; i < node.expressions.size(); ++i) {
        made.push_back(node.expressions[i].Of(row, timestamp_ms));
      }
      made.push_back(element);
    }
  }

  NaiveRow Text(const PlainRow& row) const {
    NaiveRow fields;
    for (size_t i = 0; i < row.size(); ++i) {
      fields.push_back(TextOf(row[i], plan_.nodes.back().kinds[i]));
    }
    return fields;
  }

  // Each operator's, with what it is behind the query's watermark put back on, and in whole
  // milliseconds, as those are.
  NaiveNextFinal NextFinal() const {
    const std::vector<NodeWatermark> at_zero = Propagate(plan_, 0);
    NaiveNextFinal next;
    for (const auto& [i, state] : stateful_) {
      const std::optional<int64_t> own = state->NextFinalMicros();
      if (!own || !at_zero[i].in) continue;
      const __int128 micros = __int128{*own} - *at_zero[i].in;
      const __int128 below = micros / 1000;
      const auto ms = static_cast<int64_t>(below * 1000 < micros ? below + 1 : below);
      next.watermark_ms = std::min(next.watermark_ms.value_or(ms), ms);
    }
    return next;
  }

  const PlainPlan plan_;
  const NaiveMode mode_;
  EventTimeWatermarks event_times_;
  std::map<size_t, std::unique_ptr<StatefulOperator>> stateful_;  // by node
};

bool IsReal(PlainKind kind) { return kind == PlainKind::kDouble || kind == PlainKind::kFloat; }

absl::Status CheckCall(const PlainAggregateCall& call, bool ordered, bool sums_are_exact) {
  const KnownAggregate& known = *FindAggregate(call.function);
  const bool adds = call.function == "sum" || call.function == "avg";
  if (known.rounded || (adds && !sums_are_exact && IsReal(call.arguments[0].kind))) {
    return absl::UnimplementedError(absl::StrCat(
        "the interpreter does not know in which order an engine adds doubles up: ", call.function));
  }
  if (known.by_order && !ordered) {
    return absl::UnimplementedError(
        absl::StrCat("the interpreter does not know in which order rows come to ", call.function));
  }
  return absl::OkStatus();
}

// Whether the answer is one in whatever order an engine brings rows together. Of one source their
// order is known.
absl::Status CheckOrderDoesNotMatter(const PlainPlan& plan, bool sums_are_exact) {
  std::vector<bool> ordered;
  for (const PlainNode& node : plan.nodes) {
    const bool of_input = node.inputs.size() == 1 && ordered[node.inputs[0]];
    for (const PlainAggregateCall& call : node.calls) {
      const absl::Status status = CheckCall(call, of_input && !node.sessions, sums_are_exact);
      if (!status.ok()) return status;
    }
    const bool drops = node.op == PlainOperator::kDropDuplicates ||
                       node.op == PlainOperator::kDropDuplicatesWithin;
    // Rows that are alike in all columns are one whichever it is.
    const bool in_all = drops && node.expressions.size() == node.columns.size();
    if (drops && !in_all && !of_input) {
      return absl::UnimplementedError(
          "the interpreter does not know in which order rows come to what drops duplicates");
    }
    const bool stateless =
        node.op == PlainOperator::kProject || node.op == PlainOperator::kFilter ||
        node.op == PlainOperator::kExplode || node.op == PlainOperator::kWatermark;
    ordered.push_back(node.op == PlainOperator::kSource || (stateless && of_input));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<NaiveQuery>> MakeInterpreter(std::string_view analysed_plan,
                                                            InterpreterOptions options) {
  WT_ASSIGN_OR_RETURN(PlainPlan plan, ReadPlan(analysed_plan, options.other));
  WT_RETURN_IF_ERROR(CheckOrderDoesNotMatter(plan, options.sums_are_exact));
  return std::make_unique<Interpreter>(std::move(plan), options);
}

absl::Status GoOnFrom(NaiveQuery& before, NaiveQuery& interpreter) {
  return static_cast<Interpreter&>(interpreter).GoOnFrom(static_cast<Interpreter&>(before));
}

}  // namespace wavetank::properties
