#include "scenarios/replay_query.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/key_parts.h"
#include "platform/check.h"
#include "runtime/columnar/partition_of.h"
#include "runtime/columnar/row_key.h"
#include "runtime/columnar/text_lines.h"
#include "runtime/connectors/connector_registry.h"
#include "runtime/connectors/file_split.pb.h"
#include "runtime/fragment/replay_runner.h"
#include "runtime/structured/query_check.h"

namespace wavetank::scenarios {
namespace {

using properties::NaiveAnswer;
using properties::NaiveBatch;
using properties::NaiveRow;
using runtime::RecordBatch;
using runtime::ReplayRunner;
using runtime::StreamingQueryPlan;

absl::Time WatermarkAt(std::optional<int64_t> ms) {
  return ms ? absl::FromUnixMillis(*ms) : absl::InfinitePast();
}

// The first whole millisecond from then on.
std::optional<int64_t> MillisFrom(absl::Time time) {
  if (time == absl::InfiniteFuture()) return std::nullopt;
  return absl::ToUnixMillis(time + absl::Milliseconds(1) - absl::Nanoseconds(1));
}

void AddRows(const RecordBatch& rows, std::vector<NaiveRow>& out) {
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    NaiveRow& fields = out.emplace_back();
    for (int i = 0; i < rows.schema().size(); ++i) {
      const runtime::Column& column = rows.column(i);
      if (column.IsNull(row)) {
        fields.emplace_back("\\N");
      } else if (column.type() == runtime::DataType::kString) {
        fields.emplace_back(column.StringAt(row));
      } else {
        fields.push_back(column.CellText(row));
      }
    }
  }
}

void Append(const properties::PlainValue& value, runtime::ColumnBuilder& column,
            const runtime::DataType& type) {
  using runtime::DataType;
  if (value.is_null()) {
    column.Null();
    return;
  }
  switch (type.kind()) {
    case DataType::kBool:
      column.Bool(value.truth());
      return;
    case DataType::kString:
    case DataType::kBinary:
      column.String(value.text());
      return;
    case DataType::kDouble:
      column.Double(value.real());
      return;
    case DataType::kFloat:
      column.Fixed(static_cast<float>(value.real()));
      return;
    default:
      runtime::WithValueType(type,
                             [&]<typename T>(T) { column.Fixed(static_cast<T>(value.number())); });
  }
}

RecordBatch ToBatch(const runtime::SchemaPtr& schema,
                    const std::vector<properties::PlainRow>& rows) {
  std::vector<runtime::Column> columns;
  for (int i = 0; i < schema->size(); ++i) {
    runtime::ColumnBuilder builder(schema->field(i).type);
    for (const properties::PlainRow& row : rows) {
      Append(row[static_cast<size_t>(i)], builder, schema->field(i).type);
    }
    columns.push_back(builder.Finish());
  }
  return RecordBatch(schema, std::move(columns), static_cast<int64_t>(rows.size()));
}

class Replay final : public properties::NaiveQuery {
 public:
  Replay(std::vector<runtime::StreamingQueryDefinition> definitions, int shuffle_partitions,
         std::shared_ptr<runtime::CompiledQueries> known)
      : definitions_(std::move(definitions)),
        shuffle_partitions_(shuffle_partitions),
        known_(std::move(known)) {}

  NaiveAnswer Run(const NaiveBatch& batch) override {
    const int partitions =
        batch.shuffle_partitions > 0 ? batch.shuffle_partitions : shuffle_partitions_;
    if (runner_ == nullptr || partitions_ != partitions || plan_hash_ != batch.plan_hash) {
      Compile(partitions, batch.plan_hash);
    }
    const runtime::Epoch epoch{.id = next_epoch_++,
                               .timestamp = absl::FromUnixMillis(batch.timestamp_ms),
                               .seed = 0,
                               .late = WatermarkAt(batch.late_watermark_ms),
                               .evict = WatermarkAt(batch.watermark_ms)};
    const absl::StatusOr<ReplayRunner::Output> output = runner_->Run(epoch, Sources(batch));
    NaiveAnswer answer;
    if (!output.ok()) {  // a function of the job's has failed
      answer.unknown = std::string(output.status().message());
      return answer;
    }
    const runtime::OperatorReport sum = output->report.Sum();
    answer.ordered = true;
    answer.dropped = sum.rows_late;
    answer.without_time = sum.rows_without_time;
    watermarks_.of_query = epoch.evict;
    watermarks_ = runtime::NextWatermarks(*plan_, policy_, watermarks_, output->report);
    AddSeen(output->report, answer);
    answer.next_final =
        properties::NaiveNextFinal{MillisFrom(runtime::NextFinal(*plan_, output->report))};
    for (const std::vector<RecordBatch>& task : output->rows) {
      for (const RecordBatch& rows : task) AddRows(rows, answer.rows);
    }
    for (const StreamingQueryPlan::StateOperator& op : plan_->state_operators) {
      for (int i = 0; i < plan_->shuffle_partitions; ++i) {
        answer.state.push_back({.operator_id = op.id, .partition = i, .stores = {}});
        for (size_t store = 0; store < op.stores.size(); ++store) {
          properties::StateEntries& entries = answer.state.back().stores.emplace_back();
          runner_->state(op.id, i, store)
              .ForEach([&entries](std::string_view key, std::string_view value) {
                entries.emplace_back(key, value);
              });
        }
      }
    }
    return answer;
  }

