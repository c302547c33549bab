// Sinks that are what they should not be, each in one way, for the kit that says what sinks are.
#ifndef WAVETANK_TESTS_SCENARIOS_CONFORMANCE_SINKS_H_
#define WAVETANK_TESTS_SCENARIOS_CONFORMANCE_SINKS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "checkpoint/local_store.h"
#include "platform/rpc.h"
#include "platform/status_macros.h"
#include "runtime/connectors/sink_format.h"
#include "scenarios/testing/sink_conformance.h"

namespace wavetank::testing {

using checkpoint::Store;
using platform::Node;
using platform::Task;
using runtime::CommittableState;
using runtime::CommittedBatch;
using runtime::FencingToken;
using runtime::RecordBatch;
using runtime::SinkBatch;

inline std::vector<std::string> LinesOfText(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

// A part is its rows.
class RowsWriter final : public runtime::SinkWriter {
 public:
  Task<absl::Status> Write(RecordBatch rows) override {
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      absl::StrAppend(&text_, rows.RowText(row), "\n");
    }
    co_return absl::OkStatus();
  }
  Task<absl::StatusOr<std::string>> Finish() override { co_return text_; }

 private:
  std::string text_;
};

// It remembers nothing, and lets everybody do everything. A committable is the batch's number and
// its rows, part by part.
class CarelessSink : public runtime::TransactionalSink {
 public:
  explicit CarelessSink(Store& store) : store_(store) {}

  bool remembers() const override { return false; }
  Task<absl::StatusOr<std::optional<CommittedBatch>>> Fence(FencingToken) override {
    co_return std::nullopt;
  }
  Task<absl::StatusOr<std::string>> Prepare(SinkBatch batch) override {
    co_return absl::StrCat(batch.batch, "|", absl::StrJoin(batch.parts, "|"));
  }
  Task<absl::StatusOr<CommittableState>> Ask(std::string) override {
    co_return CommittableState::kPending;
  }
  Task<absl::Status> Commit(std::string committable) override {
    std::vector<std::string> parts = absl::StrSplit(committable, '|');
    const std::string batch = parts.front();
    parts.erase(parts.begin());
    return Show(batch, std::move(parts));
  }

 protected:
  virtual Task<absl::Status> Show(std::string batch, std::vector<std::string> parts) = 0;
  // One file, which is the same whenever it is made.
  Task<absl::Status> Make(std::string path, std::string content) {
    const absl::Status made = co_await store_.CreateIfAbsent(std::move(path), std::move(content));
    co_return absl::IsAlreadyExists(made) ? absl::OkStatus() : made;
  }
  Store& store_;
};

// Adds the rows to the end of a file, each time, and asks nothing of what a power loss left there.
class AppendingSink final : public CarelessSink {
 public:
  using CarelessSink::CarelessSink;

 private:
  Task<absl::Status> Show(std::string, std::vector<std::string> parts) override {
    WT_CO_RETURN_IF_ERROR(co_await Make("out/all", ""));
    WT_CO_ASSIGN_OR_RETURN(const std::string before, co_await store_.ReadAll("out/all"));
    co_return co_await store_.Append("out/all", before.size(), absl::StrJoin(parts, ""));
  }
};

// A batch function that knows nothing of its batches: a new file at each call.
inline Task<absl::Status> AddAFile(runtime::PreparedBatch& batch) {
  std::string text;
  while (true) {
    WT_CO_ASSIGN_OR_RETURN(const std::optional<RecordBatch> rows, co_await batch.Next());
    if (!rows) break;
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      absl::StrAppend(&text, rows->RowText(row), "\n");
    }
  }
  WT_CO_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         co_await batch.store().ListNames("out"));
  co_return co_await batch.store().CreateIfAbsent(absl::StrCat("out/", names.size()), text);
}

// A file a batch: right, but that an older driver may still make one.
class FileABatchSink final : public CarelessSink {
 public:
  using CarelessSink::CarelessSink;

 private:
  Task<absl::Status> Show(std::string batch, std::vector<std::string> parts) override {
    return Make(absl::StrCat("out/", batch), absl::StrJoin(parts, ""));
  }
};

// A file a part, one after the other.
class FileAPartSink final : public CarelessSink {
 public:
  using CarelessSink::CarelessSink;

 private:
  Task<absl::Status> Show(std::string batch, std::vector<std::string> parts) override {
    for (size_t part = 0; part < parts.size(); ++part) {
      WT_CO_RETURN_IF_ERROR(co_await Make(absl::StrCat("out/", batch, "-", part), parts[part]));
    }
    co_return absl::OkStatus();
  }
};

inline Task<absl::StatusOr<std::vector<std::string>>> ReadOut(Node&, Store& store) {
  WT_CO_ASSIGN_OR_RETURN(const std::vector<std::string> names, co_await store.ListNames("out"));
  std::vector<std::string> rows;
  for (const std::string& name : names) {
    WT_CO_ASSIGN_OR_RETURN(const std::string text,
                           co_await store.ReadAll(absl::StrCat("out/", name)));
    for (std::string& row : LinesOfText(text)) rows.push_back(std::move(row));
  }
  co_return rows;
}

