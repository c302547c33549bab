#include "runtime/plan/plan_codec.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"

#include "platform/check.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/functions/cast.h"
#include "runtime/plan/expression.pb.h"
#include "runtime/plan/plan.pb.h"

namespace wavetank::runtime {
namespace {

constexpr int kMaxDepth = kMaxExpressionDepth + 10;  // aliases and types come on top

absl::Status Damaged(std::string_view what) {
  return absl::DataLossError(absl::StrCat("a plan's bytes: ", platform::ToAbsl(what)));
}

void EncodeLiteral(const Value& value, const DataType& type, plan::Literal& out) {
  EncodeType(type, *out.mutable_type());
  struct Visitor {
    plan::Literal& out;
    void operator()(std::monostate) const {}
    void operator()(bool v) const { out.set_bool_value(v); }
    void operator()(int64_t v) const { out.set_int64_value(v); }
    void operator()(double v) const { out.set_double_value(v); }
    void operator()(const std::string& v) const { out.set_string_value(v); }
    void operator()(Timestamp v) const { out.set_timestamp_micros(v.micros); }
    void operator()(Interval v) const { out.set_interval_micros(v.micros); }
    void operator()(int8_t v) const { out.set_int8_value(v); }
    void operator()(int16_t v) const { out.set_int16_value(v); }
    void operator()(int32_t v) const { out.set_int32_value(v); }
    void operator()(float v) const { out.set_float_value(v); }
    void operator()(const Binary& v) const { out.set_binary_value(v.bytes); }
    void operator()(Date v) const { out.set_date_days(v.days); }
  };
  std::visit(Visitor{out}, value);
}

Value ValueOf(const plan::Literal& literal) {
  switch (literal.value_case()) {
    case plan::Literal::kBoolValue:
      return literal.bool_value();
    case plan::Literal::kInt64Value:
      return int64_t{literal.int64_value()};
    case plan::Literal::kDoubleValue:
      return literal.double_value();
    case plan::Literal::kStringValue:
      return literal.string_value();
    case plan::Literal::kTimestampMicros:
      return Timestamp{literal.timestamp_micros()};
    case plan::Literal::kIntervalMicros:
      return Interval{literal.interval_micros()};
    case plan::Literal::kInt8Value:
      return static_cast<int8_t>(literal.int8_value());
    case plan::Literal::kInt16Value:
      return static_cast<int16_t>(literal.int16_value());
    case plan::Literal::kInt32Value:
      return int32_t{literal.int32_value()};
    case plan::Literal::kFloatValue:
      return literal.float_value();
    case plan::Literal::kBinaryValue:
      return Binary{literal.binary_value()};
    case plan::Literal::kDateDays:
      return Date{literal.date_days()};
    case plan::Literal::VALUE_NOT_SET:
      break;
  }
  return std::monostate();
}

absl::Status DecodeLiteral(const plan::Literal& literal, Value* value, DataType* type) {
  WT_ASSIGN_OR_RETURN(*type, DecodeType(literal.type()));
  *value = ValueOf(literal);
  const bool cut =
      (literal.has_int8_value() && std::get<int8_t>(*value) != literal.int8_value()) ||
      (literal.has_int16_value() && std::get<int16_t>(*value) != literal.int16_value());
  if (cut) return Damaged("a literal beyond its type");
  const bool null = std::holds_alternative<std::monostate>(*value);
  if (!null && TypeOf(*value) != *type) return Damaged("a literal of another type than its own");
  return absl::OkStatus();
}

void EncodeExpression(const ExpressionNode& node, plan::Expression& out) {
  switch (node.kind) {
    case ExpressionKind::kName:
      out.set_name(node.name);
      return;
    case ExpressionKind::kAttribute:
      out.set_attribute(node.attribute);
      out.set_called(node.name);
      break;
    case ExpressionKind::kLiteral:
      EncodeLiteral(node.value, node.type, *out.mutable_literal());
      break;
    case ExpressionKind::kCall:
      out.mutable_call()->set_function(node.name);
      if (node.function != nullptr) out.mutable_call()->set_version(node.function->version);
      break;
    case ExpressionKind::kCast:
      out.set_cast(true);
      break;
    case ExpressionKind::kAlias:
      out.mutable_alias()->set_name(node.name);
      out.mutable_alias()->set_attribute(node.attribute);
      break;
  }
  for (const ExpressionPtr& operand : node.operands)
    EncodeExpression(*operand, *out.add_operands());
  EncodeType(node.type, *out.mutable_type());
  out.set_nullable(node.nullable);
}

absl::Status DecodeWhat(const plan::Expression& in, const FunctionRegistry& functions,
                        ExpressionNode& node) {
  switch (in.what_case()) {
    case plan::Expression::kName:
      node.kind = ExpressionKind::kName;
      node.name = in.name();
      return absl::OkStatus();
    case plan::Expression::kAttribute:
      node.kind = ExpressionKind::kAttribute;
      node.attribute = in.attribute();
      node.name = in.called();
      break;
    case plan::Expression::kLiteral:
      return DecodeLiteral(in.literal(), &node.value, &node.type);
    case plan::Expression::kCall: {
      node.kind = ExpressionKind::kCall;
      node.name = in.call().function();
      if (node.name == kExplodeCall || node.name == kWindowCall) break;
      if (node.name == kSessionWindowCall) break;
      WT_ASSIGN_OR_RETURN(node.function, FindFunction(functions, node.name, in.call().version()));
      break;
    }
    case plan::Expression::kCast:
      node.kind = ExpressionKind::kCast;
      break;
    case plan::Expression::kAlias:
      node.kind = ExpressionKind::kAlias;
      node.name = in.alias().name();
      node.attribute = in.alias().attribute();
      break;
    case plan::Expression::kColumn:
    case plan::Expression::WHAT_NOT_SET:
      return Damaged("an expression that is none");
  }
  WT_ASSIGN_OR_RETURN(node.type, DecodeType(in.type()));
  return absl::OkStatus();
}

absl::StatusOr<ExpressionPtr> DecodeExpression(const plan::Expression& in,
                                               const FunctionRegistry& functions, int depth = 0) {
  if (depth > kMaxDepth) return Damaged("an expression that is too deep");
  ExpressionNode node;
  WT_RETURN_IF_ERROR(DecodeWhat(in, functions, node));
  node.nullable = in.nullable();
  const bool unary = node.kind == ExpressionKind::kCast || node.kind == ExpressionKind::kAlias;
  if (unary && in.operands_size() != 1) return Damaged("a cast or alias of nothing");
  for (const plan::Expression& operand : in.operands()) {
    WT_ASSIGN_OR_RETURN(node.operands.emplace_back(),
                        DecodeExpression(operand, functions, depth + 1));
  }
  return std::make_shared<const ExpressionNode>(std::move(node));
}

void EncodeNode(const LogicalPlan& node, plan::Node& out) {
  out.set_operator_(static_cast<int>(node.op));
  for (const ExpressionPtr& expression : node.expressions) {
    EncodeExpression(*expression, *out.add_expressions());
  }
  if (node.op == PlanOperator::kSource) {
    out.mutable_source()->set_format(node.source.format);
    out.mutable_source()->set_path(node.source.path);
    for (const auto& [name, value] : node.source.options) {
      plan::Option& option = *out.mutable_source()->add_options();
      option.set_name(name);
      option.set_value(value);
    }
  }
  out.set_name(node.name);
  out.set_delay_micros(absl::ToInt64Microseconds(node.delay));
  out.set_keys(node.keys);
  if (node.op == PlanOperator::kJoin) out.set_join(static_cast<int>(node.join));
  for (const Attribute& attribute : node.made) {
    plan::Attribute& made = *out.add_made();
    made.set_id(attribute.id);
    made.set_name(attribute.name);
    EncodeType(attribute.type, *made.mutable_type());
    made.set_nullable(attribute.nullable);
  }
  out.set_operator_id(node.operator_id);
  for (const SortOrder& order : node.orders) {
    out.add_orders((order.descending ? 1 : 0) + (order.nulls_last ? 2 : 0));
  }
  out.set_limit(node.limit);
}

size_t InputsOf(PlanOperator op, int given) {
  if (op == PlanOperator::kSource) return 0;
  if (op == PlanOperator::kJoin) return 2;
  return op == PlanOperator::kUnion && given > 0 ? static_cast<size_t>(given) : 1;
}

// The least number of expressions without which a node cannot be read.
size_t LeastExpressions(PlanOperator op) {
  return op == PlanOperator::kFilter || op == PlanOperator::kWatermark ||
                 op == PlanOperator::kExplode || op == PlanOperator::kWithColumn
             ? 1
             : 0;
}

absl::StatusOr<LogicalPlan> DecodeNode(const plan::Node& in, const FunctionRegistry& functions) {
  LogicalPlan node;
  node.op = static_cast<PlanOperator>(in.operator_());
  if (in.operator_() < static_cast<int>(PlanOperator::kSource) ||
      in.operator_() > static_cast<int>(PlanOperator::kLimit)) {
    return Damaged("an operator that is none");
  }
  for (const plan::Expression& expression : in.expressions()) {
    WT_ASSIGN_OR_RETURN(node.expressions.emplace_back(), DecodeExpression(expression, functions));
  }
  node.source.format = in.source().format();
  node.source.path = in.source().path();
  for (const plan::Option& option : in.source().options()) {
    node.source.options[option.name()] = option.value();
  }
  node.name = in.name();
  node.delay = absl::Microseconds(in.delay_micros());
  node.keys = in.keys();
  if (node.keys < 0 || static_cast<size_t>(node.keys) > node.expressions.size()) {
    return Damaged("more keys than expressions");
  }
  if (node.op == PlanOperator::kJoin) {
    if (in.join() < 1 || in.join() > static_cast<int>(JoinType::kLeftAnti)) {
      return Damaged("a join that is none");
    }
    node.join = static_cast<JoinType>(in.join());
  }
  for (const plan::Attribute& attribute : in.made()) {
    WT_ASSIGN_OR_RETURN(const DataType type, DecodeType(attribute.type()));
    node.made.push_back({attribute.id(), attribute.name(), type, attribute.nullable()});
  }
  node.operator_id = in.operator_id();
  for (const int order : in.orders()) node.orders.push_back({(order & 1) != 0, (order & 2) != 0});
  node.limit = in.limit();
  if (node.op == PlanOperator::kSort && node.orders.size() != node.expressions.size()) {
    return Damaged("a sort without its orders");
  }
  if (node.limit < 0) return Damaged("a limit below 0");
  if (node.expressions.size() < LeastExpressions(node.op)) return Damaged("too few expressions");
  return node;
}

bool IsAnalysed(const plan::Plan& plan) {
  for (const plan::Node& node : plan.nodes()) {
    if (node.operator_() == static_cast<int>(PlanOperator::kSource)) return node.made_size() > 0;
  }
  return false;
}

// Whether the arguments of a call are such as the analyser lets through.
bool IsCallOfItsFunction(const ExpressionNode& node) {
  if (node.kind != ExpressionKind::kCall) return true;
  if (node.function == nullptr || !node.function->TakesThisMany(node.operands.size())) return false;
  std::vector<Value> literals;
  std::vector<DataType> types;
  for (size_t i = 0; i < node.operands.size(); ++i) {
    const ExpressionNode& operand = *node.operands[i];
    const bool literal = operand.kind == ExpressionKind::kLiteral;
    if (node.function->parameter(i).literal && !literal) return false;
    literals.push_back(literal ? operand.value : Value());
    types.push_back(operand.type);
  }
  if (!node.function->TakesTypes(types)) return false;
  const CallArguments arguments = {.types = types, .literals = literals};
  if (node.function->refuses && !node.function->refuses(arguments).empty()) return false;
  return node.type == node.function->result(arguments);
}

// Whether every attribute that the node's expressions name is one of its inputs', so that the rest
// of the program may rely on it.
bool HasItsAttributes(const ExpressionNode& expression, const LogicalPlan& node) {
  if (expression.kind == ExpressionKind::kName) return false;
  if (expression.kind == ExpressionKind::kAttribute) {
    for (const LogicalPlanPtr& input : node.inputs) {
      const Attribute* const found = FindAttribute(input->output, expression.attribute);
      if (found != nullptr) return found->type == expression.type;
    }
    return false;
  }
  if (!IsCallOfItsFunction(expression)) return false;
  for (const ExpressionPtr& operand : expression.operands) {
    if (!HasItsAttributes(*operand, node)) return false;
  }
  return true;
}

absl::Status CheckAnalysed(const LogicalPlan& node) {
  for (const ExpressionPtr& expression : node.expressions) {
    if (!HasItsAttributes(*expression, node))
      return Damaged("a column that no input has, or a call of what its function does not take");
    const bool column = node.op == PlanOperator::kProject || node.op == PlanOperator::kAggregate ||
                        node.op == PlanOperator::kWatermark ||
                        (node.op == PlanOperator::kExplode && expression != node.expressions[0]);
    if (column && expression->attribute < 0) return Damaged("a column without an id");
  }
  for (const LogicalPlanPtr& input : node.inputs) {
    const bool alike =
        std::ranges::equal(input->output, node.made,
                           [](const Attribute& a, const Attribute& b) { return a.type == b.type; });
    if (node.op == PlanOperator::kUnion && !alike) return Damaged("a union of other columns");
  }
  if (node.op == PlanOperator::kWithColumn || node.op == PlanOperator::kNamed ||
      (node.op == PlanOperator::kExplode && node.made.size() != 1)) {
    return Damaged("an analysed plan with a node that is not");
  }
  return absl::OkStatus();
}

}  // namespace

bool ParseDeep(std::string_view bytes, google::protobuf::MessageLite& message) {
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetRecursionLimit(2 * kMaxDepth);
  return message.ParseFromCodedStream(&stream) && stream.ConsumedEntireMessage();
}

void EncodeType(const DataType& type, plan::Type& out) {
  out.set_kind(type.kind());
  for (const DataType& child : type.children()) EncodeType(child, *out.add_children());
  for (const std::string& name : type.names()) out.add_names(name);
}

// What was parsed is no deeper than a message may be (ParseDeep).
absl::StatusOr<DataType> DecodeType(const plan::Type& type) {
  if (type.kind() < DataType::kBool || type.kind() > DataType::kLastKind) {
    return Damaged("no such data type");
  }
  const auto kind = static_cast<DataType::Kind>(type.kind());
  std::vector<DataType> children;
  for (const plan::Type& child : type.children()) {
    WT_ASSIGN_OR_RETURN(children.emplace_back(DataType::kNull), DecodeType(child));
  }
  if (kind == DataType::kArray) {
    if (children.size() != 1) return Damaged("an array of nothing");
    return DataType::Array(std::move(children.front()));
  }
  std::vector<std::string> names(type.names().begin(), type.names().end());
  const std::set<std::string> different(names.begin(), names.end());
  const bool is_struct = kind == DataType::kStruct;
  if (is_struct ? names.size() != children.size() || different.size() != names.size()
                : !names.empty() || !children.empty()) {
    return Damaged("a type of children that it has not");
  }
  return is_struct ? DataType::Struct(std::move(names), std::move(children)) : DataType(kind);
}

absl::StatusOr<FunctionPtr> FindFunction(const FunctionRegistry& functions, std::string_view name,
                                         int version) {
  const absl::StatusOr<FunctionPtr> function = functions.Get(name);
  if (!function.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the plan calls a function that this program has not: ", function.status().message(),
        "; run the job's own program"));
  }
  if ((*function)->version == version) return *function;
  return absl::FailedPreconditionError(
      absl::StrCat("the plan calls version ", version, " of \"", platform::ToAbsl(name),
                   "\", this program has version ", (*function)->version));
}

