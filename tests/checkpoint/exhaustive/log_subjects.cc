// Fenced logs: what was acknowledged counts for ever, in order; what was not counts whole or not at
// all; what a new owner was given never changes.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "checkpoint/fenced_log.h"
#include "checkpoint/graph_history.h"
#include "checkpoint/local_store.h"
#include "checkpoint/metadata.h"
#include "checkpoint/query_history.h"
#include "platform/check.h"
#include "platform/task_scope.h"
#include "tests/checkpoint/compacting_list.h"
#include "tests/checkpoint/exhaustive/subjects.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;

// Promises: "asked NNN" -> a record, "group NNN" -> the group that it was asked for in, "acked" ->
// how many have been acknowledged; "shown" -> what a new owner was given, as text.
std::string Place(const char* what, size_t place) {
  const std::string number = absl::StrCat(place);
  return absl::StrCat(what, " ", std::string(3 - number.size(), '0'), number);
}

void Ask(Promises& promises, size_t& asked, const std::vector<std::string>& records) {
  const std::string group = absl::StrCat(asked);
  for (const std::string& record : records) {
    promises[Place("asked", asked)] = record;
    promises[Place("group", asked)] = group;
    ++asked;
  }
}

// What is wrong with these records, if anything; so many more stood before them.
std::string Judge(const Promises& promises, std::vector<std::string> found, size_t dropped = 0) {
  // Only what was asked for can have been dropped, and the promises say what it was.
  std::vector<std::string> before;
  for (size_t place = 0; place < dropped; ++place) {
    const auto asked = promises.find(Place("asked", place));
    if (asked != promises.end()) before.push_back(asked->second);
  }
  found.insert(found.begin(), before.begin(), before.end());
  const auto acked = promises.find("acked");
  const size_t least = acked == promises.end() ? 0 : std::stoul(acked->second);
  if (found.size() < least) {
    return absl::StrCat(least, " records were acknowledged, ", found.size(), " count");
  }
  for (size_t place = 0; place < found.size(); ++place) {
    const auto asked = promises.find(Place("asked", place));
    if (asked == promises.end() || asked->second != found[place]) {
      return absl::StrCat("record ", place, " is not what was asked for");
    }
  }
  const auto next = promises.find(Place("group", found.size()));
  const bool torn = !found.empty() && next != promises.end() &&
                    next->second == promises.at(Place("group", found.size() - 1));
  if (torn) return "a part of a group counts";
  const auto shown = promises.find("shown");
  if (shown != promises.end() && shown->second != absl::StrCat(found.size())) {
    return absl::StrCat(shown->second, " records were shown, now there are ", found.size());
  }
  return "";
}

struct LogCase {
  const char* name;
  std::vector<std::string> operations = {"take over", "append 60 bytes", "append much"};
  // Of its segments: the second append fills one.
  uint64_t segment_bytes = 400;
  size_t large = 440;
  size_t kept = CompactingList::kNothing;  // when the next segment begins
  // What a seal may copy, and how long a group of a base gets.
  uint64_t copied_bytes = FencedLogOptions{}.copied_bytes;
  uint64_t group_bytes = FencedLogOptions{}.group_bytes;
};

class LogSubject final : public CrashSubject {
 public:
  using OwnedLog = Owned<CompactingList>;

  explicit LogSubject(LogCase log) : case_(std::move(log)) {}
  std::string name() const override { return case_.name; }
  std::vector<std::string> operations() const override { return case_.operations; }

  Task<void> Run(Node& node, std::vector<int> script, Promises& promises) override {
    LocalStore store(node, "root");
    size_t asked = 0;
    OwnedLog log = co_await TakeOver(node, store);
    for (const int operation : script) {
      const char letter = static_cast<char>('a' + asked);
      const std::string small(60, letter);
      switch (operation) {
        case 0:
          log.log = nullptr;
          log = co_await TakeOver(node, store);
          WT_CHECK(log.fold->size() == asked, "without a crash everything counts");
          break;
        case 1:
          co_await Append(*log.log, promises, asked, {small});
          break;
        case 2:
          co_await Append(*log.log, promises, asked, {std::string(case_.large, letter)});
          break;
        case 3:
          co_await Append(*log.log, promises, asked, {small, std::string(20, letter)});
          break;
        default: {
          // The second waits for the first's sync, and is a group of its own.
          platform::TaskScope both(node.executor());
          both.Spawn("first", Append(*log.log, promises, asked, {small}));
          both.Spawn("second", Append(*log.log, promises, asked, {small + "2"}));
          co_await both.Join();
        }
      }
      // The next segment, if one is due, is begun after the append is acknowledged.
      co_await node.clock().Sleep(absl::Seconds(1));
    }
  }

