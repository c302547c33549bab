#include "runtime/structured/data_frame.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "runtime/connectors/connector_registry.h"
#include "runtime/connectors/named_table.h"

namespace wavetank::runtime {
namespace {

std::vector<ExpressionPtr> Nodes(const std::vector<Expression>& expressions) {
  std::vector<ExpressionPtr> nodes;
  nodes.reserve(expressions.size());
  for (const Expression& expression : expressions) nodes.push_back(expression.node());
  return nodes;
}

DataFrame Apply(Session* session, LogicalPlan node) {
  return DataFrame(session, std::make_shared<const LogicalPlan>(std::move(node)));
}

LogicalPlan Over(const LogicalPlanPtr& input, PlanOperator op) {
  LogicalPlan node;
  node.op = op;
  node.inputs = {input};
  return node;
}

}  // namespace

DataStreamReader Session::ReadStream() { return DataStreamReader(this); }

const ConnectorRegistry& StreamingQueryDefinition::Connectors() const {
  return connectors == nullptr ? ConnectorRegistry::BuiltIn() : *connectors;
}

absl::StatusOr<const SinkFormat*> StreamingQueryDefinition::Sink() const {
  if (own_sink != nullptr) return own_sink.get();
  return Connectors().Sink(sink_format);
}

bool Session::has_own_code() const {
  const bool own_sink = std::ranges::any_of(
      queries_, [](const StreamingQueryDefinition& query) { return query.own_sink != nullptr; });
  return own_sink || functions_ != nullptr || connectors_ != nullptr;
}

const FunctionRegistry& Session::functions() const {
  return functions_ == nullptr ? FunctionRegistry::BuiltIn() : *functions_;
}

const ConnectorRegistry& Session::connectors() const {
  return connectors_ == nullptr ? ConnectorRegistry::BuiltIn() : *connectors_;
}

absl::Status Session::RegisterFunction(Function function) {
  return Register(functions_, &StreamingQueryDefinition::functions,
                  [&](FunctionRegistry& functions) { return functions.Add(std::move(function)); });
}

absl::Status Session::RegisterSource(const SourceFormat& format) {
  return Register(connectors_, &StreamingQueryDefinition::connectors,
                  [&](ConnectorRegistry& connectors) { return connectors.AddSource(format); });
}

absl::Status Session::RegisterSink(const SinkFormat& format) {
  return Register(connectors_, &StreamingQueryDefinition::connectors,
                  [&](ConnectorRegistry& connectors) { return connectors.AddSink(format); });
}

// Queries that were started before it may name it, too.
template <typename Registry, typename Add>
absl::Status Session::Register(std::shared_ptr<Registry>& mine,
                               std::shared_ptr<const Registry> StreamingQueryDefinition::* theirs,
                               const Add& add) {
  auto registry = mine == nullptr ? std::make_shared<Registry>() : mine;
  const absl::Status added = add(*registry);
  if (!added.ok() || mine != nullptr) return added;
  mine = std::move(registry);
  for (StreamingQueryDefinition& query : queries_) query.*theirs = mine;
  return absl::OkStatus();
}

DataFrame DataFrame::Select(std::vector<Expression> columns) const {
  LogicalPlan node = Over(plan_, PlanOperator::kProject);
  node.expressions = Nodes(columns);
  return Apply(session_, std::move(node));
}

DataFrame DataFrame::Where(Expression condition) const {
  LogicalPlan node = Over(plan_, PlanOperator::kFilter);
  node.expressions = {condition.node()};
  return Apply(session_, std::move(node));
}

DataFrame DataFrame::WithColumn(std::string name, Expression value) const {
  LogicalPlan node = Over(plan_, PlanOperator::kWithColumn);
  node.expressions = {value.node()};
  node.name = std::move(name);
  return Apply(session_, std::move(node));
}

DataFrame DataFrame::WithWatermark(std::string column, absl::Duration delay) const {
  LogicalPlan node = Over(plan_, PlanOperator::kWatermark);
  node.expressions = {Col(std::move(column)).node()};
  node.delay = delay;
  return Apply(session_, std::move(node));
}

DataFrame DataFrame::Alias(std::string name) const {
  LogicalPlan node = Over(plan_, PlanOperator::kNamed);
  node.name = std::move(name);
  return Apply(session_, std::move(node));
}

DataFrame DataFrame::Join(const DataFrame& right, Expression condition, JoinType type) const {
  LogicalPlan node = Over(plan_, PlanOperator::kJoin);
  node.inputs.push_back(right.plan_);
  node.expressions = {condition.node()};
  node.join = type;
  return Apply(session_, std::move(node));
}

DataFrame DataFrame::Union(const DataFrame& other) const {
  LogicalPlan node = Over(plan_, PlanOperator::kUnion);
  node.inputs.push_back(other.plan_);
  return Apply(session_, std::move(node));
}

DataFrame DataFrame::OrderBy(std::vector<SortColumn> columns) const {
  LogicalPlan node = Over(plan_, PlanOperator::kSort);
  for (const SortColumn& column : columns) {
    node.expressions.push_back(column.by.node());
    node.orders.push_back(column.order);
  }
  return Apply(session_, std::move(node));
}

DataFrame DataFrame::Limit(int64_t rows) const {
  LogicalPlan node = Over(plan_, PlanOperator::kLimit);
  node.limit = rows;
  return Apply(session_, std::move(node));
}

DataFrame DataFrame::DropDuplicates(std::vector<std::string> columns) const {
  return WithoutDuplicates(PlanOperator::kDropDuplicates, columns);
}

DataFrame DataFrame::DropDuplicatesWithinWatermark(std::vector<std::string> columns) const {
  return WithoutDuplicates(PlanOperator::kDropDuplicatesWithin, columns);
}

DataFrame DataFrame::WithoutDuplicates(PlanOperator op,
                                       const std::vector<std::string>& columns) const {
  LogicalPlan node = Over(plan_, op);
  for (const std::string& column : columns) node.expressions.push_back(Col(column).node());
  return Apply(session_, std::move(node));
}

GroupedData DataFrame::GroupBy(std::vector<Expression> keys) const {
  return GroupedData(*this, std::move(keys));
}

DataStreamWriter DataFrame::WriteStream() const { return DataStreamWriter(session_, plan_); }

DataFrame GroupedData::Count() const { return Agg({runtime::Count().As("count")}); }

DataFrame GroupedData::Agg(std::vector<Expression> aggregates) const {
  LogicalPlan node = Over(input_.plan_, PlanOperator::kAggregate);
  node.expressions = Nodes(keys_);
  node.keys = static_cast<int>(keys_.size());
  for (ExpressionPtr& aggregate : Nodes(aggregates)) {
    node.expressions.push_back(std::move(aggregate));
  }
  return Apply(input_.session_, std::move(node));
}

DataStreamReader& DataStreamReader::Format(std::string format) {
  source_.format = std::move(format);
  return *this;
}

DataStreamReader& DataStreamReader::Option(std::string key, std::string value) {
  source_.options.insert_or_assign(std::move(key), std::move(value));
  return *this;
}

DataStreamReader& DataStreamReader::Schema(std::string ddl) {
  return Option("schema", std::move(ddl));
}

DataFrame DataStreamReader::Load(std::string path) {
  LogicalPlan node;
  node.op = PlanOperator::kSource;
  node.source = source_;
  node.source.path = checkpoint::NormalPath(path);
  NameTable(node.source, session_->connectors());
  return Apply(session_, std::move(node));
}

DataStreamWriter::DataStreamWriter(Session* session, LogicalPlanPtr plan) : session_(session) {
  definition_.plan = std::move(plan);
}

DataStreamWriter& DataStreamWriter::QueryName(std::string name) {
  definition_.name = std::move(name);
  return *this;
}

DataStreamWriter& DataStreamWriter::OutputMode(std::string mode) {
  definition_.output_mode = std::move(mode);
  return *this;
}

DataStreamWriter& DataStreamWriter::Format(std::string format) {
  definition_.own_sink = nullptr;
  definition_.sink_format = std::move(format);
  return *this;
}

DataStreamWriter& DataStreamWriter::Option(std::string key, std::string value) {
  definition_.options.insert_or_assign(std::move(key), std::move(value));
  return *this;
}

DataStreamWriter& DataStreamWriter::ProcessingTime(absl::Duration interval) {
  definition_.trigger_interval = interval;
  return *this;
}

DataStreamWriter& DataStreamWriter::AvailableNow() {
  definition_.available_now = true;
  return *this;
}

DataStreamWriter& DataStreamWriter::Once() {
  definition_.once = true;
  return *this;
}

DataStreamWriter& DataStreamWriter::ForeachBatch(const BatchFunction& function) {
  definition_.sink_format = "foreachBatch";
  definition_.own_sink = std::make_shared<const SinkFormat>(
      SinkFormat{.name = "foreachBatch", .meaning = "a function of the job's", .apply = function});
  return *this;
}

void DataStreamWriter::Start() {
  StreamingQueryDefinition definition = definition_;
  if (definition.name.empty()) {
    definition.name = absl::StrCat("query-", session_->queries_.size() + 1);
  }
  definition.functions = session_->functions_;
  definition.connectors = session_->connectors_;
  session_->queries_.push_back(std::move(definition));
}

}  // namespace wavetank::runtime
