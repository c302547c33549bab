#include "properties/at_least_once.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::properties {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class AtLeastOnceCheckerTest : public testing::Test {
 protected:
  // Each line of a file is a row; a file's only line is its name.
  static AtLeastOnceOptions Options() {
    OutputJudge judge{.answer = [](const JudgedBatch& batch) {
      std::vector<NaiveRow> rows;
      const PieceLines pieces = batch.pieces();
      for (const auto& [stream, of_stream] : pieces) {
        for (const std::vector<std::string>& lines : of_stream) {
          for (const std::string& line : lines) rows.push_back({line});
        }
      }
      return rows;
    }};
    AtLeastOnceOptions options;
    options.judges = {judge};
    options.read_piece = [](const Piece& file) { return std::vector<std::string>{file.path}; };
    return options;
  }

  std::vector<std::string> Observe(const BatchLogView& log,
                                   const std::vector<OutputAttempt>& outputs,
                                   int64_t failures = 0) {
    std::vector<std::string> kinds = Kinds(checker_.ObserveLog(++now_, log, failures));
    for (const OutputAttempt& output : outputs) {
      for (std::string& kind : Kinds(checker_.ObserveOutput(now_, output, failures))) {
        kinds.push_back(std::move(kind));
      }
    }
    return kinds;
  }
  static std::vector<std::string> Kinds(const std::vector<Violation>& violations) {
    std::vector<std::string> kinds;
    for (const Violation& violation : violations) kinds.push_back(violation.kind);
    return kinds;
  }

  const LoggedInput first_{1000, {"f1"}};
  const LoggedInput second_{2000, {"f2"}};
  const OutputAttempt whole_{1000, "d1", true, {{"f1"}}};
  int64_t now_ = 0;
  AtLeastOnceChecker checker_{Options()};
};

TEST_F(AtLeastOnceCheckerTest, AcceptsARunWithoutFailures) {
  EXPECT_THAT(Observe({{first_}, {}}, {}), IsEmpty());
  EXPECT_THAT(Observe({{first_}, {}}, {whole_}), IsEmpty());
  EXPECT_THAT(Observe({{first_}, {1000}}, {whole_}), IsEmpty());
  EXPECT_THAT(Kinds(checker_.Finish(++now_, {"f1"})), IsEmpty());
  EXPECT_THAT(checker_.repeated_batches(), IsEmpty());
}

TEST_F(AtLeastOnceCheckerTest, AcceptsAnotherAttemptAfterAFailureBeforeTheCompletionMark) {
  EXPECT_THAT(Observe({{first_}, {}}, {whole_}), IsEmpty());
  EXPECT_THAT(Observe({{first_}, {}}, {whole_, {1000, "d2", false, {}}}, 1), IsEmpty());
  EXPECT_THAT(checker_.repeated_batches(), ElementsAre(1000));
}

TEST_F(AtLeastOnceCheckerTest, EmptyBatchesAdvanceTheWorkOnlyWhileTheyCatchUp) {
  constexpr int64_t kSecondNs = 1'000'000'000;
  BatchLogView log{{first_}, {}};
  const auto observe = [&](int64_t now_ns) {
    EXPECT_THAT(Kinds(checker_.ObserveLog(now_ns, log, 0)), IsEmpty());
    return checker_.advances();
  };
  const int64_t logged = observe(kSecondNs);
  log.inputs.push_back({2000, {}});
  EXPECT_EQ(observe(2 * kSecondNs), logged);
  log.completed_ms.push_back(2000);
  EXPECT_EQ(observe(2 * kSecondNs), logged);
  log.inputs.push_back({3000, {}});
  EXPECT_EQ(observe(2 * kSecondNs + 1), logged + 1) << "it was overdue";
  log.completed_ms.push_back(1000);
  EXPECT_EQ(observe(3 * kSecondNs), logged + 2) << "it has input";
}

TEST_F(AtLeastOnceCheckerTest, AcceptsThatCompletedBatchesAreDroppedFromTheLog) {
  EXPECT_THAT(Observe({{first_, second_}, {1000}}, {whole_}), IsEmpty());
  EXPECT_THAT(Observe({.inputs = {second_}, .dropped_up_to_ms = 1000}, {whole_}), IsEmpty());
  EXPECT_EQ(checker_.batches_completed(), 1);
}

