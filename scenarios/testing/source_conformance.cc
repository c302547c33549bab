#include "scenarios/testing/source_conformance.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "scenarios/testing/source_asker.h"

namespace wavetank::testing {
namespace {

using Range = SourceAsker::Range;
using Rows = SourceAsker::Rows;

constexpr int kMaxRanges = 50;
constexpr int kAsks = 3;
constexpr absl::Duration kSoon = absl::Seconds(1);

// Those that are struck, and who comes after them, elsewhere.
const Asker kDriver{"first", "driver"};
const Asker kNextDriver{"second", "next driver"};
const Asker kReader{"worker", "worker"};
const Asker kNextReader{"second", "next worker"};

bool IsAny(const Range& range) { return range.end_offset() != range.start_offset(); }

// Of `rows` what `from` does not have, row by row.
std::optional<std::string> Beyond(Rows rows, Rows from) {
  std::ranges::sort(rows);
  std::ranges::sort(from);
  Rows beyond;
  std::ranges::set_difference(rows, from, std::back_inserter(beyond));
  if (beyond.empty()) return std::nullopt;
  return beyond.front();
}

// What is done in one world, as the engine does it.
class Story {
 public:
  Story(const SourceUnderTest& source, ConformanceWorld& world)
      : source_(source), world_(world), asker_(source, world) {
    if (source.set_up != nullptr) source.set_up(world);
    Record(false);
  }

  SourceAsker& asker() { return asker_; }
  const Rows& added() const { return added_; }
  const Rows& read() const { return read_; }

  void Record(bool on) {
    if (world_.recorder() != nullptr) world_.recorder()->Record(on);
  }
  void Add() {
    if (source_.add != nullptr) {
      const Rows rows = source_.add(world_, number_++);
      added_.insert(added_.end(), rows.begin(), rows.end());
    }
    world_.sim().RunFor(kSoon);
  }
  // Rows that count, since a batch was committed with them.
  void Count(const Rows& rows) { read_.insert(read_.end(), rows.begin(), rows.end()); }

 private:
  const SourceUnderTest& source_;
  ConformanceWorld& world_;
  SourceAsker asker_;
  int64_t number_ = 0;
  Rows added_;
  Rows read_;
};

class Testing {
 public:
  explicit Testing(const SourceUnderTest& source) : source_(source) {
    found_.name = source.format.name;
  }

  Conformance Run() {
    ConformanceWorld surveyed({}, /*record=*/true);
    Play(surveyed, "nothing is struck");
    const std::vector<Place> places = Sample(surveyed.recorder()->places(), source_.calls_struck);
    Freeze();
    for (const Place& place : places) {
      const bool serves = std::ranges::count(surveyed.servers(), place.process) > 0;
      for (const Strike strike : {Strike::kCrash, Strike::kPowerLoss, Strike::kPowerLossAtWorst,
                                  Strike::kCallFails, Strike::kReset, Strike::kRepeat}) {
        const bool power = strike == Strike::kPowerLoss || strike == Strike::kPowerLossAtWorst;
        if ((power && !serves) || !CanStrike(strike, place)) continue;
        ConformanceWorld world({FaultAt(strike, place, serves)});
        Play(world, Describe(strike, place));
        if (!world.struck()) found_.Fail(kSameCheck, kNotTheSame, Describe(strike, place));
      }
    }
    return Found();
  }

 private:
  bool own_time() const { return source_.add == nullptr; }

  void Play(ConformanceWorld& world, const std::string& schedule) {
    ++found_.schedules;
    Story story(source_, world);
    const std::optional<std::string> begin = Begin(story, schedule);
    if (!begin) return;
    story.Add();
    const std::optional<Range> first = DefineStruck(story, *begin, schedule);
    if (!first) return;
    story.asker().Log(*first);
    const std::optional<Rows> rows = ReadStruck(story, *first, schedule);
    story.Add();
    if (rows) ReadAgain(story, *first, *rows, absl::StrCat(schedule, "; then more input comes"));
    if (rows) story.Count(*rows);
    CommitStruck(story, first->end_offset(), schedule);
    AfterCommit(story, world, first->end_offset(), schedule);
    if (story.asker().splits_differ()) pure_.Break(schedule);
  }

  std::optional<std::string> Begin(Story& story, const std::string& schedule) {
    const auto begins = story.asker().Begin(kDriver, kAsks);
    const auto elsewhere = story.asker().Begin(kNextDriver, 1);
    for (const auto* all : {&begins, &elsewhere}) {
      for (const absl::StatusOr<std::string>& begin : *all) {
        if (!begin.ok()) {
          found_.Fail("begins", std::string(begin.status().message()), schedule);
          return std::nullopt;
        }
        if (*begin == *begins.front() || own_time()) continue;
        found_.Fail("begins where it began",
                    absl::StrCat("'", *begin, "' instead of '", *begins.front(), "'"), schedule);
      }
    }
    return *begins.front();
  }

