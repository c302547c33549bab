// What a fenced log costs on a disk of the host, against the least that durability costs there:
// write and fdatasync of as many bytes, to a file opened once. Both take turns in each iteration.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmarks/real_scratch.h"

#include "checkpoint/fenced_log.h"
#include "checkpoint/local_store.h"
#include "checkpoint/metadata.h"
#include "checkpoint/query_history.h"
#include "platform/check.h"
#include "platform/task_scope.h"

namespace wavetank::checkpoint {
namespace {

using Clock = std::chrono::steady_clock;

double Seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

double Median(std::vector<double>& times) {
  std::ranges::sort(times);
  return times[times.size() / 2];
}

// Appends to a file and syncs it, with nothing between the caller and the system.
class RawFile {
 public:
  explicit RawFile(const std::string& path)
      : file_(open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600)) {
    WT_CHECK(file_ >= 0);
  }
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;
  ~RawFile() { close(file_); }

  double AppendAndSync(const std::string& bytes) const {
    const auto start = Clock::now();
    WT_CHECK(write(file_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    WT_CHECK(fdatasync(file_) == 0);
    return Seconds(Clock::now() - start);
  }

 private:
  const int file_;
};

// Keeps nothing of what it is told.
class Forgetful final : public LogFold {
 public:
  void Clear() override {}
  absl::Status Add(std::string_view) override { return absl::OkStatus(); }
};

constexpr int kAppenders = 64;
constexpr int kAppends = 16;  // of each, one after the other
constexpr size_t kRecordBytes = 1024;

Task<void> AppendAll(FencedLog& log, const std::string& record) {
  for (int i = 0; i < kAppends; ++i) {
    const absl::Status appended = co_await log.Append(std::vector<std::string>(1, record));
    WT_CHECK(appended.ok());
  }
}

Task<void> AppendTogether(platform::Node& node, std::string raw_path, benchmark::State& state) {
  LocalStore store(node, "root");
  Forgetful fold;
  auto log =
      co_await FencedLog::TakeOver(node, store, "log", fold, {.segment_bytes = uint64_t{1} << 40});
  WT_CHECK(log.ok());
  const RawFile raw(raw_path);
  const std::string record(kRecordBytes, 'r');
  // As many groups as the log makes of it: one a round of all appenders.
  const std::string group(kAppenders * kRecordBytes, 'r');
  double by_log = 0;
  double by_hand = 0;
  for (auto _ : state) {
    const auto start = Clock::now();
    platform::TaskScope appenders(node.executor());
    for (int i = 0; i < kAppenders; ++i) appenders.Spawn("appender", AppendAll(**log, record));
    co_await appenders.Join();
    by_log += Seconds(Clock::now() - start);
    for (int i = 0; i < kAppends; ++i) by_hand += raw.AppendAndSync(group);
  }
  state.counters["ratio"] = by_hand / by_log;
  state.counters["group_kib"] = kAppenders * kRecordBytes / 1024.0;
}

void AppendAgainstWriteAndSync(benchmark::State& state) {
  const RealScratch scratch;
  const std::string raw = scratch.path() + "/raw";
  scratch.Run([&](platform::Node& node) { return AppendTogether(node, raw, state); });
}
BENCHMARK(AppendAgainstWriteAndSync)->Unit(benchmark::kMillisecond);

// A query's records of one batch. Its state: one operator, 4 partitions, 10 files each.
BatchDefinition DefinitionOf(int64_t batch) {
  BatchDefinition definition;
  definition.set_batch_id(batch);
  SourceRange& range = *definition.add_sources();
  range.set_start_offset(absl::StrCat(batch));
  range.set_end_offset(absl::StrCat(batch + 1));
  range.add_files()->set_path(absl::StrCat("input/file-", batch));
  definition.set_hash(DefinitionHash(definition));
  return definition;
}
Prepared PreparedOf(int64_t batch) {
  Prepared prepared;
  prepared.set_batch_id(batch);
  prepared.set_attempt_id("1-1");
  return prepared;
}
Commit CommitOf(int64_t batch) {
  Commit commit;
  commit.set_batch_id(batch);
  commit.set_attempt_id("1-1");
  return commit;
}

Task<double> TimedAppend(MetadataLog& log, std::vector<MetadataRecord> records) {
  const auto start = Clock::now();
  const absl::Status appended = co_await log.Append(std::move(records));
  WT_CHECK(appended.ok());
  co_return Seconds(Clock::now() - start);
}

Task<void> RunBatches(platform::Node& node, std::string raw_path, benchmark::State& state) {
  LocalStore store(node, "root");
  QueryHistory history(100);
  const auto log = co_await MetadataLog::TakeOver(node, store, "log", history);
  WT_CHECK(log.ok());
  const RawFile raw(raw_path);
  QueryMetadata metadata;
  metadata.set_query_id("q");
  std::vector<MetadataRecord> first = {Record(metadata), Record(DefinitionOf(0))};
  co_await TimedAppend(**log, std::move(first));
  std::vector<double> by_log;
  std::vector<double> by_hand;
  int64_t batch = 0;
  for (auto _ : state) {
    std::vector<MetadataRecord> prepared = {Record(PreparedOf(batch))};
    co_await TimedAppend(**log, std::move(prepared));
    std::vector<MetadataRecord> group = {Record(CommitOf(batch)), Record(DefinitionOf(batch + 1))};
    size_t bytes = 40;  // the group's own
    for (const MetadataRecord& record : group) bytes += record.ByteSizeLong() + 1;
    by_log.push_back(co_await TimedAppend(**log, std::move(group)));
    by_hand.push_back(raw.AppendAndSync(std::string(bytes, 'r')));
    ++batch;
  }
  state.counters["ratio"] = Median(by_log) / Median(by_hand);
  state.counters["log_us"] = Median(by_log) * 1e6;
  state.counters["raw_us"] = Median(by_hand) * 1e6;
}

void MetadataGroupAgainstOneSync(benchmark::State& state) {
  const RealScratch scratch;
  const std::string raw = scratch.path() + "/raw";
  scratch.Run([&](platform::Node& node) { return RunBatches(node, raw, state); });
}
BENCHMARK(MetadataGroupAgainstOneSync)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace wavetank::checkpoint