TEST_F(AtLeastOnceCheckerTest, ReportsABatchThatIsDroppedBeforeItEndedOrWithoutAWord) {
  EXPECT_THAT(Observe({{first_, second_}, {1000}}, {whole_}), IsEmpty());
  EXPECT_THAT(Observe({.inputs = {}, .dropped_up_to_ms = 2000}, {whole_}),
              ElementsAre(violation_kinds::kDefinition));
  EXPECT_EQ(checker_.batches_completed(), 2) << "it is not waited for any more";
  EXPECT_THAT(Observe({.inputs = {second_}}, {whole_}), ElementsAre(violation_kinds::kDefinition));
}

TEST_F(AtLeastOnceCheckerTest, ReportsADroppedBatchThatComesBack) {
  EXPECT_THAT(Observe({{first_, second_}, {1000}}, {whole_}), IsEmpty());
  const BatchLogView dropped{.inputs = {second_}, .dropped_up_to_ms = 1000};
  EXPECT_THAT(Observe(dropped, {}), IsEmpty());
  BatchLogView back = dropped;
  back.inputs = {first_, second_};
  EXPECT_THAT(Observe(back, {}), ElementsAre(violation_kinds::kDefinition));
  EXPECT_THAT(Observe({.inputs = {second_}}, {}), ElementsAre(violation_kinds::kDefinition))
      << "it does not say that anything was dropped";
}

TEST_F(AtLeastOnceCheckerTest, LooksAtABatchThatIsKeptAmongDroppedOnes) {
  const LoggedInput third{3000, {"f3"}};
  EXPECT_THAT(Observe({{first_, second_, third}, {1000, 2000}}, {}), IsEmpty());
  const BatchLogView dropped{
      .inputs = {second_, third}, .completed_ms = {2000}, .dropped_up_to_ms = 2000};
  EXPECT_THAT(Observe(dropped, {}), IsEmpty());
  BatchLogView other = dropped;
  other.inputs.front().pieces = {"f9"};
  EXPECT_THAT(Observe(other, {}), ElementsAre(violation_kinds::kDefinition));
}

TEST_F(AtLeastOnceCheckerTest, JudgesAnOutputByTheInputThatChanged) {
  EXPECT_THAT(Observe({{first_}, {}}, {whole_}), IsEmpty());
  const BatchLogView changed{{{1000, {"f9"}}}, {}};
  EXPECT_THAT(Observe(changed, {}), ElementsAre(violation_kinds::kDefinition));
  EXPECT_THAT(Observe(changed, {{1000, "d2", true, {{"f9"}}}}, 1), IsEmpty());
  EXPECT_THAT(Observe(changed, {{1000, "d3", true, {{"f1"}}}}, 2),
              ElementsAre(violation_kinds::kWrongAnswer));
  EXPECT_EQ(checker_.TimesInBatches("f9"), 1);
}

TEST_F(AtLeastOnceCheckerTest, ReportsADroppedBatchThatNeverWasDurable) {
  EXPECT_THAT(Observe({.inputs = {second_}, .dropped_up_to_ms = 1000}, {}),
              ElementsAre(violation_kinds::kDefinition));
  const int64_t advances = checker_.advances();
  Observe({.inputs = {second_, {3000, {"f3"}}}, .dropped_up_to_ms = 1000}, {});
  EXPECT_EQ(checker_.advances(), advances) << "after a violation nothing is progress";
}

TEST_F(AtLeastOnceCheckerTest, CountsTheCompletedAmongTheLoggedInAnyOrder) {
  EXPECT_THAT(Observe({{}, {1000}}, {}), ElementsAre(violation_kinds::kCommitOrder));
  EXPECT_EQ(checker_.batches_completed(), 0);
  EXPECT_THAT(Observe({{first_, second_}, {1000}}, {}), IsEmpty());
  EXPECT_EQ(checker_.batches_completed(), 1);
  EXPECT_EQ(checker_.batches_logged(), 2);
}

TEST_F(AtLeastOnceCheckerTest, ReportsACompletionThatIsGone) {
  EXPECT_THAT(Observe({{first_}, {1000}}, {whole_}), IsEmpty());
  EXPECT_THAT(Observe({{first_}, {}}, {whole_}), ElementsAre(violation_kinds::kDefinition));
}

TEST_F(AtLeastOnceCheckerTest, ReportsAnotherAttemptWithoutAFailure) {
  EXPECT_THAT(Observe({{first_}, {}}, {whole_, {1000, "d2", true, {{"f1"}}}}),
              ElementsAre(violation_kinds::kDuplicated));
}

