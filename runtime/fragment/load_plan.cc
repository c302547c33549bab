// From a physical plan to the operators that run it.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/fragment/load_operators.h"
#include "runtime/fragment/query_plan.h"
#include "runtime/operators/writers.h"
#include "runtime/plan/physical.h"
#include "runtime/plan/physical.pb.h"
#include "runtime/plan/plan_codec.h"

namespace wavetank::runtime {
namespace {

// What an error shows of an operator.
constexpr size_t kMostText = 120;

// Of an exchange; far beyond any job's. Room is made for as many as a driver says.
constexpr int kMostPartitions = 1 << 16;

bool Reads(const plan::Operator& op) {
  return op.what_case() == plan::Operator::kReadSource ||
         op.what_case() == plan::Operator::kReadExchange;
}
bool Writes(const plan::Operator& op) {
  return op.what_case() == plan::Operator::kWriteExchange || op.has_write_sink();
}

template <typename List>
absl::StatusOr<SchemaPtr> SchemaFrom(const List& columns) {
  std::vector<Field> fields;
  for (const plan::Column& column : columns) {
    WT_ASSIGN_OR_RETURN(DataType type, DecodeType(column.type()));
    fields.push_back({column.name(), std::move(type)});
  }
  return std::make_shared<const Schema>(std::move(fields));
}

// What leaves a fragment.
absl::Status CheckLeaves(const Schema& schema) {
  for (const Field& field : schema.fields()) {
    if (!field.type.is_storable()) return DamagedPlan("a column that no row carries out of a task");
  }
  return absl::OkStatus();
}

// A partial aggregate is told from another by its bytes.
std::string AggregateOf(const plan::Operator& op) {
  return op.has_partial_aggregate() ? op.partial_aggregate().SerializeAsString() : "";
}

class Loader {
 public:
  Loader(const plan::PhysicalPlan& from, const FunctionRegistry& functions)
      : from_(from), functions_(functions) {}

  absl::StatusOr<std::shared_ptr<StreamingQueryPlan>> Load() {
    if (from_.output_mode() < 0 ||
        from_.output_mode() > static_cast<int>(QueryOutputMode::kComplete)) {
      return DamagedPlan("no such output mode");
    }
    plan_->mode = static_cast<QueryOutputMode>(from_.output_mode());
    plan_->state_fingerprint = from_.state_fingerprint();
    WT_RETURN_IF_ERROR(Sources());
    WT_RETURN_IF_ERROR(Exchanges());
    for (const plan::Fragment& fragment : from_.fragments()) {
      const absl::Status status = Fragment(fragment);
      if (!status.ok()) {
        return absl::Status(status.code(), absl::StrCat(status.message(), ", in fragment ",
                                                        plan_->fragments.size()));
      }
    }
    WT_RETURN_IF_ERROR(CheckWhole());
    std::ranges::sort(plan_->watermarks, {}, &StreamingQueryPlan::Watermark::operator_id);
    std::ranges::sort(plan_->state_operators, {}, &StreamingQueryPlan::StateOperator::id);
    return plan_;
  }

 private:
  absl::Status Sources() {
    if (from_.sources().empty()) return DamagedPlan("it reads nothing");
    for (const plan::SourceRead& read : from_.sources()) {
      StreamingQueryPlan::Source& source = plan_->sources.emplace_back();
      source.description.format = read.source().format();
      source.description.path = read.source().path();
      for (const plan::Option& option : read.source().options()) {
        source.description.options[option.name()] = option.value();
      }
      WT_ASSIGN_OR_RETURN(source.schema, SchemaFrom(read.columns()));
    }
    return absl::OkStatus();
  }

