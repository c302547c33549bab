// Plans as text (logical_plan.h).
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/text.h"
#include "runtime/plan/logical_plan.h"

namespace wavetank::runtime {
namespace {

class PlanWriter {
 public:
  PlanWriter(const LogicalPlanPtr& root, AttributeText attributes) : attributes_(attributes) {
    for (const LogicalPlanPtr& node : InOrder(root)) {
      for (const LogicalPlanPtr& input : node->inputs) ++readers_[input.get()];
    }
  }

  // What several read is written where it comes first, with a number by which it is named then.
  void Write(const LogicalPlan& plan, size_t depth) {
    text_.append(2 * depth, ' ');
    if (readers_[&plan] > 1) {
      const auto [at, first] = shared_.emplace(&plan, shared_.size() + 1);
      if (!first) {
        absl::StrAppend(&text_, "as (", at->second, ")\n");
        return;
      }
      absl::StrAppend(&text_, "(", at->second, ") ");
    }
    text_ += NodeText(plan);
    if (attributes_ == AttributeText::kNamesAndIds) text_ += OutputText(plan);
    text_ += "\n";
    const size_t below = plan.inputs.size() > 1 ? depth + 1 : depth;
    for (const LogicalPlanPtr& input : plan.inputs) Write(*input, below);
  }

  std::string Take() { return std::move(text_); }

 private:
  std::string Texts(const LogicalPlan& plan, size_t begin, size_t end) const {
    std::string text;
    for (size_t i = begin; i < end; ++i) {
      if (i != begin) text += ", ";
      text += ToText(*plan.expressions[i], attributes_);
    }
    return text;
  }

  std::string NameOf(const Attribute& attribute) const {
    return ToText(*Reference(attribute), attributes_);
  }

  std::string OutputText(const LogicalPlan& plan) const {
    std::string text = "  [";
    for (const Attribute& attribute : plan.output) {
      if (text.size() > 3) text += ", ";
      absl::StrAppend(&text, NameOf(attribute), ": ", DataTypeName(attribute.type),
                      attribute.nullable ? "" : " not null");
    }
    return plan.output.empty() ? "" : text + "]";
  }

  std::string NodeText(const LogicalPlan& plan) {
    const size_t count = plan.expressions.size();
    switch (plan.op) {
      case PlanOperator::kSource: {
        const size_t number = sources_.emplace(&plan, sources_.size()).first->second;
        std::string text = "source ";
        if (number > 0) absl::StrAppend(&text, number, " ");
        text += plan.source.format;
        for (const auto& [key, value] : plan.source.options) {
          absl::StrAppend(&text, " ", key, "='", absl::CEscape(value), "'");
        }
        return text;
      }
      case PlanOperator::kProject:
        return absl::StrCat("project ", Texts(plan, 0, count));
      case PlanOperator::kWithColumn:
        return absl::StrCat("with column ", Texts(plan, 0, 1), " as ", plan.name);
      case PlanOperator::kExplode: {
        std::string text =
            absl::StrCat("explode ", Texts(plan, 0, 1), " as ", NameOf(plan.made[0]));
        if (count > 1) absl::StrAppend(&text, " keep ", Texts(plan, 1, count));
        return text;
      }
      case PlanOperator::kFilter:
        return absl::StrCat("filter ", Texts(plan, 0, 1));
      case PlanOperator::kWatermark:
        return absl::StrCat("watermark ", plan.operator_id, " ", Texts(plan, 0, 1), " delay ",
                            absl::FormatDuration(plan.delay));
      case PlanOperator::kAggregate: {
        const auto keys = static_cast<size_t>(plan.keys);
        return absl::StrCat("aggregate ", plan.operator_id, " by ", Texts(plan, 0, keys), " give ",
                            Texts(plan, keys, count));
      }
      case PlanOperator::kNamed:
        return absl::StrCat("named ", plan.name);
      case PlanOperator::kJoin:
        return absl::StrCat("join ", plan.operator_id, " ",
                            platform::ToAbsl(JoinTypeName(plan.join)), count == 0 ? "" : " on ",
                            Texts(plan, 0, count));
      case PlanOperator::kUnion: {
        std::string text = "union";
        for (const Attribute& attribute : plan.made) {
          absl::StrAppend(&text, &attribute == plan.made.data() ? " as " : ", ", NameOf(attribute));
        }
        return text;
      }
      case PlanOperator::kDropDuplicates:
        return absl::StrCat("drop duplicates ", plan.operator_id, count == 0 ? "" : " by ",
                            Texts(plan, 0, count));
      case PlanOperator::kDropDuplicatesWithin:
        return absl::StrCat("drop duplicates ", plan.operator_id, " within ",
                            absl::FormatDuration(plan.delay), count == 0 ? "" : " by ",
                            Texts(plan, 0, count));
      case PlanOperator::kSort: {
        std::string text = "sort by ";
        for (size_t i = 0; i < count; ++i) {
          const SortOrder& order = plan.orders[i];
          absl::StrAppend(&text, i == 0 ? "" : ", ", Texts(plan, i, i + 1),
                          order.descending ? " desc" : "",
                          order.nulls_last ? " nulls last" : " nulls first");
        }
        return text;
      }
      case PlanOperator::kLimit:
        return absl::StrCat("limit ", plan.limit);
    }
    WT_CHECK(false, "no such operator");
  }

  const AttributeText attributes_;
  std::string text_;
  absl::flat_hash_map<const LogicalPlan*, int> readers_;
  absl::flat_hash_map<const LogicalPlan*, size_t> shared_;
  absl::flat_hash_map<const LogicalPlan*, size_t> sources_;
};

}  // namespace

std::string ToText(const LogicalPlanPtr& plan, AttributeText attributes) {
  PlanWriter writer(plan, attributes);
  writer.Write(*plan, 0);
  return writer.Take();
}

}  // namespace wavetank::runtime
