#include "checkpoint/inspect.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "checkpoint/metadata.h"
#include "checkpoint/query_history.h"
#include "checkpoint/state_store.h"
#include "simulator/sim_world.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::RunEnd;
using simulator::SimWorld;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

Prepared PreparedWith(const StateVersion& state) {
  Prepared prepared;
  prepared.set_attempt_id("2-1");
  OperatorState& of_operator = *prepared.add_states();
  of_operator.set_version(state.version);
  for (const std::string& file : state.files) of_operator.add_files(file);
  return prepared;
}

// A query that two owners had: the first defined batch 0, the second has prepared it. Its seal
// refers to the first's segment, and copies the definition.
Task<void> WriteCheckpoint(Node& node, Store& store) {
  QueryHistory history;
  auto first = co_await MetadataLog::TakeOver(node, store, "q/log", history);
  QueryMetadata query;
  query.set_query_id("the-query");
  const absl::Status logged = co_await (*first)->Append(Record(query));
  EXPECT_TRUE(logged.ok()) << logged;
  BatchDefinition definition;
  definition.set_timestamp_ms(77);
  definition.set_hash(DefinitionHash(definition));
  const absl::Status defined = co_await (*first)->Append(Record(definition));
  EXPECT_TRUE(defined.ok()) << defined;
  const auto second =
      co_await MetadataLog::TakeOver(node, store, "q/log", history, {.copied_bytes = 60});
  EXPECT_TRUE(second.ok()) << second.status();
  auto state = co_await StateStore::Open(node, store, "q/state/0/0", {});
  (*state)->Put("word", "1");
  const auto one = co_await (*state)->Commit();
  EXPECT_TRUE(one.ok());
  const absl::Status prepared = co_await (*second)->Append(Record(PreparedWith(*one)));
  EXPECT_TRUE(prepared.ok()) << prepared;
  const absl::Status other = co_await store.CreateIfAbsent("q/sink/part-0", "text");
  EXPECT_TRUE(other.ok()) << other;
}

Task<void> WriteAndInspect(Node& node, Inspection& inspection, bool& done) {
  LocalStore store(node, "root");
  co_await WriteCheckpoint(node, store);
  InspectOptions options;
  options.show_state = true;
  const absl::StatusOr<Inspection> inspected = co_await Inspect(store, "q", options);
  EXPECT_TRUE(inspected.ok()) << inspected.status();
  if (inspected.ok()) inspection = *inspected;
  const absl::StatusOr<Inspection> nothing = co_await Inspect(store, "elsewhere");
  EXPECT_TRUE(absl::IsNotFound(nothing.status())) << nothing.status();
  done = true;
}

Task<void> JustInspect(Node& node, Inspection& inspection, bool& done) {
  LocalStore store(node, "root");
  const absl::StatusOr<Inspection> inspected = co_await Inspect(store, "q");
  EXPECT_TRUE(inspected.ok()) << inspected.status();
  if (inspected.ok()) inspection = *inspected;
  done = true;
}

// The file, or what is in the directory.
Task<void> RemoveAll(LocalStore& store, std::string path) {
  const auto listed = co_await store.List(path);
  for (const StoredFile& file : listed.value_or(std::vector<StoredFile>())) {
    co_await RemoveAll(store, path + "/" + file.name);
  }
  (co_await store.Remove(path)).IgnoreError();  // a directory stays
}

Task<void> RemoveFromRoot(Node& node, std::string path, bool& done) {
  LocalStore store(node, "root");
  co_await RemoveAll(store, std::move(path));
  done = true;
}

// Runs a body on the checkpoint, and then inspects it.
Task<void> ChangeAndInspect(Node& node, std::function<Task<void>(Node&, Store&)> change,
                            Inspection& inspection, bool& done) {
  LocalStore store(node, "root");
  co_await WriteCheckpoint(node, store);
  co_await change(node, store);
  const absl::StatusOr<Inspection> inspected = co_await Inspect(store, "q");
  EXPECT_TRUE(inspected.ok()) << inspected.status();
  if (inspected.ok()) inspection = *inspected;
  done = true;
}

