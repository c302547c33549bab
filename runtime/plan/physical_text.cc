// Physical plans as text for people.
#include "absl/strings/str_cat.h"

#include "platform/text.h"
#include "runtime/functions/registry.h"
#include "runtime/plan/physical.h"
#include "runtime/plan/physical.pb.h"
#include "runtime/plan/plan_codec.h"

namespace wavetank::runtime {
namespace {

std::string ColumnsText(const plan::Operator& op) {
  std::string text;
  for (const plan::Column& column : op.output()) {
    const absl::StatusOr<DataType> type = DecodeType(column.type());
    absl::StrAppend(&text, text.empty() ? "" : ", ", column.name(), ": ",
                    type.ok() ? DataTypeName(*type) : "?");
  }
  return text;
}

std::string BoundText(const plan::Expression& expression, const plan::Operator& below);

template <typename List>
std::string ListText(const List& expressions, const plan::Operator& below) {
  std::string text;
  for (const plan::Expression& expression : expressions) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", BoundText(expression, below));
  }
  return text;
}

// By the columns of the operator that is read.
std::string BoundText(const plan::Expression& expression, const plan::Operator& below) {
  const auto operands = [&] { return ListText(expression.operands(), below); };
  switch (expression.what_case()) {
    case plan::Expression::kColumn:
      return below.output(expression.column()).name();
    case plan::Expression::kLiteral: {
      const absl::StatusOr<BoundExpression> literal =
          DecodeBound(expression, FunctionRegistry::BuiltIn());
      return literal.ok() ? ToText(literal->value, literal->type) : "?";
    }
    case plan::Expression::kCast: {
      const absl::StatusOr<DataType> type = DecodeType(expression.type());
      return absl::StrCat("cast(", operands(), " as ", type.ok() ? DataTypeName(*type) : "?", ")");
    }
    case plan::Expression::kCall: {
      const FunctionPtr function = FunctionRegistry::BuiltIn().Find(expression.call().function());
      if (function != nullptr && !function->sign.empty() && expression.operands_size() == 2) {
        return absl::StrCat("(", BoundText(expression.operands(0), below), " ", function->sign, " ",
                            BoundText(expression.operands(1), below), ")");
      }
      return absl::StrCat(expression.call().function(), "(", operands(), ")");
    }
    default:
      return "?";
  }
}

std::string AggregateText(const plan::Aggregate& aggregate, const plan::Operator& below,
                          bool partial) {
  std::string text = absl::StrCat(partial ? "partial" : "final", " aggregate");
  if (!partial) absl::StrAppend(&text, ", state of operator ", aggregate.operator_id());
  absl::StrAppend(&text, " by ", aggregate.keys().empty() ? "nothing" : "");
  for (int i = 0; i < aggregate.keys_size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ",
                    partial ? BoundText(aggregate.keys(i), below) : below.output(i).name());
  }
  text += " of ";
  for (const plan::AggregateCall& call : aggregate.calls()) {
    absl::StrAppend(&text, &call == &aggregate.calls(0) ? "" : ", ", call.function(), "(",
                    partial ? ListText(call.arguments(), below) : "", ")");
  }
  if (aggregate.event_time_key() >= 0) {
    absl::StrAppend(&text, "; final by ", below.output_size() == 0 ? "" : "key ",
                    aggregate.event_time_key(), " + ",
                    absl::FormatDuration(absl::Microseconds(aggregate.span_micros())));
  }
  return text;
}

std::string DuplicatesAreKnown(const plan::DropDuplicates& drop) {
  if (drop.has_within_micros()) {
    return absl::StrCat("; for ", absl::FormatDuration(absl::Microseconds(drop.within_micros())));
  }
  const bool by_key = drop.event_time() >= 0 && drop.event_time() < drop.keys();
  return by_key ? absl::StrCat("; until the watermark passes key ", drop.event_time())
                : "; for ever";
}

// From when on rows that are kept of a side are forgotten; `column` has their time.
std::string RowsGo(const plan::JoinSide& side, const std::string& column) {
  if (side.evict_time() < 0) return "are kept for ever";
  const absl::Duration past = -absl::Microseconds(side.evict_offset_micros());
  if (past == absl::ZeroDuration()) return absl::StrCat("go once the watermark is at ", column);
  return absl::StrCat("go once the watermark is ", absl::FormatDuration(absl::AbsDuration(past)),
                      past > absl::ZeroDuration() ? " past " : " before ", column);
}

