// StreamOutputs<T>: what can be done with the rows of a stream in the end.
#ifndef WAVETANK_RUNTIME_DSTREAM_STREAM_OUTPUTS_H_
#define WAVETANK_RUNTIME_DSTREAM_STREAM_OUTPUTS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "runtime/dstream/graph.h"
#include "runtime/dstream/output_operators.h"
#include "runtime/dstream/rdd.h"

namespace wavetank::runtime {

template <typename T>
class StreamOutputs {
 public:
  StreamOutputs(StreamingGraph& graph, OperatorId id) : graph_(&graph), id_(id) {}
  OperatorId id() const { return id_; }
  bool IsOf(const StreamingGraph& graph) const { return graph_ == &graph; }

  // Prints the first `count` rows of each batch, and "..." if there are more, under its time.
  void Print(int count = 10) const {
    if (count < 0) {
      graph_->AddError(absl::InvalidArgumentError(absl::StrCat("Print(", count, ") of ", title())));
      count = 0;
    }
    End(std::make_unique<internal::PrintOperator<T>>(static_cast<size_t>(count)));
  }

  // Calls function(rdd, batch_time) or function(rdd) for each batch, also an empty one, at the
  // driver. A batch that runs again calls it again.
  template <typename F>
  void ForeachRDD(F function) const {
    if constexpr (std::is_invocable_v<const F&, const Rdd<T>&, absl::Time>) {
      End(std::make_unique<internal::ForeachOperator<T, F>>(std::move(function)));
    } else {
      static_assert(std::is_invocable_v<const F&, const Rdd<T>&>,
                    "ForeachRDD takes a function of (const Rdd<T>&, absl::Time)");
      ForeachRDD(
          [function = std::move(function)](const Rdd<T>& rdd, absl::Time) { function(rdd); });
    }
  }

  // Calls function(rows, run) for each partition of each batch, on the worker that has it: what
  // rdd.foreachPartition is for in Spark; one without rows may be among them. `rows` is a
  // std::vector<T>, all of the partition's; `run` says of which batch, of which partition and
  // attempt (PartitionRun). What it does outside may be done again: by an attempt that runs anew,
  // also beside one that was taken for lost, and when the batch runs again. It is the same then if
  // it is named by run.batch_time and run.partition, as long as the job's partitions stay as they
  // are. One that throws is tried again.
  template <typename F>
    requires std::is_invocable_v<const F&, std::vector<T>, const PartitionRun&>
  void ForeachPartition(F function) const {
    End(std::make_unique<internal::ForeachPartitionOperator<T, F>>(std::move(function)));
  }

  // For each batch the directory "<prefix>-<milliseconds>[.<suffix>]" of the store, with a folder
  // "attempt-<id>" for each time the batch ran: files part-00000-<unique id> and so on, a line a
  // row, and, written last, _SUCCESS. An attempt without _SUCCESS is incomplete; its second and
  // further lines name the parts that count, and others that may be there do not (text_output.h).
  // Of the complete attempts of one batch read any one: they are the same when the functions are
  // deterministic, and each is a whole answer when they are not. REQUIRES: no other output of the
  // job has the same prefix and suffix.
  void SaveAsTextFiles(std::string prefix, std::string suffix = "") const {
    if (prefix.empty()) {
      graph_->AddError(absl::InvalidArgumentError(
          absl::StrCat("SaveAsTextFiles of ", title(), ": the prefix is empty")));
    }
    End(std::make_unique<internal::SaveAsTextOperator<T>>(prefix, std::move(suffix)));
  }

  // The same as files of objects: the rows as their codec has them, checksummed (object_file.h).
  // ObjectFileStream<T> reads such files, and DecodeObjectFile<T> the bytes of one. A partition's
  // file is held in memory whole. (In Spark they are sequence files of rows that Java serialises.)
  void SaveAsObjectFiles(std::string prefix, std::string suffix = "") const {
    if (prefix.empty()) {
      graph_->AddError(absl::InvalidArgumentError(
          absl::StrCat("SaveAsObjectFiles of ", title(), ": the prefix is empty")));
    }
    End(std::make_unique<internal::SaveAsObjectOperator<T>>(prefix, std::move(suffix)));
  }

 protected:
  std::string title() const { return graph_->at(id_).Title(); }

  StreamingGraph* graph_;
  OperatorId id_;

 private:
  void End(std::unique_ptr<OutputOperator> output) const { graph_->Add({id_}, std::move(output)); }
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_STREAM_OUTPUTS_H_