  Task<void> Recover(Node& node, Promises& promises, std::string& broken) override {
    LocalStore store(node, "root");
    CompactingList fold;
    const auto log = co_await FencedLog::TakeOver(
        node, store, "log", fold,
        {.copied_bytes = case_.copied_bytes, .group_bytes = case_.group_bytes});
    if (!log.ok()) {
      broken = log.status().ToString();
      co_return;
    }
    broken = Judge(promises, fold.records(), fold.dropped());
    promises["shown"] = absl::StrCat(fold.size());
    promises["acked"] = promises["shown"];
  }

 private:
  static Task<void> Append(FencedLog& log, Promises& promises, size_t& asked,
                           std::vector<std::string> records) {
    Ask(promises, asked, records);
    const size_t end = asked;
    const absl::Status appended = co_await log.Append(std::move(records));
    if (appended.ok()) promises["acked"] = absl::StrCat(end);
  }
  Task<OwnedLog> TakeOver(Node& node, Store& store) const {
    OwnedLog owned{.fold = std::make_unique<CompactingList>(case_.kept), .log = nullptr};
    auto log = co_await FencedLog::TakeOver(node, store, "log", *owned.fold,
                                            {.segment_bytes = case_.segment_bytes,
                                             .copied_bytes = case_.copied_bytes,
                                             .group_bytes = case_.group_bytes});
    WT_CHECK(log.ok());
    owned.log = *std::move(log);
    co_return owned;
  }

  const LogCase case_;
};

struct QueryProtocol {
  using History = QueryHistory;
  static constexpr const char* kName = "query log";
  static bool EndsBatch(const MetadataRecord& record) { return record.has_commit(); }

  // The metadata, then definition, prepared, commit of each batch. One in three is longer than a
  // sector.
  static MetadataRecord RecordAt(size_t place) {
    if (place == 0) {
      QueryMetadata metadata;
      metadata.set_query_id("q");
      return Record(metadata);
    }
    const auto batch = static_cast<int64_t>((place - 1) / 3);
    const std::string attempt = absl::StrCat("1-", batch);
    switch ((place - 1) % 3) {
      case 0: {
        BatchDefinition definition;
        definition.set_batch_id(batch);
        SourceRange& range = *definition.add_sources();
        range.set_start_offset(absl::StrCat(batch));
        range.set_end_offset(absl::StrCat(batch + 1));
        range.add_files()->set_path(std::string(600, static_cast<char>('a' + batch)));
        definition.set_hash(DefinitionHash(definition));
        return Record(definition);
      }
      case 1: {
        Prepared prepared;
        prepared.set_batch_id(batch);
        prepared.set_attempt_id(attempt);
        return Record(prepared);
      }
      default: {
        Commit commit;
        commit.set_batch_id(batch);
        commit.set_attempt_id(attempt);
        return Record(commit);
      }
    }
  }
};

struct GraphProtocol {
  using History = GraphHistory;
  static constexpr const char* kName = "graph log";
  static bool EndsBatch(const MetadataRecord& record) { return record.has_completed(); }

  // The metadata, then of each batch a block that is added, the input that takes it, and the end.
  // Again one in three is longer than a sector.
  static MetadataRecord RecordAt(size_t place) {
    if (place == 0) {
      GraphMetadata metadata;
      metadata.set_zero_time_ms(1000);
      return Record(metadata);
    }
    const auto batch = static_cast<int64_t>((place - 1) / 3);
    const int64_t time_ms = 1000 * (batch + 1);
    BlockAdded block;
    block.set_block_id(absl::StrCat("block-", batch));
    switch ((place - 1) % 3) {
      case 0:
        return Record(block);
      case 1: {
        BatchInput input;
        input.set_batch_time_ms(time_ms);
        StreamInput& stream = *input.add_streams();
        *stream.add_blocks() = block;
        stream.add_files()->set_path(std::string(600, static_cast<char>('a' + batch)));
        return Record(input);
      }
      default: {
        BatchCompleted completed;
        completed.set_batch_time_ms(time_ms);
        return Record(completed);
      }
    }
  }
};

