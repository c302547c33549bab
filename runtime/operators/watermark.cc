#include <algorithm>
#include <limits>
#include <utility>

#include "runtime/operators/row_operator.h"
#include "runtime/operators/row_operators.h"

namespace wavetank::runtime {
namespace {

class Watermark final : public RowOperator {
 public:
  explicit Watermark(BoundExpression event_time) : event_time_(std::move(event_time)) {}

  void Begin(const Epoch& epoch) override {
    RowOperator::Begin(epoch);
    seen_ = EventTimeStats();
  }
  void Report(OperatorReport& report) const override { report.event_times = seen_; }

 private:
  absl::StatusOr<RecordBatch> Transform(RecordBatch batch) override {
    const Column times = Evaluate(event_time_, batch, timestamp());
    int64_t least = std::numeric_limits<int64_t>::max();
    int64_t most = std::numeric_limits<int64_t>::min();
    for (int64_t row = 0; row < times.size(); ++row) {
      if (times.IsNull(row)) continue;
      least = std::min(least, times.Int64At(row));
      most = std::max(most, times.Int64At(row));
    }
    const int64_t rows = times.size() - times.null_count();
    if (rows > 0) seen_.Merge({rows, FromMicros(least), FromMicros(most)});
    return batch;
  }

  const BoundExpression event_time_;
  EventTimeStats seen_;
};

}  // namespace

std::unique_ptr<Operator> MakeWatermark(BoundExpression event_time) {
  return std::make_unique<Watermark>(std::move(event_time));
}

}  // namespace wavetank::runtime
