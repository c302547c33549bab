#include "checkpoint/inspect.h"

#include <memory>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "checkpoint/metadata.h"
#include "checkpoint/state_store.h"
#include "simulator/sim_world.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::RunEnd;
using simulator::SimWorld;
using testing::HasSubstr;
using testing::Not;

// A query that two owners had, and state of two versions.
Task<void> WriteCheckpoint(Node& node, Store& store) {
  auto first = co_await MetadataLog::TakeOver(node, store, "q/offsets");
  QueryMetadata query;
  query.set_query_id("the-query");
  const absl::Status logged = co_await (*first)->Append(Record(query));
  EXPECT_TRUE(logged.ok()) << logged;
  BatchDefinition definition;
  definition.set_timestamp_ms(77);
  definition.set_hash(DefinitionHash(definition));
  const absl::Status defined = co_await (*first)->Append(Record(definition));
  EXPECT_TRUE(defined.ok()) << defined;
  const auto second = co_await MetadataLog::TakeOver(node, store, "q/offsets");
  EXPECT_TRUE(second.ok()) << second.status();
  auto state = co_await StateStore::Open(node, store, "q/state/0/0", {});
  (*state)->Put("word", "1");
  const auto one = co_await (*state)->Commit();
  (*state)->Remove("word");
  const auto two = co_await (*state)->Commit();
  EXPECT_TRUE(one.ok() && two.ok());
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

  SimWorld world_;
};

TEST_F(InspectTest, PrintsEveryKindOfFile) {
  const Inspection inspection = Run(WriteAndInspect);
  EXPECT_EQ(inspection.damaged, 0);
  EXPECT_EQ(inspection.torn, 0);
  const std::string& text = inspection.text;
  EXPECT_THAT(text, HasSubstr("q/offsets/\n  epoch 1 of m.inspect.node.1."));
  EXPECT_THAT(text, HasSubstr("seal: nothing counted before"));
  EXPECT_THAT(text, HasSubstr("query_id: \"the-query\""));
  EXPECT_THAT(text, HasSubstr("timestamp_ms: 77"));
  // The second owner refers to the first record, which was named durable, and copies the second.
  EXPECT_THAT(text, HasSubstr("epoch 1 up to byte"));
  EXPECT_THAT(text, HasSubstr("1 copied:\n        format_version: 1 definition"));
  EXPECT_THAT(text, HasSubstr("2 records count"));
  EXPECT_THAT(text, HasSubstr("delta of version 1, 1 entries"));
  EXPECT_THAT(text, HasSubstr("    \"word\" = \"1\""));
  EXPECT_THAT(text, HasSubstr("    \"word\" removed"));
  EXPECT_THAT(text, HasSubstr("delta of version 2, 1 entries"));
  EXPECT_THAT(text, HasSubstr("part-0: 4 bytes"));
}

TEST_F(InspectTest, NamesWhatIsDamagedAndGoesOn) {
  Run(WriteAndInspect);
  simulator::SimDisk& disk = world_.machine("m").disk();
  std::string log = disk.Get("root/q/offsets/log-1").value();
  log[60] = static_cast<char>(log[60] ^ 1);  // in the first of two groups
  disk.Put("root/q/offsets/log-1", log);
  std::string torn = disk.Get("root/q/offsets/log-2").value();
  disk.Put("root/q/offsets/log-2", torn + "half a group");
  const Inspection inspection = Run(JustInspect);
  EXPECT_EQ(inspection.damaged, 1);
  EXPECT_EQ(inspection.torn, 1);
  EXPECT_THAT(inspection.text, HasSubstr("DAMAGED q/offsets/log-1: corrupt at offset"));
  EXPECT_THAT(inspection.text, HasSubstr("torn: the last 12 bytes"));
  EXPECT_THAT(inspection.text, HasSubstr("delta of version 2"));
  EXPECT_THAT(inspection.text, Not(HasSubstr("\"word\"")));
}

TEST_F(InspectTest, NamesASealedLogThatIsCutBelowItsSeal) {
  Run(WriteAndInspect);
  simulator::SimDisk& disk = world_.machine("m").disk();
  const std::string log = disk.Get("root/q/offsets/log-1").value();
  disk.Put("root/q/offsets/log-1", log.substr(0, 60));
  const Inspection inspection = Run(JustInspect);
  EXPECT_EQ(inspection.damaged, 1);
  EXPECT_THAT(inspection.text, HasSubstr("DAMAGED q/offsets/log-1: corrupt at offset 41"));
}

}  // namespace
}  // namespace wavetank::checkpoint