  absl::Status Exchanges() {
    for (const plan::Exchange& exchange : from_.exchanges()) {
      if (exchange.partitions() < 1) return DamagedPlan("no partitions");
      if (exchange.partitions() > kMostPartitions) {
        return DamagedPlan(
            absl::StrCat(exchange.partitions(), " partitions, of at most ", kMostPartitions));
      }
      if (exchange.keys() < 0 || exchange.keys() > exchange.columns_size()) {
        return DamagedPlan("keys that are no columns");
      }
      WT_ASSIGN_OR_RETURN(SchemaPtr schema, SchemaFrom(exchange.columns()));
      WT_RETURN_IF_ERROR(CheckLeaves(*schema));
      plan_->exchanges.push_back({.partitions = exchange.partitions(), .writers = {}});
      exchanges_.push_back({.schema = std::move(schema)});
    }
    return absl::OkStatus();
  }

  absl::Status CheckWhole() {
    if (plan_->output_schema == nullptr) return DamagedPlan("it writes nothing");
    for (const bool read : sources_read_) {
      if (!read) return DamagedPlan("a source that nobody reads");
    }
    if (sources_read_.size() < plan_->sources.size())
      return DamagedPlan("a source that nobody reads");
    for (const Exchange& exchange : exchanges_) {
      if (!exchange.read) return DamagedPlan("an exchange that nobody reads");
    }
    for (const int key : from_.output_keys().columns()) {
      if (key < 0 || key >= plan_->output_schema->size()) {
        return DamagedPlan("a key that is no column");
      }
    }
    if (from_.has_output_keys()) {
      plan_->output_keys = {from_.output_keys().columns().begin(),
                            from_.output_keys().columns().end()};
    }
    return absl::OkStatus();
  }

  absl::Status Fragment(const plan::Fragment& from) {
    fragment_ = std::make_shared<FragmentPlan>();
    outputs_.clear();
    for (int i = 0; i < from.operators_size(); ++i) {
      const plan::Operator& op = from.operators(i);
      WT_ASSIGN_OR_RETURN(SchemaPtr output, SchemaFrom(op.output()));
      outputs_.push_back({.schema = std::move(output), .port = {}, .read = false});
      if (Writes(op) != (i + 1 == from.operators_size())) {
        return DamagedPlan("a fragment that does not end, and only end, with what it writes");
      }
      const absl::Status status = Reads(op) ? Read(op) : Node(from, i);
      if (!status.ok()) {
        return absl::Status(status.code(), absl::StrCat(status.message(), ", in operator ", i));
      }
    }
    if (from.operators().empty()) return DamagedPlan("a fragment of nothing");
    for (size_t i = 0; i + 1 < outputs_.size(); ++i) {
      if (!outputs_[i].read) return DamagedPlan("an operator that nobody reads");
    }
    plan_->fragments.push_back(std::move(fragment_));
    return absl::OkStatus();
  }

  absl::Status Read(const plan::Operator& op) {
    if (!fragment_->nodes.empty()) {
      return DamagedPlan("a fragment that does not begin with what it reads");
    }
    FragmentPlan::Input input;
    SchemaPtr schema;
    if (op.what_case() == plan::Operator::kReadSource) {
      input.number = op.read_source();
      if (input.number < 0 || static_cast<size_t>(input.number) >= plan_->sources.size()) {
        return DamagedPlan("what is read is no source");
      }
      const auto number = static_cast<size_t>(input.number);
      schema = plan_->sources[number].schema;
      sources_read_.resize(std::max(sources_read_.size(), number + 1));
      sources_read_[number] = true;
    } else {
      input.of = FragmentPlan::Input::Of::kExchange;
      input.number = op.read_exchange();
      const auto number = static_cast<size_t>(input.number);
      if (input.number < 0 || number >= exchanges_.size() ||
          plan_->exchanges[number].writers.empty()) {
        return DamagedPlan("what is read is no exchange of an earlier fragment");
      }
      if (std::exchange(exchanges_[number].read, true)) {
        return DamagedPlan("an exchange that is read twice");
      }
      schema = exchanges_[number].schema;
      const int partitions = plan_->exchanges[number].partitions;
      if (fragment_->partitions != 0 && fragment_->partitions != partitions) {
        return DamagedPlan("a fragment that reads exchanges of different partitions");
      }
      fragment_->partitions = partitions;
    }
    if (*schema != *outputs_.back().schema) return DamagedPlan("other columns than were written");
    input.schema = std::move(schema);
    outputs_.back().port = {FragmentPlan::Port::Of::kInput,
                            static_cast<int>(fragment_->inputs.size())};
    if (op.what_case() == plan::Operator::kReadExchange) {
      outputs_.back().exchange = input.number;
    }
    fragment_->inputs.push_back(std::move(input));
    const bool has_source = std::ranges::any_of(fragment_->inputs, [](const auto& each) {
      return each.of == FragmentPlan::Input::Of::kSource;
    });
    if (has_source && fragment_->inputs.size() > 1) {
      return DamagedPlan("a fragment that reads a source, and more");
    }
    return absl::OkStatus();
  }

