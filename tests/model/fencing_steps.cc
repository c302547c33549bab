#include "tests/model/fencing_steps.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace wavetank::model {
namespace {

class Model {
 public:
  Model(const Bounds& bounds, std::optional<Rule> without) : bounds_(bounds), without_(without) {}

  Successors Of(const State& s) {
    next_ = {};
    for (int i = 0; i < bounds_.owners; ++i) {
      if (s.owners[static_cast<size_t>(i)].pc != Pc::kNew) continue;
      State after = s;  // owners are alike: they start in order
      after.owners[static_cast<size_t>(i)].pc = Pc::kStart;
      Go(after);
      break;
    }
    for (int i = 0; i < bounds_.owners; ++i) OwnerSteps(s, i);
    ReaderSteps(s);
    if (s.losses < bounds_.losses) PowerLosses(s);
    if (s.rots < bounds_.rots) Rot(s);
    return std::move(next_);
  }

 private:
  bool Keeps(Rule rule) const { return without_ != rule; }
  void Go(const State& after) { next_.states.push_back(after); }
  void Broken(std::string why) {
    if (next_.broken.empty()) next_.broken = std::move(why);
  }

  // --- what counts ---

  // What the items amount to. False: something of it is not there.
  static bool Resolve(const State& s, const Items& items, Entries* out) {
    for (const Item& item : items) {
      const Segment& segment = s.segments[item.file];
      const Entries& base = s.bases[item.file];
      if (item.kind == ItemKind::kCopy) {
        out->Add(item.index);
      } else if (item.kind == ItemKind::kRef) {
        if (segment.there == 0 || item.index >= segment.entries.n) return false;
        out->Add(segment.entries.at(item.index));
      } else {
        if (base.n < item.index) return false;
        for (int i = 0; i < item.index; ++i) out->Add(base.at(i));
      }
    }
    return true;
  }
  bool Content(const State& s, int file, Entries* out) const {
    const Segment& segment = s.segments[static_cast<size_t>(file)];
    if (segment.there == 0 || !Resolve(s, segment.seal, out)) return false;
    for (const Entry entry : segment.entries) out->Add(entry);
    if (Keeps(Rule::kNothingBeyondSeal)) return true;
    for (int older = 0; older < file; ++older) {
      for (const Entry entry : s.segments[static_cast<size_t>(older)].entries) {
        if (std::find(out->begin(), out->end(), entry) == out->end()) out->Add(entry);
      }
    }
    return true;
  }

  // The items of a successor's seal: places that are known to be durable are referred to, the rest
  // is copied.
  Items SuccessorItems(const State& s, int file) const {
    if (file < 0) return {};
    const Segment& segment = s.segments[static_cast<size_t>(file)];
    Items items = segment.seal;
    const int entries = segment.entries.n;
    int durable = entries == 0 ? 0 : segment.named.at(entries - 1) - 1;
    if (!Keeps(Rule::kReferToDurable)) durable = entries;
    for (int i = 0; i < entries; ++i) {
      if (i < durable) {
        items.Add({ItemKind::kRef, static_cast<uint8_t>(file), static_cast<uint8_t>(i)});
      } else {
        items.Add({ItemKind::kCopy, 0, segment.entries.at(i)});
      }
    }
    if (!Keeps(Rule::kNothingBeyondSeal)) {
      Entries all;
      Entries have;
      if (!Content(s, file, &all) || !Resolve(s, items, &have)) return items;
      for (const Entry entry : all) {
        if (std::find(have.begin(), have.end(), entry) == have.end()) {
          items.Add({ItemKind::kCopy, 0, entry});
        }
      }
    }
    return items;
  }

  void Act(State& s, const Entries& entries) {
    for (const Entry entry : entries) {
      Entry& there = s.acted[static_cast<size_t>(PlaceOf(entry))];
      if (there != 0 && there != entry) {
        Broken(absl::StrCat("place ", PlaceOf(entry), " is acted on with two values"));
      }
      there = entry;
    }
  }

  // --- owners ---