class InspectTest : public testing::Test {
 protected:
  InspectTest() : world_({.seed = 1}) { world_.AddMachine("m"); }
  Inspection Run(Task<void> (*body)(Node&, Inspection&, bool&)) {
    Inspection inspection;
    bool done = false;
    world_.Start("m",
                 {"inspect", {{"node", [&](Node& node) { return body(node, inspection, done); }}}});
    EXPECT_EQ(world_.RunUntil([&] { return done; }), RunEnd::kDone);
    return inspection;
  }

  // Of a checkpoint in a world of its own, after a change.
  static Inspection RunAfter(const std::function<Task<void>(Node&, Store&)>& change) {
    Inspection inspection;
    bool done = false;
    SimWorld world({.seed = 1});
    world.AddMachine("m");
    world.Start("m", {"inspect", {{"node", [&](Node& node) {
                                     return ChangeAndInspect(node, change, inspection, done);
                                   }}}});
    EXPECT_EQ(world.RunUntil([&] { return done; }), RunEnd::kDone);
    return inspection;
  }

  void Remove(const std::string& path) {
    bool done = false;
    world_.Start(
        "m", {"remove", {{"node", [&](Node& node) { return RemoveFromRoot(node, path, done); }}}});
    EXPECT_EQ(world_.RunUntil([&] { return done; }), RunEnd::kDone);
  }
  simulator::SimDisk& disk() { return world_.machine("m").disk(); }

  SimWorld world_;
};

TEST_F(InspectTest, PrintsEveryKindOfFile) {
  const Inspection inspection = Run(WriteAndInspect);
  EXPECT_TRUE(inspection.whole());
  EXPECT_EQ(inspection.logs, 1);
  const std::string& text = inspection.text;
  EXPECT_THAT(text, HasSubstr("q/log/\n  epoch 1 of m.inspect.node.1."));
  EXPECT_THAT(text, HasSubstr("seal: nothing counted before"));
  EXPECT_THAT(text, HasSubstr("query_id: \"the-query\""));
  EXPECT_THAT(text, HasSubstr("timestamp_ms: 77"));
  // The second owner refers to the first record, which was named durable, and copies the second.
  EXPECT_THAT(text, HasSubstr("epoch 1 up to byte"));
  EXPECT_THAT(text, HasSubstr("1 copied:\n        format_version: 1 definition"));
  EXPECT_THAT(text, HasSubstr("3 records count"));
  EXPECT_THAT(text, HasSubstr("\n  batch 0: prepared, not committed, attempt 2-1, 0 files\n"));
  EXPECT_THAT(text, HasSubstr("delta of version 1, 1 entries"));
  EXPECT_THAT(text, HasSubstr("    store \"\": 1 entries\n      \"word\" = \"1\"\n"));
  EXPECT_THAT(text, HasSubstr("part-0: 4 bytes"));
}

// A lineage with a background snapshot.
Task<void> WriteStateAndInspect(Node& node, Inspection& inspection, bool& done) {
  LocalStore store(node, "root");
  StateStoreOptions options;
  options.operator_fingerprint = "sum(n)";
  options.stores = {{"sums", "int64"}, {"times", "", KeyOrder::kBytes}};
  options.compression = StateCompression::kLz4;
  options.lineage = {.snapshot_at = 1, .snapshot_at_latest = 1};
  auto state = co_await StateStore::Open(node, store, "q/state/0/0", {}, options);
  (*state)->table("sums").Put("word", "1");
  EXPECT_TRUE((co_await (*state)->Commit()).ok());
  (*state)->table("sums").Remove("word");
  (*state)->table("times").Put("at 9", "");
  EXPECT_TRUE((co_await (*state)->Commit()).ok());
  while ((*state)->snapshot_running()) co_await node.clock().Sleep(absl::Milliseconds(1));
  const auto inspected = co_await Inspect(store, "q", {.show_state = true});
  EXPECT_TRUE(inspected.ok()) << inspected.status();
  if (inspected.ok()) inspection = *inspected;
  done = true;
}

TEST_F(InspectTest, PrintsTheNamedStoresOfStateFiles) {
  const std::string text = Run(WriteStateAndInspect).text;
  EXPECT_THAT(text, HasSubstr("snapshot of version 1, 1 entries, "));
  EXPECT_THAT(text, HasSubstr(" bytes, lz4, for 1-m.inspect.node.1."));
  EXPECT_THAT(text, HasSubstr("delta of version 2, 2 entries, "));
  EXPECT_THAT(text, HasSubstr(" bytes, lz4, upon 1-m.inspect.node.1."));
  EXPECT_THAT(text, HasSubstr("    of operator \"sum(n)\"\n"
                              "    store \"sums\": 1 entries, schema int64\n"
                              "      \"word\" removed\n"
                              "    store \"times\": 1 entries, ordered\n"
                              "      \"at 9\" = \"\"\n"));
}

