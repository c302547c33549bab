// StreamingContext: what a DStream job is written against.
//
//   void WordCount(StreamingContext& ssc) {
//     ssc.TextFileStream("in").FlatMap(...).Map(...).ReduceByKey(std::plus<>()).Print();
//   }
//
// A job only builds a plan. It runs anew in every incarnation on every node, and must build the
// same plan each time; what its functions capture by reference is an external system that outlives
// crashes. Start, AwaitTermination, Stop and GetOrCreate run the plan for real, in this process, on
// a local[N] cluster: a driver and N workers with a thread each, which share the plan: what its
// functions capture must bear that. They stand in the library wavetank::streaming, which a program
// that only builds plans does not link.
//
// Names, defaults and semantics are Spark Streaming's, but where it is wrong or weak; README.md
// lists those places.
#ifndef WAVETANK_RUNTIME_DSTREAM_STREAMING_CONTEXT_H_
#define WAVETANK_RUNTIME_DSTREAM_STREAMING_CONTEXT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/paths.h"
#include "platform/check.h"
#include "runtime/cluster/block_bounds.h"
#include "runtime/cluster/speculation.h"
#include "runtime/dstream/accumulator.h"
#include "runtime/dstream/broadcast.h"
#include "runtime/dstream/dstream.h"
#include "runtime/dstream/file_inputs.h"
#include "runtime/dstream/graph.h"
#include "runtime/dstream/input_operators.h"
#include "runtime/dstream/log_input.h"
#include "runtime/dstream/socket_stream.h"
#include "runtime/dstream/stable_hash.h"
#include "runtime/dstream/streaming_listener.h"
#include "runtime/dstream/streaming_statistics.h"

namespace wavetank::runtime {

// The pieces of `text` between delimiters, without empty ones at its end, as Java's String.split:
// a range of views of `text`, each found when its turn comes.
class Pieces {
 public:
  class Iterator {
   public:
    using value_type = std::string_view;
    using difference_type = ptrdiff_t;
    using iterator_category = std::input_iterator_tag;

    Iterator() = default;
    Iterator(std::string_view text, char delimiter)
        : text_(text), delimiter_(delimiter), is_end_(text.empty()) {
      FindEnd();
    }
    std::string_view operator*() const { return text_.substr(0, size_); }
    Iterator& operator++() {
      is_end_ = size_ == text_.size();
      if (!is_end_) text_.remove_prefix(size_ + 1);
      FindEnd();
      return *this;
    }
    Iterator operator++(int) { return std::exchange(*this, ++Iterator(*this)); }
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.is_end_ == b.is_end_ && (a.is_end_ || a.text_.data() == b.text_.data());
    }

   private:
    void FindEnd() { size_ = std::min(text_.find(delimiter_), text_.size()); }
    std::string_view text_;  // what is left of it
    char delimiter_ = 0;
    bool is_end_ = true;
    size_t size_ = 0;
  };

  Pieces(std::string_view text, char delimiter) : text_(text), delimiter_(delimiter) {
    while (text_.ends_with(delimiter)) text_.remove_suffix(1);
  }
  Iterator begin() const { return Iterator(text_, delimiter_); }
  Iterator end() const { return Iterator(); }
  bool empty() const { return text_.empty(); }
  // What follows looks for the pieces anew each time.
  size_t size() const { return static_cast<size_t>(std::distance(begin(), end())); }
  // REQUIRES: i < size().
  std::string_view operator[](size_t i) const {
    return *std::next(begin(), static_cast<ptrdiff_t>(i));
  }
  operator std::vector<std::string_view>() const { return {begin(), end()}; }  // NOLINT: as a range

 private:
  std::string_view text_;
  char delimiter_;
};
inline Pieces Split(std::string_view text, char delimiter) { return Pieces(text, delimiter); }

