#include "runtime/connectors/log/log_sink.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/paths.h"
#include "platform/planted.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "runtime/connectors/log/log_client.h"
#include "runtime/connectors/log/log_options.h"

namespace wavetank::runtime {
namespace {

using platform::Planted;
using Delivery = LogSinkOptions::Delivery;

constexpr size_t kAppendBytes = size_t{256} << 10;
// Of what is not told whether it was done, without a transaction.
constexpr int kTimesSent = 3;

// Where in a row its parts stand; -1: nowhere.
struct RecordColumns {
  int value = -1;
  int key = -1;
  int partition = -1;
  int topic = -1;
};

absl::StatusOr<RecordColumns> ColumnsOf(const Schema& schema, const LogSinkOptions& options) {
  RecordColumns columns;
  for (int i = 0; i < std::ssize(schema.fields()); ++i) {
    const Field& field = schema.fields()[static_cast<size_t>(i)];
    const DataType::Kind kind = field.type.kind();
    const bool bytes = kind == DataType::kString || kind == DataType::kBinary;
    if (field.name == "value" || field.name == "key" || field.name == "topic") {
      if (!bytes) {
        return absl::InvalidArgumentError(absl::StrCat("a sink of format log takes the column ",
                                                       field.name, " as a string: cast it"));
      }
      (field.name == "value" ? columns.value
       : field.name == "key" ? columns.key
                             : columns.topic) = i;
    }
    if (field.name == "partition") {
      if (kind != DataType::kInt64) {
        return absl::InvalidArgumentError(
            "a sink of format log takes the column partition as a bigint: cast it");
      }
      columns.partition = i;
    }
  }
  if (columns.value < 0) {
    return absl::InvalidArgumentError("a sink of format log needs a column value");
  }
  if (!options.topic.empty()) {
    columns.topic = -1;
  } else if (columns.topic < 0) {
    return absl::InvalidArgumentError(
        "a sink of format log needs the option topic, or a column topic");
  }
  return columns;
}

// What records go through, one append after the other.
class RecordWriter {
 public:
  virtual ~RecordWriter() = default;
  virtual Task<absl::Status> Append(std::string topic, int32_t partition,
                                    std::vector<logs::LogRecord> records) = 0;
};

class InTransaction final : public RecordWriter {
 public:
  explicit InTransaction(LogTransaction& transaction) : transaction_(transaction) {}
  Task<absl::Status> Append(std::string topic, int32_t partition,
                            std::vector<logs::LogRecord> records) override {
    return transaction_.Append(std::move(topic), partition, std::move(records));
  }

 private:
  LogTransaction& transaction_;
};

class WithoutTransaction final : public RecordWriter {
 public:
  // `producer`: whose sequences tell what is sent again; null: nobody's.
  WithoutTransaction(LogClient& client, std::optional<logs::InitReply> producer)
      : client_(client), producer_(std::move(producer)) {}

  Task<absl::Status> Append(std::string topic, int32_t partition,
                            std::vector<logs::LogRecord> records) override {
    logs::AppendRequest request;
    request.set_topic(topic);
    request.set_partition(partition);
    for (logs::LogRecord& record : records) *request.add_records() = std::move(record);
    if (producer_) {
      int32_t& sequence = sequences_[{std::move(topic), partition}];
      request.set_producer_id(producer_->producer_id());
      request.set_epoch(producer_->epoch());
      request.set_first_sequence(sequence);
      sequence += request.records_size();
    }
    absl::Status appended;
    for (int sent = 0; sent < kTimesSent; ++sent) {
      appended = (co_await client_.Append(request)).status();
      if (!absl::IsUnavailable(appended) && !absl::IsDeadlineExceeded(appended)) break;
    }
    co_return appended;
  }

 private:
  LogClient& client_;
  const std::optional<logs::InitReply> producer_;
  std::map<std::pair<std::string, int32_t>, int32_t> sequences_;
};

// Rows as records, gathered by where they go.
class RowsToRecords {
 public:
  RowsToRecords(PreparedBatch& batch, LogClient& client, const LogSinkOptions& options,
                RecordWriter& writer)
      : batch_(batch), client_(client), options_(options), writer_(writer) {}

  Task<absl::Status> WriteAll() {
    while (true) {
      WT_CO_ASSIGN_OR_RETURN(const std::optional<RecordBatch> rows, co_await batch_.Next());
      if (!rows) break;
      WT_CO_ASSIGN_OR_RETURN(const RecordColumns columns, ColumnsOf(rows->schema(), options_));
      for (int64_t row = 0; row < rows->num_rows(); ++row) {
        WT_CO_RETURN_IF_ERROR(co_await Add(*rows, columns, row));
      }
    }
    for (auto& [where, gathered] : gathered_) {
      if (!gathered.records.empty()) WT_CO_RETURN_IF_ERROR(co_await Flush(where, gathered));
    }
    co_return absl::OkStatus();
  }

