#include "tests/model/fencing_protocol.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

#include "properties/fenced_log_protocol.h"
#include "tests/model/fencing_state.h"
#include "tests/model/fencing_steps.h"

namespace wavetank::model {
namespace {

using properties::LogBelief;
using properties::LogStep;
using properties::OwnerBelief;
using properties::OwnerPhase;
using StepIs = LogStep::Is;

// Owners are alike: they are called by the order in which they first tell of something.
std::string NameOfOwner(int owner) { return absl::StrCat("owner ", owner); }

bool HasTakenOver(Pc pc) { return pc >= Pc::kMark && pc < Pc::kStop; }
bool IsHigher(const State& s, const Owner& o) { return NewestEpoch(s) > o.epoch; }

// What an owner has to tell of a change of state that is its own.
class Tale {
 public:
  Tale(const State& before, const State& after, int owner, const Bounds& bounds)
      : before_(before),
        after_(after),
        was_(before.owners[static_cast<size_t>(owner)]),
        is_(after.owners[static_cast<size_t>(owner)]),
        bounds_(bounds) {}

  std::vector<LogStep> Steps() const {
    if (is_.pc == Pc::kStop) return Stopped();
    switch (was_.pc) {
      case Pc::kStart:  // without create_then_read
        if (is_.held.n > 0) return {Read()};
        return {};
      case Pc::kCreate:
        if (is_.pc == Pc::kList) return {Of(StepIs::kCreated)};
        return {};
      case Pc::kCreateSync:
        return {Of(StepIs::kCreated)};
      case Pc::kList:
        if (is_.pc == Pc::kSeal) return {Read()};
        return {};
      case Pc::kRead:
        return {Read()};
      case Pc::kSeal:
        if (is_.pc == Pc::kSealLook) return {Sealed()};
        return {};
      case Pc::kSealSync:
        return {Sealed()};
      case Pc::kSealLook:
        return {Of(StepIs::kTakenOver, {.records = is_.held.n})};
      case Pc::kRemove:
        if (is_.pc != Pc::kAppend) return {};
        return {Of(StepIs::kOlderRemoved, {.segment = is_.file % kSegments})};
      case Pc::kEntered:
        return {Appended(), Counts()};
      case Pc::kSync:
        return {Appended()};
      case Pc::kLook:
        return {Counts()};
      case Pc::kNextSeal:
        if (is_.pc == Pc::kMark) return {Begun()};
        return {};
      case Pc::kNextSync:
        return {Begun()};
      default:
        return {};
    }
  }

 private:
  struct Numbers {
    int64_t base = 0;
    int64_t segment = 0;
    int64_t sequence = 0;
    int64_t records = 0;
  };
  LogStep Of(StepIs is, const Numbers& numbers) const {
    return {.is = is,
            .epoch = is_.epoch,
            .base = numbers.base,
            .segment = numbers.segment,
            .sequence = numbers.sequence,
            .records = numbers.records,
            .refusing = is == StepIs::kRead && bounds_.refusing};
  }
  LogStep Of(StepIs is) const { return Of(is, {}); }

  LogStep Read() const {
    if (was_.pc != Pc::kRead) return Of(StepIs::kRead, {.records = is_.held.n});
    return Of(
        StepIs::kRead,
        {.base = EpochOf(was_.file), .segment = was_.file % kSegments, .records = is_.held.n});
  }
  // Its base is what it has read through.
  LogStep Sealed() const { return Of(StepIs::kSealed, {.records = is_.held.n}); }
  LogStep Appended() const {
    return Of(StepIs::kAppended, {.sequence = is_.appended, .records = 1});
  }
  LogStep Counts() const { return Of(StepIs::kCounts, {.sequence = is_.appended}); }
  LogStep Begun() const {
    return Of(StepIs::kSegmentBegun, {.segment = is_.file % kSegments, .records = is_.held.n});
  }
  std::vector<LogStep> Stopped() const {
    if (before_.losses != after_.losses || was_.pc < Pc::kList || !IsHigher(before_, was_)) {
      return {};
    }
    return {Of(StepIs::kFenced)};
  }