 private:
  // What each watermark operator has seen.
  void AddSeen(const runtime::EpochReport& report, NaiveAnswer& answer) const {
    for (const StreamingQueryPlan::Watermark& op : plan_->watermarks) {
      const runtime::EventTimeStats stats = runtime::SeenBy(op, report);
      answer.seen.push_back({.operator_id = op.operator_id,
                             .delay_micros = absl::ToInt64Microseconds(op.delay),
                             .max_micros = std::nullopt});
      if (stats.rows > 0) answer.seen.back().max_micros = runtime::ToMicros(stats.max);
    }
  }

  // From one layout, or plan, to another: keys go, in their order, to where their rows will.
  void MoveState(const ReplayRunner& before, int partitions) {
    for (const StreamingQueryPlan::StateOperator& op : plan_->state_operators) {
      const std::vector<uint8_t> widths = runtime::RowKeyWidths(op.partition_types);
      for (size_t store = 0; store < op.stores.size(); ++store) {
        for (int from = 0; from < partitions; ++from) {
          before.state(op.id, from, store)
              .ForEach([&](std::string_view key, std::string_view value) {
                const std::string_view begin = key.substr(0, checkpoint::PartsLength(key, widths));
                const auto columns =
                    runtime::DecodeRowKeys(std::span(&begin, 1), op.partition_types);
                WT_CHECK(columns.ok(), "keys of state begin with what brings rows together");
                const uint64_t hash = runtime::HashRows(*columns, 1).data()[0];
                const int to = runtime::PartitionOf(hash, plan_->shuffle_partitions);
                runner_->Put(op.id, to, store, key, value);
              });
        }
      }
    }
  }

  // By the hash of what they compute; the first, where the log says nothing of it, or something
  // that no start has.
  const runtime::StreamingQueryDefinition& DefinitionOf(const std::string& plan_hash,
                                                        int partitions) const {
    for (const runtime::StreamingQueryDefinition& definition : definitions_) {
      const auto compiled = runtime::CompileAndRecord(definition, partitions, known_.get());
      WT_CHECK(compiled.ok(), "a query that is replayed compiles");
      if (plan_hash.empty() || (*compiled)->record.hash() == plan_hash) return definition;
    }
    return definitions_.front();
  }

  void Compile(int partitions, const std::string& plan_hash) {
    const runtime::StreamingQueryDefinition& definition = DefinitionOf(plan_hash, partitions);
    const auto compiled = runtime::CompileAndRecord(definition, partitions, known_.get());
    WT_CHECK(compiled.ok(), "a query that is replayed compiles");
    plan_ = (*compiled)->query.plan;
    plan_hash_ = plan_hash;
    const std::unique_ptr<ReplayRunner> before =
        std::exchange(runner_, std::make_unique<ReplayRunner>(plan_));
    if (before != nullptr) MoveState(*before, partitions_);
    partitions_ = partitions;
    files_.clear();
    for (const StreamingQueryPlan::Source& source : plan_->sources) {
      if (source.description.format == "text") {
        files_.push_back(nullptr);
        continue;
      }
      auto files = PlainFilesOf(source);
      WT_CHECK(files.ok(), "a query that is replayed reads what checks read");
      files_.push_back(*std::move(files));
    }
    const auto policy = runtime::WatermarkPolicyOf(definitions_.front());
    WT_CHECK(policy.ok(), "a query that is replayed has options that are");
    policy_ = *policy;
  }

