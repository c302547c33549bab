// An operator with state, driven over epochs, as tasks do it: a new operator for each epoch, tables
// that stay, are built anew from what they hold, or take an attempt back.
#ifndef WAVETANK_TESTS_RUNTIME_OPERATORS_STATEFUL_H_
#define WAVETANK_TESTS_RUNTIME_OPERATORS_STATEFUL_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "checkpoint/state_table.h"
#include "platform/random.h"
#include "tests/runtime/operators/drive.h"

namespace wavetank::runtime {

class StatefulDrive {
 public:
  using Make = std::function<std::unique_ptr<Operator>()>;
  // Of one store: its entries in order.
  using Entries = std::vector<std::pair<std::string, std::string>>;

  StatefulDrive(Make make, int stores) : make_(std::move(make)) {
    for (int i = 0; i < stores; ++i) {
      tables_.push_back(std::make_unique<checkpoint::StateTable>());
      deltas_.emplace_back();
    }
  }

  // One epoch, committed.
  DrivenEpoch Run(const Epoch& epoch, const std::vector<RecordBatch>& inputs,
                  const std::function<int64_t()>& rows_at_once) {
    DrivenEpoch driven = Attempt(epoch, inputs, rows_at_once);
    deltas_.clear();
    for (const auto& table : tables_) {
      Delta& delta = deltas_.emplace_back();
      table->ForEachChange([&](std::string_view key, std::optional<std::string_view> value) {
        delta.emplace_back(std::string(key),
                           value ? std::optional(std::string(*value)) : std::nullopt);
      });
      table->Accept();
    }
    return driven;
  }

  // One that is given up: after so many steps of the operator.
  void GiveUp(const Epoch& epoch, const std::vector<RecordBatch>& inputs, int steps) {
    const std::unique_ptr<Operator> op = Opened();
    std::vector<int64_t> next(inputs.size(), 0);
    op->Begin(epoch);
    for (int step = 0; step < steps; ++step) {
      RecordBatch output;
      const absl::StatusOr<Pulled> pulled = op->Next(output);
      ASSERT_TRUE(pulled.ok()) << pulled.status();
      if (pulled->what == Pull::kDone) break;
      if (pulled->what != Pull::kNeedsInput) continue;
      const auto port = static_cast<size_t>(pulled->port);
      const int64_t end = std::min(inputs[port].num_rows(), next[port] + 3);
      const bool ended = next[port] == inputs[port].num_rows();
      const absl::Status status =
          ended ? op->EndInput(pulled->port)
                : op->Add(pulled->port, RowsOf(inputs[port], next[port], end));
      ASSERT_TRUE(status.ok()) << status;
      next[port] = end;
    }
    for (const auto& table : tables_) table->TakeBack();
  }

  // As by a worker that has nothing in memory: from what was accepted, in order.
  void LoadCold() {
    for (auto& table : tables_) {
      auto cold = std::make_unique<checkpoint::StateTable>();
      table->ForEach([&](std::string_view key, std::string_view value) { cold->Put(key, value); });
      cold->Accept();
      table = std::move(cold);
    }
  }

  std::vector<Entries> State() const {
    std::vector<Entries> stores;
    for (const auto& table : tables_) {
      Entries& entries = stores.emplace_back();
      table->ForEach([&](std::string_view key, std::string_view value) {
        entries.emplace_back(std::string(key), std::string(value));
      });
    }
    return stores;
  }
  // What the last epoch changed, as it is written.
  using Delta = std::vector<std::pair<std::string, std::optional<std::string>>>;
  const std::vector<Delta>& deltas() const { return deltas_; }

 private:
  std::unique_ptr<Operator> Opened() {
    std::unique_ptr<Operator> op = make_();
    OperatorContext context;
    for (const auto& table : tables_) context.stores.push_back(table.get());
    EXPECT_TRUE(op->Open(context).ok());
    return op;
  }
  DrivenEpoch Attempt(const Epoch& epoch, const std::vector<RecordBatch>& inputs,
                      const std::function<int64_t()>& rows_at_once) {
    const absl::StatusOr<DrivenEpoch> driven = DriveEpoch(*Opened(), epoch, inputs, rows_at_once);
    EXPECT_TRUE(driven.ok()) << driven.status();
    return driven.ok() ? *driven : DrivenEpoch();
  }

  const Make make_;
  std::vector<std::unique_ptr<checkpoint::StateTable>> tables_;
  std::vector<Delta> deltas_;
};

// Runs random epochs three ways and expects them to be alike, in rows, reports, state and what is
// written of it: in whole batches by tables that stay; a row at a time; and in small batches by
// tables that are loaded anew now and then, with attempts that are given up.
// `expect(epoch, inputs, driven)` then judges what came out.
inline void ExpectAlikeHoweverRun(
    const StatefulDrive::Make& make, int stores, platform::Random& random, int epochs,
    const std::function<std::vector<RecordBatch>(int64_t epoch)>& inputs_of,
    const std::function<Epoch(int64_t)>& epoch_at,
    const std::function<void(const Epoch&, const std::vector<RecordBatch>&, const DrivenEpoch&)>&
        expect) {
  StatefulDrive whole(make, stores);
  StatefulDrive single(make, stores);
  StatefulDrive restless(make, stores);
  for (int64_t id = 0; id < epochs; ++id) {
    const std::vector<RecordBatch> inputs = inputs_of(id);
    const Epoch epoch = epoch_at(id);
    const DrivenEpoch driven = whole.Run(epoch, inputs, [] { return 100'000; });
    if (random.OneIn(3)) restless.LoadCold();
    while (random.OneIn(2)) {
      restless.GiveUp(epoch, inputs, static_cast<int>(random.Between(1, 30)));
    }
    const auto a_few = [&random] { return random.Between(1, 9); };
    const DrivenEpoch others[] = {single.Run(epoch, inputs, [] { return 1; }),
                                  restless.Run(epoch, inputs, a_few)};
    for (const DrivenEpoch& other : others) {
      ASSERT_EQ(other.rows, driven.rows) << "epoch " << id;
      ASSERT_EQ(other.report, driven.report) << "epoch " << id;
    }
    for (const StatefulDrive* other : {&single, &restless}) {
      ASSERT_EQ(other->State(), whole.State()) << "epoch " << id;
      ASSERT_EQ(other->deltas(), whole.deltas()) << "epoch " << id;
    }
    expect(epoch, inputs, driven);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_OPERATORS_STATEFUL_H_