  // Whether who owns that epoch finds a higher one when it looks.
  bool Higher(const State& s, int epoch) const {
    if (!Keeps(Rule::kLookForAnyHigher)) return epoch < kEpochs && (s.epochs >> epoch & 1) != 0;
    return NewestEpoch(s) > epoch;
  }
  // Whether the store refuses a change under that epoch.
  bool Refused(const State& s, int epoch) const {
    return bounds_.refusing && Keeps(Rule::kRefuseLate) && NewestEpoch(s) > epoch;
  }
  bool Looks() const { return !bounds_.refusing; }

  void OwnerSteps(const State& s, int i) {
    const Owner& o = s.owners[static_cast<size_t>(i)];
    State after = s;
    Owner& n = after.owners[static_cast<size_t>(i)];
    const auto go = [&](Pc pc) {
      n.pc = pc;
      Go(after);
    };
    const auto file = static_cast<size_t>(o.file);
    switch (o.pc) {
      case Pc::kStart:
        // Whatever of the log is there, the new epoch is above it.
        n.epoch = static_cast<uint8_t>(NewestEpoch(s) + 1);
        if (n.epoch > kEpochs) return;
        after.epochs_synced |= s.epochs;
        if (!Keeps(Rule::kCreateThenRead)) {
          const int through = NewestSegmentBelow(s, n.epoch);
          n.items = SuccessorItems(s, through);
          if (through >= 0 && !Content(s, through, &n.held)) return;
        }
        return go(Pc::kCreate);
      case Pc::kCreate: {
        const uint8_t bit = Bit(o.epoch - 1);
        if ((s.epochs & bit) != 0) return go(Pc::kStart);  // another's: choose again
        if (bounds_.refusing && Keeps(Rule::kCreationWaits) && AnyEntered(s)) return;
        after.epochs |= bit;
        if (!bounds_.refusing) return go(Pc::kCreateSync);
        after.epochs_synced |= bit;
        return go(Pc::kList);
      }
      case Pc::kCreateSync:
        after.epochs_synced |= static_cast<uint8_t>(Bit(o.epoch - 1) & s.epochs);
        return go(Keeps(Rule::kCreateThenRead) ? Pc::kList : Pc::kSeal);
      case Pc::kList: {
        const int through = NewestSegmentBelow(s, o.epoch);
        if (Damaged(s)) return go(Pc::kStop);
        if (Higher(s, o.epoch)) return go(Pc::kStop);
        if (through < 0) return go(Pc::kSeal);
        n.file = static_cast<uint8_t>(through);
        return go(Pc::kRead);
      }
      case Pc::kRead: {
        Entries content;
        if (!Content(s, o.file, &content)) {
          if (NewestSegment(s) > o.file || s.rots > 0) return go(Pc::kStop);
          return Broken("what counts is missing");
        }
        n.items = SuccessorItems(s, o.file);
        n.held = content;
        return go(Pc::kSeal);
      }
      case Pc::kSeal: {
        const int own = FileOf(o.epoch, 0);
        Segment& segment = after.segments[static_cast<size_t>(own)];
        if (Refused(s, o.epoch) || segment.there != 0) return go(Pc::kStop);
        segment = Segment{.there = 1, .synced = 0, .seal = o.items, .entries = {}, .named = {}};
        n.items = {};
        n.file = static_cast<uint8_t>(own);
        n.appended = 0;
        if (bounds_.refusing) segment.synced = 1;
        return go(bounds_.refusing || !Keeps(Rule::kSealBeforeActing) ? Pc::kSealLook
                                                                      : Pc::kSealSync);
      }
      case Pc::kSealSync:
        SyncOwn(after, o.file, 1);
        return go(Pc::kSealLook);
      case Pc::kSealLook:
        if (Looks() && Higher(s, o.epoch)) return go(Pc::kStop);
        Act(after, o.held);
        return go(Keeps(Rule::kMarkBeforeAppend) ? Pc::kMark : Pc::kAppend);
      case Pc::kMark:
        if (Refused(s, o.epoch)) return go(Pc::kStop);
        after.marks |= Bit(o.file);
        Doom(s, o, n);
        return go(Looks() && Keeps(Rule::kLookBeforeRemove) ? Pc::kCleanLook : Pc::kRemove);
      case Pc::kCleanLook:
        return go(Higher(s, o.epoch) ? Pc::kStop : Pc::kRemove);
      case Pc::kRemove:
        return RemoveSteps(s, i);
      case Pc::kAppend: {
        const Segment& own = s.segments[file];
        if (o.appended < bounds_.entries && own.there != 0) {
          if (Refused(s, o.epoch)) return go(Pc::kStop);
          if (bounds_.refusing) {
            go(Pc::kEntered);
          } else {
            AppendEntry(after, i);
            go(Pc::kSync);
          }
        }
        if (o.file % kSegments + 1 < bounds_.segments && own.there != 0) {
          n = o;
          after = s;
          go(Pc::kBase);
        }
        return;
      }
      case Pc::kEntered: {  // the change is under way in a store that refuses
        AppendEntry(after, i);
        Segment& own = after.segments[file];
        own.synced = static_cast<uint8_t>(own.entries.n + 1);
        Hold(after, n, own.entries.at(own.entries.n - 1));
        return go(Pc::kAppend);
      }
      case Pc::kSync:
        SyncOwn(after, o.file, s.segments[file].entries.n + 1);
        return go(Pc::kLook);
      case Pc::kLook: {
        if (Keeps(Rule::kLookAfterAppend) && Higher(s, o.epoch)) return go(Pc::kStop);
        if (s.segments[file].there == 0) return go(Pc::kStop);
        Hold(after, n, s.segments[file].entries.at(s.segments[file].entries.n - 1));
        return go(Pc::kAppend);
      }
      case Pc::kBase: {  // one group, which is durable, after the other
        if (Refused(s, o.epoch)) return go(Pc::kStop);
        Entries& base = after.bases[file + 1];
        if (base.n < o.held.n) base.Add(o.held.at(base.n));
        const bool whole = base.n >= o.held.n || (!Keeps(Rule::kBaseBeforeSeal) && base.n > 0);
        return go(whole ? Pc::kNextSeal : Pc::kBase);
      }
      case Pc::kNextSeal: {
        if (Refused(s, o.epoch)) return go(Pc::kStop);
        Segment segment{.there = 1, .synced = 0, .seal = {}, .entries = {}, .named = {}};
        if (o.held.n > 0) {
          segment.seal.Add({ItemKind::kBase, static_cast<uint8_t>(o.file + 1), o.held.n});
        }
        if (bounds_.refusing) segment.synced = 1;
        after.segments[file + 1] = segment;
        n.file = static_cast<uint8_t>(o.file + 1);
        n.appended = 0;
        return go(bounds_.refusing ? Pc::kMark : Pc::kNextSync);
      }
      case Pc::kNextSync:
        SyncOwn(after, o.file, 1);
        return go(Pc::kMark);
      case Pc::kNew:
      case Pc::kStop:
        return;
    }
  }