struct StreamingConfig {
  // "local[N]": N workers; "local" is local[1]. A receiver does not occupy a worker.
  std::string master = "local[2]";
  std::string app_name = {};
  // The directory of the host in which the job's relative paths are.
  std::string directory = ".";
  // Of each worker: bytes of memory for what batches have written that is still needed, and bytes
  // of the host's temporary directory for what has no room there (block_manager.h).
  size_t kept_bytes = kDefaultKeptBytes;
  size_t spill_bytes = kDefaultSpillBytes;
  // Of tasks that take long: spark.speculation. Off, as in Spark.
  SpeculationOptions speculation = {};
};

class StreamingContext {
 public:
  StreamingContext(StreamingConfig config, absl::Duration batch_interval)
      : config_(std::move(config)), graph_(std::make_unique<StreamingGraph>()) {
    graph_->batch_interval = batch_interval;
  }
  explicit StreamingContext(absl::Duration batch_interval)
      : StreamingContext(StreamingConfig(), batch_interval) {}
  StreamingContext(StreamingContext&&) = default;
  StreamingContext& operator=(StreamingContext&&) noexcept = default;
  // A context that runs is stopped, not gracefully.
  ~StreamingContext() = default;

  // Lines of the files that come into `directory`, which must be moved or linked there whole.
  DStream<std::string> TextFileStream(std::string directory, TextFileOptions options = {}) {
    CheckDirectory("TextFileStream", directory);
    return Input<std::string>(
        std::make_unique<TextFileInput>(checkpoint::NormalPath(directory), std::move(options)));
  }
  // Records of `record_length` bytes, 1 to kMostRecordBytes, of such files. A file whose length is
  // no multiple of that ends the stream, naming the file, before a batch has it. (In Spark the
  // batch that has it fails, and its records are in none.)
  DStream<std::string> BinaryRecordsStream(std::string directory, int64_t record_length,
                                           BinaryRecordsOptions options = {}) {
    CheckDirectory("BinaryRecordsStream", directory);
    if (record_length < 1 || record_length > kMostRecordBytes) {
      AddError(absl::StrCat("BinaryRecordsStream: records of ", record_length, " bytes: give 1 to ",
                            kMostRecordBytes));
    }
    if (options.split_bytes < 1) {
      AddError(absl::StrCat("BinaryRecordsStream: split_bytes is ", options.split_bytes,
                            ": give 1 or more"));
    }
    graph_->AddError(CheckNotOfText("BinaryRecordsStream", options.files));
    return Input<std::string>(std::make_unique<BinaryRecordsInput>(
        checkpoint::NormalPath(directory), record_length, std::move(options)));
  }

  // The rows of such files, as SaveAsObjectFiles of a DStream<T> writes them. One of another type,
  // or of no objects, ends the stream, naming the file, before a batch has it; one that is damaged
  // or cut off ends it with the batch that has it. Of the parts that an output's attempt left take
  // those that its _SUCCESS names.
  template <typename T>
  DStream<T> ObjectFileStream(std::string directory, FileStreamOptions options = {}) {
    CheckDirectory("ObjectFileStream", directory);
    graph_->AddError(CheckNotOfText("ObjectFileStream", options.files));
    return Input<T>(std::make_unique<internal::TypedObjectFileInput<T>>(
        checkpoint::NormalPath(directory), std::move(options)));
  }

