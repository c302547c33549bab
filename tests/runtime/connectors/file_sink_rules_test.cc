// Rules of a file sink that keep what it shows whole while its store fails, its process ends or an
// older driver wakes: each at the call that it is there for.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "platform/status_macros.h"
#include "runtime/connectors/file_sink.h"
#include "tests/checkpoint/watched_store.h"
#include "tests/runtime/connectors/sim_sink.h"

namespace wavetank::runtime {
namespace {

using checkpoint::AnswerNow;
using checkpoint::LocalStore;
using checkpoint::WatchedStore;
using platform::Node;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::Status Away() { return absl::UnavailableError("the store is away"); }

// --- fencing ---

Task<absl::Status> FenceAsOlder(Node& node, checkpoint::Store& store) {
  FileSink older(node, store, SinkOptions(MANIFEST_MODE_APPEND));
  const auto fenced = co_await older.Fence({1, 1});
  // It may be stopped at the sight of the newer one's token.
  const bool expected = fenced.ok() || absl::IsAborted(fenced.status());
  EXPECT_TRUE(expected) << fenced.status();
  co_return absl::OkStatus();
}

// An older driver takes the sink's log over just before the newer one's call of that number.
Task<void> FenceOvertakenAt(Node& node, int at, absl::Status& fenced, int& calls) {
  LocalStore inner(node, "");
  WatchedStore store(inner, [&](const std::string&, const std::string&) {
    return ++calls == at ? FenceAsOlder(node, inner) : AnswerNow(absl::OkStatus());
  });
  FileSink newer(node, store, SinkOptions(MANIFEST_MODE_APPEND));
  fenced = (co_await newer.Fence({2, 1})).status();
}

TEST_F(FileSinkTest, ADriverThatAnOlderOneOvertookTakesTheLogBack) {
  int calls = 0;
  for (int at = 1; at == 1 || calls >= at; ++at) {
    SCOPED_TRACE(absl::StrCat("overtaken before call ", at));
    absl::Status fenced;
    calls = 0;
    Run(absl::StrCat("driver-", at),
        [&](Node& node) { return FenceOvertakenAt(node, at, fenced, calls); });
    EXPECT_TRUE(fenced.ok()) << fenced;
    if (calls < at) EXPECT_GT(at, 10) << "or nothing was tested";
  }
}

Task<void> PrepareAsFenced(Node& node, absl::Status& prepared) {
  LocalStore store(node, "");
  FileSink older(node, store, SinkOptions(MANIFEST_MODE_APPEND));
  const auto fenced = co_await older.Fence({1, 1});
  EXPECT_TRUE(fenced.ok()) << fenced.status();
  const auto part = co_await StageFilePart(store, "out", 0, "older", "a,1\n", 1);
  EXPECT_TRUE(part.ok()) << part.status();
  FileSink newer(node, store, SinkOptions(MANIFEST_MODE_APPEND));
  const auto fenced_by = co_await newer.Fence({2, 1});
  EXPECT_TRUE(fenced_by.ok()) << fenced_by.status();
  const absl::Status removed = co_await store.Remove("out/_wavetank/staged/batch-00000-older.csv");
  EXPECT_TRUE(removed.ok()) << removed;
  SinkBatch batch{0, 100, {}};
  batch.parts = {*part};
  prepared = (co_await older.Prepare(std::move(batch))).status();
}

TEST_F(FileSinkTest, AFencedDriverWhoseStagedPartIsGoneAccusesNobody) {
  absl::Status prepared;
  Run("driver", [&prepared](Node& node) { return PrepareAsFenced(node, prepared); });
  EXPECT_TRUE(absl::IsAborted(prepared)) << prepared;
}

// --- what is staged ---

Task<void> StageInDoubt(Node& node, absl::Status& staged) {
  LocalStore inner(node, "");
  WatchedStore store(inner, [](const std::string& call, const std::string&) {
    return AnswerNow(call == "CreateIfAbsent" ? Away() : absl::OkStatus());
  });
  staged = (co_await StageFilePart(store, "out", 0, "u", "a,1\n", 1)).status();
}

TEST_F(FileSinkTest, APartWhoseOutcomeIsUnknownIsNotReportedAsStaged) {
  absl::Status staged;
  Run("worker", [&staged](Node& node) { return StageInDoubt(node, staged); });
  EXPECT_TRUE(absl::IsUnavailable(staged)) << staged;
}

// Prepares batch 0, which is not committed, and ends.
Task<void> PrepareOnly(Node& node, std::string& committable) {
  LocalStore store(node, "");
  FileSink sink(node, store, SinkOptions(MANIFEST_MODE_APPEND));
  const auto fenced = co_await sink.Fence({1, 1});
  EXPECT_TRUE(fenced.ok()) << fenced.status();
  const absl::Status first = co_await CommitBatch(store, sink, 0, 100, "u0", "a,1\n", 1);
  EXPECT_TRUE(first.ok()) << first;
  SinkBatch batch{1, 101, {}};
  const auto part = co_await StageFilePart(store, "out", 1, "u1", "b,1\n", 1);
  batch.parts = {*part};
  const auto prepared = co_await sink.Prepare(std::move(batch));
  EXPECT_TRUE(prepared.ok()) << prepared.status();
  committable = *prepared;
}
Task<void> AskAsNext(Node& node, std::string committable, bool away,
                     absl::StatusOr<CommittableState>& state) {
  LocalStore inner(node, "");
  bool is_away = false;
  WatchedStore store(inner, [&is_away](const std::string&, const std::string&) {
    return AnswerNow(is_away ? Away() : absl::OkStatus());
  });
  FileSink sink(node, store, SinkOptions(MANIFEST_MODE_APPEND));
  const auto fenced = co_await sink.Fence({2, 1});
  EXPECT_TRUE(fenced.ok()) << fenced.status();
  is_away = away;
  state = co_await sink.Ask(std::move(committable));
}

TEST_F(FileSinkTest, TellsWhatIsGoneForGoodFromWhatIsThereAndFromWhatCannotBeRead) {
  std::string committable;
  Run("driver", [&](Node& node) { return PrepareOnly(node, committable); });
  absl::StatusOr<CommittableState> state = absl::UnknownError("");
  Run("next", [&](Node& node) { return AskAsNext(node, committable, false, state); });
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(*state, CommittableState::kPending) << "a take-over leaves what may be prepared";
  Run("away", [&](Node& node) { return AskAsNext(node, committable, true, state); });
  EXPECT_TRUE(absl::IsUnavailable(state.status())) << state.status();
  world_.machine("m").disk().Put("out/_wavetank/staged/batch-00001-u1.csv", "b,2\n");
  Run("last", [&](Node& node) { return AskAsNext(node, committable, false, state); });
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(*state, CommittableState::kGone) << "of the right length, and other bytes";
}

// --- plain names ---

// Commits that many batches of two parts each, and ends.
Task<void> CommitTwoParts(Node& node, ManifestMode mode, int64_t batches,
                          std::function<absl::Status(const std::string& link)> on_link) {
  LocalStore inner(node, "");
  WatchedStore store(inner, [&on_link](const std::string& call, const std::string& path) {
    return AnswerNow(call == "Link" ? on_link(path) : absl::OkStatus());
  });
  FileSink sink(node, store, SinkOptions(mode));
  const auto fenced = co_await sink.Fence({1, 1});
  EXPECT_TRUE(fenced.ok()) << fenced.status();
  co_await sink.Settle(absl::Milliseconds(500));
  const int64_t first = *fenced ? (*fenced)->batch + 1 : 0;
  for (int64_t batch = first; batch < first + batches; ++batch) {
    SinkBatch prepared{batch, 100 + static_cast<uint64_t>(batch), {}};
    for (const char* unique : {"one", "two"}) {
      const auto part =
          co_await StageFilePart(store, "out", batch, unique, absl::StrCat(unique, ",1\n"), 1);
      EXPECT_TRUE(part.ok()) << part.status();
      prepared.parts.push_back(*part);
    }
    const auto committable = co_await sink.Prepare(std::move(prepared));
    EXPECT_TRUE(committable.ok()) << committable.status();
    const absl::Status committed = co_await CommitAndSettle(sink, *committable);
    EXPECT_TRUE(committed.ok()) << committed;
  }
}
std::vector<std::string> PartsOf(std::vector<int64_t> batches) {
  std::vector<std::string> names;
  for (const int64_t batch : batches) {
    for (const int part : {0, 1})
      names.push_back(absl::StrCat("part-0000", batch, "-0000", part, ".csv"));
  }
  return names;
}

TEST_F(FileSinkTest, AfterARestartEveryPartOfABatchHasItsPlainName) {
  Run("driver", [](Node& node) {
    return CommitTwoParts(node, MANIFEST_MODE_APPEND, 1, [](const std::string& link) {
      return absl::EndsWith(link, "-00001.csv") ? Away() : absl::OkStatus();
    });
  });
  EXPECT_THAT(PlainNames(), ElementsAre("part-00000-00000.csv"));
  Run("next", [](Node& node) {
    return CommitTwoParts(node, MANIFEST_MODE_APPEND, 0,
                          [](const std::string&) { return absl::OkStatus(); });
  });
  EXPECT_EQ(PlainNames(), PartsOf({0}));
}

TEST_F(FileSinkTest, NamesThatCouldNotBeLinkedComeWithTheNextCommit) {
  Run("driver", [](Node& node) {
    return CommitTwoParts(node, MANIFEST_MODE_APPEND, 2,
                          [failed = false](const std::string&) mutable {
                            return std::exchange(failed, true) ? absl::OkStatus() : Away();
                          });
  });
  EXPECT_EQ(PlainNames(), PartsOf({0, 1}));
}

// What the names show is replaced only once the names of what replaces it are there.
TEST_F(FileSinkTest, ATableThatIsReplacedStaysUntilTheNamesOfTheNextAreThere) {
  const auto fails_from_1_to_2 = [](const std::string& link) {
    return absl::StrContains(link, "part-00001") || absl::StrContains(link, "part-00002")
               ? Away()
               : absl::OkStatus();
  };
  Run("driver", [&](Node& node) {
    return CommitTwoParts(node, MANIFEST_MODE_COMPLETE, 3, fails_from_1_to_2);
  });
  EXPECT_EQ(PlainNames(), PartsOf({0}));
  Run("next", [](Node& node) {
    return CommitTwoParts(node, MANIFEST_MODE_COMPLETE, 1,
                          [](const std::string&) { return absl::OkStatus(); });
  });
  EXPECT_EQ(PlainNames(), PartsOf({2, 3}));
}

Task<absl::Status> LinkAgain(checkpoint::Store& store) {
  const absl::Status linked =
      co_await store.Link("out/_wavetank/staged/batch-00000-u0.csv", "out/part-00000-00000.csv");
  const bool expected = linked.ok() || absl::IsNotFound(linked);
  EXPECT_TRUE(expected) << linked;
  co_return absl::OkStatus();
}
// Before each removal but the first, somebody who is fenced by now links the part once more.
Task<void> ReplaceBesideAZombie(Node& node) {
  LocalStore inner(node, "");
  int removals = 0;
  WatchedStore store(inner, [&](const std::string& call, const std::string&) {
    const bool links = call == "Remove" && ++removals > 1;
    return links ? LinkAgain(inner) : AnswerNow(absl::OkStatus());
  });
  FileSink sink(node, store, SinkOptions(MANIFEST_MODE_COMPLETE));
  const auto fenced = co_await sink.Fence({1, 1});
  EXPECT_TRUE(fenced.ok()) << fenced.status();
  for (int64_t batch = 0; batch < 3; ++batch) {
    const absl::Status committed =
        co_await CommitBatch(store, sink, batch, 100 + static_cast<uint64_t>(batch),
                             absl::StrCat("u", batch), "a,1\n", 1);
    EXPECT_TRUE(committed.ok()) << committed;
  }
  EXPECT_EQ(removals, 2);
}

TEST_F(FileSinkTest, WhoIsFencedCannotBringAReplacedNameBack) {
  Run("driver", ReplaceBesideAZombie);
  EXPECT_THAT(PlainNames(), ElementsAre("part-00001-00000.csv", "part-00002-00000.csv"));
}

// --- what readers make of it ---

Task<void> CommitTwoKeyColumns(Node& node) {
  LocalStore store(node, "");
  FileSinkOptions options = SinkOptions(MANIFEST_MODE_UPDATE);
  options.columns = {SinkColumn("first", true), SinkColumn("second", true),
                     SinkColumn("count", false)};
  FileSink sink(node, store, std::move(options));
  const auto fenced = co_await sink.Fence({1, 1});
  EXPECT_TRUE(fenced.ok()) << fenced.status();
  const absl::Status committed =
      co_await CommitBatch(store, sink, 0, 100, "u", "a,bc,1\nab,c,2\n\"\",abc,3\n,abc,4\n", 4);
  EXPECT_TRUE(committed.ok()) << committed;
}

TEST_F(FileSinkTest, KeysOfSeveralColumnsAreToldApart) {
  Run("driver", CommitTwoKeyColumns);
  EXPECT_EQ(Table().rows.size(), 4u);
}

}  // namespace
}  // namespace wavetank::runtime