  absl::Status Node(const plan::Fragment& from, int number) {
    const plan::Operator& op = from.operators(number);
    std::vector<int> inputs(op.inputs().begin(), op.inputs().end());
    if (inputs.empty()) inputs.push_back(number - 1);
    FragmentPlan::Node node;
    OperatorPlace place{
        .inputs = {}, .output = outputs_.back().schema, .mode = plan_->mode, .keys_met = {}};
    std::string aggregate;
    for (const int input : inputs) {
      if (input < 0 || input >= number)
        return DamagedPlan("a fragment that does not begin with what it reads");
      Output& below = outputs_[static_cast<size_t>(input)];
      if (std::exchange(below.read, true)) return DamagedPlan("an operator that is read twice");
      node.ports.push_back(below.port);
      place.inputs.push_back(below.schema);
      place.keys_met.push_back(below.exchange < 0 ? -1 : from_.exchanges(below.exchange).keys());
      if (below.exchange >= 0)
        aggregate = exchanges_[static_cast<size_t>(below.exchange)].aggregate;
    }
    const plan::Operator& below = from.operators(inputs[0]);
    if (Writes(op)) {
      WT_RETURN_IF_ERROR(Write(op, below, *place.inputs[0], node));
    } else {
      WT_ASSIGN_OR_RETURN(LoadedOperator loaded, LoadOperator(op, place, functions_));
      node.make = std::move(loaded.make);
      node.state_id = loaded.state_id;
      if (op.has_watermark()) Watch(op.watermark());
      if (op.has_final_aggregate() && op.final_aggregate().SerializeAsString() != aggregate) {
        return DamagedPlan("partial aggregates of another");
      }
      if (op.has_session_aggregate() && op.session_aggregate().SerializeAsString() != aggregate) {
        return DamagedPlan("partial aggregates of another");
      }
      if (loaded.state_id >= 0) WT_RETURN_IF_ERROR(Keeps(std::move(loaded), node));
    }
    if (op.has_watermark_lag_micros()) {
      if (op.watermark_lag_micros() < 0) return DamagedPlan("a watermark ahead of the query's");
      node.watermark_lag = absl::Microseconds(op.watermark_lag_micros());
    }
    node.text = OperatorText(from_, op, below);  // which takes for granted that all is there
    if (node.text.size() > kMostText) {
      size_t end = kMostText;
      while (end > 0 && (static_cast<unsigned char>(node.text[end]) & 0xC0) == 0x80) --end;
      node.text = node.text.substr(0, end) + "...";
    }
    outputs_.back().port = {FragmentPlan::Port::Of::kOperator,
                            static_cast<int>(fragment_->nodes.size())};
    fragment_->nodes.push_back(std::move(node));
    return absl::OkStatus();
  }

  void Watch(const plan::Watermark& from) {
    const StreamingQueryPlan::Watermark::Place place{plan_->fragments.size(),
                                                     fragment_->nodes.size()};
    for (StreamingQueryPlan::Watermark& known : plan_->watermarks) {
      if (known.operator_id == from.operator_id()) return known.places.push_back(place);
    }
    plan_->watermarks.push_back({.operator_id = from.operator_id(),
                                 .delay = absl::Microseconds(from.delay_micros()),
                                 .places = {place}});
  }