TEST_F(InspectTest, NamesWhatIsDamagedAndGoesOn) {
  Run(WriteAndInspect);
  std::string log = disk().Get("root/q/log/log-1").value();
  log[60] = static_cast<char>(log[60] ^ 1);  // in the first of two groups
  disk().Put("root/q/log/log-1", log);
  std::string torn = disk().Get("root/q/log/log-2").value();
  disk().Put("root/q/log/log-2", torn + "half a group");
  const Inspection inspection = Run(JustInspect);
  EXPECT_THAT(inspection.damaged, ElementsAre(HasSubstr("q/log/log-1: corrupt at offset")));
  EXPECT_THAT(inspection.unfinished, ElementsAre(HasSubstr("q/log/log-2: torn")));
  EXPECT_THAT(inspection.text, HasSubstr("DAMAGED q/log/log-1: corrupt at offset"));
  EXPECT_THAT(inspection.text, HasSubstr("torn: the last 12 bytes"));
  EXPECT_THAT(inspection.text, HasSubstr("delta of version 1"));
  EXPECT_THAT(inspection.text, Not(HasSubstr("\"word\"")));
}

TEST_F(InspectTest, NamesASealedLogThatIsCutBelowItsSeal) {
  Run(WriteAndInspect);
  const std::string log = disk().Get("root/q/log/log-1").value();
  disk().Put("root/q/log/log-1", log.substr(0, 60));
  const Inspection inspection = Run(JustInspect);
  EXPECT_THAT(inspection.damaged, SizeIs(1));
  EXPECT_THAT(inspection.text, HasSubstr("DAMAGED q/log/log-1: corrupt at offset 41"));
}

TEST_F(InspectTest, MissesAFileThatARecordNames) {
  Run(WriteAndInspect);
  Remove("q/state");
  const Inspection inspection = Run(JustInspect);
  EXPECT_THAT(inspection.damaged,
              ElementsAre(AllOf(HasSubstr("(the state of attempt 2-1 at batch 0) is missing"))));
}

TEST_F(InspectTest, MissesALogWhereThereIsState) {
  Run(WriteAndInspect);
  Remove("q/log");
  const Inspection inspection = Run(JustInspect);
  EXPECT_THAT(inspection.damaged, ElementsAre(HasSubstr("q: its log is missing")));
}

TEST_F(InspectTest, MissesTheNewestEpoch) {
  Run(WriteAndInspect);
  EXPECT_FALSE(disk().Get("root/q/log/epoch-1").ok()) << "the seal says whose the segment is";
  Remove("q/log/epoch-2");
  EXPECT_THAT(Run(JustInspect).damaged, ElementsAre(HasSubstr("q/log/epoch-2 is missing")));
}

TEST_F(InspectTest, MissesTheNewestLogWhereItsMarkIs) {
  Run(WriteAndInspect);
  Remove("q/log/log-2");
  EXPECT_THAT(Run(JustInspect).damaged, ElementsAre(HasSubstr("q/log/log-2 is missing")));
}

TEST_F(InspectTest, NamesADamagedMark) {
  Run(WriteAndInspect);
  disk().Put("root/q/log/mark-2", "WTML\x01");
  EXPECT_THAT(Run(JustInspect).damaged, ElementsAre("q/log/mark-2 is not a mark"));
}

// Every file of the log but its epoch is gone: state tells that it was begun.
TEST_F(InspectTest, MissesALogThatWasNeverSealedWhereThereIsState) {
  Run(WriteAndInspect);
  for (const char* file : {"log-2", "mark-2", "log-1"}) {
    Remove(std::string("q/log/") + file);
  }
  EXPECT_THAT(Run(JustInspect).damaged, ElementsAre(HasSubstr("q: its log is missing")));
}