  static void SyncOwn(State& s, int file, int groups) {
    Segment& segment = s.segments[static_cast<size_t>(file)];
    if (segment.there != 0) segment.synced = static_cast<uint8_t>(groups);
  }
  static bool AnyEntered(const State& s) {
    return std::ranges::any_of(s.owners, [](const Owner& o) { return o.pc == Pc::kEntered; });
  }
  void Hold(State& s, Owner& o, Entry entry) {
    o.held.Add(entry);
    Entries one;
    one.Add(entry);
    Act(s, one);
  }
  static void AppendEntry(State& s, int i) {
    Owner& o = s.owners[static_cast<size_t>(i)];
    Segment& own = s.segments[o.file];
    own.named.Add(own.synced);
    own.entries.Add(MakeEntry(o.held.n, i, o.made));
    ++o.made;
    ++o.appended;
  }

  // What an owner that stands in a segment finds to remove.
  void Doom(const State& s, const Owner& o, Owner& n) const {
    const Segment& own = s.segments[o.file];
    n.doomed_epochs = static_cast<uint8_t>(s.epochs & (Bit(o.epoch - 1) - 1));
    n.doomed_segments = 0;
    n.doomed_bases = 0;
    for (int file = 0; file < o.file; ++file) {
      const auto refers = [&](ItemKind kind) {
        return Keeps(Rule::kSpareReferred) &&
               std::any_of(own.seal.begin(), own.seal.end(), [&](const Item& item) {
                 return item.kind == kind && item.file == file;
               });
      };
      if (s.segments[static_cast<size_t>(file)].there != 0 && !refers(ItemKind::kRef)) {
        n.doomed_segments |= Bit(file);
      }
      if (s.bases[static_cast<size_t>(file)].n > 0 && !refers(ItemKind::kBase)) {
        n.doomed_bases |= Bit(file);
      }
    }
  }

