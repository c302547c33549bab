#include "runtime/operators/writers.h"

#include <utility>
#include <vector>

#include "platform/status_macros.h"
#include "runtime/columnar/partition_of.h"
#include "runtime/columnar/row_key.h"
#include "runtime/columnar/take.h"

namespace wavetank::runtime {
namespace {

class Writer : public Operator {
 public:
  absl::Status Open(const OperatorContext& context) override {
    outlet_ = context.outlet;
    return absl::OkStatus();
  }
  void Begin(const Epoch&) override { ended_ = false; }
  absl::Status EndInput(int) override {
    ended_ = true;
    return absl::OkStatus();
  }
  absl::StatusOr<Pulled> Next(RecordBatch&) override {
    return Pulled{ended_ ? Pull::kDone : Pull::kNeedsInput};
  }
  void Report(OperatorReport&) const override {}

 protected:
  Outlet& outlet() { return *outlet_; }

 private:
  Outlet* outlet_ = nullptr;
  bool ended_ = false;
};

class ExchangeWriter final : public Writer {
 public:
  ExchangeWriter(int keys, int partitions) : keys_(keys), partitions_(partitions) {}

  absl::Status Add(int, RecordBatch batch) override {
    if (partitions_ == 1) return outlet().Write(0, std::move(batch));
    const auto& columns = batch.columns();
    const BufferBuilder<uint64_t> hashes =
        HashRows({columns.begin(), columns.begin() + keys_}, batch.num_rows());
    std::vector<RowNumbers> members(static_cast<size_t>(partitions_));
    for (uint32_t row = 0; row < batch.num_rows(); ++row) {
      members[static_cast<size_t>(PartitionOf(hashes[row], partitions_))].Append(row);
    }
    for (int partition = 0; partition < partitions_; ++partition) {
      const RowNumbers& rows = members[static_cast<size_t>(partition)];
      if (rows.size() == 0) continue;
      WT_RETURN_IF_ERROR(outlet().Write(partition, Take(batch, Numbers(rows))));
    }
    return absl::OkStatus();
  }

 private:
  const int keys_;
  const int partitions_;
};

class SinkWriter final : public Writer {
 public:
  absl::Status Add(int, RecordBatch batch) override { return outlet().Write(0, std::move(batch)); }
};

}  // namespace

std::unique_ptr<Operator> MakeExchangeWriter(int keys, int partitions) {
  return std::make_unique<ExchangeWriter>(keys, partitions);
}

std::unique_ptr<Operator> MakeSinkWriter() { return std::make_unique<SinkWriter>(); }

}  // namespace wavetank::runtime
