// A stream that runs for days, with windows, state, files and a receiver, and loses workers and
// drivers all the time: what processes hold, and what it has on disk, does not grow.
//
// `make week` has seven days of batches of a minute: 10,000 of them, some minutes of real time.
// Else days have 180 batches, and state is kept each time, so that each day has seen all that comes
// and goes.
#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/dstream/receiver.h"
#include "runtime/dstream/state_spec.h"
#include "tests/runtime/dstream/sim_job.h"

namespace {

int64_t live_bytes = 0;  // of the whole program, which has one thread

void* Counted(void* allocated) {
  if (allocated == nullptr) throw std::bad_alloc();
  live_bytes += static_cast<int64_t>(malloc_usable_size(allocated));
  return allocated;
}
void Free(void* freed) noexcept {
  live_bytes -= static_cast<int64_t>(malloc_usable_size(freed));
  std::free(freed);
}

}  // namespace

void* operator new(size_t size) { return Counted(std::malloc(std::max<size_t>(size, 1))); }
void* operator new(size_t size, std::align_val_t align) {
  const auto unit = static_cast<size_t>(align);
  return Counted(std::aligned_alloc(unit, (std::max<size_t>(size, 1) + unit - 1) / unit * unit));
}
void operator delete(void* freed) noexcept { Free(freed); }
void operator delete(void* freed, size_t) noexcept { Free(freed); }
void operator delete(void* freed, std::align_val_t) noexcept { Free(freed); }
void operator delete(void* freed, size_t, std::align_val_t) noexcept { Free(freed); }

namespace wavetank::runtime {
namespace {

constexpr absl::Duration kMinute = absl::Minutes(1);  // the batch interval
constexpr int kDays = 7;

bool IsWholeWeek() { return std::getenv("WAVETANK_WEEK") != nullptr; }
// How many batches there are between two at which state is kept.
int64_t Seldom(int64_t batches) { return IsWholeWeek() ? batches : 1; }

// Three rows a minute, of seven kinds.
class Ticks : public Receiver<std::string> {
 public:
  Task<absl::Status> OnStart(ReceiverContext<std::string>& context) override {
    for (int64_t tick = 0;; ++tick) {
      co_await context.Store(absl::StrCat("tick", tick % 7));
      co_await context.node().clock().Sleep(kMinute / 3);
    }
  }
};

using Row = std::pair<std::string, int64_t>;

// Where the rows of each stream go: into files, or to nobody, where it is not about files; or to
// nobody, and one of them fails.
enum class Into { kFiles, kNobody, kOneFails };

template <typename T>
void Put(const DStream<T>& rows, const std::string& name, Into into) {
  if (into == Into::kFiles) {
    rows.SaveAsTextFiles("out/" + name);
  } else {
    rows.ForeachRDD([](const Rdd<T>&) {});
  }
}

void EveryKind(StreamingContext& ssc, Into into) {
  ssc.Checkpoint("ck");
  const auto seen = ssc.Accumulator<int64_t>("rows");
  const auto rows = ssc.TextFileStream("in").Map([seen](std::string key) {
    seen.Add(1);
    return Row(std::move(key), 1);
  });
  if (into == Into::kOneFails) {
    rows.ForeachRDD([](const Rdd<Row>& rdd) {
      if (std::ranges::count(rdd.Collect(), "visitor9", &Row::first) > 0) {
        throw std::runtime_error("not this one");
      }
    });
  }
  Put(rows.ReduceByKeyAndWindow(std::plus<>(), 5 * kMinute, kMinute), "window", into);
  const auto some = [](const Row& row) { return row.second != 0; };
  Put(rows.ReduceByKeyAndWindow(std::plus<>(), std::minus<>(), 6 * kMinute, kMinute, some)
          .Checkpoint(Seldom(3) * kMinute),
      "inverse", into);
  // Of visitors there is one more each minute: they are given up when they do not come again.
  const auto sums = rows.UpdateStateByKey<int64_t>([](absl::Time, const std::string& key,
                                                      const std::vector<int64_t>& ones,
                                                      std::optional<int64_t> sum) {
                          if (ones.empty() && key.starts_with("visitor"))
                            return std::optional<int64_t>();
                          return std::optional(sum.value_or(0) + std::ssize(ones));
                        })
                        .Checkpoint(Seldom(5) * kMinute);
  Put(sums, "sums", into);
  const auto visits =
      rows.MapWithState(StateSpec<std::string, int64_t>::Function([](const std::string& key,
                                                                     std::optional<int64_t> one,
                                                                     State<int64_t>& state) {
                          if (state.IsTimingOut())
                            return Row(absl::StrCat(key, " left"), state.Get());
                          state.Update(state.GetOption().value_or(0) + one.value_or(0));
                          return Row(key, state.Get());
                        }).Timeout(4 * kMinute));
  visits.Checkpoint(Seldom(4) * kMinute);
  Put(visits.Filter([](const Row& row) { return row.first.ends_with(" left"); }), "visits", into);
  const auto ticked = ssc.Accumulator<int64_t>("ticks");
  const auto ticks = ssc.ReceiverStream(std::make_unique<Ticks>()).Map([ticked](std::string tick) {
    ticked.Add(1);
    return tick;
  });
  ticks.Persist();
  Put(ticks.CountByValueAndWindow(4 * kMinute, kMinute), "ticks", into);
}

// What was the most of a day, by what it is of.
using Most = std::map<std::string, int64_t>;

// So little that each of them is full within a day.
SimJobOptions Options() {
  SimJobOptions options{.seed = 5, .interval = kMinute};
  options.driver.batches_retained = 20;
  options.driver.log_segment_bytes = 20'000;
  options.driver.on_progress = [](const StreamProgress&) {};
  return options;
}

class LongRun {
 public:
  explicit LongRun(Into into, SimJobOptions options = Options())
      : job_(std::move(options), [into](StreamingContext& ssc) { EveryKind(ssc, into); }) {
    job_.Start();
    job_.world().RunFor(absl::Seconds(30));
  }

