#include "checkpoint/recovery.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace wavetank::checkpoint {
namespace {

std::vector<QueryFound> EveryQueryFound() {
  std::vector<QueryFound> all;
  for (int definition = 0; definition < 2; ++definition)
    for (int prepared = 0; prepared < 2; ++prepared)
      for (int commit = 0; commit < 3; ++commit)
        for (int sink = 0; sink < 6; ++sink)
          for (int committable = 0; committable < 4; ++committable)
            all.push_back({static_cast<DefinitionFound>(definition),
                           static_cast<PreparedFound>(prepared), static_cast<CommitFound>(commit),
                           static_cast<SinkShows>(sink), static_cast<CommittableIs>(committable)});
  return all;
}

std::string Describe(const QueryFound& found) {
  return absl::StrCat("definition ", static_cast<int>(found.definition), " prepared ",
                      static_cast<int>(found.prepared), " commit ", static_cast<int>(found.commit),
                      " sink ", static_cast<int>(found.sink), " committable ",
                      static_cast<int>(found.committable));
}

TEST(QueryRecoveryTable, HasExactlyOneRowForEachCombination) {
  std::vector<int> uses(QueryRecoveryTable().size());
  for (const QueryFound& found : EveryQueryFound()) {
    int matches = 0;
    for (size_t row = 0; row < uses.size(); ++row) {
      if (!QueryRecoveryTable()[row].Matches(found)) continue;
      ++matches;
      ++uses[row];
    }
    EXPECT_EQ(matches, 1) << Describe(found);
  }
  for (size_t row = 0; row < uses.size(); ++row) {
    EXPECT_GT(uses[row], 0) << "row " << row << " never matches";
    EXPECT_FALSE(QueryRecoveryTable()[row].reason.empty());
  }
}

// The rules that make a table of decisions safe, each for every combination.
TEST(QueryRecoveryTable, NeverActsOnASinkThatWasNotFenced) {
  for (const QueryFound& found : EveryQueryFound()) {
    if (found.sink != SinkShows::kNotFenced) continue;
    const RecoveryDecision decision = DecideQuery(found).decision;
    EXPECT_TRUE(decision == RecoveryDecision::kFenceSink || decision == RecoveryDecision::kRefuse)
        << Describe(found);
  }
}

TEST(QueryRecoveryTable, RunsABatchAnewOnlyWhenNoAttemptAtItCanEverBeSeen) {
  for (const QueryFound& found : EveryQueryFound()) {
    if (DecideQuery(found).decision != RecoveryDecision::kRunBatch) continue;
    EXPECT_EQ(found.definition, DefinitionFound::kNewest) << Describe(found);
    EXPECT_EQ(found.commit, CommitFound::kAllBefore) << Describe(found);
    EXPECT_EQ(found.sink, SinkShows::kAllBefore) << Describe(found);
    EXPECT_TRUE(found.prepared == PreparedFound::kNone || found.committable == CommittableIs::kGone)
        << Describe(found);
  }
}

TEST(QueryRecoveryTable, CommitsOnlyThePreparedAttempt) {
  for (const QueryFound& found : EveryQueryFound()) {
    const RecoveryDecision decision = DecideQuery(found).decision;
    if (decision == RecoveryDecision::kSendCommit) {
      EXPECT_EQ(found.committable, CommittableIs::kPending) << Describe(found);
      EXPECT_EQ(found.sink, SinkShows::kAllBefore) << Describe(found);
    } else if (decision == RecoveryDecision::kLogCommit) {
      EXPECT_EQ(found.committable, CommittableIs::kVisible) << Describe(found);
      EXPECT_EQ(found.sink, SinkShows::kNewest) << Describe(found);
    } else {
      continue;
    }
    EXPECT_EQ(found.prepared, PreparedFound::kNewest) << Describe(found);
    EXPECT_EQ(found.commit, CommitFound::kAllBefore) << Describe(found);
  }
}

TEST(QueryRecoveryTable, DefinesTheNextBatchOnlyWhenLogAndSinkAgreeOnAllBefore) {
  for (const QueryFound& found : EveryQueryFound()) {
    if (DecideQuery(found).decision != RecoveryDecision::kDefineNext) continue;
    if (found.definition == DefinitionFound::kNewest) {
      EXPECT_EQ(found.commit, CommitFound::kNewest) << Describe(found);
      EXPECT_EQ(found.sink, SinkShows::kNewest) << Describe(found);
    } else {
      EXPECT_EQ(found.commit, CommitFound::kAllBefore) << Describe(found);
      EXPECT_TRUE(found.sink == SinkShows::kAllBefore || found.sink == SinkShows::kBehind);
    }
  }
}

TEST(QueryRecoveryTable, RefusalsNameTheQueryTheBatchAndTheReason) {
  const QueryRow& row =
      DecideQuery({DefinitionFound::kNewest, PreparedFound::kNone, CommitFound::kAllBefore,
                   SinkShows::kOtherOfBatch, CommittableIs::kNotAsked});
  const absl::Status refusal = Refusal(row, "counts", 7);
  EXPECT_TRUE(absl::IsDataLoss(refusal));
  const std::string text = refusal.ToString();
  EXPECT_NE(text.find("query counts, batch 7: the sink shows the batch from another definition"),
            std::string::npos)
      << text;
}

TEST(GraphRecoveryTable, HasExactlyOneRowForEachCombination) {
  for (int input = 0; input < 2; ++input) {
    for (int completion = 0; completion < 2; ++completion) {
      for (int data = 0; data < 2; ++data) {
        const GraphBatchFound found{static_cast<InputFound>(input),
                                    static_cast<CompletionFound>(completion),
                                    static_cast<DataFound>(data)};
        int matches = 0;
        for (const GraphRow& row : GraphRecoveryTable()) matches += row.Matches(found);
        EXPECT_EQ(matches, 1) << input << completion << data;
        // At least once: what is logged and not completed is never passed over.
        if (found.input == InputFound::kDurable && found.completion == CompletionFound::kNone) {
          EXPECT_EQ(DecideGraphBatch(found).decision, found.data == DataFound::kWhole
                                                          ? GraphDecision::kRerun
                                                          : GraphDecision::kRefuse);
        }
      }
    }
  }
}

}  // namespace
}  // namespace wavetank::checkpoint