void EncodeBound(const BoundExpression& expression, plan::Expression& out) {
  switch (expression.kind) {
    case BoundExpression::Kind::kColumn:
      out.set_column(expression.column);
      break;
    case BoundExpression::Kind::kLiteral:
      EncodeLiteral(expression.value, expression.type, *out.mutable_literal());
      return;
    case BoundExpression::Kind::kCall:
      out.mutable_call()->set_function(expression.function->name);
      out.mutable_call()->set_version(expression.function->version);
      break;
    case BoundExpression::Kind::kCast:
      out.set_cast(true);
      break;
  }
  EncodeType(expression.type, *out.mutable_type());
  for (const BoundExpression& operand : expression.operands) {
    EncodeBound(operand, *out.add_operands());
  }
}

absl::StatusOr<BoundExpression> DecodeBound(const plan::Expression& in,
                                            const FunctionRegistry& functions) {
  BoundExpression bound;
  if (in.what_case() == plan::Expression::kLiteral) {
    bound.kind = BoundExpression::Kind::kLiteral;
    WT_RETURN_IF_ERROR(DecodeLiteral(in.literal(), &bound.value, &bound.type));
    bound.literal = LiteralColumn(bound.value, bound.type);
    return bound;
  }
  WT_ASSIGN_OR_RETURN(bound.type, DecodeType(in.type()));
  switch (in.what_case()) {
    case plan::Expression::kColumn:
      bound.column = in.column();
      return bound;
    case plan::Expression::kCast:
      bound.kind = BoundExpression::Kind::kCast;
      break;
    case plan::Expression::kCall: {
      bound.kind = BoundExpression::Kind::kCall;
      WT_ASSIGN_OR_RETURN(bound.function,
                          FindFunction(functions, in.call().function(), in.call().version()));
      break;
    }
    default:
      return Damaged("an expression that is not bound");
  }
  for (const plan::Expression& operand : in.operands()) {
    WT_ASSIGN_OR_RETURN(bound.operands.emplace_back(), DecodeBound(operand, functions));
  }
  if (bound.kind == BoundExpression::Kind::kCast &&
      (bound.operands.size() != 1 || !CanCast(bound.operands[0].type, bound.type))) {
    return Damaged("a cast that there is not");
  }
  if (bound.kind == BoundExpression::Kind::kCall) {
    const std::string wrong = PrepareCall(bound);
    if (!wrong.empty()) {
      return Damaged(absl::StrCat("a call of ", bound.function->name, ": ", wrong));
    }
  }
  return bound;
}