  absl::Status Keeps(LoadedOperator loaded, FragmentPlan::Node& node) {
    for (const StreamingQueryPlan::StateOperator& other : plan_->state_operators) {
      if (other.id == loaded.state_id) return DamagedPlan("two operators with one state");
    }
    for (const checkpoint::NamedStore& store : loaded.stores) node.stores.push_back(store.name);
    plan_->shuffle_partitions = fragment_->partitions;
    plan_->state_operators.push_back({.id = loaded.state_id,
                                      .kind = std::move(loaded.kind),
                                      .partition_types = std::move(loaded.partition_types),
                                      .stores = std::move(loaded.stores),
                                      .acts_on_watermark = loaded.acts_on_watermark});
    return absl::OkStatus();
  }

  absl::Status Write(const plan::Operator& op, const plan::Operator& below, const Schema& input,
                     FragmentPlan::Node& node) {
    if (*outputs_.back().schema != input) {
      return DamagedPlan("an operator that gives other columns than it reads");
    }
    if (op.has_write_sink()) {
      // Its sink was asked what it writes when the query was compiled.
      if (plan_->output_schema != nullptr && *plan_->output_schema != input) {
        return DamagedPlan("two outputs of different columns");
      }
      plan_->output_schema = outputs_.back().schema;
      node.make = MakeSinkWriter;
      return absl::OkStatus();
    }
    const auto number = static_cast<size_t>(op.write_exchange());
    if (op.write_exchange() < 0 || number >= exchanges_.size()) {
      return DamagedPlan("what is written is no exchange");
    }
    Exchange& exchange = exchanges_[number];
    if (exchange.read) return DamagedPlan("an exchange that is written after it is read");
    if (*exchange.schema != input) return DamagedPlan("other columns than the exchange has");
    std::vector<int>& writers = plan_->exchanges[number].writers;
    const std::string aggregate = AggregateOf(below);
    if (!writers.empty() && exchange.aggregate != aggregate) {
      return DamagedPlan("an exchange of what does not go together");
    }
    exchange.aggregate = aggregate;
    writers.push_back(static_cast<int>(plan_->fragments.size()));
    fragment_->writes_exchange = op.write_exchange();
    node.make = [keys = from_.exchanges(op.write_exchange()).keys(),
                 partitions = from_.exchanges(op.write_exchange()).partitions()] {
      return MakeExchangeWriter(keys, partitions);
    };
    return absl::OkStatus();
  }

  const plan::PhysicalPlan& from_;
  const FunctionRegistry& functions_;
  std::shared_ptr<StreamingQueryPlan> plan_ = std::make_shared<StreamingQueryPlan>();
  struct Exchange {
    SchemaPtr schema;
    std::string aggregate = {};  // the partial one that it carries, as bytes; "": none
    bool read = false;
  };
  std::vector<Exchange> exchanges_;
  std::vector<bool> sources_read_;
  // Of the fragment at hand, and what its operators give.
  std::shared_ptr<FragmentPlan> fragment_;
  struct Output {
    SchemaPtr schema;
    FragmentPlan::Port port;
    int exchange = -1;  // that it reads
    bool read = false;
  };
  std::vector<Output> outputs_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const StreamingQueryPlan>> LoadPlan(
    const std::string& physical, const FunctionRegistry& functions) {
  plan::PhysicalPlan from;
  if (!ParseDeep(physical, from)) return DamagedPlan("it does not parse");
  if (from.version() != kPhysicalPlanVersion) {
    return absl::FailedPreconditionError(absl::StrCat("the physical plan has version ",
                                                      from.version(), ", this build runs version ",
                                                      kPhysicalPlanVersion));
  }
  WT_ASSIGN_OR_RETURN(const std::shared_ptr<StreamingQueryPlan> plan,
                      Loader(from, functions).Load());
  plan->hash = PlanHash(physical);
  return plan;
}

}  // namespace wavetank::runtime
