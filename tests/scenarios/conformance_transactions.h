// A server with transactions, as sinks have them behind them: what is prepared expires, older
// owners are refused, and what is committed is known by its batch.
#ifndef WAVETANK_TESTS_SCENARIOS_CONFORMANCE_TRANSACTIONS_H_
#define WAVETANK_TESTS_SCENARIOS_CONFORMANCE_TRANSACTIONS_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"

#include "tests/scenarios/conformance_sinks.h"

namespace wavetank::testing {

// What is durable stands in files: "fence-EPOCH-FENCES", "prepared-NAME" with its deadline, batch,
// hash and rows, "committed-BATCH" with the name of what was prepared, the hash and the rows.
class TransactionServer {
 public:
  static constexpr absl::Duration kExpires = absl::Minutes(15);

  explicit TransactionServer(Node& node) : node_(node), store_(node, "transactions") {}

  Task<absl::Status> Load() {
    WT_CO_ASSIGN_OR_RETURN(const std::vector<std::string> names, co_await store_.ListNames(""));
    for (const std::string& name : names) {
      WT_CO_ASSIGN_OR_RETURN(files_[name], co_await store_.ReadAll(name));
    }
    co_return absl::OkStatus();
  }

  // "METHOD|token|..." as below; what it says is the reply.
  Task<absl::StatusOr<platform::RpcPayload>> Handle(std::string method,
                                                    platform::RpcPayload request,
                                                    platform::RpcCall) {
    const std::vector<std::string> words = absl::StrSplit(request.body, '|');
    absl::StatusOr<std::string> said = std::string();
    if (method == "fence") said = co_await Fence(words[0]);
    if (method == "prepare") said = co_await Prepare(words);
    if (method == "commit") said = co_await Commit(words[0], words[1]);
    if (method == "ask") said = Ask(words[0]);
    if (method == "read") said = Read();
    WT_CO_RETURN_IF_ERROR(said.status());
    platform::RpcPayload reply;
    reply.body = *std::move(said);
    co_return reply;
  }

 private:
  Task<absl::Status> Make(std::string name, std::string content) {
    const absl::Status made = co_await store_.CreateIfAbsent(name, content);
    if (!absl::IsAlreadyExists(made)) WT_CO_RETURN_IF_ERROR(made);
    files_.emplace(std::move(name), std::move(content));
    co_return absl::OkStatus();
  }
  // The last of those names; "" if there is none.
  std::string Last(const std::string& prefix) const {
    auto after = files_.lower_bound(prefix + "~");
    if (after == files_.begin() || !std::prev(after)->first.starts_with(prefix)) return "";
    return std::prev(after)->first;
  }
  Task<absl::StatusOr<std::string>> Fence(std::string token) {
    if (Last("fence-") > "fence-" + token) co_return absl::AbortedError("there is a newer owner");
    WT_CO_RETURN_IF_ERROR(co_await Make("fence-" + token, ""));
    const std::string last = Last("committed-");
    if (last.empty()) co_return "";
    const std::vector<std::string> words = absl::StrSplit(files_[last], '|');
    co_return absl::StrCat(last.substr(last.find('-') + 1), "|", words[1]);
  }
  // token, batch, hash, rows
  Task<absl::StatusOr<std::string>> Prepare(std::vector<std::string> words) {
    std::string name = absl::StrFormat("%s-%s-%d", words[1], words[0], files_.size());
    const int64_t deadline = absl::ToUnixSeconds(node_.clock().WallNow() + kExpires);
    words[0] = absl::StrCat(deadline);
    WT_CO_RETURN_IF_ERROR(co_await Make("prepared-" + name, absl::StrJoin(words, "|")));
    co_return name;
  }
  Task<absl::StatusOr<std::string>> Commit(std::string token, std::string name) {
    if (Last("fence-") > "fence-" + token) co_return absl::AbortedError("there is a newer owner");
    const std::string state = Ask(name);
    if (state == "visible") co_return "";
    if (state == "gone") co_return absl::UnavailableError("the transaction has expired");
    const std::vector<std::string> words = absl::StrSplit(files_["prepared-" + name], '|');
    WT_CO_RETURN_IF_ERROR(
        co_await Make("committed-" + words[1], absl::StrJoin({name, words[2], words[3]}, "|")));
    co_return "";
  }
  std::string Ask(const std::string& name) {
    const auto prepared = files_.find("prepared-" + name);
    if (prepared == files_.end()) return "gone";
    const std::vector<std::string> words = absl::StrSplit(prepared->second, '|');
    const auto committed = files_.find("committed-" + words[1]);
    if (committed != files_.end()) {
      return committed->second.starts_with(name + "|") ? "visible" : "gone";
    }
    int64_t deadline = 0;
    const bool is_number = absl::SimpleAtoi(words[0], &deadline);
    return is_number && node_.clock().WallNow() < absl::FromUnixSeconds(deadline) ? "pending"
                                                                                  : "gone";
  }
  std::string Read() {
    std::string rows;
    for (auto each = files_.lower_bound("committed-"); each != files_.end(); ++each) {
      if (!each->first.starts_with("committed-")) break;
      const std::vector<std::string> words = absl::StrSplit(each->second, '|');
      rows += words[2];
    }
    return rows;
  }