std::string EncodePlan(const LogicalPlanPtr& plan) {
  plan::Plan out;
  out.set_version(kPlanVersion);
  absl::flat_hash_map<const LogicalPlan*, int> numbers;
  for (const LogicalPlanPtr& node : InOrder(plan)) {
    plan::Node& encoded = *out.add_nodes();
    EncodeNode(*node, encoded);
    for (const LogicalPlanPtr& input : node->inputs) encoded.add_inputs(numbers.at(input.get()));
    numbers[node.get()] = out.nodes_size() - 1;
  }
  return out.SerializeAsString();
}

absl::StatusOr<LogicalPlanPtr> DecodePlan(std::string_view bytes,
                                          const FunctionRegistry& functions) {
  plan::Plan in;
  if (!ParseDeep(bytes, in) || in.nodes_size() == 0) return Damaged("they do not parse");
  if (in.version() != kPlanVersion) {
    return absl::FailedPreconditionError(absl::StrCat("the plan has version ", in.version(),
                                                      ", this build reads version ", kPlanVersion));
  }
  const bool analysed = IsAnalysed(in);
  std::vector<LogicalPlanPtr> nodes;
  for (const plan::Node& encoded : in.nodes()) {
    WT_ASSIGN_OR_RETURN(LogicalPlan node, DecodeNode(encoded, functions));
    for (const int input : encoded.inputs()) {
      if (input < 0 || static_cast<size_t>(input) >= nodes.size()) {
        return Damaged("a node that reads what is not before it");
      }
      node.inputs.push_back(nodes[static_cast<size_t>(input)]);
    }
    if (node.inputs.size() != InputsOf(node.op, encoded.inputs_size())) {
      return Damaged("a node with too few or too many inputs");
    }
    if (!analysed) {
      nodes.push_back(std::make_shared<const LogicalPlan>(std::move(node)));
      continue;
    }
    WT_RETURN_IF_ERROR(CheckAnalysed(node));
    nodes.push_back(Finished(std::move(node)));
  }
  return nodes.back();
}

}  // namespace wavetank::runtime
