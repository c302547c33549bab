#include "tests/runtime/operators/own_operators.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "runtime/operators/pieces.h"

namespace wavetank::runtime {
namespace {

using checkpoint::StateTable;

// A state key for (time, key, a number that tells rows alike apart), and back.
struct KeptRow {
  int64_t time = 0;
  std::string key;

  static KeptRow Of(std::string_view stored) {
    const std::vector<std::string> parts =
        absl::StrSplit(std::string(stored), absl::MaxSplits('|', 2));
    KeptRow row{.key = parts[2]};
    (void)absl::SimpleAtoi(parts[0], &row.time);
    return row;
  }
};

class OuterJoin final : public Operator {
 public:
  absl::Status Open(const OperatorContext& context) override {
    stores_ = context.stores;
    return absl::OkStatus();
  }
  void Begin(const Epoch& epoch) override {
    epoch_ = epoch;
    port_ = 0;
    late_ = 0;
  }
  absl::Status Add(int port, RecordBatch batch) override {
    StateTable& own = *stores_[static_cast<size_t>(port)];
    StateTable& others = *stores_[static_cast<size_t>(1 - port)];
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      const int64_t time = batch.column(0).Int64At(row);
      if (FromMicros(time) <= epoch_.late) {
        ++late_;
        continue;
      }
      const std::string key(batch.column(1).StringAt(row));
      std::vector<std::string> partners;
      others.ForEach([&](std::string_view stored, std::string_view) {
        if (KeptRow::Of(stored).key == key) partners.emplace_back(stored);
      });
      for (const std::string& partner : partners) {
        const int64_t other = KeptRow::Of(partner).time;
        Show(port == 0 ? time : other, port == 0 ? other : time, key);
        others.Put(partner, "met");
      }
      std::string stored;
      std::string_view there;
      for (int number = 0; stored.empty() || own.Get(stored, &there); ++number) {
        stored = absl::StrCat(time, "|", number, "|", key);
      }
      own.Put(stored, partners.empty() ? "alone" : "met");
    }
    Finish();
    return absl::OkStatus();
  }
  absl::Status EndInput(int port) override {
    port_ = port + 1;
    if (port_ == 2) {
      Evict(0);
      Evict(1);
      Finish();
    }
    return absl::OkStatus();
  }
  absl::StatusOr<Pulled> Next(RecordBatch& output) override {
    if (!rows_.empty()) {
      output = rows_.Take();
      return Pulled{Pull::kOutput};
    }
    if (port_ == 2) return Pulled{Pull::kDone};
    return Pulled{Pull::kNeedsInput, port_};
  }
  void Report(OperatorReport& report) const override {
    report.rows_late = late_;
    report.state_rows = static_cast<int64_t>(stores_[0]->size() + stores_[1]->size());
  }

 private:
  void Show(std::optional<int64_t> left, std::optional<int64_t> right, const std::string& key) {
    for (auto [to, value] : {std::pair{&left_, left}, std::pair{&right_, right}}) {
      value ? to->Int64(*value) : to->Null();
    }
    keys_.String(key);
  }
  void Finish() {
    const int64_t rows = keys_.size();
    rows_.Set(RecordBatch(JoinedSchema(), {left_.Finish(), right_.Finish(), keys_.Finish()}, rows));
  }
  void Evict(int port) {
    StateTable& own = *stores_[static_cast<size_t>(port)];
    std::vector<std::string> gone;
    own.ForEach([&](std::string_view stored, std::string_view value) {
      const KeptRow row = KeptRow::Of(stored);
      if (FromMicros(row.time) > epoch_.evict) return;
      gone.emplace_back(stored);
      if (value != "alone") return;
      Show(port == 0 ? std::optional(row.time) : std::nullopt,
           port == 1 ? std::optional(row.time) : std::nullopt, row.key);
    });
    for (const std::string& stored : gone) own.Remove(stored);
  }

