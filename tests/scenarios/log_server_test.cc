// What the log server promises, and what it does not.
#include "scenarios/fakes/log_server.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "checkpoint/seen_paths.h"
#include "runtime/connectors/log/log_client.h"
#include "runtime/connectors/log/log_source.h"
#include "simulator/sim_world.h"
#include "tests/scenarios/log_server_fixture.h"

namespace wavetank::scenarios::fakes {
namespace {

namespace logs = runtime::logs;
using platform::Node;
using platform::Task;
using runtime::LogClient;

constexpr auto& kAddress = LogServerTest::kAddress;

logs::AppendRequest Records(const logs::InitReply& producer, std::vector<std::string> values,
                            int first_sequence) {
  logs::AppendRequest request;
  request.set_topic("topic");
  request.set_transactional_id("id");
  request.set_producer_id(producer.producer_id());
  request.set_epoch(producer.epoch());
  request.set_first_sequence(first_sequence);
  for (std::string& value : values) request.add_records()->set_value(std::move(value));
  return request;
}

logs::EndRequest End(const logs::InitReply& producer, bool commit = true) {
  logs::EndRequest request;
  request.set_transactional_id("id");
  request.set_producer_id(producer.producer_id());
  request.set_epoch(producer.epoch());
  request.set_commit(commit);
  return request;
}

// "a b@3": what a reader sees of partition 0, and where it would go on.
Task<std::string> Read(LogClient& client, bool committed = true) {
  logs::FetchRequest request;
  request.set_topic("topic");
  request.set_read_uncommitted(!committed);
  request.set_max_bytes(1 << 20);
  const auto fetched = co_await client.Fetch(std::move(request));
  if (!fetched.ok()) co_return std::string(fetched.status().message());
  std::vector<std::string> values;
  for (const auto& each : fetched->records()) values.push_back(each.record().value());
  co_return absl::StrCat(absl::StrJoin(values, " "), "@", fetched->next_offset());
}

Task<void> CommitAndAbort(LogClient& client, Node&) {
  const auto producer = co_await client.Init("id", absl::Minutes(1));
  EXPECT_TRUE(producer.ok());
  EXPECT_TRUE((co_await client.Append(Records(*producer, {"a", "b"}, 0))).ok());
  const std::string before = co_await Read(client);
  EXPECT_EQ(before, "@0") << "undecided";
  EXPECT_TRUE((co_await client.End(End(*producer))).ok());
  EXPECT_TRUE((co_await client.End(End(*producer))).ok()) << "asked once more";
  EXPECT_TRUE((co_await client.Append(Records(*producer, {"c"}, 2))).ok());
  EXPECT_TRUE((co_await client.End(End(*producer, /*commit=*/false))).ok());
  const std::string committed = co_await Read(client);
  const std::string uncommitted = co_await Read(client, /*committed=*/false);
  EXPECT_EQ(committed, "a b@5") << "markers take offsets";
  EXPECT_EQ(uncommitted, "a b c@5");
}

// Whoever mistypes a name is not to find that it is there from then on.
Task<void> AskForATopic(LogClient& client, Node&) {
  for (const int times : {1, 2}) {
    const auto asked = co_await client.Offsets("numbers");
    EXPECT_TRUE(asked.ok()) << asked.status();
    EXPECT_EQ(asked->partitions_size(), 0) << "asked " << times << " times";
  }
  const auto made = co_await client.MakeTopic("numbers");
  EXPECT_EQ(made->partitions_size(), 2);
  const auto there = co_await client.Offsets("numbers");
  EXPECT_EQ(there->partitions_size(), 2);
}

TEST_F(LogServerTest, ATopicIsMadeForWhoWritesAndForNobodyElse) {
  Serve();
  Run("client", AskForATopic);
}

TEST_F(LogServerTest, ShowsWhatIsCommittedToWhoAsksForThatAndMarkersTakeOffsets) {
  Serve();
  Run("writer", CommitAndAbort);
}

Task<void> SeeWhatIsLeft(LogClient& client, Node&) {
  const std::string left = co_await Read(client);
  EXPECT_EQ(left, "a b@5");
}

TEST_F(LogServerTest, WhatItAcknowledgedSurvivesAPowerLoss) {
  Serve();
  Run("writer", CommitAndAbort);
  world_.LosePower("outside", simulator::SimDisk::Left::kSynced);
  world_.PowerOn("outside");
  world_.Restart("log");
  world_.RunFor(absl::Seconds(1));
  Run("reader", SeeWhatIsLeft);
}

Task<void> FenceOne(LogClient& client, Node&) {
  const auto older = co_await client.Init("id", absl::Minutes(1));
  EXPECT_TRUE((co_await client.Append(Records(*older, {"a"}, 0))).ok());
  const auto newer = co_await client.Init("id", absl::Minutes(1));
  EXPECT_TRUE(absl::IsAborted(co_await client.End(End(*older))));
  const auto late = co_await client.Append(Records(*older, {"b"}, 1));
  EXPECT_TRUE(absl::IsAborted(late.status()));
  const std::string seen = co_await Read(client);
  EXPECT_EQ(seen, "@2") << "what the older one left open is aborted";
  EXPECT_TRUE((co_await client.Append(Records(*newer, {"c"}, 0))).ok());
  EXPECT_TRUE((co_await client.End(End(*newer))).ok());
  const std::string after = co_await Read(client);
  EXPECT_EQ(after, "c@4");
}

TEST_F(LogServerTest, ANewProducerFencesTheOlderAndAbortsWhatItLeftOpen) {
  Serve();
  Run("writer", FenceOne);
}

Task<void> AppendTwice(LogClient& client, Node&) {
  const auto producer = co_await client.Init("id", absl::Minutes(1));
  EXPECT_TRUE((co_await client.Append(Records(*producer, {"a", "b"}, 0))).ok());
  const auto again = co_await client.Append(Records(*producer, {"a", "b"}, 0));
  EXPECT_TRUE(again.ok());
  EXPECT_EQ(again->base_offset(), 0);
  const auto gap = co_await client.Append(Records(*producer, {"d"}, 3));
  EXPECT_TRUE(absl::IsAborted(gap.status())) << "an append between is missing";
  EXPECT_TRUE((co_await client.End(End(*producer))).ok());
  const std::string seen = co_await Read(client);
  EXPECT_EQ(seen, "a b@3");
}

TEST_F(LogServerTest, WhatComesTwiceIsThereOnce) {
  Serve();
  Run("writer", AppendTwice);
}

Task<void> WaitTooLong(LogClient& client, Node& node) {
  const auto producer = co_await client.Init("id", absl::Seconds(5));
  EXPECT_TRUE((co_await client.Append(Records(*producer, {"a"}, 0))).ok());
  co_await node.clock().Sleep(absl::Seconds(6));
  EXPECT_TRUE(absl::IsAborted(co_await client.End(End(*producer))));
  const std::string seen = co_await Read(client);
  EXPECT_EQ(seen, "@2");
}

TEST_F(LogServerTest, ATransactionThatIsOpenForTooLongIsAbortedAndItsProducerFenced) {
  Serve();
  Run("writer", WaitTooLong);
}

// As a client does that keeps its producer after a time-out.
Task<void> EndLate(LogClient& client, std::shared_ptr<LogFeed> feed, bool refused) {
  auto producer = co_await client.Init("id", absl::Minutes(5));
  EXPECT_TRUE((co_await client.Append(Records(*producer, {"a"}, 0))).ok());
  feed->Strike(LogMishap::kEndsNext, absl::ZeroDuration());
  EXPECT_TRUE(absl::IsDeadlineExceeded(co_await client.End(End(*producer))));
  EXPECT_TRUE((co_await client.End(End(*producer))).ok());
  producer = co_await client.Describe("id");
  EXPECT_TRUE((co_await client.Append(Records(*producer, {"half"}, refused ? 0 : 1))).ok());
  const std::string seen = co_await Read(client);
  EXPECT_EQ(seen, refused ? "a@2" : "a half@4");
}

TEST_F(LogServerTest, AnEndThatIsLateLandsInTheNextTransaction) {
  Serve();
  Run("writer", [this](LogClient& client, Node&) { return EndLate(client, feed_, false); });
}

TEST_F(LogServerTest, AnEndThatIsLateIsRefusedWhereEachTransactionHasAnEpoch) {
  Serve(/*epoch_per_transaction=*/true);
  Run("writer", [this](LogClient& client, Node&) { return EndLate(client, feed_, true); });
}

// Of a log that has `a b@5`: what it is called, and that who means another gets nothing of it.
Task<void> AskByTheId(LogClient& client, Node& node, std::string* id) {
  const auto log = co_await client.Metadata();
  EXPECT_TRUE(log.ok()) << log.status();
  if (!id->empty()) EXPECT_EQ(log->log_id(), *id);
  *id = log->log_id();
  EXPECT_EQ(id->size(), 16);
  client.Expect(*id, "be content");
  const std::string seen = co_await Read(client);
  EXPECT_EQ(seen, "a b@5");
  LogClient other(node, kAddress);
  other.Expect("of another", "begin anew");
  const auto producer = co_await other.Init("id", absl::Minutes(1));
  EXPECT_EQ(
      producer.status().message(),
      absl::StrCat("the log at outside:9092 is not the one with which the query has begun: it "
                   "is the log ",
                   *id,
                   ", and not the log of another: serve that one there again, or begin "
                   "anew"));
  logs::InitReply nobody;
  EXPECT_TRUE(absl::IsDataLoss((co_await other.Append(Records(nobody, {"c"}, 0))).status()));
  EXPECT_TRUE(absl::IsDataLoss((co_await other.Offsets("topic")).status()));
  EXPECT_TRUE(absl::IsDataLoss((co_await other.NewestOffset("group")).status()));
  EXPECT_TRUE(absl::IsDataLoss(co_await other.End(End(nobody))));
  const std::string refused = co_await Read(other);
  EXPECT_TRUE(refused.ends_with("begin anew")) << refused;
  const std::string after = co_await Read(client);
  EXPECT_EQ(after, "a b@5");
}

TEST_F(LogServerTest, ALogHasAnIdForLifeAndWhoMeansAnotherGetsNothing) {
  Serve();
  std::string id;
  Run("writer", CommitAndAbort);
  Run("asker", [&id](LogClient& client, Node& node) { return AskByTheId(client, node, &id); });
  world_.LosePower("outside", simulator::SimDisk::Left::kSynced);
  world_.PowerOn("outside");
  world_.Restart("log");
  world_.RunFor(absl::Seconds(1));
  Run("next", [&id](LogClient& client, Node& node) { return AskByTheId(client, node, &id); });
}

// What a query has logged before logs had ids is gone on with, and has the log's from then on.
Task<void> GoOnFromAnOlderOffset(LogClient& client, Node& node) {
  const auto producer = co_await client.Init("id", absl::Minutes(1));
  EXPECT_TRUE((co_await client.Append(Records(*producer, {"a", "b"}, 0))).ok());
  EXPECT_TRUE((co_await client.End(End(*producer))).ok());
  const auto log = co_await client.Metadata();
  checkpoint::LocalStore store(node, "store");
  checkpoint::SeenPaths seen;
  const auto source = runtime::LogSource().open(
      {.format = "log", .path = "", .options = {{"address", kAddress}, {"topic", "topic"}}},
      {.node = node, .store = store, .seen = seen});
  EXPECT_TRUE(source.ok()) << source.status();
  const auto nothing = co_await (*source)->Define("0:3,1:0");
  EXPECT_TRUE(nothing.ok()) << nothing.status();
  EXPECT_FALSE(nothing->any()) << nothing->range.end_offset();
  const auto some = co_await (*source)->Define("0:1,1:0");
  EXPECT_TRUE(some.ok()) << some.status();
  EXPECT_EQ(some->range.end_offset(), absl::StrCat("0:3,1:0,log:", log->log_id(), "/topic"));
  const auto of_other_topic =
      co_await (*source)->Define(absl::StrCat("0:1,1:0,log:", log->log_id(), "/others"));
  EXPECT_TRUE(absl::IsFailedPrecondition(of_other_topic.status())) << of_other_topic.status();
  const auto other = co_await (*source)->Define("0:1,1:0,log:another");
  EXPECT_TRUE(absl::IsDataLoss(other.status())) << other.status();
}

TEST_F(LogServerTest, AQueryFromBeforeLogsHadIdsGoesOn) {
  Serve();
  Run("asker", GoOnFromAnOlderOffset);
}

}  // namespace
}  // namespace wavetank::scenarios::fakes