 private:
  using Where = std::pair<std::string, int32_t>;
  struct Gathered {
    std::vector<logs::LogRecord> records;
    size_t bytes = 0;
  };

  Task<absl::Status> Add(const RecordBatch& rows, RecordColumns columns, int64_t row) {
    const auto text = [&rows, row](int column) -> std::optional<std::string> {
      if (column < 0 || rows.column(column).IsNull(row)) return std::nullopt;
      return std::string(rows.column(column).StringAt(row));
    };
    Where where = {options_.topic, 0};
    if (columns.topic >= 0) {
      const std::optional<std::string> topic = text(columns.topic);
      if (!topic) co_return absl::InvalidArgumentError("a row's column topic is null");
      where.first = *topic;
    }
    logs::LogRecord record;
    if (const auto key = text(columns.key)) record.set_key(*key);
    if (const auto value = text(columns.value)) record.set_value(*value);
    record.set_timestamp_ms(absl::ToUnixMillis(batch_.node().clock().WallNow()));
    WT_CO_ASSIGN_OR_RETURN(const int32_t partitions, co_await PartitionsOf(where.first));
    const bool given = columns.partition >= 0 && !rows.column(columns.partition).IsNull(row);
    // Rows come in the same order each time, so that is the same each time, too.
    const uint64_t chosen = record.has_key() ? platform::StableHash(record.key()) : unkeyed_++;
    where.second = static_cast<int32_t>(chosen % static_cast<uint64_t>(partitions));
    if (given) {
      const int64_t partition = rows.column(columns.partition).Int64At(row);
      if (partition < 0 || partition >= partitions) {
        co_return absl::InvalidArgumentError(absl::StrCat("a row's column partition is ", partition,
                                                          ", and topic ", where.first, " has ",
                                                          partitions, " partitions"));
      }
      where.second = static_cast<int32_t>(partition);
    }
    Gathered& gathered = gathered_[where];
    gathered.bytes += record.ByteSizeLong();
    gathered.records.push_back(std::move(record));
    if (gathered.bytes < kAppendBytes) co_return absl::OkStatus();
    co_return co_await Flush(where, gathered);
  }

  Task<absl::Status> Flush(Where where, Gathered& gathered) {
    gathered.bytes = 0;
    return writer_.Append(std::move(where.first), where.second,
                          std::exchange(gathered.records, {}));
  }

  Task<absl::StatusOr<int32_t>> PartitionsOf(std::string topic) {
    const auto known = partitions_.find(topic);
    if (known != partitions_.end()) co_return known->second;
    WT_CO_ASSIGN_OR_RETURN(const logs::OffsetsReply reply, co_await client_.MakeTopic(topic));
    if (reply.partitions_size() == 0) {
      co_return absl::UnavailableError(absl::StrCat("topic ", topic, " has no partitions"));
    }
    partitions_[topic] = reply.partitions_size();
    co_return reply.partitions_size();
  }

