// Receiver<T>: a source of rows of one's own, after Spark's. It runs as a long-running task on a
// worker, a coroutine over the node's seam (clock, network), so it also runs in the simulator.
//
//   class Ticks : public Receiver<int64_t> {
//    public:
//     Task<absl::Status> OnStart(ReceiverContext<int64_t>& context) override {
//       for (int64_t tick = 0;; ++tick) {
//         co_await context.node().clock().Sleep(absl::Seconds(1));
//         co_await context.Store(tick);
//       }
//     }
//   };
//   ssc.ReceiverStream(std::make_unique<Ticks>()).Print();
//
// What is promised. Store(row) is unreliable, as in Spark: it returns before the row is durable, so
// rows in no block yet are lost with their worker, or when the receiver is started anew.
// Store(rows) is reliable: when it gives OK the rows are in a block that is durable and logged, and
// are input once, whoever dies then; acknowledge to the source after that, not before. Rows that it
// was not told of may be input all the same, so a source sends them again and they may come twice,
// unless the receiver leaves out what rows_input() counts. Rows of both go into blocks in the order
// in which they were stored.
//
// Supervision. OnStart is called anew, on a fresh copy, after the restart delay when it returns or
// throws; its error is reported. When the worker is lost the receiver starts elsewhere; two runs
// may be at work for a while, and only what the newer one stores from then on is input.
#ifndef WAVETANK_RUNTIME_DSTREAM_RECEIVER_H_
#define WAVETANK_RUNTIME_DSTREAM_RECEIVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "platform/node.h"
#include "platform/task.h"
#include "runtime/dstream/codec.h"
#include "runtime/dstream/raw_receiver.h"
#include "runtime/dstream/received_rows.h"
#include "runtime/dstream/receiver_input.h"

namespace wavetank::runtime {

using platform::Task;

// What a receiver has of the engine. Outlives its OnStart.
template <typename T>
class ReceiverContext {
 public:
  explicit ReceiverContext(ReceiverSink& sink) : sink_(sink) {}

  platform::Node& node() { return sink_.node(); }
  // Waits while the blocks before it are not handed over, too much waits for batches, or the rate
  // is reached.
  Task<void> Store(T row) {
    co_await sink_.AwaitRoom();
    sink_.Add(internal::LineOf(row));
  }
  // All in one block, durable and logged when it gives OK. On an error return: the receiver is no
  // longer the stream's.
  Task<absl::Status> Store(std::vector<T> rows) {
    co_await sink_.AwaitRoom();
    std::vector<std::string> lines;
    lines.reserve(rows.size());
    for (const T& row : rows) lines.push_back(internal::LineOf(row));
    co_return co_await sink_.AddAll(std::move(lines));
  }
  // How many rows of the stream are input, by all receivers that it has had.
  int64_t rows_input() const { return sink_.rows_input(); }
  // Whether it is to end; what is stored from then on is not input.
  bool is_stopped() const { return sink_.stopping().is_set(); }
  platform::Event& stopping() { return sink_.stopping(); }
  // In the driver's log.
  Task<void> ReportError(std::string what) { return sink_.ReportError(std::move(what)); }

 private:
  ReceiverSink& sink_;
};

// REQUIRES of what derives from it: it can be copied. The plan holds one; each start is of a copy.
template <typename T>
class Receiver {
 public:
  using Row = T;
  virtual ~Receiver() = default;

  // Receives, until the source ends (OK) or fails. Destroyed where it waits when the receiver ends,
  // so what it holds (a connection) goes with it.
  virtual Task<absl::Status> OnStart(ReceiverContext<T>& context) = 0;
  // When the stream stops gracefully or the worker drains, after the last block was handed over,
  // and for a second at most: a last word to the source. OnStart is still at work beside it.
  virtual Task<void> OnStop(ReceiverContext<T>& /*context*/) { co_return; }
  // What it connects to, "host:port", for people; a part of the plan.
  virtual std::string Source() const { return ""; }
  // Whether its source keeps rows until they are acknowledged, and so loses none: the stream needs
  // a checkpoint, and is the source's only one.
  virtual bool IsReliable() const { return false; }
};

namespace internal {

// Each call of OnStart is of a copy of its own.
template <typename R>
class CopiedReceiver final : public RawReceiver {
 public:
  explicit CopiedReceiver(const R& prototype) : prototype_(prototype) {}
  Task<absl::Status> Receive(ReceiverSink& sink) override {
    context_ = std::make_unique<ReceiverContext<typename R::Row>>(sink);
    receiver_ = std::make_unique<R>(prototype_);
    return receiver_->OnStart(*context_);
  }
  Task<void> LastWords(ReceiverSink&) override {
    if (receiver_ == nullptr) co_return;
    co_await receiver_->OnStop(*context_);
  }

 private:
  const R& prototype_;
  std::unique_ptr<ReceiverContext<typename R::Row>> context_;
  std::unique_ptr<R> receiver_;
};

template <typename R>
class TypedReceiverInput final : public ReceiverInput {
 public:
  explicit TypedReceiverInput(std::unique_ptr<R> prototype)
      : ReceiverInput("ReceiverStream", prototype->Source(), Codec<typename R::Row>::Name()),
        prototype_(std::move(prototype)) {}
  std::unique_ptr<ByteFeed> OpenFeed(RowSink& sink) const override {
    return std::make_unique<ReceivedFeed<typename R::Row>>(sink);
  }
  std::unique_ptr<RawReceiver> MakeReceiver(const ReceiverTask&) const override {
    return std::make_unique<CopiedReceiver<R>>(*prototype_);
  }
  std::string source() const override { return prototype_->Source(); }
  bool is_reliable() const override { return prototype_->IsReliable(); }

 private:
  const std::unique_ptr<const R> prototype_;
};

}  // namespace internal

// For the context.
template <typename R>
std::unique_ptr<InputOperator> MakeReceiverInput(std::unique_ptr<R> receiver) {
  return std::make_unique<internal::TypedReceiverInput<R>>(std::move(receiver));
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_RECEIVER_H_