  const State& before_;
  const State& after_;
  const Owner& was_;
  const Owner& is_;
  const Bounds& bounds_;
};

// Whether the belief, if it is of owners within the bounds, is of any: each epoch has somebody who
// can have created it.
bool CanBe(const LogBelief& belief, int owners) {
  std::set<int64_t> created;
  std::set<std::string> who;
  for (const auto& [key, owner] : belief.owners) {
    created.insert(key.first);
    who.insert(key.second);
  }
  int64_t missing = 0;
  for (int64_t epoch = 1; epoch <= belief.newest; ++epoch)
    missing += created.contains(epoch) ? 0 : 1;
  return missing <= owners - std::ssize(who);
}

// All steps within the bounds that might follow.
std::vector<std::pair<int, LogStep>> StepsWithin(const LogBelief& belief, const Bounds& bounds) {
  std::vector<std::pair<int, LogStep>> steps;
  const int64_t most = int64_t{bounds.owners} * bounds.entries * bounds.segments;
  std::set<std::string> named;
  for (const auto& [key, each] : belief.owners) named.insert(key.second);
  const auto others = static_cast<int>(named.size());
  for (int owner = 1; owner <= std::min(others + 1, bounds.owners); ++owner) {
    const OwnerBelief* known = nullptr;
    int64_t own = 0;
    for (const auto& [key, each] : belief.owners) {
      if (key.second == NameOfOwner(owner)) known = &each, own = key.first;
    }
    if (known == nullptr) {
      for (int64_t epoch = 1; epoch <= bounds.owners; ++epoch) {
        steps.push_back({owner, {.is = StepIs::kCreated, .epoch = epoch}});
      }
      continue;
    }
    const auto held = [&](int64_t segment) {
      const auto found = belief.segments.find({own, segment});
      if (found == belief.segments.end()) return int64_t{0};
      const auto& ends = found->second.ends;
      return found->second.seal.value_or(0) + (ends.empty() ? 0 : ends.back());
    };
    for (int64_t base = 0; base <= bounds.owners; ++base) {
      for (int64_t segment = 0; segment < (base == 0 ? 1 : bounds.segments); ++segment) {
        for (int64_t records = 0; records <= most; ++records) {
          const auto through = belief.segments.find({base, segment});
          const bool told = through != belief.segments.end() && through->second.told;
          if (told) {
            // One record a group, and of one group its owner has not told.
            const int64_t groups =
                std::min<int64_t>(std::ssize(through->second.ends) + 1, bounds.entries);
            if (records > through->second.seal.value_or(0) + groups) continue;
          }
          if (!told && base > 0 && segment == 0) {
            // What an owner has read is what it seals.
            bool same = false;
            for (const auto& [key, each] : belief.owners) {
              same = same ||
                     (key.first == base && each.phase >= OwnerPhase::kRead && each.read == records);
            }
            if (!same) continue;
          }
          if (!told && base > 0 && segment > 0) {
            const auto before = belief.segments.find({base, segment - 1});
            if (before == belief.segments.end()) continue;
            const auto& ends = before->second.ends;
            if (before->second.seal.value_or(0) + (ends.empty() ? 0 : ends.back()) != records) {
              continue;
            }
          }
          steps.push_back({owner,
                           {.is = StepIs::kRead,
                            .epoch = own,
                            .base = base,
                            .segment = segment,
                            .records = records,
                            .refusing = bounds.refusing}});
        }
      }
    }
    steps.push_back(
        {owner,
         {.is = StepIs::kSealed, .epoch = own, .base = known->base, .records = known->read}});
    steps.push_back({owner, {.is = StepIs::kTakenOver, .epoch = own, .records = known->read}});
    for (int64_t sequence = 1; sequence <= bounds.entries; ++sequence) {
      steps.push_back(
          {owner, {.is = StepIs::kAppended, .epoch = own, .sequence = sequence, .records = 1}});
      steps.push_back({owner, {.is = StepIs::kCounts, .epoch = own, .sequence = sequence}});
    }
    for (int64_t segment = 0; segment < bounds.segments; ++segment) {
      steps.push_back({owner, {.is = StepIs::kOlderRemoved, .epoch = own, .segment = segment}});
      if (segment == 0) continue;
      steps.push_back({owner,
                       {.is = StepIs::kSegmentBegun,
                        .epoch = own,
                        .segment = segment,
                        .records = held(segment - 1)}});
    }
    if (own < bounds.owners) steps.push_back({owner, {.is = StepIs::kFenced, .epoch = own}});
  }
  return steps;
}

std::string TextOf(const LogBelief& belief) {
  std::string text = absl::StrCat("newest ", belief.newest);
  for (const auto& [key, owner] : belief.owners) {
    absl::StrAppend(&text, "; ", key.second, " of ", key.first, " in phase ",
                    static_cast<int>(owner.phase), owner.late ? " late" : "", " read ", owner.read,
                    " at ", owner.segment, "/", owner.sequence);
  }
  for (const auto& [key, segment] : belief.segments) {
    absl::StrAppend(&text, "; log-", key.first, ".", key.second, segment.told ? "" : "~", " ",
                    segment.seal.value_or(-1), "+", segment.ends.size(),
                    segment.under_way.has_value() ? "+?" : "");
  }
  for (const auto& [epoch, place] : belief.read) {
    absl::StrAppend(&text, "; ", epoch, " read to ", place.epoch, ".", place.segment, "/",
                    place.groups);
  }
  return text;
}

std::string TextOf(int owner, const LogStep& step) {
  return absl::StrCat(NameOfOwner(owner), " tells step ", static_cast<int>(step.is), " of epoch ",
                      step.epoch, ": base ", step.base, " segment ", step.segment, " sequence ",
                      step.sequence, " records ", step.records);
}

using ToTell = std::array<std::vector<LogStep>, kEpochs>;  // by owner, in order

struct Followed {
  State state;
  ToTell to_tell;
  std::array<int, kEpochs> names = {};  // 0: none yet
  int belief = 0;
};

class Follower {
 public:
  Follower(const Bounds& bounds, std::optional<Rule> without)
      : bounds_(bounds), without_(without) {}