  PreparedBatch& batch_;
  LogClient& client_;
  const LogSinkOptions& options_;
  RecordWriter& writer_;
  std::map<Where, Gathered> gathered_;
  std::map<std::string, int32_t> partitions_;
  uint64_t unkeyed_ = 0;
};

// The newest batch of the query whose transaction counts.
absl::StatusOr<bool> IsThere(const PreparedBatch& batch, const std::string& group,
                             const std::optional<logs::GroupOffset>& newest) {
  if (!newest || newest->offset() < batch.id()) return false;
  if (newest->offset() > batch.id()) return true;
  if (newest->metadata() == absl::StrCat(absl::Hex(batch.definition_hash()))) return true;
  return absl::FailedPreconditionError(absl::StrCat(
      "the log has batch ", batch.id(), " of ", group, " with the definition ", newest->metadata(),
      ", and this one is ", absl::StrCat(absl::Hex(batch.definition_hash())),
      ": its checkpoint was put back, or another query has its id"));
}

// The log that the query has begun to write to, and no other. It stands in the checkpoint, since a
// log that has taken its place knows nothing of the query, whatever the delivery.
Task<absl::Status> ExpectItsLog(PreparedBatch& batch, LogClient& client) {
  const std::string path = checkpoint::JoinPath(batch.query().directory, "log_id");
  absl::StatusOr<std::string> kept = co_await batch.store().ReadAll(path);
  if (absl::IsNotFound(kept.status())) {
    WT_CO_ASSIGN_OR_RETURN(const logs::MetadataReply log, co_await client.Metadata());
    // One from before logs had ids.
    if (log.log_id().empty()) co_return absl::OkStatus();
    const absl::Status keeps = co_await batch.store().CreateIfAbsent(path, log.log_id());
    if (!absl::IsAlreadyExists(keeps)) WT_CO_RETURN_IF_ERROR(keeps);
    kept = co_await batch.store().ReadAll(path);
  }
  WT_CO_RETURN_IF_ERROR(kept.status());
  client.Expect(*kept, absl::StrCat("start the query with a new checkpoint; or remove ", path,
                                    ", and it goes on into this one, without what the other has"));
  co_return absl::OkStatus();
}

Task<absl::Status> WriteAndCommit(PreparedBatch& batch, LogClient& client,
                                  const LogSinkOptions& options, std::string group,
                                  LogTransaction& transaction) {
  InTransaction writer(transaction);
  RowsToRecords records(batch, client, options, writer);
  WT_CO_RETURN_IF_ERROR(co_await records.WriteAll());
  logs::GroupOffset offset;
  offset.set_offset(batch.id());
  offset.set_metadata(absl::StrCat(absl::Hex(batch.definition_hash())));
  WT_CO_RETURN_IF_ERROR(co_await transaction.AddOffset(std::move(group), std::move(offset)));
  co_return co_await transaction.Commit();
}

// Of an error of a transaction: whether it was open for too long, and what helps then.
absl::Status ExplainExpiry(const absl::Status& status, int64_t batch, absl::Duration open,
                           absl::Duration timeout) {
  if (!absl::IsAborted(status) || open < timeout) return status;
  return absl::AbortedError(absl::StrCat(
      "the transaction of batch ", batch, " was open for ", absl::FormatDuration(open),
      ", and the log gives one up after the sink's transactionTimeout, ",
      absl::FormatDuration(timeout),
      ": it is begun again; if it never ends in time, give a longer ",
      "transactionTimeout, or smaller batches (max-bytes; maxBytesPerTrigger of a source): ",
      status.message()));
}

Task<absl::Status> ApplyTransaction(PreparedBatch& batch, LogSinkOptions options) {
  platform::Node& node = batch.node();
  LogClient client(node, options.address);
  WT_CO_RETURN_IF_ERROR(co_await ExpectItsLog(batch, client));
  const std::string group = absl::StrCat("wavetank-", batch.query().id);
  std::optional<logs::GroupOffset> newest;
  const bool asks_first = Planted(node, "log_is_asked_before_it_is_fenced");
  if (asks_first) {
    WT_CO_ASSIGN_OR_RETURN(newest, co_await client.NewestOffset(group));
  }
  const platform::MonotonicTime begun = node.clock().Now();
  WT_CO_ASSIGN_OR_RETURN(
      LogTransaction transaction,
      co_await LogTransaction::Begin(client, node, group, options.transaction_timeout));
  const bool never_asks = Planted(node, "log_is_not_asked_what_it_has");
  if (!asks_first && !never_asks) {
    WT_CO_ASSIGN_OR_RETURN(newest, co_await client.NewestOffset(group));
  }
  WT_CO_ASSIGN_OR_RETURN(const bool is_there, IsThere(batch, group, newest));
  if (is_there) co_return absl::OkStatus();
  const absl::Status applied = co_await WriteAndCommit(batch, client, options, group, transaction);
  co_return ExplainExpiry(applied, batch.id(), node.clock().Now() - begun,
                          options.transaction_timeout);
}

Task<absl::Status> ApplyWithoutTransaction(PreparedBatch& batch, LogSinkOptions options) {
  LogClient client(batch.node(), options.address);
  WT_CO_RETURN_IF_ERROR(co_await ExpectItsLog(batch, client));
  std::optional<logs::InitReply> producer;
  if (options.delivery == Delivery::kIdempotent) {
    WT_CO_ASSIGN_OR_RETURN(producer, co_await client.Init("", options.transaction_timeout));
  }
  WithoutTransaction writer(client, std::move(producer));
  RowsToRecords records(batch, client, options, writer);
  co_return co_await records.WriteAll();
}

Task<absl::Status> WriteToLog(PreparedBatch& batch) {
  WT_CO_ASSIGN_OR_RETURN(LogSinkOptions options, LogSinkOptionsOf(batch.options()));
  const bool transactional = options.delivery == Delivery::kTransactional;
  absl::Status applied;
  if (transactional) {
    applied = co_await ApplyTransaction(batch, std::move(options));
  } else {
    applied = co_await ApplyWithoutTransaction(batch, std::move(options));
  }
  // Who is fenced, or whose time is up, has left nothing, or does not know it: the rows are there
  // still, and whoever comes next looks.
  if (absl::IsAborted(applied) || absl::IsDeadlineExceeded(applied)) {
    co_return absl::UnavailableError(applied.message());
  }
  co_return applied;
}

}  // namespace

SinkFormat LogSink() {
  return {
      .name = "log",
      .meaning = "records of a partitioned log, a transaction a batch: exactly once",
      .options = LogSinkOptionTable(),
      .check_options = [](const OptionMap& values) { return LogSinkOptionsOf(values).status(); },
      .apply = WriteToLog};
}

}  // namespace wavetank::runtime
