// An aggregate over groups of rows: of all rows at once, or of parts whose partials are merged.
#ifndef WAVETANK_TESTS_RUNTIME_FUNCTIONS_AGGREGATION_H_
#define WAVETANK_TESTS_RUNTIME_FUNCTIONS_AGGREGATION_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "platform/check.h"
#include "platform/random.h"
#include "runtime/columnar/take.h"
#include "tests/runtime/functions/calls.h"

namespace wavetank::runtime {

class Aggregation {
 public:
  // Row i of the batch belongs to groups[i].
  Aggregation(const Expression& call, const RecordBatch& batch, std::vector<uint32_t> groups,
              uint32_t group_count)
      : groups_(std::move(groups)), group_count_(group_count) {
    const std::vector<Attribute> input = AttributesOf(batch);
    const auto resolved =
        Resolver("Agg", input, FunctionRegistry::BuiltIn()).Aggregate(call.node());
    WT_CHECK(resolved.ok(), resolved.status().ToString());
    parts_ = (*resolved)->function->parts;
    type_ = (*resolved)->type;
    for (const ExpressionPtr& operand : (*resolved)->operands) {
      arguments_.push_back(Evaluate(Bind(*operand, input), batch, absl::UnixEpoch()));
      types_.push_back(operand->type);
    }
  }

  // A row a group.
  Column OfAllRows() const { return ResultOf(PartialOf(0, groups_.size())); }

  // The rows cut anywhere, neighbouring partials merged in any grouping.
  Column OfParts(platform::Random& random) const {
    std::vector<std::vector<Column>> partials;
    size_t begin = 0;
    while (begin < groups_.size() || partials.empty()) {
      const size_t size = random.Below(groups_.size() - begin + 1);
      partials.push_back(PartialOf(begin, begin + size));
      begin += size;
    }
    while (partials.size() > 1) {
      const size_t left = random.Below(partials.size() - 1);
      const std::unique_ptr<AggregateState> state = MakeState();
      state->Merge(partials[left], AllGroups());
      state->Merge(partials[left + 1], AllGroups());
      partials[left] = state->Partials(AllGroups());
      partials.erase(partials.begin() + static_cast<ptrdiff_t>(left) + 1);
    }
    return ResultOf(partials[0]);
  }

 private:
  std::vector<uint32_t> AllGroups() const {
    std::vector<uint32_t> groups;
    for (uint32_t group = 0; group < group_count_; ++group) groups.push_back(group);
    return groups;
  }
  std::unique_ptr<AggregateState> MakeState() const {
    std::unique_ptr<AggregateState> state = parts_->make(types_);
    state->Resize(group_count_);
    return state;
  }
  std::vector<Column> PartialOf(size_t begin, size_t end) const {
    std::vector<uint32_t> rows;
    for (size_t row = begin; row < end; ++row) rows.push_back(static_cast<uint32_t>(row));
    std::vector<Column> arguments;
    for (const Column& argument : arguments_) arguments.push_back(Take(argument, rows));
    const std::unique_ptr<AggregateState> state = MakeState();
    state->Update(arguments, std::span(groups_).subspan(begin, end - begin));
    std::vector<Column> partial = state->Partials(AllGroups());
    const std::vector<DataType> intermediate = parts_->intermediate(types_);
    WT_CHECK(partial.size() == intermediate.size());
    for (size_t i = 0; i < partial.size(); ++i) {
      WT_CHECK(partial[i].type() == intermediate[i] && partial[i].size() == group_count_);
    }
    return partial;
  }
  Column ResultOf(const std::vector<Column>& partial) const {
    Column result = parts_->result ? parts_->result(partial) : partial[0];
    WT_CHECK(result.type() == type_ && result.size() == group_count_);
    return result;
  }

  std::shared_ptr<const AggregateParts> parts_;
  DataType type_ = DataType::kInt64;
  std::vector<DataType> types_;
  std::vector<Column> arguments_;
  std::vector<uint32_t> groups_;
  uint32_t group_count_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_FUNCTIONS_AGGREGATION_H_