inline SinkUnderTest AddingFunction() {
  return {.format = {.name = "adding", .meaning = "of a test", .apply = AddAFile}, .read = ReadOut};
}

template <typename Sink>
runtime::SinkFormat CarelessFormat(const std::string& name) {
  return {
      .name = name,
      .meaning = "of a test",
      .open = [](runtime::SinkContext context)
          -> absl::StatusOr<std::unique_ptr<runtime::TransactionalSink>> {
        return std::make_unique<Sink>(context.store);
      },
      .write =
          [](runtime::SinkWriterContext) -> absl::StatusOr<std::unique_ptr<runtime::SinkWriter>> {
        return std::make_unique<RowsWriter>();
      }};
}

// A server that books batches, each once, by number.
class Bank {
 public:
  // Says that it has a batch before that is durable, if it is `early`: it is with the next one.
  Bank(Node& node, bool early) : early_(early), store_(node, "bank") {}

  Task<absl::Status> Load() {
    WT_CO_ASSIGN_OR_RETURN(const std::vector<std::string> names, co_await store_.ListNames(""));
    for (const std::string& name : names) {
      WT_CO_ASSIGN_OR_RETURN(booked_[name], co_await store_.ReadAll(name));
    }
    co_return absl::OkStatus();
  }
  Task<absl::StatusOr<platform::RpcPayload>> Handle(std::string method,
                                                    platform::RpcPayload request,
                                                    platform::RpcCall) {
    platform::RpcPayload reply;
    if (method == "read") {
      for (const auto& [batch, rows] : booked_) reply.body += rows;
      co_return reply;
    }
    const std::pair<std::string, std::string> batch =
        absl::StrSplit(request.body, absl::MaxSplits('\n', 1));
    const std::map<std::string, std::string> before = booked_;
    if (early_) {
      for (const auto& [id, rows] : before) WT_CO_RETURN_IF_ERROR(co_await Write(id, rows));
    } else {
      WT_CO_RETURN_IF_ERROR(co_await Write(batch.first, batch.second));
    }
    booked_.insert(batch);
    co_return reply;
  }

 private:
  Task<absl::Status> Write(std::string batch, std::string rows) {
    const absl::Status made = co_await store_.CreateIfAbsent(std::move(batch), std::move(rows));
    co_return absl::IsAlreadyExists(made) ? absl::OkStatus() : made;
  }

  const bool early_;
  checkpoint::LocalStore store_;
  std::map<std::string, std::string> booked_;
};

inline Task<void> ServeBank(Node& node, bool early) {
  Bank bank(node, early);
  while (!(co_await bank.Load()).ok()) co_await node.clock().Sleep(absl::Milliseconds(10));
  const auto server = co_await platform::RpcServer::Start(
      node, "bank:7000",
      [&bank](std::string method, platform::RpcPayload request, platform::RpcCall call) {
        return bank.Handle(std::move(method), std::move(request), std::move(call));
      });
  while (server.ok()) co_await node.clock().Sleep(absl::Hours(1));
}

inline Task<absl::StatusOr<std::string>> AskBank(Node& node, std::string method, std::string body) {
  WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<platform::RpcClient> client,
                         co_await platform::RpcClient::Connect(node, "bank:7000"));
  platform::RpcPayload request;
  request.body = std::move(body);
  WT_CO_ASSIGN_OR_RETURN(
      const platform::RpcPayload reply,
      co_await client->Call(std::move(method), std::move(request), absl::Seconds(5)));
  co_return reply.body;
}

// A batch function: all rows and the batch's number at once.
inline Task<absl::Status> Book(runtime::PreparedBatch& batch) {
  std::string text = absl::StrCat(batch.id(), "\n");
  while (true) {
    WT_CO_ASSIGN_OR_RETURN(const std::optional<RecordBatch> rows, co_await batch.Next());
    if (!rows) break;
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      absl::StrAppend(&text, rows->RowText(row), "\n");
    }
  }
  co_return (co_await AskBank(batch.node(), "book", std::move(text))).status();
}

inline Task<absl::StatusOr<std::vector<std::string>>> ReadBank(Node& node, Store&) {
  absl::StatusOr<std::string> text = absl::UnavailableError("not asked");
  for (int i = 0; i < 100 && !text.ok(); ++i) {
    text = co_await AskBank(node, "read", "");
    if (!text.ok()) co_await node.clock().Sleep(absl::Milliseconds(50));
  }
  WT_CO_RETURN_IF_ERROR(text.status());
  co_return LinesOfText(*text);
}

inline SinkUnderTest BankUnderTest(const std::string& name, bool early) {
  return {.format = {.name = name, .meaning = "of a test", .apply = Book},
          .read = ReadBank,
          .set_up = [early](ConformanceWorld& world) {
            world.Serve("bank", [early](Node& node) { return ServeBank(node, early); });
          }};
}

}  // namespace wavetank::testing

#endif  // WAVETANK_TESTS_SCENARIOS_CONFORMANCE_SINKS_H_