  SimJob& job() { return job_; }

  // A batch with input.
  void RunMinute() {
    ++fed_;
    std::string lines = absl::StrCat("visitor", fed_, "\n");
    for (int key = 0; key < 20; ++key) absl::StrAppend(&lines, "key", key, "\n");
    job_.machine().disk().Put(absl::StrCat("in/", fed_), lines);
    job_.world().RunFor(kMinute);
    if (fed_ % 30 == 0) RemoveWhatIsOld();
  }
  // With all that is lost in it: whatever that is is back before the next batch is due.
  Most RunDay() {
    Most most;
    const int minutes = IsWholeWeek() ? 24 * 60 : 180;
    const int drivers = minutes / 4;
    const int workers = minutes / 6;
    for (int minute = 0; minute < minutes; ++minute) {
      RunMinute();
      Look(most);
      const bool even = minute / workers % 2 == 0;
      if (minute % drivers == drivers - 1) Note("memory of the driver", Lose("driver"), most);
      if (minute % workers == workers / 2) {
        Note("memory of a worker", Lose(even ? "w0" : "w1"), most);
      }
    }
    return most;
  }
  // What a process held is free when it is gone.
  int64_t Lose(const std::string& name) {
    const int64_t before = live_bytes;
    job_.world().Crash(job_.world().process(name));
    const int64_t held = before - live_bytes;
    job_.world().RunFor(absl::Seconds(3));
    job_.world().Restart(name);
    return held;
  }
  int64_t fed() const { return fed_; }

 private:
  // Input that is worked off, and output that has been read: who runs a stream removes them.
  void RemoveWhatIsOld() {
    simulator::SimDisk& disk = job_.machine().disk();
    for (const std::string& path : disk.image().Files("in/")) {
      int64_t number = 0;
      EXPECT_TRUE(absl::SimpleAtoi(path.substr(3), &number)) << path;
      if (number < fed_ - 20) disk.LoseFile(path);
    }
    std::map<std::string, std::set<std::string>> batches;  // directories, by output
    for (const std::string& path : disk.image().Files("out/")) {
      const std::string directory = path.substr(0, path.find('/', 4));
      if (directory.starts_with("out/_")) continue;
      batches[directory.substr(0, directory.rfind('-'))].insert(directory);
    }
    for (auto& [output, directories] : batches) {
      for (; directories.size() > 20; directories.erase(directories.begin())) {
        disk.LoseFile(*directories.begin());
      }
    }
  }

  static void Note(const std::string& what, int64_t amount, Most& most) {
    most[what] = std::max(most[what], amount);
  }
  // How many files there are of each kind, and bytes.
  void Look(Most& most) {
    std::map<std::string, std::pair<int64_t, int64_t>> found;
    const simulator::SimDisk& disk = job_.machine().disk();
    for (const char* const prefix : {"ck/", "out/_"}) {
      for (const std::string& path : disk.image().Files(prefix)) {
        const std::vector<std::string> parts = absl::StrSplit(path, '/');
        const bool of_log = parts.size() == 2 && parts.front() == "ck";
        auto& [files, bytes] = found[of_log ? "the log" : absl::StrCat(parts[0], "/", parts[1])];
        ++files;
        const auto content = disk.Get(path);
        if (content.ok()) bytes += std::ssize(*content);
      }
    }
    for (const auto& [what, amounts] : found) {
      Note(absl::StrCat("files of ", what), amounts.first, most);
      Note(absl::StrCat("bytes of ", what), amounts.second, most);
    }
  }

