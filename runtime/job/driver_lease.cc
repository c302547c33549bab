#include "runtime/job/driver_lease.h"

#include <algorithm>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

#include "checkpoint/paths.h"
#include "checkpoint/unique.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "platform/timeout.h"
#include "platform/wait_notice.h"
#include "runtime/steps.h"

namespace wavetank::runtime {

using platform::LogLevel;
using platform::MonotonicTime;
using platform::Task;

namespace {

using Kind = LeaseWord::Kind;

std::string NameOf(const LeaseWord& word) {
  switch (word.kind) {
    case Kind::kLeft:
      return absl::StrFormat("left-%06d", word.term);
    case Kind::kFinished:
      return absl::StrFormat("finished-%06d", word.term);
    case Kind::kNone:
    case Kind::kAtWork:
      break;
  }
  return absl::StrFormat("lease-%06d-%09d", word.term, word.word);
}

std::optional<LeaseWord> WordOf(absl::string_view name) {
  LeaseWord word;
  if (absl::ConsumePrefix(&name, "lease-")) {
    const size_t dash = name.find('-');
    if (dash == absl::string_view::npos) return std::nullopt;
    word.kind = Kind::kAtWork;
    if (!absl::SimpleAtoi(name.substr(dash + 1), &word.word) || word.word < 0) return std::nullopt;
    name = name.substr(0, dash);
  } else if (absl::ConsumePrefix(&name, "left-")) {
    word.kind = Kind::kLeft;
    word.word = INT64_MAX;
  } else if (absl::ConsumePrefix(&name, "finished-")) {
    word.kind = Kind::kFinished;
    word.word = INT64_MAX;
  } else {
    return std::nullopt;
  }
  if (!absl::SimpleAtoi(name, &word.term) || word.term < 1) return std::nullopt;
  return word;
}

}  // namespace

LeaseWord LeaseWord::Newest(const std::vector<std::string>& names) {
  LeaseWord newest;
  for (const std::string& name : names) {
    if (const std::optional<LeaseWord> word = WordOf(name)) newest = std::max(newest, *word);
  }
  return newest;
}

std::string DriverLease::directory() const {
  return checkpoint::JoinPath(options_.checkpoint, "drivers");
}

Task<absl::StatusOr<LeaseWord>> DriverLease::Look() {
  WT_CO_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         co_await store_.ListNames(directory()));
  const LeaseWord newest = LeaseWord::Newest(names);
  if (newest != seen_) {
    seen_ = newest;
    seen_since_ = node_.clock().Now();
  }
  co_return newest;
}

// The first word of a term stays as long as that is the newest: who has looked before it was said,
// and is late, must not say it again.
Task<absl::Status> DriverLease::TakeAfter(LeaseWord newest) {
  const LeaseWord first{.term = newest.term + 1, .word = 0, .kind = Kind::kAtWork};
  WT_CO_RETURN_IF_ERROR(
      co_await checkpoint::CreateUnique(store_, checkpoint::JoinPath(directory(), NameOf(first)),
                                        absl::StrCat(checkpoint::UniqueId(node_), "\n")));
  mine_ = first;
  seen_ = first;
  seen_since_ = node_.clock().Now();
  co_await node_.Step(steps::kDriverLeaseTaken, {{"term", mine_.term}});
  // What is left there only makes looking slower.
  const absl::StatusOr<std::vector<std::string>> names = co_await store_.ListNames(directory());
  if (!names.ok()) co_return absl::OkStatus();
  std::vector<std::string> older;
  for (const std::string& name : *names) {
    const std::optional<LeaseWord> word = WordOf(name);
    if (word && word->term < mine_.term) older.push_back(checkpoint::JoinPath(directory(), name));
  }
  (co_await store_.RemoveAll(std::move(older))).IgnoreError();
  co_return absl::OkStatus();
}

