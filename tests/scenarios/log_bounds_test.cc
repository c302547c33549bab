// What bounds a batch of a source of format log, and what a sink says that takes too long.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "checkpoint/seen_paths.h"
#include "runtime/columnar/column.h"
#include "runtime/connectors/log/log_client.h"
#include "runtime/connectors/log/log_offsets.h"
#include "runtime/connectors/log/log_sink.h"
#include "runtime/connectors/log/log_source.h"
#include "tests/scenarios/log_server_fixture.h"

namespace wavetank::scenarios::fakes {
namespace {

namespace logs = runtime::logs;
using platform::Node;
using platform::Task;
using runtime::LogClient;
using runtime::LogOffsets;
using Sizes = std::map<int32_t, std::vector<size_t>>;

// So many bytes each, as a log counts them.
constexpr size_t kOverhead = 3;

Task<void> AppendOfSizes(LogClient& client, Sizes sizes) {
  for (const auto& [partition, of] : sizes) {
    logs::AppendRequest request;
    request.set_topic("topic");
    request.set_partition(partition);
    for (const size_t size : of) request.add_records()->set_value(std::string(size, 'x'));
    EXPECT_TRUE((co_await client.Append(std::move(request))).ok());
  }
}

int64_t BytesOf(const Sizes& sizes, const LogOffsets& from, const LogOffsets& to) {
  int64_t bytes = 0;
  for (const auto& [partition, of] : sizes) {
    for (int64_t at = runtime::OffsetOf(from, partition); at < runtime::OffsetOf(to, partition);
         ++at) {
      bytes += static_cast<int64_t>(of[static_cast<size_t>(at)] + kOverhead);
    }
  }
  return bytes;
}

int64_t RecordsOf(const LogOffsets& from, const LogOffsets& to) {
  int64_t records = 0;
  for (const auto& [partition, end] : to) records += end - runtime::OffsetOf(from, partition);
  return records;
}

// All of it in batches of at most `most` bytes, or of one record; how many there were.
Task<int> ReadInBatches(Node& node, Sizes sizes, int64_t most, std::string own = "") {
  checkpoint::LocalStore store(node, "store");
  checkpoint::SeenPaths seen;
  runtime::OptionMap options = {{"address", LogServerTest::kAddress}, {"topic", "topic"}};
  if (!own.empty()) options["maxBytesPerTrigger"] = own;
  const auto source =
      runtime::LogSource().open({.format = "log", .path = "", .options = std::move(options)},
                                {.node = node, .store = store, .seen = seen, .batch_bytes = most});
  EXPECT_TRUE(source.ok()) << source.status();
  auto begin = co_await (*source)->Begin();
  EXPECT_TRUE(begin.ok()) << begin.status();
  std::string at = *begin;
  for (int batches = 0; true; ++batches) {
    const auto defined = co_await (*source)->Define(at);
    EXPECT_TRUE(defined.ok()) << defined.status();
    if (!defined->any()) {
      for (const auto& [partition, of] : sizes) {
        EXPECT_EQ(runtime::OffsetOf(runtime::ParseLogPosition(at)->offsets, partition),
                  std::ssize(of));
      }
      co_return batches;
    }
    const LogOffsets from = runtime::ParseLogPosition(at)->offsets;
    const LogOffsets to = runtime::ParseLogPosition(defined->range.end_offset())->offsets;
    EXPECT_TRUE(BytesOf(sizes, from, to) <= most || RecordsOf(from, to) == 1)
        << BytesOf(sizes, from, to) << " bytes from " << at << " to "
        << defined->range.end_offset();
    at = defined->range.end_offset();
  }
}

Task<void> ReadABacklog(LogClient& client, Node& node) {
  const Sizes sizes = {{0, std::vector<size_t>(300, 97)}, {1, std::vector<size_t>(100, 97)}};
  co_await AppendOfSizes(client, sizes);
  const int at_once = co_await ReadInBatches(node, sizes, 40'000);
  EXPECT_EQ(at_once, 1);
  const int in_four = co_await ReadInBatches(node, sizes, 10'000);
  EXPECT_EQ(in_four, 4) << "each partition has its part of a batch";
  const int by_one = co_await ReadInBatches(node, sizes, 1);
  EXPECT_EQ(by_one, 400) << "a record is the least";
  const int as_it_says = co_await ReadInBatches(node, sizes, 10'000'000, "10000");
  EXPECT_EQ(as_it_says, 4) << "its own option, and not the query's";
}

TEST_F(LogServerTest, ABacklogIsReadInBatchesOfSoManyBytes) {
  Serve();
  Run("asker", ReadABacklog);
}

Task<void> ReadUnevenRecords(LogClient& client, Node& node) {
  Sizes sizes;
  for (size_t i = 0; i < 60; ++i) {
    sizes[static_cast<int32_t>(i % 2)].push_back(i % 7 == 0 ? 120'000 : 200 * i);
  }
  co_await AppendOfSizes(client, sizes);
  for (const int64_t most : {1'000, 50'000, 130'000, 400'000}) {
    co_await ReadInBatches(node, sizes, most);
  }
}

TEST_F(LogServerTest, ABatchOfUnevenRecordsIsWithinItsBytesOrOneRecord) {
  Serve();
  Run("asker", ReadUnevenRecords);
}

// What is gone has no bytes, and what is left is measured from where it begins.
Task<void> ReadWhatIsLeft(LogClient& client, Node&) {
  co_await AppendOfSizes(client, {{0, std::vector<size_t>(40, 97)}});
  logs::MeasureRequest request;
  request.set_topic("topic");
  request.set_max_bytes(1'000);
  logs::OffsetRange& range = *request.add_ranges();
  range.set_begin(0);
  range.set_end(40);
  const auto before = co_await client.Measure(request);
  EXPECT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->ends(0), 10);
  range.set_begin(35);
  const auto within = co_await client.Measure(request);
  EXPECT_EQ(within->ends(0), 40);
  range.set_partition(7);
  const auto nowhere = co_await client.Measure(request);
  EXPECT_TRUE(absl::IsNotFound(nowhere.status())) << nowhere.status();
}

Task<void> MeasureAfterTrim(LogClient& client, Node&) {
  logs::MeasureRequest request;
  request.set_topic("trimmed");
  request.set_max_bytes(1'000);
  logs::OffsetRange& range = *request.add_ranges();
  range.set_begin(5);
  range.set_end(40);
  const auto measured = co_await client.Measure(request);
  EXPECT_TRUE(measured.ok()) << measured.status();
  EXPECT_EQ(measured->ends(0), 30) << "from offset 20 on, ten of them";
}

TEST_F(LogServerTest, MeasuresWhatIsThere) {
  Serve();
  Run("asker", ReadWhatIsLeft);
  feed_->Write({.topic = "trimmed",
                .values = std::vector<std::string>(40, std::string(97, 'x')),
                .trim = 20});
  world_.RunFor(absl::Seconds(1));
  Run("after", MeasureAfterTrim);
}

// One batch of one row.
class OneRow final : public runtime::PreparedBatch {
 public:
  OneRow(Node& node, runtime::OptionMap options)
      : node_(node), store_(node, "store"), options_(std::move(options)) {}

  int64_t id() const override { return 4; }
  uint64_t definition_hash() const override { return 1; }
  Task<absl::StatusOr<std::optional<runtime::RecordBatch>>> Next() override {
    if (std::exchange(given_, true)) co_return std::nullopt;
    runtime::ColumnBuilder values(runtime::DataType::kString);
    values.String("v");
    co_return runtime::RecordBatch(
        std::make_shared<const runtime::Schema>(
            std::vector<runtime::Field>{{"value", runtime::DataType::kString}}),
        {values.Finish()}, 1);
  }
  const runtime::BatchQuery& query() const override { return query_; }
  const runtime::OptionMap& options() const override { return options_; }
  Node& node() override { return node_; }
  checkpoint::Store& store() override { return store_; }

 private:
  Node& node_;
  checkpoint::LocalStore store_;
  const runtime::OptionMap options_;
  const runtime::BatchQuery query_ = {.name = "q", .id = "q", .directory = "checkpoint/sink"};
  bool given_ = false;
};

Task<void> ApplyTooSlowly(LogClient&, Node& node) {
  OneRow batch(
      node,
      {{"address", LogServerTest::kAddress}, {"topic", "topic"}, {"transactionTimeout", "1s"}});
  const absl::Status applied = co_await runtime::LogSink().apply(batch);
  EXPECT_TRUE(absl::IsUnavailable(applied)) << applied;
  EXPECT_TRUE(absl::StrContains(applied.message(), "transactionTimeout, 1s")) << applied;
  EXPECT_TRUE(absl::StrContains(applied.message(), "max-bytes")) << applied;
}

TEST_F(LogServerTest, ATransactionThatTakesTooLongNamesTheOptionThatHelps) {
  Serve();
  feed_->Throttle(absl::Milliseconds(1'500));
  Run("sink", ApplyTooSlowly);
}

}  // namespace
}  // namespace wavetank::scenarios::fakes