// As the log of the query was when nothing else had been appended.
Task<void> BeginTheLog(Node& node, Inspection&, bool& done) {
  LocalStore store(node, "root");
  QueryHistory history;
  const auto log = co_await MetadataLog::TakeOver(node, store, "begun", history);
  QueryMetadata query;
  query.set_query_id("the-query");
  const absl::Status logged = co_await (*log)->Append(Record(query));
  EXPECT_TRUE(logged.ok()) << logged;
  done = true;
}

TEST_F(InspectTest, MissesTheEndOfALogWhereStateGoesOn) {
  Run(WriteAndInspect);
  // Whole groups are gone, so nothing of the log itself tells.
  Remove("q/log");
  Run(BeginTheLog);
  for (const char* file : {"epoch-1", "log-1", "mark-1"}) {
    disk().Put(std::string("root/q/log/") + file,
               disk().Get(std::string("root/begun/") + file).value());
  }
  Remove("begun");
  const Inspection inspection = Run(JustInspect);
  EXPECT_THAT(inspection.damaged, ElementsAre(HasSubstr("q/log: its end is missing")));
  EXPECT_THAT(inspection.unfinished, IsEmpty());
}

// Another attempt at batch 0, whose state is that of several commits.
Task<void> PrepareAgain(Node& node, Store& store, std::vector<size_t> named) {
  auto state = co_await StateStore::Open(node, store, "q/state/0/0", {});
  StateVersion version;
  for (const char* word : {"one", "two", "three"}) {
    (*state)->Put(word, "1");
    version = *(co_await (*state)->Commit());
  }
  const std::vector<std::string> files = std::exchange(version.files, {});
  for (const size_t number : named) version.files.push_back(files[number]);
  QueryHistory history;
  const auto log = co_await MetadataLog::TakeOver(node, store, "q/log", history);
  EXPECT_TRUE(log.ok()) << log.status();
  const absl::Status prepared = co_await (*log)->Append(Record(PreparedWith(version)));
  EXPECT_TRUE(prepared.ok()) << prepared;
}

TEST_F(InspectTest, NamesFilesOfStateThatDoNotFollowOneAnother) {
  // The files are of versions up to 3, and batch 0 gives version 1.
  EXPECT_THAT(RunAfter([](Node& node, Store& store) {
                return PrepareAgain(node, store, {0, 1, 2});
              }).damaged,
              IsEmpty());
  const auto wrong = AllOf(HasSubstr("q/state/0/0/3-"), HasSubstr("of version 3 follows \"2-"),
                           HasSubstr("the record that names these files is wrong"));
  EXPECT_THAT(
      RunAfter([](Node& node, Store& store) { return PrepareAgain(node, store, {0, 2}); }).damaged,
      ElementsAre(wrong, HasSubstr("q/log: its end is missing: q/state/0/0/2-")));
}

TEST_F(InspectTest, ListsWhatNothingNamesWithoutFault) {
  const Inspection inspection = RunAfter([](Node& node, Store& store) -> Task<void> {
    auto state = co_await StateStore::Open(node, store, "q/state/0/0", {});
    (*state)->Put("word", "of an attempt that was given up");
    EXPECT_TRUE((co_await (*state)->Commit()).ok());
  });
  EXPECT_TRUE(inspection.whole());
  EXPECT_THAT(inspection.unreferenced,
              ElementsAre(AllOf(HasSubstr("q/state/0/0/1-"),
                                HasSubstr(": nothing that counts in q/log names it"))));
  EXPECT_THAT(inspection.text, HasSubstr("  UNREFERENCED q/state/0/0/1-"));
}

TEST_F(InspectTest, ListsSegmentsThatNoLongerCount) {
  // The second owner's seal refers to the first's segment; once its own base stands, nothing does.
  Run(WriteAndInspect);
  const std::string kept = disk().Get("root/q/log/log-1").value();
  const Inspection inspection = RunAfter([&](Node& node, Store& store) -> Task<void> {
    QueryHistory history;
    const auto log =
        co_await MetadataLog::TakeOver(node, store, "q/log", history, {.segment_bytes = 1});
    EXPECT_TRUE(log.ok()) << log.status();
    StateVersion version;
    EXPECT_TRUE((co_await (*log)->Append(Record(PreparedWith(version)))).ok());
    co_await node.clock().Sleep(absl::Seconds(1));
    EXPECT_TRUE(absl::IsNotFound((co_await store.ReadAll("q/log/log-1")).status()));
    EXPECT_TRUE((co_await store.CreateIfAbsent("q/log/log-1", kept)).ok());
  });
  EXPECT_THAT(inspection.damaged, IsEmpty());
  EXPECT_THAT(inspection.unreferenced,
              testing::Contains("q/log/log-1: nothing of it counts any more"));
}