  // Any of them, one after another.
  void RemoveSteps(const State& s, int i) {
    const Owner& o = s.owners[static_cast<size_t>(i)];
    State after = s;
    if (Refused(s, o.epoch)) {
      after.owners[static_cast<size_t>(i)].pc = Pc::kStop;
      return Go(after);
    }
    if ((o.doomed_epochs | o.doomed_segments | o.doomed_bases) == 0) {
      after.owners[static_cast<size_t>(i)].pc = Pc::kAppend;
      return Go(after);
    }
    for (int bit = 0; bit < 8; ++bit) {
      const auto at = static_cast<size_t>(bit);
      if ((o.doomed_epochs >> bit & 1) != 0) {
        after = s;
        after.owners[static_cast<size_t>(i)].doomed_epochs ^= Bit(bit);
        after.epochs &= static_cast<uint8_t>(~Bit(bit));
        after.epochs_synced &= static_cast<uint8_t>(~Bit(bit));
        Go(after);
      }
      if ((o.doomed_segments >> bit & 1) != 0) {
        after = s;
        after.owners[static_cast<size_t>(i)].doomed_segments ^= Bit(bit);
        after.segments[at] = Segment();
        Go(after);
      }
      if ((o.doomed_bases >> bit & 1) != 0) {
        after = s;
        after.owners[static_cast<size_t>(i)].doomed_bases ^= Bit(bit);
        after.bases[at] = Entries();
        Go(after);
      }
    }
  }

  // --- the reader ---

  // A mark says that a segment was there which is not, nor a newer one.
  static bool Damaged(const State& s) { return Newest(s.marks) > NewestSegment(s); }

  void ReaderSteps(const State& s) {
    const Reader& r = s.reader;
    if (r.done >= bounds_.answers) return;
    State after = s;
    const auto again = [&] {
      const uint8_t done = after.reader.done;
      after.reader = Reader{};
      after.reader.done = done;
      Go(after);
    };
    switch (r.pc) {
      case ReaderPc::kList: {
        if (Damaged(s)) return;
        const int segment = NewestSegment(s);
        if (segment < 0) return;
        if (Keeps(Rule::kReaderWantsSeal) && EpochOf(segment) != NewestEpoch(s)) return;
        after.reader.pc = ReaderPc::kRead;
        after.reader.must = s.acted;
        after.reader.epoch = static_cast<uint8_t>(NewestEpoch(s));
        after.reader.file = static_cast<uint8_t>(segment);
        after.epochs_synced |= s.epochs;
        return Go(after);
      }
      case ReaderPc::kRead: {
        Entries content;
        if (!Content(s, r.file, &content)) {
          if (NewestSegment(s) > r.file || s.rots > 0) return again();
          return Broken("what counts is missing for the reader");
        }
        after.reader.seen = content;
        for (size_t file = 0; file < kFiles; ++file) {
          const Segment& segment = s.segments[file];
          const bool read = segment.there != 0 && file <= r.file;
          after.reader.groups[file] = read ? static_cast<uint8_t>(segment.entries.n + 1) : 0;
        }
        after.reader.pc = ReaderPc::kSync;
        return Go(after);
      }
      case ReaderPc::kSync:
        for (size_t file = 0; file < kFiles && Keeps(Rule::kReaderSyncs); ++file) {
          Segment& segment = after.segments[file];
          if (segment.there != 0) segment.synced = std::max(segment.synced, r.groups[file]);
        }
        after.reader.groups = {};
        after.reader.pc = ReaderPc::kLook;
        return Go(after);
      case ReaderPc::kLook:
        if (Keeps(Rule::kReaderLooksAgain) && Higher(s, r.epoch)) return again();
        Judge(s);
        after.answer = r.seen;
        ++after.reader.done;
        return again();
    }
  }