  // Lines from a TCP server. Lossy, as in Spark: a socket cannot be asked to send again, so lines
  // that had not reached a stored block when their worker or the driver failed are gone.
  DStream<std::string> SocketTextStream(std::string host, int port) {
    return Lines("SocketTextStream", std::move(host), port, LineServing::kForgets);
  }
  // Rows from a TCP server, of the bytes that it sends, as `converter` cuts them: a function of
  // (std::string_view, std::vector<T>&), or (std::string_view, bool, std::vector<T>&), that gives
  // how many bytes it took (socket_stream.h). Lossy, as SocketTextStream.
  template <typename T, typename F>
  DStream<T> SocketStream(std::string host, int port, F converter) {
    static_assert(
        std::is_invocable_r_v<size_t, const F&, std::string_view, std::vector<T>&> ||
            std::is_invocable_r_v<size_t, const F&, std::string_view, bool, std::vector<T>&>,
        "SocketStream<T> takes a function of (std::string_view bytes, std::vector<T>& rows), or of "
        "(std::string_view bytes, bool at_end, std::vector<T>& rows), that gives how many bytes "
        "its rows were");
    CheckServer("SocketStream", host, port);
    return Input<T>(std::make_unique<internal::TypedCutSocketInput<T>>(std::move(host), port,
                                                                       std::move(converter)));
  }
  // Lines from a TCP server that numbers them, from 0, and keeps each until it is told that it is
  // safe: the protocol of socket_receiver.h. Each line is input once, whatever dies. Needs a
  // checkpoint, from which on the server has not been told of anything else.
  DStream<std::string> ReliableTextStream(std::string host, int port) {
    return Lines("ReliableTextStream", std::move(host), port, LineServing::kKeeps);
  }
  // What a receiver has stored is durable in the store before it is input, whatever the level: that
  // is about copies alone, and the same as Persist(level) of the stream. Without one there are
  // none, and each that reads the stream reads the store.
  DStream<std::string> SocketTextStream(std::string host, int port, StorageLevel level) {
    return SocketTextStream(std::move(host), port).Persist(level);
  }
  DStream<std::string> ReliableTextStream(std::string host, int port, StorageLevel level) {
    return ReliableTextStream(std::move(host), port).Persist(level);
  }

  // The rows that a receiver of one's own brings in. R derives from Receiver<T>: include
  // receiver.h, too.
  template <typename R>
  DStream<typename R::Row> ReceiverStream(std::unique_ptr<R> receiver) {
    if (receiver == nullptr) {
      AddError("ReceiverStream: there is no receiver");
      return ConstantStream<typename R::Row>({});
    }
    return Input<typename R::Row>(MakeReceiverInput(std::move(receiver)));
  }
  template <typename R>
  DStream<typename R::Row> ReceiverStream(std::unique_ptr<R> receiver, StorageLevel level) {
    return ReceiverStream(std::move(receiver)).Persist(level);
  }

  // The records of a topic of a partitioned log, without a receiver, as Spark's direct Kafka
  // stream: each batch has a range of offsets of each partition, a task each (log_input.h). Each
  // record is input once, also across crashes, if there is a checkpoint; without one it begins
  // anew.
  DStream<LogRecord> LogStream(LogStreamOptions options) {
    const absl::Status status = CheckLogStream(options);
    if (!status.ok()) graph_->AddError(status);
    return Input<LogRecord>(std::make_unique<LogInput>(std::move(options)));
  }
  // Their values; of a null, an empty line.
  DStream<std::string> LogTextStream(LogStreamOptions options) {
    return LogStream(std::move(options)).Map([](LogRecord&& record) {
      return std::move(record.value).value_or(std::string());
    });
  }

  // A batch for each element of `queue`, oldest first (or all elements at once), empty ones after
  // that. The caller must not touch the queue while the context runs.
  template <typename T>
  DStream<T> QueueStream(std::shared_ptr<std::deque<std::vector<T>>> queue,
                         bool one_at_a_time = true) {
    return Input<T>(
        std::make_unique<internal::TypedQueueInput<T>>(std::move(queue), one_at_a_time));
  }
  template <typename T>
  DStream<T> QueueStream(std::vector<std::vector<T>> batches, bool one_at_a_time = true) {
    return QueueStream(
        std::make_shared<std::deque<std::vector<T>>>(std::make_move_iterator(batches.begin()),
                                                     std::make_move_iterator(batches.end())),
        one_at_a_time);
  }