  std::vector<StateTable*> stores_;
  Epoch epoch_;
  int port_ = 0;
  int64_t late_ = 0;
  ColumnBuilder left_{DataType::kTimestamp};
  ColumnBuilder right_{DataType::kTimestamp};
  ColumnBuilder keys_{DataType::kString};
  Pieces rows_;
};

class Lookup final : public Operator {
 public:
  absl::Status Open(const OperatorContext&) override { return absl::OkStatus(); }
  void Begin(const Epoch&) override { ended_ = false; }
  absl::Status Add(int, RecordBatch batch) override {
    words_ = std::move(batch);
    return absl::OkStatus();
  }
  absl::Status EndInput(int) override {
    ended_ = true;
    return absl::OkStatus();
  }
  absl::StatusOr<Pulled> Next(RecordBatch& output) override {
    if (answered_ < words_.num_rows()) return Pulled{Pull::kBlocked};
    if (answered_ > 0) {
      output = RecordBatch(LookedUpSchema(), {words_.column(0), answers_.Finish()},
                           std::exchange(answered_, 0));
      words_ = RecordBatch();
      return Pulled{Pull::kOutput};
    }
    return Pulled{ended_ ? Pull::kDone : Pull::kNeedsInput};
  }
  OperatorRequest BlockedOn() const override {
    return {"lookup", std::string(words_.column(0).StringAt(answered_))};
  }
  absl::Status Answer(absl::StatusOr<std::string> answer) override {
    if (!answer.ok()) return answer.status();
    answers_.String(*answer);
    ++answered_;
    return absl::OkStatus();
  }
  void Report(OperatorReport&) const override {}

 private:
  RecordBatch words_;
  int64_t answered_ = 0;
  ColumnBuilder answers_{DataType::kString};
  bool ended_ = false;
};

class Silence final : public Operator {
 public:
  absl::Status Open(const OperatorContext& context) override {
    seen_ = context.stores[0];
    return absl::OkStatus();
  }
  void Begin(const Epoch& epoch) override {
    epoch_ = epoch;
    ended_ = false;
  }
  absl::Status Add(int, RecordBatch batch) override {
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      seen_->Put(batch.column(0).StringAt(row), absl::StrCat(ToMicros(epoch_.timestamp)));
    }
    return absl::OkStatus();
  }
  absl::Status EndInput(int) override {
    ended_ = true;
    std::vector<std::string> silent;
    seen_->ForEach([&](std::string_view word, std::string_view at) {
      if (Due(at) <= epoch_.timestamp) silent.emplace_back(word);
    });
    ColumnBuilder words(DataType::kString);
    for (const std::string& word : silent) {
      words.String(word);
      seen_->Remove(word);
    }
    rows_.Set(RecordBatch(WordSchema(), {words.Finish()}, static_cast<int64_t>(silent.size())));
    return absl::OkStatus();
  }
  absl::StatusOr<Pulled> Next(RecordBatch& output) override {
    if (rows_.empty()) return Pulled{ended_ ? Pull::kDone : Pull::kNeedsInput};
    output = rows_.Take();
    return Pulled{Pull::kOutput};
  }
  void Report(OperatorReport& report) const override {
    seen_->ForEach([&](std::string_view, std::string_view at) {
      report.earliest_timer = std::min(report.earliest_timer, Due(at));
    });
  }

 private:
  static absl::Time Due(std::string_view at) {
    int64_t micros = 0;
    (void)absl::SimpleAtoi(std::string(at), &micros);
    return FromMicros(micros) + absl::Seconds(10);
  }

  StateTable* seen_ = nullptr;
  Epoch epoch_;
  bool ended_ = false;
  Pieces rows_;
};

SchemaPtr SchemaOf(std::vector<Field> fields) {
  return std::make_shared<const Schema>(std::move(fields));
}

}  // namespace

std::unique_ptr<Operator> MakeOwnOuterJoin() { return std::make_unique<OuterJoin>(); }
std::unique_ptr<Operator> MakeLookup() { return std::make_unique<Lookup>(); }
std::unique_ptr<Operator> MakeSilence() { return std::make_unique<Silence>(); }

SchemaPtr TimedKeySchema() {
  return SchemaOf({{"time", DataType::kTimestamp}, {"key", DataType::kString}});
}
SchemaPtr JoinedSchema() {
  return SchemaOf({{"left", DataType::kTimestamp},
                   {"right", DataType::kTimestamp},
                   {"key", DataType::kString}});
}
SchemaPtr WordSchema() { return SchemaOf({{"word", DataType::kString}}); }
SchemaPtr LookedUpSchema() {
  return SchemaOf({{"word", DataType::kString}, {"answer", DataType::kString}});
}

}  // namespace wavetank::runtime