  Node& node_;
  checkpoint::LocalStore store_;
  std::map<std::string, std::string> files_;
};

inline Task<void> ServeTransactions(Node& node) {
  TransactionServer transactions(node);
  while (!(co_await transactions.Load()).ok()) {
    co_await node.clock().Sleep(absl::Milliseconds(10));
  }
  const auto server = co_await platform::RpcServer::Start(
      node, "bank:7000",
      [&transactions](std::string method, platform::RpcPayload request, platform::RpcCall call) {
        return transactions.Handle(std::move(method), std::move(request), std::move(call));
      });
  while (server.ok()) co_await node.clock().Sleep(absl::Hours(1));
}

enum class TransactionClient {
  kRight,
  kHopeful,  // takes what has expired for what may be committed
  kRash,     // takes what is not committed for what never will be, and refuses nobody
};

class TransactionSink final : public runtime::TransactionalSink {
 public:
  TransactionSink(Node& node, TransactionClient kind) : node_(node), kind_(kind) {}

  Task<absl::StatusOr<std::optional<CommittedBatch>>> Fence(FencingToken token) override {
    token_ = absl::StrFormat("%06d-%06d", token.epoch, token.fences);
    WT_CO_ASSIGN_OR_RETURN(const std::string last, co_await AskBank(node_, "fence", token_));
    if (last.empty()) co_return std::nullopt;
    const std::pair<std::string, std::string> words = absl::StrSplit(last, '|');
    CommittedBatch batch;
    if (!absl::SimpleAtoi(words.first, &batch.batch) ||
        !absl::SimpleAtoi(words.second, &batch.definition_hash)) {
      co_return absl::DataLossError("the server says what is no batch");
    }
    co_return batch;
  }
  Task<absl::StatusOr<std::string>> Prepare(SinkBatch batch) override {
    return AskBank(node_, "prepare",
                   absl::StrFormat("%s|%06d|%d|%s", token_, batch.batch, batch.definition_hash,
                                   absl::StrJoin(batch.parts, "")));
  }
  Task<absl::Status> Commit(std::string committable) override {
    const std::string token = kind_ == TransactionClient::kRash ? "999999" : token_;
    co_return (co_await AskBank(node_, "commit", absl::StrCat(token, "|", committable))).status();
  }
  Task<absl::StatusOr<CommittableState>> Ask(std::string committable) override {
    WT_CO_ASSIGN_OR_RETURN(const std::string state,
                           co_await AskBank(node_, "ask", std::move(committable)));
    if (state == "visible") co_return CommittableState::kVisible;
    if (kind_ == TransactionClient::kRash) co_return CommittableState::kGone;
    const bool may_be = state == "pending" || kind_ == TransactionClient::kHopeful;
    co_return may_be ? CommittableState::kPending : CommittableState::kGone;
  }

 private:
  Node& node_;
  const TransactionClient kind_;
  std::string token_;
};

inline SinkUnderTest TransactionsUnderTest(const std::string& name, TransactionClient kind) {
  runtime::SinkFormat format{
      .name = name,
      .meaning = "of a test",
      .open = [kind](runtime::SinkContext context)
          -> absl::StatusOr<std::unique_ptr<runtime::TransactionalSink>> {
        return std::make_unique<TransactionSink>(context.node, kind);
      },
      .write =
          [](runtime::SinkWriterContext) -> absl::StatusOr<std::unique_ptr<runtime::SinkWriter>> {
        return std::make_unique<RowsWriter>();
      }};
  return {.format = std::move(format), .read = ReadBank, .set_up = [](ConformanceWorld& world) {
            world.Serve("bank", ServeTransactions);
          }};
}

}  // namespace wavetank::testing

#endif  // WAVETANK_TESTS_SCENARIOS_CONFORMANCE_TRANSACTIONS_H_