// What the store holds is the state of the batch, which is prepared and committed.
Task<void> CommitBatch(MetadataLog& log, StateStore& state, int64_t batch) {
  Prepared prepared = PreparedWith(*(co_await state.Commit()));
  prepared.set_batch_id(batch);
  EXPECT_TRUE((co_await log.Append(Record(prepared))).ok());
  Commit commit;
  commit.set_batch_id(batch);
  commit.set_attempt_id(prepared.attempt_id());
  EXPECT_TRUE((co_await log.Append(Record(commit))).ok());
}

// Batch 0 is committed, and so is batch 1 upon it.
TEST_F(InspectTest, DoesNotMissStateThatRecoveryNoLongerNeeds) {
  const auto two_batches = [](size_t lost) {
    return [lost](Node& node, Store& store) -> Task<void> {
      QueryHistory history;
      const auto log = co_await MetadataLog::TakeOver(node, store, "q/log", history);
      auto state =
          co_await StateStore::Open(node, store, "q/state/0/0", {}, {.lineage = {.longest = 2}});
      std::vector<std::string> files;
      for (int64_t batch = 0; batch < 2; ++batch) {
        if (batch == 1) {
          BatchDefinition definition;
          definition.set_batch_id(batch);
          definition.set_hash(DefinitionHash(definition));
          EXPECT_TRUE((co_await (*log)->Append(Record(definition))).ok());
          (*state)->Put("two", "2");  // the lineage is full: a snapshot
          EXPECT_TRUE((co_await (*state)->Commit()).ok());
        }
        (*state)->Put("word", std::to_string(batch));
        co_await CommitBatch(**log, **state, batch);
        files.push_back((*state)->version().files.back());
      }
      EXPECT_TRUE((co_await store.Remove(files[lost])).ok());
    };
  };
  EXPECT_THAT(RunAfter(two_batches(1)).damaged, ElementsAre(HasSubstr("at batch 1) is missing")));
  EXPECT_THAT(RunAfter(two_batches(0)).damaged, IsEmpty());
}

// Batch after batch of a query, each from definition to commit.
Task<void> RunBatches(Node& node, int64_t batches, bool& done) {
  LocalStore store(node, "root");
  QueryHistory history(3);  // and the log is begun anew every few batches
  auto log = co_await MetadataLog::TakeOver(node, store, "q/log", history, {.segment_bytes = 1500});
  auto state = co_await StateStore::Open(node, store, "q/state/0/0", {});
  QueryMetadata query;
  query.set_query_id("the-query");
  EXPECT_TRUE((co_await (*log)->Append(Record(query))).ok());
  for (int64_t batch = 0; batch < batches; ++batch) {
    BatchDefinition definition;
    definition.set_batch_id(batch);
    definition.set_hash(DefinitionHash(definition));
    EXPECT_TRUE((co_await (*log)->Append(Record(definition))).ok());
    (*state)->Put("batch", std::to_string(batch));
    co_await CommitBatch(**log, **state, batch);
  }
  done = true;
}

Task<void> InspectUntil(Node& node, const bool& done, int& inspections) {
  while (!done) {
    LocalStore store(node, "root");
    const absl::StatusOr<Inspection> inspected = co_await Inspect(store, "");
    if (absl::IsNotFound(inspected.status())) continue;
    EXPECT_TRUE(inspected.ok()) << inspected.status();
    EXPECT_THAT(inspected->damaged, IsEmpty());
    ++inspections;
  }
}

TEST_F(InspectTest, DoesNotTakeWhatAnOwnerDoesMeanwhileForDamage) {
  bool done = false;
  int inspections = 0;
  world_.Start("m", {"owner", {{"node", [&](Node& node) { return RunBatches(node, 60, done); }}}});
  world_.Start(
      "m",
      {"inspect", {{"node", [&](Node& node) { return InspectUntil(node, done, inspections); }}}});
  EXPECT_EQ(world_.RunUntil([&] { return done; }), RunEnd::kDone);
  EXPECT_GT(inspections, 5);
}

}  // namespace
}  // namespace wavetank::checkpoint