  FollowedVerdict Run() {
    Number({});
    Come({});
    while (!queue_.empty() && !over_) {
      const Followed at = std::move(queue_.front());
      queue_.pop_front();
      GoOnFrom(at);
    }
    verdict_.states = static_cast<int64_t>(seen_.size());
    verdict_.beliefs = std::ssize(beliefs_);
    for (const auto& steps : told_) verdict_.steps += std::ssize(steps);
    if (!over_) LookForMore();
    return verdict_;
  }

 private:
  int Number(const LogBelief& belief) {
    const auto [entry, is_new] = numbers_.try_emplace(belief, std::ssize(beliefs_));
    if (is_new) {
      beliefs_.push_back(&entry->first);
      told_.emplace_back();
    }
    return entry->second;
  }

  void Come(Followed next) {
    std::string told;
    for (const std::vector<LogStep>& steps : next.to_tell) {
      absl::StrAppend(&told, ";");
      for (const LogStep& step : steps) {
        absl::StrAppend(&told, static_cast<int>(step.is), ",", step.base, ",", step.segment, ",",
                        step.sequence, ",", step.records, " ");
      }
    }
    for (const int name : next.names) absl::StrAppend(&told, name, ",");
    absl::StrAppend(&told, next.belief);
    told.append(reinterpret_cast<const char*>(&next.state), sizeof(next.state));
    const XXH128_hash_t hash = XXH3_128bits(told.data(), told.size());
    const std::pair<uint64_t, uint64_t> key{hash.low64, hash.high64};
    if (seen_.insert(key).second) queue_.push_back(std::move(next));
  }

  // The owner tells that step.
  void Hear(Followed at, int owner, LogStep step) {
    const auto place = static_cast<size_t>(at.belief);
    int& number = at.names[static_cast<size_t>(owner)];
    if (number == 0) number = std::ranges::max(at.names) + 1;
    const std::string name = NameOfOwner(number);
    if (step.is == StepIs::kSealed) step.base = beliefs_[place]->owners.at({step.epoch, name}).base;
    if (const auto known = told_[place].find({number, step}); known != told_[place].end()) {
      at.belief = known->second;
      return Come(std::move(at));
    }
    LogBelief belief = *beliefs_[place];
    const std::string why = properties::WhyNot(belief, name, step);
    if (!why.empty()) {
      verdict_.not_allowed = absl::StrCat(TextOf(number, step), " ", why, "; ", TextOf(belief),
                                          "; ", Described(at.state, bounds_));
      over_ = true;
      return;
    }
    properties::Follow(name, step, belief);
    at.belief = Number(belief);
    told_[place].emplace(std::pair{number, step}, at.belief);
    Come(std::move(at));
  }