  // The same rows in every batch.
  template <typename T>
  DStream<T> ConstantStream(std::vector<T> rows) {
    return Input<T>(std::make_unique<internal::TypedConstantInput<T>>(std::move(rows)));
  }

  // The rows of all of them, one after the other. REQUIRES: they are this context's.
  template <typename T>
  DStream<T> Union(const std::vector<DStream<T>>& streams) {
    if (streams.empty()) {
      AddError("Union of no streams: give one at least");
      return ConstantStream<T>({});
    }
    return streams.front().Union({streams.begin() + 1, streams.end()});
  }

  // transformation(streams...) gives another stream, and is called once, while the plan is built:
  //   ssc.Transform(visits, pages, [](const auto& visits, const auto& pages) { ... })
  // A std::vector of streams is one argument (in Spark all are in one). REQUIRES: they are this
  // context's.
  template <typename... StreamsAndTransformation>
  auto Transform(const StreamsAndTransformation&... arguments) {
    static_assert(sizeof...(arguments) > 1, "Transform takes streams, and last a function of them");
    return TransformAll(std::tie(arguments...),
                        std::make_index_sequence<sizeof...(arguments) - 1>());
  }

  // A sum that functions add to, of int64_t or double, from 0 (accumulator.h); one of int64_t wraps
  // around. Its name is its own, and part of the plan.
  template <typename T>
  runtime::Accumulator<T> Accumulator(std::string name) {
    static_assert(std::is_same_v<T, int64_t> || std::is_same_v<T, double>,
                  "Accumulator<T>(name) is a sum of int64_t or double: of another T, give it a "
                  "zero and a function that merges two");
    return MakeAccumulator<T>(std::move(name), "sum", T{}, internal::SumOf<T>);
  }
  // Of any T that has a Codec, from `zero`: merge(T, T) gives what two come to, and is associative.
  // One that throws, on a worker, fails the task, as any function of the job. At the driver, which
  // merges what tasks added into the total, it fails the batch, which stays open: the next driver
  // runs it first, and if merge throws again it fails again. So give a value for any two.
  template <typename T, typename F>
  runtime::Accumulator<T> Accumulator(std::string name, const T& zero, F merge) {
    static_assert(std::is_invocable_r_v<T, const F&, T, T>,
                  "Accumulator takes a function of two values that gives one");
    return MakeAccumulator<T>(std::move(name), "merge", zero, std::move(merge));
  }

  // A value that functions share (broadcast.h). T has a Codec.
  template <typename T>
  runtime::Broadcast<T> Broadcast(T value) {
    const std::string bytes = EncodeToString(value);
    graph_->AddBroadcast(absl::StrCat(Codec<T>::Name(), " ", absl::Hex(HashKey(bytes))));
    return runtime::Broadcast<T>(std::make_shared<const T>(std::move(value)));
  }

  // Told of what the driver does, of which it must bear the thread (streaming_listener.h). In each
  // process the job makes its own; only the driver's is called.
  void AddStreamingListener(std::shared_ptr<StreamingListener> listener) {
    graph_->AddListener(std::move(listener));
  }
  // How the stream keeps up, as its driver in this process says; from any thread. All 0 before that
  // has begun.
  StreamingStatistics Statistics() const {
    StreamingStatistics statistics;
    const std::string encoded = graph_->statistics().Get();
    if (encoded.empty()) return statistics;
    WT_CHECK(DecodeFromString(encoded, statistics).ok());
    return statistics;
  }

  // Where the driver keeps what it needs to go on after a crash.
  void Checkpoint(std::string directory) {
    graph_->checkpoint_directory = checkpoint::NormalPath(directory);
  }
  // Keeps each batch's input for at least this long after the batch.
  void Remember(absl::Duration duration) { graph_->remember = duration; }

  const StreamingConfig& config() const { return config_; }
  absl::Duration batch_interval() const { return graph_->batch_interval; }
  StreamingGraph& graph() { return *graph_; }
  const StreamingGraph& graph() const { return *graph_; }

