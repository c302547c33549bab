#include "runtime/operators/sort.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <type_traits>
#include <utility>

#include "platform/status_macros.h"
#include "runtime/columnar/take.h"
#include "runtime/operators/pieces.h"
#include "runtime/operators/row_operator.h"

namespace wavetank::runtime {
namespace {

template <typename T>
int Order(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) return int{std::isnan(a)} - int{std::isnan(b)};
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

// Below 0, 0, above 0. REQUIRES: neither is null.
int OrderOf(const Column& column, int64_t a, int64_t b) {
  if (column.type() == DataType::kBool) return int{column.BoolAt(a)} - int{column.BoolAt(b)};
  if (column.type() == DataType::kString || column.type() == DataType::kBinary) {
    return Order(column.StringAt(a), column.StringAt(b));
  }
  return WithValueType(column.type(), [&]<typename T>(T) {
    return Order<T>(column.values<T>()[a], column.values<T>()[b]);
  });
}

class Sort final : public Operator {
 public:
  explicit Sort(std::vector<SortKey> keys) : keys_(std::move(keys)) {}

  absl::Status Open(const OperatorContext& context) override {
    memory_ = context.memory;
    return absl::OkStatus();
  }

  void Begin(const Epoch& epoch) override {
    timestamp_ = epoch.timestamp;
    batches_.clear();
    bytes_ = 0;
    rows_.Clear();
    ended_ = false;
  }

  absl::Status Add(int, RecordBatch batch) override {
    bytes_ += ByteSize(batch);
    batches_.push_back(std::move(batch));
    return memory_.Hold(bytes_);
  }

  absl::Status EndInput(int) override {
    ended_ = true;
    if (batches_.empty()) return absl::OkStatus();
    WT_RETURN_IF_ERROR(memory_.Hold(3 * bytes_));
    const RecordBatch all = Concatenate(batches_.front().schema_ptr(), batches_);
    batches_.clear();
    std::vector<Column> values;
    for (const SortKey& key : keys_) values.push_back(Evaluate(key.value, all, timestamp_));
    std::vector<uint32_t> order(static_cast<size_t>(all.num_rows()));
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, [&](uint32_t a, uint32_t b) {
      for (size_t i = 0; i < keys_.size(); ++i) {
        const int by = Compared(values[i], keys_[i], a, b);
        if (by != 0) return by < 0;
      }
      return a < b;
    });
    rows_.Set(Take(all, order));
    return memory_.Hold(bytes_);
  }

  absl::StatusOr<Pulled> Next(RecordBatch& output) override {
    if (rows_.empty()) return Pulled{ended_ ? Pull::kDone : Pull::kNeedsInput};
    output = rows_.Take();
    return Pulled{Pull::kOutput};
  }

  void Report(OperatorReport&) const override {}

 private:
  static int Compared(const Column& values, const SortKey& key, uint32_t a, uint32_t b) {
    const bool null_a = values.IsNull(a);
    const bool null_b = values.IsNull(b);
    if (null_a || null_b) {
      const int nulls_first = int{null_b} - int{null_a};
      return key.nulls_last ? -nulls_first : nulls_first;
    }
    const int order = OrderOf(values, a, b);
    return key.descending ? -order : order;
  }

  const std::vector<SortKey> keys_;
  MemoryHolder memory_;
  absl::Time timestamp_;
  std::vector<RecordBatch> batches_;
  int64_t bytes_ = 0;
  Pieces rows_;
  bool ended_ = false;
};

class Limit final : public RowOperator {
 public:
  explicit Limit(int64_t rows) : rows_(rows) {}

  void Begin(const Epoch& epoch) override {
    left_ = rows_;
    RowOperator::Begin(epoch);
  }

 private:
  absl::StatusOr<RecordBatch> Transform(RecordBatch batch) override {
    const int64_t given = std::min(left_, batch.num_rows());
    left_ -= given;
    return given == batch.num_rows() ? std::move(batch) : batch.Slice(0, given);
  }

  const int64_t rows_;
  int64_t left_ = 0;  // of this epoch
};

}  // namespace

std::unique_ptr<Operator> MakeSort(std::vector<SortKey> keys) {
  return std::make_unique<Sort>(std::move(keys));
}

std::unique_ptr<Operator> MakeLimit(int64_t rows) { return std::make_unique<Limit>(rows); }

}  // namespace wavetank::runtime
