// The first value of a group, the last one: as its rows come.
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/functions/groups.h"
#include "runtime/functions/kernels.h"
#include "runtime/functions/slots.h"

namespace wavetank::runtime {
namespace {

// Partials: the value, and whether there was one, be it null.
class EndState final : public AggregateState {
 public:
  EndState(const DataType& type, bool last) : values_(type), last_(last) {}

  void Resize(uint32_t groups) override {
    values_.Resize(groups);
    if (groups > seen_.size()) seen_.resize(groups);
  }
  void Update(std::span<const Column> arguments, std::span<const uint32_t> groups) override {
    const bool skip_nulls = arguments.size() > 1;
    for (size_t i = 0; i < groups.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      const bool skipped = skip_nulls && arguments[1].BoolAt(row) && arguments[0].IsNull(row);
      if (!skipped) Take(groups[i], arguments[0], row, /*earlier=*/false);
    }
  }
  void Merge(std::span<const Column> partials, std::span<const uint32_t> groups) override {
    MergeAs(partials, groups, /*earlier=*/false);
  }
  void MergeEarlier(std::span<const Column> partials, std::span<const uint32_t> groups) override {
    MergeAs(partials, groups, /*earlier=*/true);
  }
  std::vector<Column> Partials(std::span<const uint32_t> groups) const override {
    ColumnBuilder seen(DataType::kBool);
    for (const uint32_t group : groups) seen.Bool(seen_[group]);
    return {values_.Take(groups), seen.Finish()};
  }

 private:
  void MergeAs(std::span<const Column> partials, std::span<const uint32_t> groups, bool earlier) {
    for (size_t i = 0; i < groups.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      if (partials[1].BoolAt(row)) Take(groups[i], partials[0], row, earlier);
    }
  }
  void Take(uint32_t group, const Column& from, int64_t row, bool earlier) {
    if (seen_[group] && last_ == earlier) return;
    values_.Set(group, from, row);
    seen_[group] = true;
  }

  Slots values_;
  std::vector<bool> seen_;
  const bool last_;
};

std::shared_ptr<const AggregateParts> EndParts(bool last) {
  auto parts = std::make_shared<AggregateParts>();
  parts->intermediate = [](std::span<const DataType> arguments) {
    return std::vector<DataType>{arguments[0], DataType::kBool};
  };
  parts->make = [last](std::span<const DataType> arguments) {
    return std::make_unique<EndState>(arguments[0], last);
  };
  parts->result = [](std::span<const Column> intermediate) { return intermediate[0]; };
  return parts;
}

std::string RefuseNull(const CallArguments& arguments) {
  const bool is_null = arguments.literals.size() > 1 &&
                       std::holds_alternative<std::monostate>(arguments.literals[1]);
  return is_null ? "whether nulls are ignored is true or false" : "";
}

}  // namespace

void AddFirstAndLast(std::vector<Function>& functions) {
  const ExampleTerm null = ExampleTerm::Null(DataType::kInt64);
  const auto add = [&](std::string name, bool last, std::string help, std::string gives) {
    functions.push_back(
        {.name = std::move(name),
         .parameters = {{"value", Accepts::kStorable},
                        {.name = "ignore_nulls", .accepts = Accepts::kBool, .literal = true}},
         .optional = 1,
         .result = GivesTypeOf(0),
         .refuses = RefuseNull,
         .nulls = Nulls::kAnyTime,
         .parts = EndParts(last),
         .help = std::move(help),
         .examples = {{.arguments = {true},
                       .rows = {{null}, {4}, {5}, {null}},
                       .gives = std::move(gives)}}});
  };
  const std::string which = ", be it null unless nulls are ignored; null without one";
  add("first", false, "the value in the row that came first" + which, "4");
  add("last", true, "the value in the row that came last" + which, "5");
  add("any_value", false, "the value in some row, which is the first" + which, "4");
}

}  // namespace wavetank::runtime
