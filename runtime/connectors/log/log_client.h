// LogClient: requests to a partitioned log (protocol/log_protocol.proto), over one connection that
// is made when there is none. Nothing is sent twice here: who asks knows what may be repeated.
//
// kUnavailable, kDeadlineExceeded: it may have been done, may be done later, or never.
#ifndef WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_CLIENT_H_
#define WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_CLIENT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "platform/node.h"
#include "platform/rpc.h"
#include "platform/task.h"
#include "runtime/connectors/log/protocol/log_protocol.pb.h"

namespace wavetank::runtime {

using platform::Task;

class LogClient {
 public:
  static constexpr absl::Duration kTimeout = absl::Seconds(10);

  // `node` must outlive it.
  LogClient(platform::Node& node, std::string address)
      : node_(node), address_(std::move(address)) {}

  // From now on the log of this id is asked, and no other: one that serves there in its place says
  // kDataLoss to all, and does nothing. `else_do`: what may be done but serve that log there again.
  // An empty id: whichever is there.
  void Expect(std::string log_id, std::string else_do, std::string reader = "query") {
    log_id_ = std::move(log_id);
    else_do_ = std::move(else_do);
    reader_ = std::move(reader);
  }

  Task<absl::StatusOr<logs::MetadataReply>> Metadata();
  // No partitions: there is no such topic. MakeTopic makes it then.
  Task<absl::StatusOr<logs::OffsetsReply>> Offsets(std::string topic);
  Task<absl::StatusOr<logs::OffsetsReply>> MakeTopic(std::string topic);
  Task<absl::StatusOr<logs::MeasureReply>> Measure(logs::MeasureRequest request);
  Task<absl::StatusOr<logs::FetchReply>> Fetch(logs::FetchRequest request);
  Task<absl::StatusOr<logs::AppendReply>> Append(logs::AppendRequest request);
  Task<absl::StatusOr<logs::InitReply>> Init(std::string transactional_id,
                                             absl::Duration transaction_timeout);
  Task<absl::StatusOr<logs::InitReply>> Describe(std::string transactional_id);
  Task<absl::Status> AddOffset(logs::AddOffsetRequest request);
  // The newest that counts; nullopt: none.
  Task<absl::StatusOr<std::optional<logs::GroupOffset>>> NewestOffset(std::string group);
  Task<absl::Status> End(logs::EndRequest request);

 private:
  template <typename Request>
  Task<absl::StatusOr<std::string>> Ask(std::string method, Request request) {
    request.set_log_id(log_id_);
    return Call(std::move(method), request.SerializeAsString());
  }
  Task<absl::StatusOr<std::string>> Call(std::string method, std::string request);

  platform::Node& node_;
  const std::string address_;
  std::string log_id_;
  std::string else_do_;
  std::string reader_;
  std::unique_ptr<platform::RpcClient> client_;
};

// One transaction of a producer that is made for it, so that nothing that was asked of an older one
// can come into it, however late. After an error there is nothing left to do with it but to make
// another.
class LogTransaction {
 public:
  // A new producer, which fences every older one of the id.
  static Task<absl::StatusOr<LogTransaction>> Begin(LogClient& client, platform::Node& node,
                                                    std::string transactional_id,
                                                    absl::Duration timeout);

  Task<absl::Status> Append(std::string topic, int32_t partition,
                            std::vector<logs::LogRecord> records);
  Task<absl::Status> AddOffset(std::string group, logs::GroupOffset offset);
  // OK: all of it counts. Any error: nobody knows, but for who begins another and looks.
  Task<absl::Status> Commit();

 private:
  LogTransaction(LogClient& client, platform::Node& node, std::string transactional_id)
      : client_(&client), node_(&node), transactional_id_(std::move(transactional_id)) {}

  LogClient* client_;
  platform::Node* node_;
  std::string transactional_id_;
  int64_t producer_id_ = 0;
  int32_t epoch_ = 0;
  std::map<std::pair<std::string, int32_t>, int32_t> sequences_ = {};  // that come next
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_CLIENT_H_