  void GoOnFrom(const Followed& at) {
    for (int owner = 0; owner < bounds_.owners && !over_; ++owner) {
      const auto index = static_cast<size_t>(owner);
      const Owner& o = at.state.owners[index];
      if (!at.to_tell[index].empty()) {
        Followed next = at;
        next.to_tell[index].erase(next.to_tell[index].begin());
        Hear(std::move(next), owner, at.to_tell[index].front());
      }
      // Whoever has a log may look at any time.
      const bool knows =
          at.to_tell[index].empty() || at.to_tell[index].front().is != StepIs::kTakenOver;
      if (HasTakenOver(o.pc) && knows && IsHigher(at.state, o)) {
        Hear(at, owner, {.is = StepIs::kFenced, .epoch = o.epoch});
      }
      // After an error who takes a log over looks, too.
      if (MayFail(o.pc) && at.to_tell[index].empty() && IsHigher(at.state, o)) {
        Followed next = at;
        next.state.owners[index].pc = Pc::kStop;
        next.to_tell[index].push_back({.is = StepIs::kFenced, .epoch = o.epoch});
        Come(std::move(next));
      }
      // Who has no answer to a seal asks again, and is refused.
      if (bounds_.refusing && o.pc == Pc::kSealLook && !at.to_tell[index].empty() &&
          IsHigher(at.state, o)) {
        Followed next = at;
        next.state.owners[index].pc = Pc::kStop;
        next.to_tell[index] = {{.is = StepIs::kFenced, .epoch = o.epoch}};
        Come(std::move(next));
      }
      // What is older may be left, after an error.
      if ((o.pc == Pc::kCleanLook || o.pc == Pc::kRemove) && at.to_tell[index].empty()) {
        Followed next = at;
        Owner& n = next.state.owners[index];
        n.pc = Pc::kAppend;
        n.doomed_epochs = n.doomed_segments = n.doomed_bases = 0;
        Come(std::move(next));
      }
    }
    const Successors successors = SuccessorsOf(at.state, bounds_, without_);
    for (const State& after : successors.states) {
      if (over_) return;
      Followed next = at;
      next.state = after;
      if (after.losses != at.state.losses) {
        next.to_tell = {};
        Come(std::move(next));
        continue;
      }
      const int owner = MoverBetween(at.state, after);
      if (owner < 0) {
        Come(std::move(next));
        continue;
      }
      const auto index = static_cast<size_t>(owner);
      if (!at.to_tell[index].empty()) continue;
      for (const LogStep& step : Tale(at.state, after, owner, bounds_).Steps()) {
        next.to_tell[index].push_back(step);
      }
      Come(std::move(next));
    }
  }

  bool MayFail(Pc pc) const {
    return pc == Pc::kList || pc == Pc::kRead || pc == Pc::kSeal || pc == Pc::kSealSync ||
           (pc == Pc::kSealLook && !bounds_.refusing);
  }

  // -1: nobody, only files have changed.
  int MoverBetween(const State& before, const State& after) const {
    for (int owner = 0; owner < bounds_.owners; ++owner) {
      const auto index = static_cast<size_t>(owner);
      const auto bytes = [&](const State& state) {
        return std::string_view(reinterpret_cast<const char*>(&state.owners[index]), sizeof(Owner));
      };
      if (bytes(before) != bytes(after)) return owner;
    }
    return -1;
  }

  // What the system allows beyond what was told.
  void LookForMore() {
    for (size_t place = 0; place < beliefs_.size(); ++place) {
      for (const auto& [owner, step] : StepsWithin(*beliefs_[place], bounds_)) {
        if (told_[place].contains({owner, step})) continue;
        if (!properties::WhyNot(*beliefs_[place], NameOfOwner(owner), step).empty()) continue;
        LogBelief after = *beliefs_[place];
        properties::Follow(NameOfOwner(owner), step, after);
        if (!CanBe(after, bounds_.owners)) continue;
        verdict_.never_told = absl::StrCat(TextOf(owner, step), "; ", TextOf(*beliefs_[place]));
        return;
      }
    }
  }

  const Bounds& bounds_;
  const std::optional<Rule> without_;
  FollowedVerdict verdict_;
  bool over_ = false;
  std::map<LogBelief, int> numbers_;
  std::vector<const LogBelief*> beliefs_;  // by number
  // What was told of each, and what is believed then.
  std::vector<std::map<std::pair<int, LogStep>, int>> told_;
  absl::flat_hash_set<std::pair<uint64_t, uint64_t>> seen_;
  std::deque<Followed> queue_;
};

}  // namespace

FollowedVerdict FollowFencing(const Bounds& bounds, std::optional<Rule> without) {
  return Follower(bounds, without).Run();
}

}  // namespace wavetank::model
