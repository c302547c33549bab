// Print, ForeachRDD, ForeachPartition, SaveAsTextFiles, SaveAsObjectFiles: where a graph ends.
#ifndef WAVETANK_RUNTIME_DSTREAM_OUTPUT_OPERATORS_H_
#define WAVETANK_RUNTIME_DSTREAM_OUTPUT_OPERATORS_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "runtime/dstream/codec.h"
#include "runtime/dstream/narrow_operators.h"
#include "runtime/dstream/object_file.h"
#include "runtime/dstream/operator.h"
#include "runtime/dstream/rdd.h"

namespace wavetank::runtime::internal {

// Keeps rows; the first `limit` of them.
template <typename T>
class CollectSink final : public TypedSink<T> {
 public:
  explicit CollectSink(size_t limit) : limit_(limit) {}
  void Take(std::vector<T>& rows) override {
    for (T& row : rows) {
      if (rows_.size() == limit_) return;
      rows_.push_back(std::move(row));
    }
  }
  void Finish() override {}
  const std::vector<T>& rows() const { return rows_; }

 private:
  const size_t limit_;
  std::vector<T> rows_;
};

// Sends the first `limit` rows of each partition to the driver.
template <typename T>
OutputTail CollectTail(size_t limit) {
  auto sink = std::make_unique<CollectSink<T>>(limit);
  auto* collected = sink.get();
  return {std::move(sink), [collected] { return EncodeToString(collected->rows()); }};
}

template <typename T>
absl::Status DecodePartitions(const std::vector<std::string>& results,
                              std::vector<std::vector<T>>& partitions) {
  partitions.resize(results.size());
  for (size_t i = 0; i < results.size(); ++i) {
    const absl::Status decoded = DecodeFromString(results[i], partitions[i]);
    if (!decoded.ok()) return decoded;
  }
  return absl::OkStatus();
}

template <typename T>
class PrintOperator final : public OutputOperator {
 public:
  explicit PrintOperator(size_t count)
      : OutputOperator("Print", absl::StrCat(count), Codec<T>::Name()), count_(count) {}
  // One row more than is printed tells whether there are more.
  OutputTail OpenTail(const PartitionRun&) const override { return CollectTail<T>(count_ + 1); }
  absl::Status Deliver(const std::vector<std::string>& results, absl::Time batch_time,
                       const Printer& print) const override {
    std::vector<std::vector<T>> partitions;
    const absl::Status decoded = DecodePartitions(results, partitions);
    if (!decoded.ok()) return decoded;
    const std::string rule(43, '-');
    std::string text =
        absl::StrCat(rule, "\nTime: ", absl::ToUnixMillis(batch_time), " ms\n", rule, "\n");
    const std::vector<T> first = Rdd<T>(std::move(partitions)).Take(count_ + 1);
    for (size_t i = 0; i < first.size() && i < count_; ++i) {
      Codec<T>::Show(first[i], text);
      text.push_back('\n');
    }
    if (first.size() > count_) text.append("...\n");
    text.push_back('\n');
    print(std::move(text));
    return absl::OkStatus();
  }

 private:
  const size_t count_;
};

template <typename T, typename F>
class ForeachOperator final : public OutputOperator {
 public:
  explicit ForeachOperator(F function)
      : OutputOperator("ForeachRDD", "", Codec<T>::Name()), function_(std::move(function)) {}
  OutputTail OpenTail(const PartitionRun&) const override { return CollectTail<T>(SIZE_MAX); }
  absl::Status Deliver(const std::vector<std::string>& results, absl::Time batch_time,
                       const Printer&) const override {
    std::vector<std::vector<T>> partitions;
    const absl::Status decoded = DecodePartitions(results, partitions);
    if (!decoded.ok()) return decoded;
    function_(Rdd<T>(std::move(partitions)), batch_time);
    return absl::OkStatus();
  }

 private:
  const F function_;
};

// Calls a function with the rows of a partition, where they are.
template <typename T, typename F>
class ForeachPartitionOperator final : public OutputOperator {
 public:
  explicit ForeachPartitionOperator(F function)
      : OutputOperator("ForeachPartition", "", Codec<T>::Name()), function_(std::move(function)) {}
  OutputTail OpenTail(const PartitionRun& run) const override {
    return {std::make_unique<Sink>(*this, run), [] { return std::string(); }};
  }
  bool acts_where_rows_are() const override { return true; }
  absl::Status Deliver(const std::vector<std::string>&, absl::Time, const Printer&) const override {
    return absl::OkStatus();
  }

 private:
  class Sink final : public TypedSink<T> {
   public:
    Sink(const ForeachPartitionOperator& where, PartitionRun run)
        : where_(where), run_(std::move(run)) {}
    void Take(std::vector<T>& rows) override {
      if (rows_.empty()) return rows_.swap(rows);
      rows_.insert(rows_.end(), std::make_move_iterator(rows.begin()),
                   std::make_move_iterator(rows.end()));
    }
    void Finish() override {
      const auto record = static_cast<int64_t>(rows_.size());
      CallUser(where_, record, [&] { where_.function_(std::move(rows_), run_); });
    }

   private:
    const ForeachPartitionOperator& where_;
    const PartitionRun run_;
    std::vector<T> rows_;
  };

  const F function_;
};

template <typename T>
class TextSink final : public TypedSink<T> {
 public:
  void Take(std::vector<T>& rows) override {
    for (const T& row : rows) {
      Codec<T>::Show(row, text_);
      text_.push_back('\n');
    }
  }
  void Finish() override {}
  std::string TakeText() { return std::move(text_); }

 private:
  std::string text_;
};

// Of one that workers write files of.
class FilesOperator : public OutputOperator {
 public:
  // The plan names the prefix as the job writes it: checkpoints of older builds do.
  FilesOperator(std::string name, const std::string& prefix, std::string suffix, std::string codec,
                bool of_objects)
      : OutputOperator(std::move(name), absl::StrCat(prefix, "-*.", suffix), std::move(codec)),
        files_{
            .prefix = NormalPrefix(prefix), .suffix = std::move(suffix), .of_objects = of_objects} {
  }
  const TextFiles* files() const override { return &files_; }
  absl::Status Deliver(const std::vector<std::string>&, absl::Time, const Printer&) const override {
    return absl::OkStatus();
  }

 private:
  const TextFiles files_;
};

template <typename T>
class SaveAsTextOperator final : public FilesOperator {
 public:
  SaveAsTextOperator(const std::string& prefix, std::string suffix)
      : FilesOperator("SaveAsTextFiles", prefix, std::move(suffix), Codec<T>::Name(), false) {}
  OutputTail OpenTail(const PartitionRun&) const override {
    auto sink = std::make_unique<TextSink<T>>();
    auto* text = sink.get();
    return {std::move(sink), [text] { return text->TakeText(); }};
  }
};

template <typename T>
class SaveAsObjectOperator final : public FilesOperator {
 public:
  SaveAsObjectOperator(const std::string& prefix, std::string suffix)
      : FilesOperator("SaveAsObjectFiles", prefix, std::move(suffix), Codec<T>::Name(), true) {}
  OutputTail OpenTail(const PartitionRun&) const override {
    auto sink = std::make_unique<ObjectSink<T>>();
    auto* objects = sink.get();
    return {std::move(sink), [objects] { return objects->TakeFile(); }};
  }
};

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_OUTPUT_OPERATORS_H_
