// Operators: the nodes of a streaming graph, as the engine sees them: without their row types.
//
// A stage pushes rows from its head (an input, or the reading side of a shuffle) through narrow
// operators into its tail (the writing side of a shuffle, or an output). Unions and windows are in
// no stage: what reads one is the tail of a stage for each stream, or batch, that it joins. Rows
// travel in chunks, `std::vector<T>`, through typed sinks: one virtual call a chunk, none a record,
// and no allocation a record but the user's own.
#ifndef WAVETANK_RUNTIME_DSTREAM_OPERATOR_H_
#define WAVETANK_RUNTIME_DSTREAM_OPERATOR_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/strong_id.h"
#include "runtime/dstream/row_view.h"

namespace wavetank::runtime {

// An operator's place in its plan, in the order in which the job made them: 0, 1, ... The same on
// every node, since every node builds the same plan.
using OperatorId = platform::StrongId<struct OperatorTag>;

// Where rows go. REQUIRES: Finish() once, after the last chunk.
class RowSink {
 public:
  virtual ~RowSink() = default;
  virtual void Finish() = 0;
};

template <typename T>
class TypedSink : public RowSink {
 public:
  // May move rows out and leave any others behind: the caller clears the chunk before it uses it
  // again.
  virtual void Take(std::vector<T>& rows) = 0;
  // The same, of rows whose text stays where it is until this returns (row_view.h). A row that has
  // no view is given itself.
  virtual void TakeViews(std::vector<internal::RowView<T>>& rows) {
    if constexpr (internal::kHasView<T>) {
      for (const auto& row : rows) rows_.push_back(internal::RowOf<T>(row));
      Take(rows_);
      rows_.clear();
    } else {
      Take(rows);
    }
  }

 private:
  std::vector<T> rows_;
};

// Rows that change no more: what one task hands to another.
class Partition {
 public:
  virtual ~Partition() = default;
  virtual std::string Encode() const = 0;
  virtual size_t MemoryBytes() const = 0;  // about
};

// One block of a shuffle, as it arrived: the object, or else its encoding. Both empty: no rows.
struct BlockView {
  const Partition* object = nullptr;
  std::string_view bytes;
};

class StreamOperator {
 public:
  StreamOperator(std::string name, std::string detail, std::string codec)
      : name_(std::move(name)), detail_(std::move(detail)), codec_(std::move(codec)) {}
  StreamOperator(const StreamOperator&) = delete;
  StreamOperator& operator=(const StreamOperator&) = delete;
  virtual ~StreamOperator() = default;

  OperatorId id() const { return id_; }
  // The operators whose rows it takes, in order; none: an input.
  const std::vector<OperatorId>& parents() const { return parents_; }
  const std::string& name() const { return name_; }
  const std::string& detail() const { return detail_; }
  const std::string& codec() const { return codec_; }
  // "operator 2 (FlatMap)".
  std::string Title() const { return absl::StrCat("operator ", id_.value(), " (", name_, ")"); }

 private:
  friend class StreamingGraph;

  OperatorId id_;
  std::vector<OperatorId> parents_;
  const std::string name_;    // "FlatMap"
  const std::string detail_;  // what else tells it apart: a directory, an address
  const std::string codec_;   // of the rows it gives; of an output, of those it takes
};

// A user function threw. `record` counts the rows that reached this operator in this partition,
// from 0.
class OperatorError : public std::runtime_error {
 public:
  OperatorError(const StreamOperator& where, int64_t record, std::string_view what)
      : std::runtime_error(
            absl::StrCat(where.Title(), ", record ", record, ": ", std::string(what))) {}
};

// Turns the bytes of what one task reads of an input into rows.
class ByteFeed {
 public:
  virtual ~ByteFeed() = default;
  // The next piece, cut anywhere within its file.
  virtual absl::Status Push(std::string_view piece) = 0;
  // After the last piece of each file. REQUIRES, of an input that is not of files: never called.
  virtual absl::Status EndFile() { return absl::OkStatus(); }
  // After all of it; also finishes the sink.
  virtual absl::Status Finish() = 0;
};

class InputOperator : public StreamOperator {
 public:
  using StreamOperator::StreamOperator;
  virtual std::unique_ptr<ByteFeed> OpenFeed(RowSink& sink) const = 0;
};

// One that has the same rows for every batch, of the plan itself.
class ConstantInput : public InputOperator {
 public:
  using InputOperator::InputOperator;
  // Encoded as its feed takes them.
  virtual std::vector<std::string> Partitions() const = 0;
};

// A run of a task, as its narrow operators are told of it.
struct TaskRun {
  std::string attempt;                      // unlike that of any other run; "" in a check
  absl::Time row_time = absl::UnixEpoch();  // of the batch that made its rows: those of a task are
                                            // of one. What an input gave to a batch, or a shuffle
                                            // or a state made in one; Map and the like, Union,
                                            // Window and Persist leave it as it is.
};

class NarrowOperator : public StreamOperator {
 public:
  using StreamOperator::StreamOperator;
  // Whether it may give rows for a partition that has none.
  virtual bool gives_rows_of_none() const { return false; }
  // Whether what it gives depends on the batch that its rows are of: no task has those of two.
  virtual bool tells_batches_apart() const { return false; }
  // A sink for this operator's input, which feeds `downstream`, which outlives it.
  virtual std::unique_ptr<RowSink> Attach(const TaskRun& run, RowSink& downstream) const = 0;
};

// The rows of the one parent, then those of the next: its partitions are theirs.
class UnionOperator final : public StreamOperator {
 public:
  explicit UnionOperator(std::string codec, std::string name = "Union")
      : StreamOperator(std::move(name), "", std::move(codec)) {}
};

// The rows that its parent had in the batches of a window that ends with this one, oldest first:
// their partitions are its. Every `slide`.
class WindowOperator final : public StreamOperator {
 public:
  WindowOperator(absl::Duration window, absl::Duration slide, std::string codec)
      : StreamOperator(
            "Window",
            absl::StrCat(absl::FormatDuration(window), " every ", absl::FormatDuration(slide)),
            std::move(codec)),
        window_(window),
        slide_(slide) {}
  absl::Duration window() const { return window_; }
  absl::Duration slide() const { return slide_; }

