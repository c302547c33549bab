#include "properties/fenced_log_protocol.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

#include "platform/text.h"

namespace wavetank::properties {
namespace {

using enum OwnerPhase;
using Is = LogStep::Is;

constexpr std::string_view kFamily = "fenced_log.";
constexpr std::string_view kStepWords[] = {
    "epoch_created", "predecessors_read", "sealed",        "taken_over", "appended",
    "counts",        "segment_begun",     "older_removed", "fenced",
};

constexpr const char* kPhaseWords[] = {
    "nothing",
    "creating its epoch",
    "reading what counts",
    "sealing its predecessors",
    "taking the log over",
    "beginning a segment",
    "removing what is older",
    "appending",
    "counting a group",
    "finding a newer owner before it had taken the log over",
};

struct PhaseStep {
  OwnerPhase from;
  Is step;
};
// In which order an owner does things. What is older need not be removed: that may fail.
constexpr PhaseStep kOrder[] = {
    {kNone, Is::kCreated},         {kCreated, Is::kRead},           {kRead, Is::kSealed},
    {kSealed, Is::kTakenOver},     {kTakenOver, Is::kOlderRemoved}, {kBegun, Is::kOlderRemoved},
    {kTakenOver, Is::kAppended},   {kBegun, Is::kAppended},         {kSettled, Is::kAppended},
    {kCounted, Is::kAppended},     {kAppended, Is::kCounts},        {kTakenOver, Is::kSegmentBegun},
    {kSettled, Is::kSegmentBegun}, {kBegun, Is::kSegmentBegun},     {kCounted, Is::kSegmentBegun},
};

OwnerPhase After(Is step) {
  constexpr OwnerPhase kAfter[] = {kCreated,  kRead,    kSealed, kTakenOver,
                                   kAppended, kCounted, kBegun,  kSettled};
  return kAfter[static_cast<size_t>(step)];
}

// Whether it has said that it acts.
bool Stands(OwnerPhase phase) { return phase >= kTakenOver && phase != kStopped; }

bool InOrder(OwnerPhase phase, Is step) {
  if (step == Is::kFenced) return phase != kNone && phase != kStopped;
  return std::ranges::any_of(
      kOrder, [&](const PhaseStep& each) { return each.from == phase && each.step == step; });
}

const OwnerBelief& OwnerOf(const LogBelief& log, const std::string& owner, int64_t epoch) {
  static const OwnerBelief none;
  const auto found = log.owners.find({epoch, owner});
  return found == log.owners.end() ? none : found->second;
}

// Whoever has read under that epoch: of several that created it, one can.
const OwnerBelief* ReaderOf(const LogBelief& log, int64_t epoch) {
  for (auto each = log.owners.lower_bound({epoch, ""});
       each != log.owners.end() && each->first.first == epoch; ++each) {
    if (each->second.phase >= kRead && log.read.contains(epoch)) return &each->second;
  }
  return nullptr;
}

const SegmentBelief* SegmentOf(const LogBelief& log, int64_t epoch, int64_t segment) {
  const auto found = log.segments.find({epoch, segment});
  return found == log.segments.end() ? nullptr : &found->second;
}

int64_t End(const SegmentBelief& segment) { return segment.ends.empty() ? 0 : segment.ends.back(); }

// The newest segment of older epochs of which their owners have told, with its groups.
LogPlace DurableBelow(const LogBelief& log, int64_t epoch) {
  auto each = log.segments.lower_bound({epoch, 0});
  while (each != log.segments.begin()) {
    --each;
    if (!each->second.told) continue;
    return {each->first.first, each->first.second, std::ssize(each->second.ends)};
  }
  return {};
}

// How far owners of older epochs have acted.
LogPlace ActedBelow(const LogBelief& log, int64_t epoch) {
  const auto next = log.acted.lower_bound(epoch);
  return next == log.acted.begin() ? LogPlace() : std::prev(next)->second;
}

// Whether a group may have reached the segment, or another segment stand behind it, of which its
// owner has not told.
bool MayGoOn(const LogBelief& log, int64_t epoch, int64_t segment) {
  const OwnerBelief* const owner = ReaderOf(log, epoch);
  return owner != nullptr && Stands(owner->phase) && owner->phase != kAppended &&
         owner->segment == segment && !(owner->refusing && owner->late);
}
// What an owner has done since its last step, as others have read it: that comes next.
std::string Ahead(const LogBelief& log, int64_t epoch, int64_t segment) {
  const SegmentBelief* const own = SegmentOf(log, epoch, segment);
  if (own != nullptr && own->under_way.has_value()) {
    return absl::StrCat("though a new owner has read a group of ", *own->under_way,
                        " records there before");
  }
  if (SegmentOf(log, epoch, segment + 1) == nullptr) return "";
  return absl::StrCat("though a new owner has read segment ", segment + 1, " before");
}

// How many groups of the segment that it reads through a reader with so many records has read;
// nullopt: no number of them gives those records.
std::optional<int64_t> GroupsRead(const LogBelief& log, const LogStep& read) {
  const SegmentBelief* const segment = SegmentOf(log, read.base, read.segment);
  if (segment == nullptr || !segment->seal.has_value()) return 0;
  const int64_t beyond_seal = read.records - *segment->seal;
  if (beyond_seal == 0) return 0;
  const auto group = std::lower_bound(segment->ends.begin(), segment->ends.end(), beyond_seal);
  const auto index = group - segment->ends.begin() + 1;
  if (group != segment->ends.end()) {
    return *group == beyond_seal ? std::optional<int64_t>(index) : std::nullopt;
  }
  const int64_t more = beyond_seal - End(*segment);
  const bool may_be = segment->told && more > 0 && MayGoOn(log, read.base, read.segment) &&
                      segment->under_way.value_or(more) == more &&
                      SegmentOf(log, read.base, read.segment + 1) == nullptr;
  return may_be ? std::optional<int64_t>(index) : std::nullopt;
}

std::string Text(const LogPlace& place) {
  if (place.epoch == 0) return "nothing";
  return absl::StrCat("segment ", place.segment, " of epoch ", place.epoch, " with ", place.groups,
                      " groups");
}

// What an owner acts on is in whatever those after it have read.
std::string ActsAlone(const LogBelief& log, const LogPlace& place) {
  for (auto read = log.read.upper_bound(place.epoch); read != log.read.end(); ++read) {
    if (read->second >= place) continue;
    return absl::StrCat("though epoch ", read->first, " has read the log through ",
                        Text(read->second), ", without that");
  }
  return "";
}

// A change that the owner asked the store for after its last step. What a store that refuses has
// done was done before there was a newer epoch.
std::string Late(const LogBelief& log, const OwnerBelief& owner, const LogPlace& place) {
  if (!owner.refusing) return "";
  if (!owner.late) return ActsAlone(log, place);
  return absl::StrCat("though the store refuses what is late, and epoch ", log.newest,
                      " was there before it asked");
}

// A look after its last step.
std::string Overlooked(const LogBelief& log, const OwnerBelief& owner, const char* after) {
  if (owner.refusing || !owner.late) return "";
  return absl::StrCat("though it looks for a newer owner after ", after, ", and epoch ", log.newest,
                      " was there before");
}

std::string WhyNotCreated(const LogBelief& log, const std::string& owner, const LogStep& step) {
  const auto first = log.owners.lower_bound({step.epoch, ""});
  if (first == log.owners.end() || first->first.first != step.epoch) return "";
  // Its file may be gone again, if a newer owner acts.
  const auto acts = std::ranges::any_of(log.owners, [&](const auto& each) {
    return each.first.first > step.epoch && Stands(each.second.phase);
  });
  if (acts) return "";
  return absl::StrCat("though ", first->first.second == owner ? "it" : first->first.second,
                      " has created it: an epoch has one owner");
}

// Whether that segment may be there though its owner has not told of it.
bool MayHaveBegun(const LogBelief& log, int64_t epoch, int64_t segment) {
  const OwnerBelief* const owner = ReaderOf(log, epoch);
  if (segment == 0) return owner != nullptr && !(owner->refusing && owner->late);
  const SegmentBelief* const before = SegmentOf(log, epoch, segment - 1);
  return before != nullptr && !before->under_way.has_value() && MayGoOn(log, epoch, segment - 1);
}

std::string WhyNotRead(const LogBelief& log, const OwnerBelief& owner, const LogStep& step) {
  if (owner.late) {
    return absl::StrCat("though it looks for a newer owner before, and epoch ", log.newest,
                        " was there before it looked");
  }
  if (step.base >= step.epoch || step.base < 0) return "which is no epoch below its own";
  if (step.base == 0 && step.records != 0) return "though no epoch was sealed";
  if (step.base > 0) {
    const SegmentBelief* const through = SegmentOf(log, step.base, step.segment);
    const bool told = through != nullptr && through->told;
    if (!told && !MayHaveBegun(log, step.base, step.segment)) return "which nobody has begun";
  }
  const std::optional<int64_t> groups = GroupsRead(log, step);
  if (!groups.has_value()) {
    const SegmentBelief& through = *SegmentOf(log, step.base, step.segment);
    return absl::StrCat("which its seal of ", *through.seal, " records and its ",
                        through.ends.size(), " groups of ", End(through), " do not give");
  }
  const LogPlace place{step.base, step.segment, *groups};
  if (place < owner.durable) {
    return absl::StrCat("though ", Text(owner.durable),
                        " was durable before its epoch came into being");
  }
  const LogPlace acted = ActedBelow(log, step.epoch);
  if (place < acted) return absl::StrCat("though their owner has acted on ", Text(acted));
  if (step.refusing) return ActsAlone(log, place);
  // What it saw of newer owners, which was nothing, and what it read through it saw at one instant.
  for (auto read = log.read.upper_bound(step.epoch); read != log.read.end(); ++read) {
    const std::pair there{read->second.epoch, read->second.segment};
    if (there >= std::pair{step.base, step.segment}) continue;
    return absl::StrCat("though epoch ", read->first, ", which it did not see, has read through ",
                        Text(read->second));
  }
  return "";
}

// The seal of a segment, which somebody may have read before its owner tells of it.
std::string WhyNotSeal(const LogBelief& log, const LogStep& step, int64_t segment) {
  const SegmentBelief* const found = SegmentOf(log, step.epoch, segment);
  if (found == nullptr || found->seal.value_or(step.records) == step.records) return "";
  return absl::StrCat("though a new owner has read ", *found->seal, " there");
}

std::string WhyNotAppended(const LogBelief& log, const OwnerBelief& owner, const LogStep& step) {
  if (step.records <= 0) return "though a group has records";
  std::string late = Late(log, owner, {step.epoch, owner.segment, step.sequence});
  if (!late.empty()) return late;
  const SegmentBelief* const segment = SegmentOf(log, step.epoch, owner.segment);
  if (segment != nullptr && segment->under_way == step.records) return "";
  return Ahead(log, step.epoch, owner.segment);
}

std::string WhyNotBegun(const LogBelief& log, const OwnerBelief& owner, const LogStep& step) {
  std::string late = Late(log, owner, {step.epoch, step.segment, 0});
  if (!late.empty()) return late;
  const SegmentBelief* const last = SegmentOf(log, step.epoch, owner.segment);
  if (last != nullptr && last->under_way.has_value()) return Ahead(log, step.epoch, owner.segment);
  return WhyNotSeal(log, step, step.segment);
}

// By its own steps.
std::string WhyNotOfItself(const OwnerBelief& owner, const LogStep& step) {
  if (step.is == Is::kCreated) return step.epoch > 0 ? "" : "which is no epoch";
  if (!InOrder(owner.phase, step.is)) {
    return absl::StrCat("after ", kPhaseWords[static_cast<size_t>(owner.phase)]);
  }
  switch (step.is) {
    case Is::kFenced:
      // It asks nothing of the store in between.
      if (owner.refusing && owner.phase == kSealed) return "after sealing its predecessors";
      return "";
    case Is::kSealed:
      if (step.base != owner.base) return absl::StrCat("though it read through ", owner.base);
      return "";
    case Is::kTakenOver:
      if (step.records != owner.read) return absl::StrCat("though it read ", owner.read);
      return "";
    case Is::kAppended:
      if (step.sequence != owner.sequence + 1) {
        return absl::StrCat("behind sequence ", owner.sequence);
      }
      return "";
    case Is::kCounts:
      if (step.sequence != owner.sequence) {
        return absl::StrCat("after appending sequence ", owner.sequence);
      }
      return "";
    case Is::kSegmentBegun:
      if (step.segment != owner.segment + 1) return absl::StrCat("behind segment ", owner.segment);
      return "";
    case Is::kOlderRemoved:
      if (step.segment != owner.segment) return absl::StrCat("in segment ", owner.segment);
      return "";
    default:
      return "";
  }
}

std::string WhyNotBesideOthers(const LogBelief& log, const std::string& name,
                               const OwnerBelief& owner, const LogStep& step) {
  std::string why;
  switch (step.is) {
    case Is::kCreated:
      return WhyNotCreated(log, name, step);
    case Is::kRead:
      return WhyNotRead(log, owner, step);
    case Is::kSealed:
      why = Late(log, owner, {step.epoch, 0, 0});
      return why.empty() ? WhyNotSeal(log, step, 0) : why;
    case Is::kTakenOver:
      why = Overlooked(log, owner, "its seal");
      return why.empty() ? ActsAlone(log, {step.epoch, 0, 0}) : why;
    case Is::kAppended:
      return WhyNotAppended(log, owner, step);
    case Is::kCounts:
      why = Overlooked(log, owner, "it has appended");
      return why.empty() ? ActsAlone(log, {step.epoch, owner.segment, step.sequence}) : why;
    case Is::kSegmentBegun:
      return WhyNotBegun(log, owner, step);
    case Is::kOlderRemoved:
      // Its mark is a change.
      why = Late(log, owner, {step.epoch, step.segment, 0});
      if (why.empty()) why = Overlooked(log, owner, "its seal and before it removes anything");
      if (why.empty()) why = Ahead(log, step.epoch, step.segment);
      return why.empty() ? ActsAlone(log, {step.epoch, step.segment, 0}) : why;
    case Is::kFenced:
      return "";
  }
  return "";
}

std::string Deed(const LogStep& step) {
  switch (step.is) {
    case Is::kCreated:
      return "creates its epoch";
    case Is::kRead:
      if (step.base == 0) return absl::StrCat("reads ", step.records, " records of no epoch");
      return absl::StrCat("reads ", step.records, " records through segment ", step.segment,
                          " of epoch ", step.base);
    case Is::kSealed:
      return absl::StrCat("seals ", step.records, " records with base ", step.base);
    case Is::kTakenOver:
      return absl::StrCat("takes over ", step.records, " records");
    case Is::kAppended:
      return absl::StrCat("appends ", step.records, " records of sequence ", step.sequence);
    case Is::kCounts:
      return absl::StrCat("counts records of sequence ", step.sequence);
    case Is::kSegmentBegun:
      return absl::StrCat("begins segment ", step.segment, " upon ", step.records, " records");
    case Is::kOlderRemoved:
      return absl::StrCat("removes what is older than segment ", step.segment);
    case Is::kFenced:
      return "finds a newer owner";
  }
  return "";
}

void Seal(int64_t epoch, int64_t segment, int64_t records, LogBelief& log) {
  SegmentBelief& sealed = log.segments[{epoch, segment}];
  sealed.told = true;
  sealed.seal = records;
}

void Act(const LogPlace& place, LogBelief& log) {
  LogPlace& acted = log.acted[place.epoch];
  acted = std::max(acted, place);
}

}  // namespace

std::optional<ToldLogStep> LogStepOf(std::string_view name,
                                     std::span<const platform::StepAttribute> attributes) {
  if (!name.starts_with(kFamily)) return std::nullopt;
  name.remove_prefix(kFamily.size());
  const auto word = std::ranges::find(kStepWords, name);
  if (word == std::end(kStepWords)) return std::nullopt;
  ToldLogStep told{.log = "", .step = {static_cast<Is>(word - std::begin(kStepWords))}};
  const std::pair<std::string_view, int64_t*> numbers[] = {{"epoch", &told.step.epoch},
                                                           {"base", &told.step.base},
                                                           {"segment", &told.step.segment},
                                                           {"sequence", &told.step.sequence},
                                                           {"records", &told.step.records}};
  for (const platform::StepAttribute& attribute : attributes) {
    if (attribute.key == "log") told.log = attribute.text;
    if (attribute.key == "refusing") told.step.refusing = attribute.value != 0;
    for (const auto& [key, number] : numbers) {
      if (attribute.key == key) *number = attribute.value;
    }
  }
  return told;
}

std::string WhyNot(const LogBelief& log, const std::string& owner, const LogStep& step,
                   bool alone) {
  const OwnerBelief& known = OwnerOf(log, owner, step.epoch);
  std::string why = WhyNotOfItself(known, step);
  if (!why.empty() || alone) return why;
  return WhyNotBesideOthers(log, owner, known, step);
}

void Follow(const std::string& owner, const LogStep& step, LogBelief& log) {
  OwnerBelief& known = log.owners[{step.epoch, owner}];
  if (step.is == Is::kFenced) {
    if (!Stands(known.phase)) known.phase = kStopped;
    log.newest = std::max(log.newest, step.epoch + 1);
    return;
  }
  switch (step.is) {
    case Is::kCreated:
      known = {};
      known.durable = DurableBelow(log, step.epoch);
      break;
    case Is::kRead: {
      known.durable = {};
      known.refusing = step.refusing;
      known.base = step.base;
      known.read = step.records;
      SegmentBelief* through = nullptr;
      if (step.base > 0) through = &log.segments[{step.base, step.segment}];
      const int64_t groups = GroupsRead(log, step).value_or(0);
      log.read[step.epoch] = {step.base, step.segment, groups};
      // Newer ones it did not see: they see what it saw.
      for (auto newer = log.owners.lower_bound({step.epoch + 1, ""}); newer != log.owners.end();
           ++newer) {
        if (newer->second.phase != kCreated) continue;
        LogPlace& durable = newer->second.durable;
        durable = std::max(durable, LogPlace{step.base, step.segment, 0});
      }
      if (through == nullptr) break;
      if (!through->seal.has_value()) through->seal = step.records;
      const int64_t more = step.records - *through->seal - End(*through);
      if (groups > std::ssize(through->ends)) through->under_way = more;
      if (step.refusing) Act(log.read[step.epoch], log);
      break;
    }
    case Is::kSealed:
      Seal(step.epoch, 0, step.records, log);
      if (known.refusing) Act({step.epoch, 0, 0}, log);
      break;
    case Is::kTakenOver:
      Act({step.epoch, 0, 0}, log);
      break;
    case Is::kAppended: {
      known.sequence = step.sequence;
      SegmentBelief& segment = log.segments[{step.epoch, known.segment}];
      segment.ends.push_back(End(segment) + step.records);
      segment.under_way.reset();
      if (known.refusing) Act({step.epoch, known.segment, step.sequence}, log);
      break;
    }
    case Is::kCounts:
      Act({step.epoch, known.segment, step.sequence}, log);
      break;
    case Is::kSegmentBegun:
      known.segment = step.segment;
      known.sequence = 0;
      Seal(step.epoch, step.segment, step.records, log);
      if (known.refusing) Act({step.epoch, step.segment, 0}, log);
      break;
    case Is::kOlderRemoved:
      Act({step.epoch, step.segment, 0}, log);
      break;
    case Is::kFenced:
      break;
  }
  known.phase = After(step.is);
  known.late = log.newest > step.epoch;
  log.newest = std::max(log.newest, step.epoch);
}

std::string FencedLogProtocol::Observe(const std::string& log, const std::string& owner,
                                       const LogStep& step) {
  LogBelief& belief = logs_[log];
  std::string why = WhyNot(belief, owner, step, alone_);
  if (!why.empty()) {
    why = absl::StrCat("owner of epoch ", step.epoch, " of log ", log, " ", Deed(step), " ", why,
                       ", which the protocol does not allow");
  }
  Follow(owner, step, belief);
  return why;
}

}  // namespace wavetank::properties