  // As the engine divides a batch into tasks: sums of doubles depend on it.
  std::vector<ReplayRunner::Splits> Sources(const NaiveBatch& batch) const {
    std::vector<properties::NaiveInput> inputs = {{.lines = batch.lines,
                                                   .file_ends = batch.file_ends,
                                                   .begins = batch.begins,
                                                   .file_sizes = batch.file_sizes,
                                                   .from = batch.from,
                                                   .to = batch.to}};
    inputs.insert(inputs.end(), batch.other_inputs.begin(), batch.other_inputs.end());
    // Of a checkpoint that says nothing of a source.
    inputs.resize(plan_->sources.size());
    std::vector<ReplayRunner::Splits> sources;
    for (size_t i = 0; i < inputs.size(); ++i) sources.push_back(Splits(i, inputs[i]));
    return sources;
  }

  ReplayRunner::Splits Splits(size_t source, const properties::NaiveInput& input) const {
    ReplayRunner::Splits splits;
    const std::vector<properties::PlainFile> decoded =
        files_[source] == nullptr ? std::vector<properties::PlainFile>() : files_[source](input);
    if (input.file_ends.empty()) {
      for (const properties::PlainFile& all : decoded) {
        splits.push_back({ToBatch(plan_->sources[source].schema, all.rows)});
      }
      return splits;
    }
    const runtime::SourceDescription& description = plan_->sources[source].description;
    checkpoint::SourceRange range;
    for (const uint64_t size_bytes : input.file_sizes) {
      range.add_files()->set_size_bytes(size_bytes);
    }
    range.set_end_offset(absl::StrCat(range.files_size()));
    const auto format = definitions_.front().Connectors().Source(description.format);
    WT_CHECK(format.ok(), "a query that is replayed has sources that are");
    for (const std::string& bytes : (*format)->SplitsOf(description, range)) {
      runtime::FileSplit files;
      WT_CHECK(files.ParseFromString(bytes), "what is replayed are files");
      std::vector<RecordBatch>& split = splits.emplace_back();
      for (const runtime::FilePiece& piece : files.pieces()) {
        RecordBatch rows = decoded.empty() ? LinesOf(piece, input)
                                           : RowsOf(piece, input, decoded[piece.number()], source);
        if (rows.num_rows() > 0) split.push_back(std::move(rows));
      }
    }
    return splits;
  }

  static bool IsIn(const runtime::FilePiece& piece, uint64_t begin) {
    return begin >= piece.begin() && begin < piece.end();
  }
  static RecordBatch LinesOf(const runtime::FilePiece& piece, const properties::NaiveInput& input) {
    const size_t file = piece.number();
    std::string text;
    for (size_t line = file == 0 ? 0 : input.file_ends[file - 1]; line < input.file_ends[file];
         ++line) {
      if (IsIn(piece, input.begins[line])) absl::StrAppend(&text, input.lines[line], "\n");
    }
    return runtime::TextLines(text);
  }
  RecordBatch RowsOf(const runtime::FilePiece& piece, const properties::NaiveInput& input,
                     const properties::PlainFile& file, size_t source) const {
    std::vector<properties::PlainRow> rows;
    for (size_t i = 0; i < file.rows.size(); ++i) {
      if (IsIn(piece, input.begins[file.lines[i]])) rows.push_back(file.rows[i]);
    }
    return ToBatch(plan_->sources[source].schema, rows);
  }

  const std::vector<runtime::StreamingQueryDefinition> definitions_;
  const int shuffle_partitions_;
  int partitions_ = 0;  // of the newest batch
  std::string plan_hash_;
  const std::shared_ptr<runtime::CompiledQueries> known_;
  std::shared_ptr<const StreamingQueryPlan> plan_;  // once the first batch comes
  std::unique_ptr<ReplayRunner> runner_;
  std::vector<properties::PlainFiles> files_;  // by source; null: of lines
  runtime::WatermarkPolicy policy_ = runtime::WatermarkPolicy::kMin;
  runtime::Watermarks watermarks_;  // after the newest batch
  int64_t next_epoch_ = 0;
};

}  // namespace

absl::StatusOr<properties::PlainFiles> PlainFilesOf(const StreamingQueryPlan::Source& source) {
  std::vector<properties::PlainColumn> columns;
  for (const runtime::Field& field : source.schema->fields()) {
    // By their numbers in plans' bytes.
    const auto kind = static_cast<properties::PlainKind>(field.type.kind());
    columns.push_back({.name = field.name, .kind = kind});
  }
  return properties::MakePlainFiles(source.description.format, source.description.options,
                                    std::move(columns));
}

std::unique_ptr<properties::NaiveQuery> ReplayQuery(
    std::vector<runtime::StreamingQueryDefinition> definitions, int shuffle_partitions,
    std::shared_ptr<runtime::CompiledQueries> compiled) {
  return std::make_unique<Replay>(std::move(definitions), shuffle_partitions, std::move(compiled));
}

}  // namespace wavetank::scenarios
