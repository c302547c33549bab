#include "runtime/connectors/log/log_client.h"

#include "absl/strings/str_cat.h"

#include "platform/planted.h"
#include "platform/status_macros.h"

namespace wavetank::runtime {
namespace {

using platform::Planted;
using platform::RpcPayload;

template <typename Reply>
absl::StatusOr<Reply> Parse(const absl::StatusOr<std::string>& said) {
  WT_RETURN_IF_ERROR(said.status());
  Reply reply;
  if (reply.ParseFromString(*said)) return reply;
  return absl::DataLossError("what a partitioned log has said cannot be read");
}

}  // namespace

Task<absl::StatusOr<std::string>> LogClient::Call(std::string method, std::string request) {
  if (client_ == nullptr || client_->broken()) {
    auto connected = co_await platform::RpcClient::Connect(node_, address_);
    if (!connected.ok()) {
      co_return absl::UnavailableError(
          absl::StrCat("the log at ", address_, ": ", connected.status().message()));
    }
    client_ = *std::move(connected);
  }
  RpcPayload payload;
  payload.body = std::move(request);
  auto reply = co_await client_->Call(method, std::move(payload), kTimeout);
  if (!reply.ok()) {
    // Whatever stands against it, a producer that is made anew may do it.
    const bool stale = absl::IsFailedPrecondition(reply.status());
    if (absl::IsDataLoss(reply.status()) && !log_id_.empty()) {
      co_return absl::DataLossError(absl::StrCat(
          "the log at ", address_, " is not the one with which the ", reader_,
          " has begun: ", reply.status().message(), ": serve that one there again, or ", else_do_));
    }
    co_return absl::Status(stale ? absl::StatusCode::kAborted : reply.status().code(),
                           absl::StrCat("the log at ", address_, ", asked to ", method, ": ",
                                        reply.status().message()));
  }
  co_return std::move(reply->body);
}

Task<absl::StatusOr<logs::MetadataReply>> LogClient::Metadata() {
  co_return Parse<logs::MetadataReply>(co_await Ask("metadata", logs::MetadataRequest()));
}

Task<absl::StatusOr<logs::OffsetsReply>> LogClient::Offsets(std::string topic) {
  logs::OffsetsRequest request;
  request.set_topic(std::move(topic));
  co_return Parse<logs::OffsetsReply>(co_await Ask("offsets", std::move(request)));
}

Task<absl::StatusOr<logs::OffsetsReply>> LogClient::MakeTopic(std::string topic) {
  logs::OffsetsRequest request;
  request.set_topic(std::move(topic));
  request.set_make(true);
  co_return Parse<logs::OffsetsReply>(co_await Ask("offsets", std::move(request)));
}

Task<absl::StatusOr<logs::MeasureReply>> LogClient::Measure(logs::MeasureRequest request) {
  co_return Parse<logs::MeasureReply>(co_await Ask("measure", std::move(request)));
}

Task<absl::StatusOr<logs::FetchReply>> LogClient::Fetch(logs::FetchRequest request) {
  co_return Parse<logs::FetchReply>(co_await Ask("fetch", std::move(request)));
}

Task<absl::StatusOr<logs::AppendReply>> LogClient::Append(logs::AppendRequest request) {
  co_return Parse<logs::AppendReply>(co_await Ask("append", std::move(request)));
}

Task<absl::StatusOr<logs::InitReply>> LogClient::Init(std::string transactional_id,
                                                      absl::Duration transaction_timeout) {
  logs::InitRequest request;
  request.set_transactional_id(std::move(transactional_id));
  request.set_transaction_timeout_ms(absl::ToInt64Milliseconds(transaction_timeout));
  co_return Parse<logs::InitReply>(co_await Ask("init", std::move(request)));
}

Task<absl::StatusOr<logs::InitReply>> LogClient::Describe(std::string transactional_id) {
  logs::DescribeRequest request;
  request.set_transactional_id(std::move(transactional_id));
  co_return Parse<logs::InitReply>(co_await Ask("describe", std::move(request)));
}

Task<absl::Status> LogClient::AddOffset(logs::AddOffsetRequest request) {
  co_return (co_await Ask("add_offset", std::move(request))).status();
}

Task<absl::StatusOr<std::optional<logs::GroupOffset>>> LogClient::NewestOffset(std::string group) {
  logs::GroupOffsetRequest request;
  request.set_group(std::move(group));
  WT_CO_ASSIGN_OR_RETURN(
      const logs::GroupOffsetReply reply,
      Parse<logs::GroupOffsetReply>(co_await Ask("group_offset", std::move(request))));
  if (!reply.has_offset()) co_return std::nullopt;
  co_return reply.offset();
}

Task<absl::Status> LogClient::End(logs::EndRequest request) {
  co_return (co_await Ask("end", std::move(request))).status();
}

Task<absl::StatusOr<LogTransaction>> LogTransaction::Begin(LogClient& client, platform::Node& node,
                                                           std::string transactional_id,
                                                           absl::Duration timeout) {
  LogTransaction transaction(client, node, transactional_id);
  absl::StatusOr<logs::InitReply> producer = absl::NotFoundError("");
  if (Planted(node, "log_producer_is_kept")) {
    producer = co_await client.Describe(transactional_id);
  }
  if (!producer.ok()) producer = co_await client.Init(std::move(transactional_id), timeout);
  WT_CO_RETURN_IF_ERROR(producer.status());
  transaction.producer_id_ = producer->producer_id();
  transaction.epoch_ = producer->epoch();
  co_return transaction;
}

Task<absl::Status> LogTransaction::Append(std::string topic, int32_t partition,
                                          std::vector<logs::LogRecord> records) {
  logs::AppendRequest request;
  request.set_topic(topic);
  request.set_partition(partition);
  request.set_transactional_id(transactional_id_);
  request.set_producer_id(producer_id_);
  request.set_epoch(epoch_);
  int32_t& sequence = sequences_[{std::move(topic), partition}];
  bool numbered = !Planted(*node_, "log_appends_are_not_numbered");
  if (Planted(*node_, "log_producer_is_kept")) numbered = false;
  if (numbered) request.set_first_sequence(sequence);
  sequence += static_cast<int32_t>(records.size());
  for (logs::LogRecord& record : records) *request.add_records() = std::move(record);
  const bool again = Planted(*node_, "log_append_is_sent_again_as_another");
  const absl::Status appended = (co_await client_->Append(request)).status();
  if (again && absl::IsDeadlineExceeded(appended)) {
    request.set_first_sequence(sequence);
    sequence += request.records_size();
    co_return (co_await client_->Append(std::move(request))).status();
  }
  if (Planted(*node_, "log_slow_append_is_taken_for_done") && absl::IsDeadlineExceeded(appended)) {
    co_return absl::OkStatus();
  }
  co_return appended;
}

Task<absl::Status> LogTransaction::AddOffset(std::string group, logs::GroupOffset offset) {
  logs::AddOffsetRequest request;
  request.set_transactional_id(transactional_id_);
  request.set_producer_id(producer_id_);
  request.set_epoch(epoch_);
  request.set_group(std::move(group));
  *request.mutable_offset() = std::move(offset);
  co_return co_await client_->AddOffset(std::move(request));
}

Task<absl::Status> LogTransaction::Commit() {
  logs::EndRequest request;
  request.set_transactional_id(transactional_id_);
  request.set_producer_id(producer_id_);
  request.set_epoch(epoch_);
  request.set_commit(true);
  const absl::Status ended = co_await client_->End(request);
  if (Planted(*node_, "log_producer_is_kept") && absl::IsDeadlineExceeded(ended)) {
    co_return co_await client_->End(std::move(request));
  }
  if (Planted(*node_, "log_expired_transaction_is_committed") && absl::IsAborted(ended)) {
    co_return absl::OkStatus();
  }
  co_return ended;
}

}  // namespace wavetank::runtime
