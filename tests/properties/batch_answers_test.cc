#include "properties/batch_answers.h"

#include <memory>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::properties {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Gives a row a line, and the newest line's number as the event time.
class EachLine final : public NaiveQuery {
 public:
  explicit EachLine(bool ordered) : ordered_(ordered) {}
  NaiveAnswer Run(const NaiveBatch& batch) override {
    NaiveAnswer answer;
    answer.ordered = ordered_;
    answer.dropped = 1;
    for (const std::string& line : batch.lines) {
      answer.rows.push_back({line});
      answer.max_event_ms = std::stoll(line);
    }
    return answer;
  }
  int64_t watermark_delay_ms() const override { return 10; }

 private:
  const bool ordered_;
};

BatchAnswers Of(bool ordered, std::vector<std::string> lines) {
  BatchAnswers answers([ordered] { return std::make_unique<EachLine>(ordered); });
  answers.Add({.lines = std::move(lines)});
  return answers;
}

TEST(BatchAnswers, ComparesRowsInAnyOrderUnlessTheEvaluatorHasOne) {
  EXPECT_FALSE(Of(false, {"1", "2"}).Compare(0, {{"2"}, {"1"}}).has_value());
  const auto reordered = Of(true, {"1", "2"}).Compare(0, {{"2"}, {"1"}});
  ASSERT_TRUE(reordered.has_value());
  EXPECT_THAT(reordered->what, HasSubstr("in another order than replay: 2 where 1 is due"));
  EXPECT_FALSE(Of(true, {"1", "2"}).Compare(0, {{"1"}, {"2"}}).has_value());
}

// A function of the job's that fails where the evaluator calls it, say.
class FailsAtTwo final : public NaiveQuery {
 public:
  NaiveAnswer Run(const NaiveBatch& batch) override {
    NaiveAnswer answer;
    for (const std::string& line : batch.lines) {
      answer.rows.push_back({line});
      if (line == "2") answer.unknown = "it failed";
    }
    return answer;
  }
};

TEST(BatchAnswers, OneThatCouldNotAnswerABatchSaysNothingAnyMore) {
  BatchAnswers answers([] { return std::make_unique<FailsAtTwo>(); });
  for (const char* line : {"1", "2", "3"}) answers.Add({.lines = {line}});
  EXPECT_FALSE(answers.known());
  EXPECT_TRUE(answers.Compare(0, {{"7"}}).has_value());
  for (const int64_t batch : {1, 2}) {
    EXPECT_FALSE(answers.knows(batch));
    EXPECT_FALSE(answers.Compare(batch, {{"7"}}).has_value());
    EXPECT_FALSE(answers.Compare(batch, 5, 5).has_value());
  }
}

TEST(BatchAnswers, NamesWhatIsMissingAndWhatIsThereBeyondIt) {
  const auto wrong = Of(true, {"1", "1", "2"}).Compare(0, {{"1"}, {"2"}, {"3"}});
  ASSERT_TRUE(wrong.has_value());
  EXPECT_THAT(wrong->records, ElementsAre("missing 1", "extra 3"));
  EXPECT_EQ(wrong->what, "shows 1 rows that it must not, and lacks 1, missing 1 among them");
}

TEST(BatchAnswers, ItsWatermarkNeverFallsAndThereIsNoneBeforeAnEventTime) {
  BatchAnswers answers([] { return std::make_unique<EachLine>(false); });
  answers.Add({});
  EXPECT_EQ(answers.watermark_ms(), std::nullopt);
  answers.Add({.lines = {"3"}});
  EXPECT_EQ(answers.watermark_ms(), -7);
  answers.Add({.lines = {"50"}});
  answers.Add({.lines = {"20"}});
  EXPECT_EQ(answers.watermark_ms(), 40);
  EXPECT_EQ(answers.late_dropped(), 4);
}

}  // namespace
}  // namespace wavetank::properties
