// A ledger: a server that adds up transfers, each once, and keeps them in a log; and a client that
// sends some, until each is acknowledged. Written as programs over the seam are, and wrong: the log
// is taken for what it holds, whatever a power loss has left at its end.
#ifndef WAVETANK_EXAMPLES_LEDGER_LEDGER_H_
#define WAVETANK_EXAMPLES_LEDGER_LEDGER_H_

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/disk.h"
#include "platform/node.h"
#include "platform/rpc.h"
#include "platform/status_macros.h"

namespace ledger {

using wavetank::platform::Node;
using wavetank::platform::OpenMode;
using wavetank::platform::RpcCall;
using wavetank::platform::RpcClient;
using wavetank::platform::RpcPayload;
using wavetank::platform::RpcServer;
using wavetank::platform::Task;

inline constexpr int64_t kTransfers = 20;  // of 1, 2, 3, ...
inline constexpr int64_t kTotal = kTransfers * (kTransfers + 1) / 2;

// A record of the log: which transfer, and its amount.
struct Transfer {
  int64_t id = 0;
  int64_t amount = 0;
};

inline RpcPayload Saying(std::string body) {
  RpcPayload payload;
  payload.body = std::move(body);
  return payload;
}

class Ledger {
 public:
  explicit Ledger(Node& node) : node_(node) {}

  Task<absl::Status> Load() {
    auto file = co_await node_.disk().Open("log", OpenMode::kCreateNew);
    if (absl::IsAlreadyExists(file.status())) {
      file = co_await node_.disk().Open("log", OpenMode::kWrite);
    }
    WT_CO_RETURN_IF_ERROR(file.status());
    WT_CO_RETURN_IF_ERROR(co_await node_.disk().SyncDirectory(""));
    file_ = *std::move(file);
    WT_CO_ASSIGN_OR_RETURN(const uint64_t size, co_await file_->Size());
    WT_CO_ASSIGN_OR_RETURN(const std::string bytes, co_await file_->ReadAt(0, size));
    Transfer transfer;
    for (size_t at = 0; at + sizeof(transfer) <= bytes.size(); at += sizeof(transfer)) {
      std::memcpy(&transfer, bytes.data() + at, sizeof(transfer));
      amounts_[transfer.id] = transfer.amount;
    }
    co_return absl::OkStatus();
  }

  Task<absl::StatusOr<RpcPayload>> Handle(std::string method, RpcPayload request, RpcCall) {
    if (method == "total") {
      int64_t total = 0;
      for (const auto& [id, amount] : amounts_) total += amount;
      co_return Saying(absl::StrCat(total));
    }
    Transfer transfer;
    std::memcpy(&transfer, request.body.data(), sizeof(transfer));
    if (!amounts_.contains(transfer.id)) {
      WT_CO_RETURN_IF_ERROR((co_await file_->Append(request.body)).status());
      WT_CO_RETURN_IF_ERROR(co_await file_->Sync());
      amounts_[transfer.id] = transfer.amount;
    }
    co_return Saying("done");
  }

 private:
  Node& node_;
  std::unique_ptr<wavetank::platform::File> file_;
  std::map<int64_t, int64_t> amounts_;
};

inline Task<void> Serve(Node& node) {
  Ledger ledger(node);
  const absl::Status loaded = co_await ledger.Load();
  if (!loaded.ok()) co_return node.Exit(1);
  const auto server = co_await RpcServer::Start(
      node, "ledger:7000", [&ledger](std::string method, RpcPayload request, RpcCall call) {
        return ledger.Handle(std::move(method), std::move(request), std::move(call));
      });
  while (server.ok()) co_await node.clock().Sleep(absl::Hours(1));
}

// Until it is answered.
inline Task<std::string> Ask(Node& node, std::string method, std::string request) {
  while (true) {
    auto client = co_await RpcClient::Connect(node, "ledger:7000");
    if (client.ok()) {
      const auto reply = co_await (*client)->Call(method, Saying(request), absl::Seconds(1));
      if (reply.ok()) co_return reply->body;
    }
    co_await node.clock().Sleep(absl::Milliseconds(100));
  }
}

}  // namespace ledger

#endif  // WAVETANK_EXAMPLES_LEDGER_LEDGER_H_
