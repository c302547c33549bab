// Accumulators: each batch counts once, whatever dies, fails, or is made again.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/random.h"
#include "tests/runtime/dstream/collect.h"
#include "tests/runtime/dstream/state_run.h"

namespace wavetank::runtime::accumulators {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

constexpr absl::Duration kSecond = absl::Seconds(1);
using Counted = std::pair<std::string, int64_t>;

// What a function adds, in each place where one may stand: before a window and behind it, kept, in
// what is shuffled, in a state, at the driver. Each sees each line once, however often it is called
// for it.
void CountEverywhere(StreamingContext& ssc, bool persists) {
  ssc.Checkpoint("ck");
  const auto count = [&ssc](const char* name) { return ssc.Accumulator<int64_t>(name); };
  const auto counts = [](const runtime::Accumulator<int64_t>& counter) {
    return [counter](std::string line) {
      counter.Add(1);
      return line;
    };
  };
  const auto lines = ssc.TextFileStream("in").Map(counts(count("read")));
  if (persists) lines.Persist();
  const auto recent = lines.Map(counts(count("before"))).Window(3 * kSecond);
  recent.Map(counts(count("behind"))).SaveAsTextFiles("recent/of");
  recent.Map(counts(count("shuffled"))).CountByValue().Count().Print();
  const auto every_two = lines.Window(4 * kSecond, 2 * kSecond).Map(counts(count("slid")));
  if (persists) every_two.Persist();
  every_two.Map(counts(count("slid kept"))).Repartition(2).Print();
  lines.Repartition(3)
      .Map(counts(count("dealt")))
      .Persist()
      .Window(2 * kSecond)
      .Map(counts(count("dealt behind")))
      .Print();
  const auto taken_in = count("state");
  const auto inverted = count("inverted");
  const auto pairs = lines.Map([](std::string line) { return Counted(std::move(line), 1); });
  pairs
      .UpdateStateByKey<int64_t>(
          [taken_in](const std::vector<int64_t>& values, std::optional<int64_t> sum) {
            if (!values.empty()) taken_in.Add(std::ssize(values));
            return std::optional(sum.value_or(0) + std::ssize(values));
          })
      .SaveAsTextFiles("out/sums");
  pairs
      .Map([inverted](Counted pair) {
        inverted.Add(1);
        return pair;
      })
      .ReduceByKeyAndWindow(std::plus<>(), std::minus<>(), 3 * kSecond, kSecond)
      .Print();
  const auto at_driver = count("driver");
  lines.ForeachRDD([at_driver](const Rdd<std::string>& rdd) { at_driver.Add(rdd.Count()); });
}
constexpr size_t kCounters = 11;

// By name, as the log has them.
template <typename T = int64_t>
std::map<std::string, T> Totals(SimJob& job) {
  std::map<std::string, T> totals;
  const checkpoint::GraphHistory history = job.History("ck");
  for (const auto& each : history.accumulators()) {
    EXPECT_TRUE(DecodeFromString(each.total(), totals[each.name()]).ok()) << each.name();
  }
  return totals;
}

// Lines 0, 1, ... in files, a batch each; then as long as anything is at work on them.
void FeedLines(SimJob& job, int files) {
  job.Start();
  job.RunFor(absl::Milliseconds(1'500));
  for (int file = 0; file < files; ++file) {
    job.machine().disk().Put(absl::StrCat("in/", file),
                             absl::StrCat("a", file, "\nb", file, "\nc", file, "\n"));
    job.RunFor(kSecond);
  }
  job.RunFor(absl::Seconds(12));
}

TEST(Accumulators, CountEachLineOnceInEachPlace) {
  for (const bool persists : {false, true}) {
    for (const size_t kept : {size_t{0}, WorkerOptions().kept_bytes_max}) {
      SCOPED_TRACE(testing::Message() << persists << " " << kept);
      SimJob job({.seed = 1, .kept_bytes_max = kept},
                 [persists](StreamingContext& ssc) { CountEverywhere(ssc, persists); });
      FeedLines(job, 6);
      EXPECT_THAT(job.ended(), IsEmpty());
      const auto totals = Totals(job);
      EXPECT_THAT(totals, SizeIs(kCounters));
      EXPECT_THAT(totals, Each(Pair(testing::_, 18)));
    }
  }
}

// Workers and drivers that die anywhere, also twice, with the log begun anew in between.
TEST(Accumulators, AreExactWhateverDies) {
  const char* const steps[] = {"dstream.batch_input_logged",
                               "dstream.batch_completed",
                               "dstream.output_done",
                               "task.started",
                               "task.finished",
                               "shuffle.written",
                               "shuffle.served",
                               "dstream.state_kept"};
  int strikes = 0;
  uint64_t reruns = 0;
  for (uint64_t seed = 1; seed <= 48; ++seed) {
    SCOPED_TRACE(seed);
    platform::Random random(seed);
    SimJob job({.seed = seed, .workers = 3},
               [seed](StreamingContext& ssc) { CountEverywhere(ssc, seed % 2 == 0); });
    job.driver_options().batches_retained = 1;
    job.driver_options().log_segment_bytes = seed % 3 == 0 ? 2'000 : 1 << 20;
    for (int strike = 0; strike < 2; ++strike) {
      const char* const step = steps[random.Below(std::size(steps))];
      const bool is_rare = std::string(step).starts_with("dstream.batch");
      const int occurrence = static_cast<int>(1 + random.Below(is_rare ? 8 : 60));
      const auto after = absl::Milliseconds(static_cast<int64_t>(100 + random.Below(3'000)));
      if (random.Below(4) == 0) {
        job.LosePowerAt(step, occurrence, after);
      } else {
        job.CrashAt(step, occurrence, after);
      }
    }
    FeedLines(job, 6);
    EXPECT_THAT(job.ended(), IsEmpty());
    const auto totals = Totals(job);
    EXPECT_THAT(totals, SizeIs(kCounters));
    EXPECT_THAT(totals, Each(Pair(testing::_, 18)));
    strikes += job.strikes();
    reruns += job.Reached("dstream.batch_rerun");
  }
  EXPECT_GT(strikes, 60);
  EXPECT_GT(reruns, 10U);
}

TEST(Accumulators, ShowInForeachRDDWhatTheBatchHasAddedSoFar) {
  std::vector<int64_t> shown;
  const auto rows = Collect<int>(3, [&shown](StreamingContext& ssc) {
    const auto seen = ssc.Accumulator<int64_t>("seen");
    const auto stream = ssc.QueueStream<int>({{1, 2}, {3}, {4}}).Map([seen](int row) {
      seen.Add(row);
      return row;
    });
    stream.ForeachRDD([seen, &shown](const auto&) {
      shown.push_back(seen.Value());
      seen.Add(100);
      shown.push_back(seen.Value());
    });
    return stream;
  });
  EXPECT_THAT(std::vector<int64_t>(shown.begin(), shown.begin() + 6),
              ElementsAre(3, 103, 106, 206, 210, 310));
}

TEST(Accumulators, MergeAsTheJobSaysAndSumDoubles) {
  SimJob job({.seed = 1}, [](StreamingContext& ssc) {
    ssc.Checkpoint("ck");
    using Words = std::vector<std::string>;
    const auto words = ssc.Accumulator<Words>("words", Words{}, [](Words all, const Words& more) {
      all.insert(all.end(), more.begin(), more.end());
      std::ranges::sort(all);
      all.erase(std::ranges::unique(all).begin(), all.end());
      return all;
    });
    ssc.TextFileStream("in").ForeachPartition(
        [words](const std::vector<std::string>& rows, const PartitionRun&) {
          for (const std::string& row : rows) words.Add({row.substr(0, 1)});
        });
  });
  FeedLines(job, 2);
  EXPECT_THAT(Totals<std::vector<std::string>>(job),
              ElementsAre(Pair("words", ElementsAre("a", "b", "c"))));
  std::vector<double> shown;
  Collect<int>(1, [&shown](StreamingContext& ssc) {
    const auto sum = ssc.Accumulator<double>("sum");
    const auto rows = ssc.ConstantStream<int>({1, 2, 3});
    rows.ForeachPartition([sum](const std::vector<int>&, const PartitionRun&) { sum.Add(0.5); });
    rows.ForeachRDD([sum, &shown](const auto&) { shown.push_back(sum.Value()); });
    return rows;
  });
  EXPECT_EQ(shown.front(), 0.5);
}

TEST(Accumulators, CountNothingOfAttemptsThatFailedAndBatchesThatAreNotComplete) {
  bool throws = true;
  bool fails = true;
  SimJob job({.seed = 2}, [&](StreamingContext& ssc) {
    ssc.Checkpoint("ck");
    const auto seen = ssc.Accumulator<int64_t>("seen");
    const auto lines = ssc.TextFileStream("in").Map([seen, &throws](std::string line) {
      seen.Add(1);
      if (line == "c0" && std::exchange(throws, false)) throw std::runtime_error("not now");
      return line;
    });
    lines.Print();
    lines.ForeachRDD([seen, &fails](const Rdd<std::string>& rdd) {
      seen.Add(10 * rdd.Count());
      if (fails && !rdd.IsEmpty()) throw std::runtime_error("not today");
    });
  });
  std::vector<std::string> failed;
  job.driver_options().on_batch_failed = [&failed](const absl::Status& status) {
    failed.emplace_back(status.message());
  };
  FeedLines(job, 1);
  EXPECT_THAT(failed, SizeIs(1));
  EXPECT_EQ(job.Reached("driver.task_retried"), 1U);
  EXPECT_THAT(Totals(job), ElementsAre(Pair("seen", 0)));
  fails = false;
  job.world().Crash("driver");
  job.world().Restart("driver");
  job.RunFor(absl::Seconds(5));
  EXPECT_EQ(job.Reached("dstream.batch_rerun"), 1U);
  EXPECT_THAT(Totals(job), ElementsAre(Pair("seen", 33)));
}

TEST(Accumulators, AreRefusedWhereTheyWouldBeWrong) {
  const auto error = [](const auto& plan) {
    StreamingContext ssc(kSecond);
    plan(ssc);
    ssc.ConstantStream<int>({1}).Print();
    return ssc.graph().Validate().ToString();
  };
  EXPECT_THAT(error([](StreamingContext& ssc) { ssc.Accumulator<int64_t>(""); }),
              HasSubstr("Accumulator: the name is empty"));
  EXPECT_THAT(error([](StreamingContext& ssc) {
                ssc.Accumulator<int64_t>("n");
                ssc.Accumulator<double>("n");
              }),
              HasSubstr("Accumulator \"n\": there is another of that name"));
  StreamingContext ssc(kSecond);
  const auto alone = ssc.Accumulator<int64_t>("alone");
  EXPECT_EQ(alone.Value(), 0);
  try {
    alone.Add(1);
    ADD_FAILURE() << "no batch calls it";
  } catch (const std::runtime_error& refused) {
    EXPECT_THAT(refused.what(), HasSubstr("'alone' adds outside of a function that a batch calls"));
  }
  const auto ended = [&](const auto& function) {
    SimJob job({.seed = 1}, [&](StreamingContext& context) {
      const auto own = context.Accumulator<int64_t>("own");
      context.QueueStream<int>({{1}})
          .Map([own, &function](int row) {
            function(own);
            return row;
          })
          .Print();
    });
    job.Start();
    job.RunFor(absl::Seconds(5));
    return job.ended().empty() ? "" : job.ended().front().ToString();
  };
  EXPECT_THAT(ended([](const auto& own) { static_cast<void>(own.Value()); }),
              AllOf(HasSubstr("operator 1 (Map), record 0"),
                    HasSubstr("'own' is read in a task: read it at the driver")));
  EXPECT_THAT(ended([&alone](const auto&) { alone.Add(1); }),
              HasSubstr("'alone' is of another context"));
}

TEST(Accumulators, SumsOfWholeNumbersWrapAround) {
  std::vector<int64_t> shown;
  Collect<int>(3, [&shown](StreamingContext& ssc) {
    const auto sum = ssc.Accumulator<int64_t>("sum");
    const auto rows = ssc.QueueStream<int>({{1, 2}, {1}, {1}}).Map([sum](int row) {
      sum.Add(row == 2 ? 1 : INT64_MAX);
      return row;
    });
    rows.ForeachRDD([sum, &shown](const auto&) { shown.push_back(sum.Value()); });
    return rows;
  });
  shown.resize(3);
  EXPECT_THAT(shown, ElementsAre(INT64_MIN, -1, INT64_MAX - 1));
}

// Lines that are in each of a few batches, whose job ends.
std::string EndedOver(const JobPlan& plan) {
  SimJob job({.seed = 1}, [&plan](StreamingContext& ssc) {
    ssc.Checkpoint("ck");
    plan(ssc);
  });
  job.Start();
  job.RunFor(absl::Milliseconds(1'500));
  for (int file = 0; file < 4; ++file) {
    job.machine().disk().Put(absl::StrCat("in/", file), "a\nb\n");
    job.RunFor(kSecond);
  }
  job.RunFor(absl::Seconds(5));
  return job.ended().empty() ? "" : job.ended().front().ToString();
}

TEST(Accumulators, OfWhichTheDriverCannotMergeFailTheBatch) {
  EXPECT_THAT(
      EndedOver([](StreamingContext& ssc) {
        const auto least = ssc.Accumulator<int64_t>("least", 0, [](int64_t, int64_t) {
          throw std::runtime_error("none of them");
          return int64_t{0};
        });
        ssc.TextFileStream("in").ForeachPartition(
            [least](const Lines& rows, const PartitionRun&) { least.Add(std::ssize(rows)); });
      }),
      HasSubstr("merge into accumulator 'least': none of them"));
}

TEST(Accumulators, AreRefusedWhereAWindowWithAnInverseMerges) {
  const auto error = [](bool of_inverse) {
    return EndedOver([of_inverse](StreamingContext& ssc) {
      const auto own = ssc.Accumulator<int64_t>("own");
      const auto add = [own](int64_t a, int64_t b) {
        own.Add(1);
        return a + b;
      };
      const auto subtract = [own](int64_t a, int64_t b) {
        own.Add(1);
        return a - b;
      };
      const auto pairs = ssc.TextFileStream("in").Map(
          [](std::string line) { return Counted(std::move(line), 1); });
      const auto sums =
          of_inverse ? pairs.ReduceByKeyAndWindow(std::plus<>(), subtract, 2 * kSecond, kSecond)
                     : pairs.ReduceByKeyAndWindow(add, std::minus<>(), 3 * kSecond, kSecond);
      // So what leaves a window is subtracted however often a task is tried again.
      sums.Checkpoint(kSecond).Print();
    });
  };
  for (const bool of_inverse : {false, true}) {
    EXPECT_THAT(error(of_inverse),
                AllOf(HasSubstr("(ReduceByKeyAndWindow), record"),
                      HasSubstr("'own' adds where a window with an inverse merges: it calls the "
                                "function as often as it must; count in a Map before it")));
  }
}

// A window with an inverse is one stage for each of its batches where it is planned who counts.
void CountBesideAWindowOf(absl::Duration window, StreamingContext& ssc) {
  ssc.Checkpoint("ck");
  const auto counts = [&ssc](const char* name) {
    const auto counter = ssc.Accumulator<int64_t>(name);
    return [counter](std::string line) {
      counter.Add(1);
      return line;
    };
  };
  const auto lines = ssc.TextFileStream("in");
  lines.Map(counts("before"))
      .Map([](std::string line) { return Counted(std::move(line), 1); })
      .ReduceByKeyAndWindow(std::plus<>(), std::minus<>(), window, kSecond)
      .MapValues([](int64_t sum) { return sum; })
      .Print();
  lines.Map(counts("beside")).Print();
}

TEST(Accumulators, CountBesideALongWindowAndAreRefusedWithALongerOne) {
  SimJob job({.seed = 1, .kept_bytes_max = 0},
             [](StreamingContext& ssc) { CountBesideAWindowOf(absl::Hours(2), ssc); });
  job.CrashAt("dstream.batch_completed", 5, kSecond);
  FeedLines(job, 6);
  EXPECT_THAT(job.ended(), IsEmpty());
  EXPECT_THAT(Totals(job), ElementsAre(Pair("before", 18), Pair("beside", 18)));
  StreamingContext ssc(kSecond);
  CountBesideAWindowOf(absl::Hours(3), ssc);
  EXPECT_THAT(ssc.graph().Validate().ToString(),
              HasSubstr("of 10000 stages at most, and a window with an inverse is one for each of "
                        "its batches there: give longer batches, or shorter windows"));
}

TEST(Accumulators, CountOnceWhatOutputsShareThatRunEachAlone) {
  int throws = 0;
  std::vector<int64_t> shown;
  SimJob job({.seed = 3, .kept_bytes_max = 0}, [&](StreamingContext& ssc) {
    ssc.Checkpoint("ck");
    const auto shared = ssc.Accumulator<int64_t>("shared");
    const auto own = ssc.Accumulator<int64_t>("own");
    const auto lines = ssc.TextFileStream("in").Map([shared](std::string line) {
      shared.Add(1);
      return line;
    });
    const auto recent = lines.Window(2 * kSecond);
    recent.ForeachRDD([shared, &shown](const auto&) { shown.push_back(shared.Value()); });
    recent
        .Map([own, &throws](std::string line) {
          own.Add(1);
          if (line == "c1" && throws > 0 && --throws >= 0) throw std::runtime_error("not now");
          return line;
        })
        .Print();
  });
  throws = ClusterOptions().max_attempts;
  FeedLines(job, 3);
  EXPECT_THAT(job.ended(), IsEmpty());
  EXPECT_EQ(throws, 0);
  EXPECT_THAT(Totals(job), ElementsAre(Pair("own", 9), Pair("shared", 9)));
  EXPECT_EQ(shown.back(), 9);
}

TEST(Broadcast, IsSharedByFunctionsAndPartOfThePlan) {
  const auto rows = Collect<int>(1, [](StreamingContext& ssc) {
    const auto least = ssc.Broadcast<std::map<std::string, int>>({{"least", 2}});
    return ssc.QueueStream<int>({{1, 2, 3}}).Filter([least](int row) {
      return row >= least.Value().at("least");
    });
  });
  EXPECT_THAT(rows.batches, ElementsAre(ElementsAre(2, 3)));
  const auto fingerprint = [](const auto& plan) {
    StreamingContext ssc(kSecond);
    ssc.ConstantStream<int>({1}).Print();
    plan(ssc);
    return ssc.graph().Fingerprint();
  };
  const std::set<std::string> all = {
      fingerprint([](StreamingContext&) {}),
      fingerprint([](StreamingContext& ssc) { ssc.Broadcast<int>(1); }),
      fingerprint([](StreamingContext& ssc) { ssc.Broadcast<int>(2); }),
      fingerprint([](StreamingContext& ssc) { ssc.Broadcast<int64_t>(2); }),
      fingerprint([](StreamingContext& ssc) { ssc.Accumulator<int64_t>("n"); }),
      fingerprint([](StreamingContext& ssc) { ssc.Accumulator<double>("n"); }),
      fingerprint([](StreamingContext& ssc) { ssc.Accumulator<double>("m"); })};
  EXPECT_THAT(all, SizeIs(7));
}

}  // namespace
}  // namespace wavetank::runtime::accumulators
