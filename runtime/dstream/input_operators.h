// Where rows come from: a socket's receiver, a queue in the program; file_inputs.h has files.
#ifndef WAVETANK_RUNTIME_DSTREAM_INPUT_OPERATORS_H_
#define WAVETANK_RUNTIME_DSTREAM_INPUT_OPERATORS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "runtime/columnar/line_splitter.h"
#include "runtime/dstream/codec.h"
#include "runtime/dstream/operator.h"
#include "runtime/dstream/receiver_input.h"
#include "runtime/dstream/row_chunks.h"
#include "runtime/dstream/row_view.h"
#include "runtime/dstream/stable_hash.h"

namespace wavetank::runtime {

namespace internal {

// Lines, whole or not at all longer than any limit that was set where they came in.
class LineFeed final : public ByteFeed {
 public:
  explicit LineFeed(RowSink& sink) : sink_(static_cast<TypedSink<std::string>&>(sink)) {}
  absl::Status Push(std::string_view piece) override {
    splitter_.Push(piece, [&](std::string_view line) {
      lines_.push_back(line);
      // One that began in a piece before stands elsewhere, until the next.
      if (lines_.size() >= kChunkRows || !IsTextOf(line, piece)) Flush();
    });
    Flush();
    return absl::OkStatus();
  }
  // The next file begins with a line of its own.
  absl::Status EndFile() override {
    splitter_.Finish([this](std::string_view line) {
      lines_.push_back(line);
      Flush();
    });
    return absl::OkStatus();
  }
  absl::Status Finish() override {
    const absl::Status ended = EndFile();
    sink_.Finish();
    return ended;
  }

 private:
  void Flush() {
    if (!lines_.empty()) sink_.TakeViews(lines_);
    lines_.clear();
  }

  TypedSink<std::string>& sink_;
  LineSplitter splitter_;
  std::vector<std::string_view> lines_;
};

}  // namespace internal

// Whether a server of lines keeps them until it is told that they are safe (socket_receiver.h).
enum class LineServing { kForgets, kKeeps };

// Lines from a TCP server, by a receiver on some worker (socket_receiver.h).
class SocketTextInput final : public ReceiverInput {
 public:
  SocketTextInput(std::string server_host, int server_port, LineServing how_served)
      : ReceiverInput(how_served == LineServing::kKeeps ? "ReliableTextStream" : "SocketTextStream",
                      absl::StrCat(server_host, ":", server_port), Codec<std::string>::Name()),
        host(std::move(server_host)),
        port(server_port),
        serving(how_served) {}
  const std::string host;
  const int port;
  const LineServing serving;
  std::string address() const { return absl::StrCat(host, ":", port); }

  std::unique_ptr<ByteFeed> OpenFeed(RowSink& sink) const override {
    return std::make_unique<internal::LineFeed>(sink);
  }
  std::unique_ptr<RawReceiver> MakeReceiver(const ReceiverTask& task) const override;
  std::string source() const override { return address(); }
  bool is_reliable() const override { return serving == LineServing::kKeeps; }
};

// A queue of batches in the driver's memory, for tests and for trying things out. Popped by the
// driver alone; it dies with the process, so a job that has one refuses a checkpoint.
class QueueInput : public InputOperator {
 public:
  using InputOperator::InputOperator;
  // The oldest batch, one encoded partition each; empty when there is none.
  virtual std::vector<std::string> Pop() const = 0;
};

namespace internal {

template <typename T>
class QueueFeed final : public ByteFeed {
 public:
  explicit QueueFeed(RowSink& sink) : sink_(static_cast<TypedSink<T>&>(sink)) {}
  absl::Status Push(std::string_view piece) override {
    bytes_.append(piece);
    return absl::OkStatus();
  }
  absl::Status Finish() override {
    const absl::Status decoded =
        ForEachChunkIn<T>(bytes_, [this](auto& rows) { sink_.TakeViews(rows); });
    if (decoded.ok()) sink_.Finish();
    return decoded;
  }

 private:
  TypedSink<T>& sink_;
  std::string bytes_;
};

template <typename T>
class TypedConstantInput final : public ConstantInput {
 public:
  explicit TypedConstantInput(std::vector<T> rows)
      : ConstantInput("ConstantStream",
                      absl::StrCat(rows.size(), " rows ", absl::Hex(HashKey(EncodeToString(rows)))),
                      Codec<T>::Name()),
        rows_(std::move(rows)) {}
  std::unique_ptr<ByteFeed> OpenFeed(RowSink& sink) const override {
    return std::make_unique<QueueFeed<T>>(sink);
  }
  std::vector<std::string> Partitions() const override { return {EncodeToString(rows_)}; }

 private:
  const std::vector<T> rows_;
};

template <typename T>
class TypedQueueInput final : public QueueInput {
 public:
  TypedQueueInput(std::shared_ptr<std::deque<std::vector<T>>> queue, bool one_at_a_time)
      : QueueInput("QueueStream", one_at_a_time ? "one at a time" : "all at once",
                   Codec<T>::Name()),
        queue_(std::move(queue)),
        one_at_a_time_(one_at_a_time) {}
  std::unique_ptr<ByteFeed> OpenFeed(RowSink& sink) const override {
    return std::make_unique<QueueFeed<T>>(sink);
  }
  std::vector<std::string> Pop() const override {
    std::vector<std::string> partitions;
    while (!queue_->empty() && (partitions.empty() || !one_at_a_time_)) {
      partitions.push_back(EncodeToString(queue_->front()));
      queue_->pop_front();
    }
    return partitions;
  }

 private:
  const std::shared_ptr<std::deque<std::vector<T>>> queue_;
  const bool one_at_a_time_;
};

}  // namespace internal
}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_INPUT_OPERATORS_H_