  // Asks who may be struck, then others; what there is to be found is there.
  std::optional<Range> DefineStruck(Story& story, const std::string& after,
                                    const std::string& schedule) {
    story.Record(true);
    auto asked = story.asker().Define(kDriver, after, kAsks);
    story.Record(false);
    for (const Asker& asker : {kNextDriver, kDriver}) {
      for (auto& answer : story.asker().Define(asker, after, 1)) {
        if (!answer.ok()) {
          found_.Fail("finds what comes", std::string(answer.status().message()), schedule);
          return std::nullopt;
        }
        asked.push_back(std::move(answer));
      }
    }
    const Range& last = *asked.back();
    bool any = IsAny(last);
    for (const absl::StatusOr<Range>& answer : asked) {
      if (!answer.ok()) continue;  // whoever was struck
      any = any || IsAny(*answer);
      const bool same = own_time() ? IsAny(*answer) <= IsAny(last)
                                   : answer->SerializeAsString() == last.SerializeAsString();
      if (!same) {
        takes_nothing_.Break(absl::StrCat(schedule, ": asked again after '", after,
                                          "', while nothing came, it ends at '", last.end_offset(),
                                          "' and not at '", answer->end_offset(), "'"));
      }
    }
    // What says that it cannot be read again may keep what it gives for who asks.
    const bool keeps = source_.format.replayable;
    if (!any) {
      loses_.Break(absl::StrCat(schedule, ": what was added is not found"));
      if (keeps) found_.Fail("finds what comes", "there is input, and it finds none", schedule);
    }
    if (!takes_nothing_.holds() && keeps) {
      found_.Fail("takes nothing", "Define gives something else when it is asked again", schedule);
    }
    // Whoever comes last goes on from what it was told: nothing before it is in the query's log.
    if (IsAny(last)) return last;
    if (!any) return std::nullopt;
    loses_.Break(absl::StrCat(schedule, ": what was given to who asked first is not given again"));
    if (keeps) return std::nullopt;
    const auto given = std::ranges::find_if(
        asked, [](const absl::StatusOr<Range>& answer) { return answer.ok() && IsAny(*answer); });
    return **given;
  }

  std::optional<Rows> ReadStruck(Story& story, const Range& range, const std::string& schedule) {
    story.Record(true);
    const absl::StatusOr<Rows> struck = story.asker().Read(kReader, range);
    story.Record(false);
    const absl::StatusOr<Rows> again = story.asker().Read(kNextReader, range);
    read_any_ = read_any_ || struck.ok() || again.ok();
    if (struck.ok()) {
      Compare(*struck, again, absl::StrCat(schedule, "; then it is read again, elsewhere"));
      return *struck;
    }
    if (again.ok()) return *again;
    NotReplayable(absl::StrCat(schedule, ": ", again.status().message()));
    loses_.Break(absl::StrCat(schedule, ", while a range is read, which cannot be read again"));
    return std::nullopt;
  }

  void ReadAgain(Story& story, const Range& range, const Rows& rows, const std::string& schedule) {
    Compare(rows, story.asker().Read(kReader, range), schedule);
  }

  void Compare(const Rows& rows, const absl::StatusOr<Rows>& again, const std::string& schedule) {
    if (!again.ok()) {
      return NotReplayable(absl::StrCat(schedule, ": ", again.status().message()));
    }
    if (rows == *again) return;
    const std::optional<std::string> missing = Beyond(rows, *again);
    const std::optional<std::string> other = Beyond(*again, rows);
    if (missing.has_value() != other.has_value()) {
      const std::string& row = missing ? *missing : *other;
      NotReplayable(absl::StrCat(schedule, ": one time row '", row, "' is there, one time not"));
    } else {
      NotReplayable(absl::StrCat(schedule, missing ? ": other rows" : ": another order"));
    }
  }

  void NotReplayable(const std::string& schedule) {
    replayable_.Break(schedule);
    if (!source_.format.replayable) return;
    found_.Fail("is replayable, as its format says", "a range was read again otherwise", schedule);
  }

  void CommitStruck(Story& story, const std::string& end, const std::string& schedule) {
    story.Record(true);
    story.asker().Committed(kDriver, end, 1).IgnoreError();
    story.Record(false);
    const absl::Status again = story.asker().Committed(kNextDriver, end, 2);
    if (!again.ok()) {
      found_.Fail("takes Committed again", std::string(again.message()), schedule);
    }
  }

  // Ranges that begin where the first one ends, until all is read.
  void AfterCommit(Story& story, ConformanceWorld& world, std::string after,
                   const std::string& schedule) {
    const std::string committed = after;
    story.Add();
    for (int ranges = 0; ranges < kMaxRanges; ++ranges) {
      const auto answers = story.asker().Define(kDriver, after, 1);
      if (answers.empty() || !answers.front().ok()) {
        const std::string why(answers.empty() ? "" : answers.front().status().message());
        return found_.Fail("goes on", why, schedule);
      }
      const Range range = *answers.front();
      if (!IsAny(range)) {
        if (ranges > 0) break;
        loses_.Break(absl::StrCat(schedule, ": what was added later is not found"));
        if (source_.format.replayable) {
          found_.Fail("finds what comes", "more came, and it finds none", schedule);
        }
        break;
      }
      story.asker().Log(range);
      const absl::StatusOr<Rows> rows = story.asker().Read(kReader, range);
      if (!rows.ok()) return found_.Fail("goes on", std::string(rows.status().message()), schedule);
      story.Count(*rows);
      if (ranges == 0) {
        story.asker().Committed(kDriver, committed, 1).IgnoreError();
        ReadAgain(story, range, *rows,
                  absl::StrCat(schedule, "; then an earlier range is committed once more"));
        world.LosePowerOutside();
        ReadAgain(story, range, *rows,
                  absl::StrCat(schedule, "; then all that serves loses power"));
      }
      after = range.end_offset();
      story.asker().Committed(kDriver, after, 1).IgnoreError();
      if (own_time() && ranges == kAsks) break;
    }
    if (own_time()) return;
    JudgeAll(story.added(), story.read(), schedule);
  }