  void Judge(const State& s) {
    const Entries& answer = s.reader.seen;
    for (int place = 0; place < answer.n; ++place) {
      if (PlaceOf(answer.at(place)) != place) {
        Broken(absl::StrCat("place ", place, " of an answer has an entry of another place"));
      }
    }
    for (int place = 0; place < kEntries; ++place) {
      const Entry must = s.reader.must[static_cast<size_t>(place)];
      if (must != 0 && (place >= answer.n || answer.at(place) != must)) {
        Broken(absl::StrCat("the entry at place ", place, " was acted on and is not in an answer"));
      }
    }
    const bool grows =
        answer.n >= s.answer.n && std::equal(s.answer.begin(), s.answer.end(), answer.begin());
    if (!grows) Broken("an answer is not the one before and more");
  }

  // --- faults ---

  // Every process ends; what was not synced is cut anywhere, or gone.
  void PowerLosses(const State& s) {
    State dead = s;
    ++dead.losses;
    for (Owner& o : dead.owners) {
      if (o.pc == Pc::kNew) continue;
      o = Owner();
      o.pc = Pc::kStop;
    }
    const uint8_t done = dead.reader.done;
    dead.reader = Reader{};
    dead.reader.done = done;
    std::vector<State> worlds = {dead};
    for (int epoch = 0; epoch < kEpochs; ++epoch) {
      if (((s.epochs & ~s.epochs_synced) & Bit(epoch)) == 0) continue;
      const size_t count = worlds.size();
      for (size_t w = 0; w < count; ++w) {
        State gone = worlds[w];
        gone.epochs &= static_cast<uint8_t>(~Bit(epoch));
        worlds.push_back(gone);
        worlds[w].epochs_synced |= Bit(epoch);
      }
    }
    for (size_t file = 0; file < kFiles; ++file) {
      const Segment& segment = s.segments[file];
      if (segment.there == 0) continue;
      const size_t count = worlds.size();
      for (int groups = segment.synced; groups <= segment.entries.n; ++groups) {
        for (size_t w = 0; w < count; ++w) {
          State cut = worlds[w];
          Cut(cut.segments[file], groups);
          worlds.push_back(cut);
        }
      }
      for (size_t w = 0; w < count; ++w) Cut(worlds[w].segments[file], segment.entries.n + 1);
    }
    for (const State& world : worlds) Go(world);
  }
  static void Cut(Segment& segment, int groups) {
    const Segment before = segment;
    segment = Segment();
    if (groups == 0) return;
    segment = {.there = 1,
               .synced = static_cast<uint8_t>(groups),
               .seal = before.seal,
               .entries = {},
               .named = {}};
    for (int i = 0; i + 1 < groups; ++i) {
      segment.entries.Add(before.entries.at(i));
      segment.named.Add(before.named.at(i));
    }
  }

  void Rot(const State& s) {
    const int newest = NewestSegment(s);
    if (newest < 0) return;
    State after = s;
    ++after.rots;
    after.segments[static_cast<size_t>(newest)] = Segment();
    Go(after);
  }

  const Bounds& bounds_;
  const std::optional<Rule> without_;
  Successors next_;
};

}  // namespace

Successors SuccessorsOf(const State& state, const Bounds& bounds, std::optional<Rule> without) {
  return Model(bounds, without).Of(state);
}

}  // namespace wavetank::model