 private:
  const absl::Duration window_;
  const absl::Duration slide_;
};

// Which task writes which side of a shuffle, for how many.
struct ShuffleWrite {
  int side = 0;
  int targets = 1;
  int partition = 0;  // the writer's
};

// The writing side of a shuffle: after sink->Finish(), a partition for each target; null: no rows.
struct ShuffleTail {
  std::unique_ptr<RowSink> sink;
  std::function<std::vector<std::shared_ptr<const Partition>>()> take;
};

// Each of its parents is a side of it. What its reading side does, a class below it says.
class ShuffleOperator : public StreamOperator {
 public:
  using StreamOperator::StreamOperator;
  // As many as the job says; nullopt: as many as the driver's default.
  virtual std::optional<int> partitions() const { return std::nullopt; }
  virtual ShuffleTail OpenTail(const ShuffleWrite& write) const = 0;
};

// Keeps the rows that an operator gives, of its type, for all that read them: its stage ends there,
// and theirs begin there.
class RowKeeper {
 public:
  virtual ~RowKeeper() = default;
  // Of one target.
  virtual ShuffleTail OpenTail(const StreamOperator& of) const = 0;
  // Feeds the rows of the blocks, in order, and finishes the sink.
  virtual absl::Status Give(const std::vector<BlockView>& blocks, RowSink& sink) const = 0;
};

// One whose rows are of the blocks alone.
class MergeOperator : public ShuffleOperator {
 public:
  using ShuffleOperator::ShuffleOperator;
  // The reading side: merges the blocks, by side and in the order given, feeds and finishes the
  // sink.
  virtual absl::Status Merge(const std::vector<std::vector<BlockView>>& sides,
                             RowSink& sink) const = 0;
};

// The end of an output's last stage: after sink->Finish(), the bytes of this partition's result.
struct OutputTail {
  std::unique_ptr<RowSink> sink;
  std::function<std::string()> take;
};

// The files of SaveAsTextFiles or SaveAsObjectFiles, a directory a batch:
// "<prefix>-<milliseconds>[.<suffix>]".
struct TextFiles {
  std::string prefix;  // normal, as NormalPrefix gives it
  std::string suffix;
  bool of_objects = false;  // object_file.h

  std::string Directory(absl::Time batch_time) const {
    return absl::StrCat(prefix, "-", absl::ToUnixMillis(batch_time), suffix.empty() ? "" : ".",
                        suffix);
  }
};

// The same beginning of paths as shortly as it can be said. The last component is any text: "in/"
// stays, and is not "in".
std::string NormalPrefix(std::string_view prefix);

using Printer = std::function<void(std::string text)>;

// A run of one partition of an output.
struct PartitionRun {
  absl::Time batch_time;
  int partition = 0;    // of the output's, from 0
  std::string attempt;  // unlike that of any other run
};

class OutputOperator : public StreamOperator {
 public:
  using StreamOperator::StreamOperator;
  virtual OutputTail OpenTail(const PartitionRun& run) const = 0;
  // Set: the workers write the results to files, and the driver marks them complete.
  virtual const TextFiles* files() const { return nullptr; }
  // What its functions do on the workers shows outside, whichever attempt counts: no task of it is
  // at work twice on purpose (Stage::alone).
  virtual bool acts_where_rows_are() const { return false; }
  // At the driver, with the results by partition, of an output without files. May throw what a user
  // function throws.
  virtual absl::Status Deliver(const std::vector<std::string>& results, absl::Time batch_time,
                               const Printer& print) const = 0;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_OPERATOR_H_