  void JudgeAll(const Rows& added, const Rows& read, const std::string& schedule) {
    if (const auto missing = Beyond(added, read)) {
      loses_.Break(absl::StrCat(schedule, ": row '", *missing, "' is in no range"));
      if (source_.format.replayable) found_.Fail("gives each row", *missing, schedule);
    }
    if (const auto more = Beyond(read, added)) {
      repeats_.Break(absl::StrCat(schedule, ": row '", *more, "' is there once too often"));
      found_.Fail("gives each row once", *more, schedule);
    }
  }

  void Freeze() {
    ++found_.schedules;
    const std::string schedule = "it is frozen, and more input comes";
    ConformanceWorld world({});
    Story story(source_, world);
    const std::optional<std::string> begin = Begin(story, schedule);
    if (!begin) return;
    story.Add();
    const Rows before = story.added();
    const absl::StatusOr<std::string> frozen = story.asker().Freeze(kDriver);
    if (!frozen.ok()) {
      freezes_.Break(absl::StrCat("it says: ", frozen.status().message()));
      if (!absl::IsUnimplemented(frozen.status())) {
        found_.Fail("freezes, or says that it cannot", std::string(frozen.status().message()),
                    schedule);
      }
      return;
    }
    story.Add();
    std::string after = *begin;
    for (int ranges = 0; ranges < kMaxRanges; ++ranges) {
      const auto answers = story.asker().Define(kNextDriver, after, 1, *frozen);
      if (answers.empty() || !answers.front().ok()) {
        const std::string why(answers.empty() ? "" : answers.front().status().message());
        return found_.Fail("stops where it was frozen", why, schedule);
      }
      const Range& range = *answers.front();
      if (!IsAny(range)) break;
      story.asker().Log(range);
      const absl::StatusOr<Rows> rows = story.asker().Read(kReader, range);
      if (rows.ok()) story.Count(*rows);
      after = range.end_offset();
      story.asker().Committed(kNextDriver, after, 1).IgnoreError();
      if (ranges + 1 == kMaxRanges) {
        found_.Fail("stops where it was frozen", "it never comes to an end", schedule);
      }
    }
    if (own_time()) return;
    if (const auto beyond = Beyond(story.read(), before)) {
      found_.Fail("stops where it was frozen", absl::StrCat("row '", *beyond, "' came later"),
                  schedule);
    }
    if (const auto missing = Beyond(before, story.read())) {
      found_.Fail("gives all up to where it was frozen", absl::StrCat("not row '", *missing, "'"),
                  schedule);
    }
  }

  Conformance Found() {
    if (!read_any_ && takes_nothing_.holds()) {
      found_.words.push_back({"does not work", "without a fault", "nothing is struck"});
      return std::move(found_);
    }
    for (const Trait* trait : {&replayable_, &takes_nothing_, &pure_, &freezes_}) {
      const bool seen = read_any_ || (trait != &replayable_ && trait != &pure_);
      if (seen) found_.words.push_back(trait->ToWord());
    }
    if (!pure_.holds()) {
      found_.Fail("has pure splits", "a range has other splits when it is asked again",
                  pure_.schedule());
    }
    constexpr char kMeaning[] = "the ranges hold what was added";
    if (own_time()) {
      found_.words.push_back({"rows of its own", kMeaning, "nobody adds any"});
    } else if (!loses_.holds()) {
      found_.words.push_back({"loses rows", kMeaning, loses_.schedule()});
    } else if (!repeats_.holds()) {
      found_.words.push_back({"repeats rows", kMeaning, repeats_.schedule()});
    } else {
      found_.words.push_back({"each row once", kMeaning, ""});
    }
    return std::move(found_);
  }

  const SourceUnderTest& source_;
  Conformance found_;
  bool read_any_ = false;
  Trait replayable_{"replayable", "not replayable", "a range gives the same rows again"};
  Trait takes_nothing_{"takes nothing", "takes on Define", "Define may be asked again"};
  Trait pure_{"pure splits", "impure splits", "splits follow from the range alone"};
  Trait freezes_{"freezes", "cannot be frozen", "AvailableNow"};
  Trait loses_{"", "", ""};
  Trait repeats_{"", "", ""};
};

}  // namespace

Conformance SourceConformance(const SourceUnderTest& source) { return Testing(source).Run(); }

}  // namespace wavetank::testing