std::string JoinText(const plan::Join& join, JoinType type, const plan::Operator& op,
                     const plan::Operator& right) {
  std::string text = absl::StrCat(platform::ToAbsl(JoinTypeName(type)), " join, state of operator ",
                                  join.operator_id(), ", by the first ", join.keys(), " columns");
  // The output of some has the left columns alone.
  const bool shown = type != JoinType::kLeftSemi && type != JoinType::kLeftAnti;
  if (join.has_condition() && shown) {
    absl::StrAppend(&text, ", where ", BoundText(join.condition(), op));
  }
  const auto name = [](const plan::Operator& of, int column) {
    return column >= 0 && column < of.output_size() ? of.output(column).name() : "?";
  };
  // What comes in has the keys in front.
  const int right_time = join.right().evict_time();
  absl::StrAppend(&text, "; left rows ", RowsGo(join.left(), name(op, join.left().evict_time())),
                  ", right rows ", RowsGo(join.right(), name(right, join.keys() + right_time)));
  return text;
}

}  // namespace

std::string OperatorText(const plan::PhysicalPlan& plan, const plan::Operator& op,
                         const plan::Operator& below) {
  switch (op.what_case()) {
    case plan::Operator::kReadSource: {
      const plan::Source& source = plan.sources(op.read_source()).source();
      return absl::StrCat("read ", source.format(), " from ", source.path());
    }
    case plan::Operator::kReadExchange:
      return absl::StrCat("read exchange ", op.read_exchange());
    case plan::Operator::kProject:
      return absl::StrCat("project ", ListText(op.project().columns(), below));
    case plan::Operator::kExplode:
      return absl::StrCat("explode ", BoundText(op.explode().array(), below),
                          op.explode().kept().empty() ? "" : " beside ",
                          ListText(op.explode().kept(), below));
    case plan::Operator::kFilter:
      return absl::StrCat("filter ", BoundText(op.filter().condition(), below));
    case plan::Operator::kWatermark:
      return absl::StrCat("watch event time ", BoundText(op.watermark().event_time(), below),
                          ", watermark ", op.watermark().operator_id(), " is ",
                          absl::FormatDuration(absl::Microseconds(op.watermark().delay_micros())),
                          " behind");
    case plan::Operator::kPartialAggregate:
      return AggregateText(op.partial_aggregate(), below, true);
    case plan::Operator::kFinalAggregate:
      return AggregateText(op.final_aggregate(), below, false);
    case plan::Operator::kSessionAggregate:
      return absl::StrCat("sessions, ", AggregateText(op.session_aggregate(), below, false));
    case plan::Operator::kSort: {
      std::string text = "sort by ";
      for (int i = 0; i < op.sort().keys_size(); ++i) {
        absl::StrAppend(&text, i == 0 ? "" : ", ", BoundText(op.sort().keys(i), below),
                        op.sort().orders(i).descending() ? " desc" : "");
      }
      return text;
    }
    case plan::Operator::kLimit:
      return absl::StrCat("limit ", op.limit());
    case plan::Operator::kKey:
      return absl::StrCat("key ", ListText(op.key().keys(), below));
    case plan::Operator::kJoin:
      return JoinText(op.join(), JoinType::kInner, op, below);
    case plan::Operator::kOuterJoin:
      return JoinText(op.outer_join().join(), static_cast<JoinType>(op.outer_join().type()), op,
                      below);
    case plan::Operator::kDropDuplicates:
      return absl::StrCat("drop duplicates, state of operator ", op.drop_duplicates().operator_id(),
                          ", by the first ", op.drop_duplicates().keys(), " columns",
                          DuplicatesAreKnown(op.drop_duplicates()));
    case plan::Operator::kWriteExchange: {
      const plan::Exchange& exchange = plan.exchanges(op.write_exchange());
      return absl::StrCat("write to ", exchange.partitions(), " partitions of exchange ",
                          op.write_exchange(), " by the first ", exchange.keys(), " columns");
    }
    case plan::Operator::kWriteSink:
      return "write to the sink";
    case plan::Operator::WHAT_NOT_SET:
      break;
  }
  return "?";
}

std::string PhysicalText(const plan::PhysicalPlan& plan) {
  std::string text;
  for (int i = 0; i < plan.fragments_size(); ++i) {
    absl::StrAppend(&text, "fragment ", i, "\n");
    plan::Operator below;
    for (const plan::Operator& op : plan.fragments(i).operators()) {
      absl::StrAppend(&text, "  ", OperatorText(plan, op, below), "  [", ColumnsText(op), "]\n");
      below = op;
    }
  }
  return text;
}

}  // namespace wavetank::runtime
