#include "properties/exactly_once.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::properties {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

std::shared_ptr<const std::vector<NaiveRow>> Rows(std::vector<NaiveRow> rows) {
  return std::make_shared<const std::vector<NaiveRow>>(std::move(rows));
}

class ExactlyOnceCheckerTest : public testing::Test {
 protected:
  static ExactlyOnceOptions Options() {
    ExactlyOnceOptions options;
    options.answers.emplace_back([] { return NaiveWordCount(NaiveMode::kUpdate); });
    options.read_file = [](const std::string& file) {
      static const std::map<std::string, std::vector<std::string>> kFiles = {{"f1", {"a b"}},
                                                                             {"f2", {"a"}}};
      return kFiles.at(file);
    };
    return options;
  }
  ExactlyOnceCheckerTest() : checker_(Options()) {}

  std::vector<std::string> Observe(const QueryLogView& log, const std::vector<ShownBatch>& sink) {
    return Kinds(checker_.Observe(++now_, log, sink));
  }
  std::vector<std::string> Finish() { return Kinds(checker_.Finish(++now_, {"f1", "f2"})); }
  static std::vector<std::string> Kinds(const std::vector<Violation>& violations) {
    std::vector<std::string> kinds;
    for (const Violation& violation : violations) kinds.push_back(violation.kind);
    return kinds;
  }

  const LoggedBatch first_{0, {{"in", {"f1"}, 0, 1}}, {}, 0, 11};
  const LoggedBatch second_{1, {{"in", {"f2"}, 1, 2}}, {}, 0, 22};
  const ShownBatch shown_first_{0, 11, Rows({{"b", "1"}, {"a", "1"}})};
  const ShownBatch shown_second_{1, 22, Rows({{"a", "2"}})};
  int64_t now_ = 0;
  ExactlyOnceChecker checker_;
};

TEST_F(ExactlyOnceCheckerTest, AcceptsARunThatKeepsThePromise) {
  EXPECT_THAT(Observe({{}, {}}, {}), IsEmpty());
  EXPECT_THAT(Observe({{first_}, {}}, {}), IsEmpty());
  EXPECT_THAT(Observe({{first_}, {}}, {shown_first_}), IsEmpty());
  EXPECT_THAT(Observe({{first_, second_}, {0}}, {shown_first_}), IsEmpty());
  EXPECT_THAT(Observe({{first_, second_}, {0, 1}}, {shown_first_, shown_second_}), IsEmpty());
  EXPECT_THAT(Finish(), IsEmpty());
}

TEST_F(ExactlyOnceCheckerTest, ReportsACommitBeforeTheSinkShowsTheBatch) {
  EXPECT_THAT(Observe({{first_}, {0}}, {}), ElementsAre(violation_kinds::kCommitOrder));
}

TEST_F(ExactlyOnceCheckerTest, ReportsABatchShownBeforeItsDefinitionIsLogged) {
  EXPECT_THAT(Observe({{}, {}}, {shown_first_}), ElementsAre(violation_kinds::kVisibility));
}

TEST_F(ExactlyOnceCheckerTest, ReportsABatchShownTwice) {
  EXPECT_THAT(Observe({{first_, second_}, {}}, {shown_first_, shown_first_}),
              ElementsAre(violation_kinds::kVisibility, violation_kinds::kDefinition,
                          violation_kinds::kWrongAnswer));
}

TEST_F(ExactlyOnceCheckerTest, ReportsAnAnswerThatIsNotTheNaiveOne) {
  EXPECT_THAT(Observe({{first_}, {}}, {{0, 11, Rows({{"a", "2"}, {"b", "1"}})}}),
              ElementsAre(violation_kinds::kWrongAnswer));
}

TEST_F(ExactlyOnceCheckerTest, ReportsABatchMadeFromAnotherDefinition) {
  EXPECT_THAT(Observe({{first_}, {}}, {{0, 12, shown_first_.rows}}),
              ElementsAre(violation_kinds::kDefinition));
}

TEST_F(ExactlyOnceCheckerTest, ReportsABatchThatDoesNotSayWhatItWasMadeFrom) {
  EXPECT_THAT(Observe({{first_}, {}}, {{0, 0, shown_first_.rows}}),
              ElementsAre(violation_kinds::kDefinition));
}