Task<DriverLease::Watched> DriverLease::StandBy() {
  node_.Log(LogLevel::kInfo, absl::StrCat("standing by, for the driver at work to be silent for ",
                                          absl::FormatDuration(options_.timeout)));
  co_await node_.Step(steps::kDriverStandsBy);
  seen_since_ = node_.clock().Now();
  platform::WaitNotice notice(seen_since_);
  bool was_at_work = false;  // a driver, since this one stands by
  while (true) {
    const MonotonicTime began = node_.clock().Now();
    Task<absl::StatusOr<LeaseWord>> looking = Look();
    const absl::StatusOr<LeaseWord> newest =
        co_await platform::WithTimeout(node_.executor(), node_.clock(), options_.timeout / 2,
                                       "look for the driver at work", std::move(looking));
    const MonotonicTime now = node_.clock().Now();
    if (!newest.ok()) {
      // Who cannot be heard is not silent.
      seen_since_ = now;
      if (notice.Due(now)) {
        node_.Log(LogLevel::kWarning,
                  absl::StrCat("standing by, and cannot see the driver at work: ",
                               newest.status().message()));
      }
    } else if (newest->kind == Kind::kFinished && was_at_work) {
      node_.Log(LogLevel::kInfo, "the job has come to its end: nothing is left to stand by for");
      co_return Watched::kFinished;
    } else if (newest->kind == Kind::kNone || newest->kind == Kind::kFinished) {
      // That of a run before may have finished: the one to stand by for may be about to begin.
      if (notice.Due(now)) {
        node_.Log(LogLevel::kWarning,
                  absl::StrCat("standing by, and no driver says in ", directory(),
                               " that it is at work: start it with --standby-timeout, too"));
      }
    } else {
      was_at_work = true;
      // As of when it was looked: who is held up here must not take that for silence.
      const absl::Duration silent = began - seen_since_;
      const bool too_early = platform::Planted(node_, "standby_takes_over_at_once");
      if (newest->kind == Kind::kLeft || silent >= options_.timeout || too_early) {
        node_.Log(LogLevel::kWarning,
                  newest->kind == Kind::kLeft
                      ? std::string("the driver at work has left: taking over")
                      : absl::StrCat("the driver at work has been silent for ",
                                     absl::FormatDuration(silent), ": taking over"));
        co_await node_.Step(steps::kDriverFoundSilent, {{"term", newest->term}});
        const absl::Status taken = co_await TakeAfter(*newest);
        if (taken.ok()) co_return Watched::kTaken;
        seen_since_ = node_.clock().Now();  // another has come first, or the store is away
      }
    }
    co_await node_.clock().Sleep(Beat());
  }
}

Task<void> DriverLease::Take() {
  platform::WaitNotice notice(node_.clock().Now());
  while (true) {
    const absl::StatusOr<LeaseWord> newest = co_await Look();
    absl::Status taken = newest.status();
    if (newest.ok()) taken = co_await TakeAfter(*newest);
    if (taken.ok()) co_return;
    if (notice.Due(node_.clock().Now())) {
      node_.Log(LogLevel::kWarning,
                absl::StrCat("cannot say that this driver is at work: ", taken.message()));
    }
    co_await node_.clock().Sleep(Beat());
  }
}

Task<absl::Status> DriverLease::SayNext() {
  WT_CO_ASSIGN_OR_RETURN(const LeaseWord newest, co_await Look());
  if (newest.term > mine_.term) {
    if (node_.clock().Now() - seen_since_ < 2 * Beat()) co_return absl::OkStatus();
    co_return co_await TakeAfter(newest);
  }
  const LeaseWord before = mine_;
  if (platform::Planted(node_, "lease_says_nothing_new")) co_return absl::OkStatus();
  const LeaseWord next{.term = mine_.term, .word = mine_.word + 1, .kind = Kind::kAtWork};
  // It may have been said before, and not been heard of.
  const absl::Status said = co_await store_.CreateIfAbsent(
      checkpoint::JoinPath(directory(), NameOf(next)), absl::StrCat(node_.id(), "\n"));
  if (!said.ok() && !absl::IsAlreadyExists(said)) co_return said;
  mine_ = next;
  if (before.word > 0) {
    (co_await store_.Remove(checkpoint::JoinPath(directory(), NameOf(before)))).IgnoreError();
  }
  co_return absl::OkStatus();
}

Task<absl::Status> DriverLease::Keep() {
  MonotonicTime heard = node_.clock().Now();
  absl::Status why;
  while (node_.clock().Now() - heard < options_.timeout) {
    const absl::Duration left = options_.timeout - (node_.clock().Now() - heard);
    co_await node_.clock().Sleep(std::min(left, Beat()));
    Task<absl::Status> saying = SayNext();
    const MonotonicTime began = node_.clock().Now();
    why = co_await platform::WithTimeout(node_.executor(), node_.clock(),
                                         std::max(Beat(), options_.timeout - (began - heard)),
                                         "say that this driver is at work", std::move(saying));
    if (why.ok()) heard = node_.clock().Now();
  }
  co_return absl::UnavailableError(
      absl::StrCat("for ", absl::FormatDuration(options_.timeout),
                   " this driver could not say that it is at work, so that another may have taken "
                   "over: ",
                   why.message()));
}

Task<void> DriverLease::End(LeaseWord::Kind why) {
  const LeaseWord last{.term = mine_.term, .word = INT64_MAX, .kind = why};
  Task<absl::Status> saying = store_.CreateIfAbsent(checkpoint::JoinPath(directory(), NameOf(last)),
                                                    absl::StrCat(node_.id(), "\n"));
  (co_await platform::WithTimeout(node_.executor(), node_.clock(), options_.timeout,
                                  "say that this driver ends", std::move(saying)))
      .IgnoreError();
}

}  // namespace wavetank::runtime