// The records of an engine's log, in the order of its protocol. `Protocol` says which stands at a
// place, and which is the last of a batch.
template <typename Protocol>
class MetadataLogSubject final : public CrashSubject {
 public:
  std::string name() const override { return Protocol::kName; }
  std::vector<std::string> operations() const override {
    return {"log the next record", "log the last of a batch with the next, or the next record",
            "take over"};
  }

  Task<void> Run(Node& node, std::vector<int> script, Promises& promises) override {
    LocalStore store(node, "root");
    size_t asked = 0;
    OwnedLog log = co_await TakeOver(node, store);
    for (const int operation : script) {
      if (operation == 2) {
        log.log = nullptr;
        log = co_await TakeOver(node, store);
        continue;
      }
      std::vector<MetadataRecord> records{Protocol::RecordAt(asked)};
      const bool ends = Protocol::EndsBatch(records.front());
      if (operation == 1 && ends) records.push_back(Protocol::RecordAt(asked + 1));
      std::vector<std::string> bytes;
      for (const MetadataRecord& record : records) bytes.push_back(EncodeMetadata(record));
      Ask(promises, asked, bytes);
      const absl::Status appended = co_await log.log->Append(std::move(records));
      if (appended.ok()) promises["acked"] = absl::StrCat(asked);
    }
  }

  Task<void> Recover(Node& node, Promises& promises, std::string& broken) override {
    LocalStore store(node, "root");
    typename Protocol::History history;
    const auto log = co_await MetadataLog::TakeOver(node, store, "log", history);
    if (!log.ok()) {
      broken = log.status().ToString();
      co_return;
    }
    // Without batches to drop, its base is what was logged.
    std::vector<std::string> found;
    platform::Generator<MetadataRecord> base = history.Base();
    while (const auto record = base.Next()) found.push_back(EncodeMetadata(*record));
    broken = Judge(promises, found);
    promises["shown"] = absl::StrCat(found.size());
    promises["acked"] = promises["shown"];
  }

 private:
  using OwnedLog = Owned<typename Protocol::History, MetadataLog>;

  static Task<OwnedLog> TakeOver(Node& node, Store& store) {
    OwnedLog owned{.fold = std::make_unique<typename Protocol::History>(), .log = nullptr};
    auto log = co_await MetadataLog::TakeOver(node, store, "log", *owned.fold);
    WT_CHECK(log.ok());
    owned.log = *std::move(log);
    co_return owned;
  }
};

}  // namespace

std::unique_ptr<CrashSubject> FencedLogSubject() {
  std::vector<std::string> operations = LogCase{}.operations;
  operations.insert(operations.end(), {"append 2 records", "append twice at once"});
  return std::make_unique<LogSubject>(LogCase{.name = "fenced log",
                                              .operations = std::move(operations),
                                              .segment_bytes = UINT64_MAX,
                                              .large = 600,
                                              .copied_bytes = 650});
}
std::unique_ptr<CrashSubject> SegmentsSubject() {
  return std::make_unique<LogSubject>(LogCase{
      .name = "fenced log in segments upon bases", .copied_bytes = 100, .group_bytes = 300});
}
std::unique_ptr<CrashSubject> CompactedLogSubject() {
  return std::make_unique<LogSubject>(LogCase{.name = "fenced log, compacted", .kept = 1});
}
std::unique_ptr<CrashSubject> QueryLogSubject() {
  return std::make_unique<MetadataLogSubject<QueryProtocol>>();
}
std::unique_ptr<CrashSubject> GraphLogSubject() {
  return std::make_unique<MetadataLogSubject<GraphProtocol>>();
}

}  // namespace wavetank::checkpoint