TEST(ExactlyOnceChecker, RowsAreLateByTheWatermarkOfTheBatchBefore) {
  ExactlyOnceOptions options;
  options.answers.emplace_back([] { return NaiveWindowedCount(5'000, 10'000); });
  options.read_file = [](const std::string& file) {
    return std::vector<std::string>{file == "f1" ? "100,x" : "20,x"};
  };
  ExactlyOnceChecker checker(std::move(options));
  // The second batch's own watermark is past its row: it counts, and is final at once.
  const QueryLogView log{
      {{0, {{"in", {"f1"}, 0, 1}}, {}, 0, 11}, {1, {{"in", {"f2"}, 1, 2}}, 90'000, 0, 22}}, {}};
  const std::vector<NaiveRow> final_rows = {
      {"1970-01-01T00:00:20Z", "1970-01-01T00:00:25Z", "x", "1"}};
  for (const Violation& violation :
       checker.Observe(1, log, {{0, 11, Rows({})}, {1, 22, Rows(final_rows)}})) {
    ADD_FAILURE() << violation.kind << ": " << violation.what;
  }
}

TEST_F(ExactlyOnceCheckerTest, ReportsWhatAnAttemptHasCountedWrong) {
  QueryLogView log{.definitions = {first_}, .commits = {}};
  log.prepared = {{.batch = 0}};
  EXPECT_THAT(Observe(log, {}), IsEmpty());
  log.prepared = {{.batch = 0, .rows_dropped_late = 1}};
  EXPECT_THAT(Observe(log, {}), ElementsAre(violation_kinds::kWrongAnswer));
  log.prepared = {{.batch = 0, .rows_without_time = 1}};
  EXPECT_THAT(Observe(log, {}), ElementsAre(violation_kinds::kWrongAnswer));
  log.prepared = {{.batch = 0, .next_watermark_ms = 5}};
  EXPECT_THAT(Observe(log, {}), ElementsAre(violation_kinds::kWatermark));
  log.prepared = {{.batch = 0, .rows_dropped_late = 1, .files_skipped = 1}};
  EXPECT_THAT(Observe(log, {}), IsEmpty()) << "nobody knows what was in the file";
}

TEST_F(ExactlyOnceCheckerTest, JudgesWhatIsShownByTheDefinitionThatChangedBeforeAnythingWasShown) {
  EXPECT_THAT(Observe({{first_, second_}, {}}, {shown_first_}), IsEmpty());
  const LoggedBatch other{1, {{"in", {}, 1, 1}}, {}, 0, 33};
  EXPECT_THAT(Observe({{first_, other}, {}}, {shown_first_}),
              ElementsAre(violation_kinds::kDefinition, violation_kinds::kDefinition))
      << "it has changed, and has neither input nor anything that becomes final";
  EXPECT_THAT(Observe({{first_, other}, {}}, {shown_first_, {1, 33, Rows({})}}), IsEmpty());
  const LoggedBatch third{2, {{"in", {"f2"}, 1, 2}}, {}, 0, 44};
  EXPECT_THAT(Observe({{first_, other, third}, {}},
                      {shown_first_, {1, 33, Rows({})}, {2, 44, Rows({{"a", "2"}})}}),
              IsEmpty());
}

// Has seen the time 10 ms from its first batch on, and says what becomes final after each.
class SaysWhatIsDue final : public NaiveQuery {
 public:
  explicit SaysWhatIsDue(std::vector<int64_t> final_ms) : final_ms_(std::move(final_ms)) {}
  NaiveAnswer Run(const NaiveBatch&) override {
    NaiveAnswer answer;
    answer.max_event_ms = 10;
    answer.next_final = NaiveNextFinal{final_ms_.at(batches_++)};
    return answer;
  }

 private:
  const std::vector<int64_t> final_ms_;
  size_t batches_ = 0;
};

// Of what becomes final, that is.
class SaysNothing final : public NaiveQuery {
 public:
  NaiveAnswer Run(const NaiveBatch&) override {
    NaiveAnswer answer;
    answer.max_event_ms = 10;
    return answer;
  }
};

TEST(ExactlyOnceChecker, ABatchWithoutInputComesIfItIsDueAndOnlyThen) {
  const auto kinds = [](std::vector<int64_t> final_ms, std::vector<LoggedBatch> logged,
                        bool finish) {
    ExactlyOnceOptions options;
    options.answers.emplace_back([=] { return std::make_unique<SaysWhatIsDue>(final_ms); });
    options.answers.emplace_back([] { return std::make_unique<SaysNothing>(); });
    options.read_file = [](const std::string&) { return std::vector<std::string>(); };
    ExactlyOnceChecker checker(std::move(options));
    std::vector<Violation> found =
        checker.Observe(1, {.definitions = std::move(logged), .commits = {}}, {});
    if (finish) found = checker.Finish(2, {});
    std::vector<std::string> names;
    for (const Violation& violation : found) names.push_back(violation.kind);
    return names;
  };
  const LoggedBatch with_input{0, {{"in", {"f1"}, 0, 1}}, {}, 0, 11};
  const LoggedBatch without{1, {{"in", {}, 1, 1}}, 10, 0, 22};
  EXPECT_THAT(kinds({10, 20}, {with_input, without}, false), IsEmpty());
  EXPECT_THAT(kinds({11, 20}, {with_input, without}, false),
              ElementsAre(violation_kinds::kDefinition));
  EXPECT_THAT(kinds({10}, {with_input}, true), testing::Contains(violation_kinds::kLost));
  EXPECT_THAT(kinds({11}, {with_input}, true), ElementsAre(violation_kinds::kLost))
      << "the sink shows nothing";
  const LoggedBatch first_without{0, {{"in", {}, 0, 0}}, {}, 0, 33};
  EXPECT_THAT(kinds({20}, {first_without}, false), ElementsAre(violation_kinds::kDefinition));
  // The second batch has the watermark already: nothing can be final that was not.
  const LoggedBatch third{2, {{"in", {}, 1, 1}}, 10, 0, 44};
  EXPECT_THAT(kinds({10, 10, 10}, {with_input, without, third}, false),
              ElementsAre(violation_kinds::kDefinition));
  // What the plan before has left is not known to be final or not: it may be, by a later watermark.
  LoggedBatch of_another_plan = without;
  of_another_plan.plan_hash = "another";
  EXPECT_THAT(kinds({11, 20}, {with_input, of_another_plan}, false), IsEmpty());
  LoggedBatch no_later = third;
  no_later.plan_hash = "another";
  EXPECT_THAT(kinds({10, 11, 20}, {with_input, without, no_later}, false),
              ElementsAre(violation_kinds::kDefinition));
}

TEST_F(ExactlyOnceCheckerTest, ReportsWhatTheLogSaysWronglyOfWhatBecomesFinal) {
  const auto kinds = [this](std::optional<int64_t> next_final_ms, int64_t files_skipped) {
    ExactlyOnceOptions options = Options();
    options.answers.clear();
    options.answers.emplace_back(
        [] { return std::make_unique<SaysWhatIsDue>(std::vector<int64_t>{15}); });
    QueryLogView log{.definitions = {first_}, .commits = {}};
    log.prepared = {{.batch = 0,
                     .files_skipped = files_skipped,
                     .next_watermark_ms = 10,
                     .next_final_ms = next_final_ms}};
    return Kinds(ExactlyOnceChecker(std::move(options)).Observe(1, log, {}));
  };
  EXPECT_THAT(kinds(15, 0), IsEmpty());
  EXPECT_THAT(kinds(14, 0), ElementsAre(violation_kinds::kWatermark));
  EXPECT_THAT(kinds({}, 0), ElementsAre(violation_kinds::kWatermark));
  EXPECT_THAT(kinds(14, 1), IsEmpty());
}

TEST_F(ExactlyOnceCheckerTest, ReportsADefinitionThatChangesOrGoes) {
  EXPECT_THAT(Observe({{first_}, {}}, {}), IsEmpty());
  LoggedBatch changed = first_;
  changed.timestamp_ms = 5;
  EXPECT_THAT(Observe({{changed}, {}}, {}), ElementsAre(violation_kinds::kDefinition));
  EXPECT_THAT(Observe({{}, {}}, {}), ElementsAre(violation_kinds::kDefinition));
}

TEST_F(ExactlyOnceCheckerTest, AcceptsThatCommittedBatchesAreDropped) {
  EXPECT_THAT(Observe({{first_}, {0}}, {shown_first_}), IsEmpty());
  const QueryLogView dropped{
      .definitions = {second_}, .commits = {}, .first_batch = 1, .first_starts = {{"in", 1}}};
  EXPECT_THAT(Observe(dropped, {shown_first_}), IsEmpty());
  EXPECT_EQ(checker_.batches_committed(), 1);
}

TEST_F(ExactlyOnceCheckerTest, AcceptsThatASinkDropsWhatNoTableNeeds) {
  ExactlyOnceOptions options = Options();
  options.newest_batch_is_the_table = true;
  ExactlyOnceChecker checker(std::move(options));
  const QueryLogView log{{first_, second_}, {0}};
  EXPECT_THAT(Kinds(checker.Observe(1, log, {shown_first_})), IsEmpty());
  EXPECT_THAT(Kinds(checker.Observe(2, log, {shown_second_})), IsEmpty());
  EXPECT_EQ(checker.batches_shown(), 2);
}

TEST_F(ExactlyOnceCheckerTest, ReportsThatASinkDropsWhatItsTableNeeds) {
  const QueryLogView log{{first_, second_}, {0}};
  EXPECT_THAT(Observe(log, {shown_first_, shown_second_}), IsEmpty());
  EXPECT_THAT(Observe(log, {shown_second_}), ElementsAre(violation_kinds::kVisibility));
}

TEST_F(ExactlyOnceCheckerTest, JudgesABatchAgainWhenItsEntryIsAnotherOne) {
  const QueryLogView log{{first_, second_}, {}};
  EXPECT_THAT(Observe(log, {shown_first_, shown_second_}), IsEmpty());
  ShownBatch same = shown_first_;
  same.entry_hash = 7;
  EXPECT_THAT(Observe(log, {same, shown_second_}), IsEmpty());
  ShownBatch fewer = shown_first_;
  fewer.rows = Rows({shown_first_.rows->front()});
  fewer.entry_hash = 8;
  EXPECT_THAT(Observe(log, {fewer, shown_second_}), ElementsAre(violation_kinds::kWrongAnswer));
  ShownBatch other = shown_first_;
  other.definition_hash = 12;
  EXPECT_THAT(Observe(log, {other, shown_second_}), ElementsAre(violation_kinds::kDefinition));
}

TEST_F(ExactlyOnceCheckerTest, ReportsABatchThatIsDroppedBeforeItIsCommitted) {
  EXPECT_THAT(Observe({{first_}, {}}, {shown_first_}), IsEmpty());
  EXPECT_THAT(
      Observe(
          {.definitions = {second_}, .commits = {}, .first_batch = 1, .first_starts = {{"in", 1}}},
          {shown_first_}),
      ElementsAre(violation_kinds::kDefinition));
}

// As after a while in which a part of the sink could not be read, and nothing could be judged.
TEST_F(ExactlyOnceCheckerTest, DoesNotGuessWhatFollowsBatchesThatItNeverSaw) {
  EXPECT_THAT(Observe({{first_}, {0}}, {shown_first_}), IsEmpty());
  const LoggedBatch third{2, {{"in", {"f1"}, 2, 3}}, {}, 0, 33};
  const QueryLogView log{
      .definitions = {third}, .commits = {}, .first_batch = 2, .first_starts = {{"in", 2}}};
  EXPECT_THAT(Observe(log, {shown_first_}),
              ElementsAre(violation_kinds::kDefinition, violation_kinds::kDefinition,
                          violation_kinds::kCommitOrder));
  EXPECT_THAT(Observe(log, {shown_first_}), IsEmpty());
}

TEST_F(ExactlyOnceCheckerTest, ReportsThatWhatIsLeftStartsElsewhere) {
  EXPECT_THAT(Observe({{first_}, {0}}, {shown_first_}), IsEmpty());
  EXPECT_THAT(
      Observe(
          {.definitions = {second_}, .commits = {}, .first_batch = 1, .first_starts = {{"in", 2}}},
          {shown_first_}),
      ElementsAre(violation_kinds::kDefinition));
}

TEST_F(ExactlyOnceCheckerTest, ReportsThatNothingSaysWhereASourceGoesOn) {
  EXPECT_THAT(Observe({{first_}, {0}}, {shown_first_}), IsEmpty());
  EXPECT_THAT(Observe({.definitions = {second_}, .commits = {}, .first_batch = 1}, {shown_first_}),
              ElementsAre(violation_kinds::kDefinition));
}

TEST_F(ExactlyOnceCheckerTest, ReportsBatchesThatAreShownNoMoreThoughNoneWasSeen) {
  EXPECT_THAT(Observe({{first_, second_}, {}}, {shown_second_}),
              ElementsAre(violation_kinds::kVisibility));
}

TEST_F(ExactlyOnceCheckerTest, ReportsAGapAndAFileInTwoBatches) {
  LoggedBatch again = second_;
  again.ranges[0].files = {"f1"};
  again.ranges[0].start = 0;
  EXPECT_THAT(Observe({{first_, again}, {}}, {}),
              ElementsAre(violation_kinds::kDefinition, violation_kinds::kDuplicated));
}

TEST_F(ExactlyOnceCheckerTest, ReportsAWatermarkThatTheRowsDoNotGive) {
  LoggedBatch ahead = first_;
  ahead.watermark_ms = 7;
  EXPECT_THAT(Observe({{ahead}, {}}, {}), ElementsAre(violation_kinds::kWatermark));
}

TEST_F(ExactlyOnceCheckerTest, ReportsWhatASinkNoLongerShows) {
  EXPECT_THAT(Observe({{first_}, {}}, {shown_first_}), IsEmpty());
  EXPECT_THAT(Observe({{first_}, {}}, {}), ElementsAre(violation_kinds::kVisibility));
}

TEST_F(ExactlyOnceCheckerTest, ReportsAFileThatIsInNoBatchAtTheEnd) {
  Observe({{first_}, {0}}, {shown_first_});
  EXPECT_THAT(Finish(), ElementsAre(violation_kinds::kLost));
}

}  // namespace
}  // namespace wavetank::properties