  SimJob job_;
  int64_t fed_ = 0;
};

void ExpectNoGrowth(const Most& first, const Most& last) {
  EXPECT_EQ(first.size(), last.size());
  for (const auto& [what, most] : last) {
    ASSERT_TRUE(first.contains(what)) << what << " has come into being: " << most;
    EXPECT_LE(static_cast<double>(most), 1.05 * static_cast<double>(first.at(what))) << what;
    if (IsWholeWeek())
      std::printf("  %s: %lld, at last %lld\n", what.c_str(),
                  static_cast<long long>(first.at(what)), static_cast<long long>(most));
  }
}

TEST(AWeekOfBatches, TakesNoMoreOnItsLastDayThanOnItsFirst) {
  LongRun week(Into::kFiles);
  const Most first = week.RunDay();
  EXPECT_GT(first.at("memory of the driver"), 100'000);
  EXPECT_GT(first.at("memory of a worker"), 100'000);
  EXPECT_GT(first.at("files of ck/state"), 0);
  EXPECT_GT(first.at("files of ck/blocks"), 0);
  for (int day = 2; day < kDays; ++day) week.RunDay();
  ExpectNoGrowth(first, week.RunDay());
  EXPECT_THAT(week.job().ended(), testing::IsEmpty());
  // Each line is in the sums once.
  week.job().world().RunFor(kMinute);
  int64_t newest_ms = 0;
  std::vector<std::string> sums;
  for (const std::string& path : week.job().machine().disk().image().Files("out/sums-")) {
    const std::vector<std::string> parts = absl::StrSplit(path, '/');
    int64_t time_ms = 0;
    ASSERT_TRUE(absl::SimpleAtoi(parts[1].substr(5), &time_ms)) << path;
    if (time_ms > newest_ms) sums.clear();
    newest_ms = std::max(newest_ms, time_ms);
    const auto text = week.job().machine().disk().Get(path);
    if (time_ms == newest_ms && text.ok()) sums.push_back(*text);
  }
  EXPECT_THAT(absl::StrJoin(sums, ""),
              testing::HasSubstr(absl::StrCat("(key7,", week.fed(), ")\n")));
  // And counted once.
  std::map<std::string, int64_t> totals;
  const checkpoint::GraphHistory history = week.job().History("ck");
  for (const auto& each : history.accumulators()) {
    EXPECT_TRUE(DecodeFromString(each.total(), totals[each.name()]).ok());
  }
  EXPECT_EQ(totals["rows"], 21 * week.fed());
  EXPECT_GT(totals["ticks"], 0);
}

// Of a driver that lives, with workers that keep little and forget the rest.
int64_t HeldByADriverAfter(int batches, Into into) {
  SimJobOptions options = Options();
  options.kept_bytes_max = 4'000;
  int failed = 0;
  options.driver.on_batch_failed = [&failed](const absl::Status&) { ++failed; };
  LongRun run(into, std::move(options));
  for (int batch = 0; batch < batches; ++batch) run.RunMinute();
  EXPECT_THAT(run.job().ended(), testing::IsEmpty());
  EXPECT_EQ(failed, into == Into::kOneFails ? 1 : 0);
  return run.Lose("driver");
}

TEST(ADriverThatLives, HoldsNoMoreAfterMoreBatches) {
  const int64_t after_some = HeldByADriverAfter(150, Into::kNobody);
  const int64_t after_many = HeldByADriverAfter(450, Into::kNobody);
  EXPECT_LE(static_cast<double>(after_many), 1.05 * static_cast<double>(after_some));
}

// What a batch that has failed costs a driver that lives, which another one would run again.
int64_t HeldForAnOpenBatchAfter(int batches) {
  return HeldByADriverAfter(batches, Into::kOneFails) - HeldByADriverAfter(batches, Into::kNobody);
}

TEST(ADriverThatLives, HoldsNoMoreForABatchThatStaysOpenAfterMoreBatches) {
  const int64_t after_some = HeldForAnOpenBatchAfter(150);
  const int64_t after_many = HeldForAnOpenBatchAfter(450);
  EXPECT_LE(static_cast<double>(after_many), 1.05 * static_cast<double>(after_some));
}

// What a worker holds in the end, of a driver that takes over from itself now and then: its outputs
// begin anew, and nobody knows any more what those before had kept.
int64_t HeldByAWorkerAfter(int take_overs) {
  constexpr int kBatches = 120;
  LongRun run(Into::kNobody);
  bool fails = false;
  const simulator::Fault error{.kind = simulator::FaultKind::kWriteError};
  run.job().SetCallFault([&](const simulator::SeamCall& call) -> const simulator::Fault* {
    const bool of_log = call.target.find("ck/log-") != std::string_view::npos;
    const bool changes = call.kind == simulator::SeamCallKind::kWrite ||
                         call.kind == simulator::SeamCallKind::kAppend;
    return of_log && changes && std::exchange(fails, false) ? &error : nullptr;
  });
  for (int batch = 1; batch <= kBatches; ++batch) {
    run.RunMinute();
    fails = take_overs > 0 && batch % (kBatches / take_overs) == 0 && batch < kBatches;
  }
  EXPECT_EQ(run.job().Reached("dstream.driver_failed"),
            static_cast<uint64_t>(std::max(take_overs - 1, 0)));
  return run.Lose("w0");
}

TEST(ADriverThatTakesOverFromItself, LeavesNothingWithWorkers) {
  const auto without = static_cast<double>(HeldByAWorkerAfter(0));
  EXPECT_LE(static_cast<double>(HeldByAWorkerAfter(20)), 1.05 * without);
}

}  // namespace
}  // namespace wavetank::runtime