  // A context from the job: the plan, checkpointing into `checkpoint_directory`. If that holds a
  // checkpoint, Start() goes on from it; one that it cannot use, damaged or of another plan, ends
  // the context with the reason, and is left as it is. (Spark's createOnError is left out: only its
  // log could fence a stream that may be at work on that checkpoint, and no log that cannot be read
  // can be taken over; a store has no durable way to move a directory; and a stream that begins
  // anew beside the old one's output would put the same input out again.)
  static StreamingContext GetOrCreate(std::string checkpoint_directory,
                                      const std::function<StreamingContext()>& create) {
    StreamingContext context = create();
    context.Checkpoint(std::move(checkpoint_directory));
    return context;
  }

  // kFailedPrecondition or kInvalidArgument when the plan is wrong (StreamingGraph::Validate) or
  // the context was stopped; OK, without effect, when it runs already.
  absl::Status Start();
  // Until Stop, or the first error of Start, a batch or the driver, which it gives. A failed batch
  // does not end the context: the next ones go on until it is stopped.
  absl::Status AwaitTermination();
  // kDeadlineExceeded when the time ran out first.
  absl::Status AwaitTerminationOrTimeout(absl::Duration timeout);
  // Idempotent. Gracefully: ends the receivers, then processes all that they had stored. Returns
  // when that is done; in a function that the driver calls (ForeachRDD's), at once.
  absl::Status Stop(bool gracefully = false);

 private:
  class Running;
  absl::Status StartRunning();

  template <typename T>
  runtime::Accumulator<T> MakeAccumulator(std::string name, const char* merging, const T& zero,
                                          typename internal::TypedAccumulator<T>::Merging merge) {
    auto cell = std::make_shared<internal::TypedAccumulator<T>>(std::move(name), merging, zero,
                                                                std::move(merge));
    graph_->AddAccumulator(cell);
    return runtime::Accumulator<T>(std::move(cell));
  }

  template <typename Arguments, size_t... I>
  auto TransformAll(const Arguments& arguments, std::index_sequence<I...>) {
    (CheckOwn(std::get<I>(arguments)), ...);
    return std::get<sizeof...(I)>(arguments)(std::get<I>(arguments)...);
  }
  template <typename T>
  void CheckOwn(const DStream<T>& stream) {
    if (!stream.IsOf(*graph_)) AddError("Transform: one of the streams is of another context");
  }
  template <typename T>
  void CheckOwn(const std::vector<DStream<T>>& streams) {
    for (const DStream<T>& stream : streams) CheckOwn(stream);
  }

  template <typename T>
  DStream<T> Input(std::unique_ptr<StreamOperator> input) {
    static_assert(internal::kHasCodec<T>, WT_NO_CODEC);
    return DStream<T>(*graph_, graph_->Add({}, std::move(input)));
  }
  DStream<std::string> Lines(const char* call, std::string host, int port, LineServing serving) {
    CheckServer(call, host, port);
    return Input<std::string>(std::make_unique<SocketTextInput>(std::move(host), port, serving));
  }
  void CheckServer(const char* call, const std::string& host, int port) {
    if (host.empty()) AddError(absl::StrCat(call, ": the host is empty"));
    if (port < 1 || port > 65535) AddError(absl::StrCat(call, ": port ", port));
  }
  void CheckDirectory(const char* call, const std::string& directory) {
    if (directory.empty()) AddError(absl::StrCat(call, ": the directory is empty"));
  }
  void AddError(std::string text) { graph_->AddError(absl::InvalidArgumentError(text)); }

  StreamingConfig config_;
  std::unique_ptr<StreamingGraph> graph_;
  std::shared_ptr<Running> running_;  // shared, so that its type may stay incomplete here
  absl::Status start_error_;
  bool stopped_ = false;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_STREAMING_CONTEXT_H_