TEST_F(AtLeastOnceCheckerTest, ReportsAnotherAttemptAfterTheCompletionMark) {
  EXPECT_THAT(Observe({{first_}, {1000}}, {whole_}), IsEmpty());
  EXPECT_THAT(Observe({{first_}, {1000}}, {whole_, {1000, "d2", false, {}}}, 3),
              ElementsAre(violation_kinds::kDuplicated));
}

TEST_F(AtLeastOnceCheckerTest, ReportsOutputBeforeItsInputIsDurable) {
  EXPECT_THAT(Observe({{}, {}}, {whole_}), ElementsAre(violation_kinds::kInputDurable));
}

TEST_F(AtLeastOnceCheckerTest, JudgesAnEarlyOutputOnceItsInputShows) {
  const OutputAttempt wrong{1000, "d1", true, {{"f9"}}};
  for (const OutputAttempt& output : {whole_, wrong}) {
    AtLeastOnceChecker checker(Options());
    EXPECT_EQ(checker.ObserveOutput(1, output, 0).size(), 1);
    const std::vector<Violation> judged = checker.ObserveLog(2, {{first_}, {1000}}, 0);
    if (output.rows == whole_.rows) {
      EXPECT_THAT(judged, IsEmpty());
    } else {
      EXPECT_THAT(Kinds(judged), ElementsAre(violation_kinds::kWrongAnswer));
    }
    EXPECT_THAT(checker.Finish(3, {"f1"}), IsEmpty());
  }
}

TEST_F(AtLeastOnceCheckerTest, ReportsACompleteAttemptWithWrongRows) {
  EXPECT_THAT(Observe({{first_}, {}}, {{1000, "d1", true, {{"f1"}, {"f1"}}}}),
              ElementsAre(violation_kinds::kWrongAnswer));
}

TEST_F(AtLeastOnceCheckerTest, ReportsACompleteAttemptThatCannotBeRead) {
  EXPECT_THAT(Observe({{first_}, {}}, {{1000, "d1", true, {{"f1"}}, "its part is gone"}}),
              ElementsAre(violation_kinds::kUnreadable));
}

TEST_F(AtLeastOnceCheckerTest, AcceptsAnIncompleteAttemptWithAnyRows) {
  EXPECT_THAT(Observe({{first_}, {}}, {{1000, "d1", false, {}}}), IsEmpty());
}

TEST_F(AtLeastOnceCheckerTest, ReportsInputThatChangesOrIsTakenTwice) {
  EXPECT_THAT(Observe({{first_}, {}}, {}), IsEmpty());
  EXPECT_THAT(Observe({{{1000, {"f9"}}}, {}}, {}), ElementsAre(violation_kinds::kDefinition));
  EXPECT_THAT(Observe({{first_, {2000, {"f1"}}}, {}}, {}),
              ElementsAre(violation_kinds::kDuplicated));
}

TEST_F(AtLeastOnceCheckerTest, ReportsACompleteOutputThatIsGone) {
  const BatchLogView log{{first_}, {1000}};
  EXPECT_THAT(Observe(log, {whole_}), IsEmpty());
  EXPECT_THAT(Observe(log, {{1000, "d1"}}), ElementsAre(violation_kinds::kVisibility));
  EXPECT_THAT(Kinds(checker_.Finish(++now_, {"f1"})), ElementsAre(violation_kinds::kLost))
      << "the batch is marked complete, and has no output any more";
}

TEST_F(AtLeastOnceCheckerTest, JudgesACompleteOutputAgainWhenItsContentIsAnotherOne) {
  const BatchLogView log{{first_}, {1000}};
  EXPECT_THAT(Observe(log, {whole_}), IsEmpty());
  OutputAttempt changed = whole_;
  changed.content_hash = 7;
  EXPECT_THAT(Observe(log, {changed}), IsEmpty());
  changed.content_hash = 8;
  changed.rows.clear();
  EXPECT_THAT(Observe(log, {changed}), ElementsAre(violation_kinds::kWrongAnswer));
}

TEST_F(AtLeastOnceCheckerTest, ReportsWhatIsMissingAtTheEnd) {
  EXPECT_THAT(Observe({{first_, second_}, {1000}}, {}), IsEmpty());
  EXPECT_THAT(Kinds(checker_.Finish(++now_, {"f1", "f2", "f3"})),
              ElementsAre(violation_kinds::kLost, violation_kinds::kLost, violation_kinds::kLost));
}

}  // namespace
}  // namespace wavetank::properties
