// The states of the specification (fencing.h): the files of a log, its owners, its reader, and what
// the outside has been told. Plain bytes, so that states compare as such.
#ifndef WAVETANK_TESTS_MODEL_FENCING_STATE_H_
#define WAVETANK_TESTS_MODEL_FENCING_STATE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "tests/model/fencing.h"

namespace wavetank::model {

constexpr int kEpochs = 4;  // 1 to 4: an owner makes one
constexpr int kSegments = 2;
constexpr int kFiles = kEpochs * kSegments;  // segments, in the order in which they count
constexpr int kEntries = 12;

// Of `n` items, the first is at(0).
template <typename T, int kMost>
struct List {
  uint8_t n = 0;
  std::array<T, kMost> items = {};

  void Add(T item) { items[n++] = item; }
  const T& at(int i) const { return items[static_cast<size_t>(i)]; }
  const T* begin() const { return items.data(); }
  const T* end() const { return items.data() + n; }
};

// Its place, its owner and which of the owner's it is: never 0.
using Entry = uint8_t;
inline Entry MakeEntry(int place, int owner, int number) {
  return static_cast<Entry>(place << 4 | owner << 2 | (number + 1));
}
inline int PlaceOf(Entry entry) { return entry >> 4; }
using Entries = List<Entry, kEntries>;

// What counts, in order: entry `index` of a segment in place, all `index` entries of a base, or
// (without either) a copied entry.
enum class ItemKind : uint8_t { kNone, kRef, kBase, kCopy };
struct Item {
  ItemKind kind = ItemKind::kNone;
  uint8_t file = 0;
  uint8_t index = 0;  // or the entry
};
using Items = List<Item, kEntries>;

// A segment appears with its seal. Of its groups, the seal among them, `synced` survive; 0: not
// even its name does.
struct Segment {
  uint8_t there = 0;
  uint8_t synced = 0;
  Items seal;
  List<Entry, 2> entries;
  List<uint8_t, 2> named;  // by each: how many groups its writer knew to be durable
};

enum class Pc : uint8_t {
  kNew,
  kStart,
  kCreate,
  kCreateSync,
  kList,
  kRead,
  kSeal,
  kSealSync,
  kSealLook,
  kMark,
  kCleanLook,
  kRemove,
  kAppend,
  kEntered,
  kSync,
  kLook,
  kBase,
  kNextSeal,
  kNextSync,
  kStop
};
struct Owner {
  Pc pc = Pc::kNew;
  uint8_t epoch = 0;
  uint8_t file = 0;           // of the segment it reads through, then of the one it stands in
  uint8_t appended = 0;       // to that
  uint8_t made = 0;           // entries
  uint8_t doomed_epochs = 0;  // bits
  uint8_t doomed_segments = 0;
  uint8_t doomed_bases = 0;
  Items items;
  Entries held;  // all that counts, as it knows
};

enum class ReaderPc : uint8_t { kList, kRead, kSync, kLook };
struct Reader {
  ReaderPc pc = ReaderPc::kList;
  uint8_t epoch = 0;
  uint8_t file = 0;
  uint8_t done = 0;
  std::array<uint8_t, kFiles> groups = {};  // that it read, by segment
  std::array<Entry, kEntries> must = {};    // acted on when it began, by place
  Entries seen;
};

struct State {
  uint8_t epochs = 0;  // bits: there
  uint8_t epochs_synced = 0;
  uint8_t marks = 0;  // bits by segment
  std::array<Segment, kFiles> segments;
  std::array<Entries, kFiles> bases;  // of a segment; 0 entries: not there
  std::array<Owner, kEpochs> owners;
  Reader reader;
  std::array<Entry, kEntries> acted = {};  // by place
  Entries answer;                          // the last
  uint8_t losses = 0;
  uint8_t rots = 0;
};
static_assert(std::is_trivially_copyable_v<State>);
static_assert(std::has_unique_object_representations_v<State>);

inline int FileOf(int epoch, int segment) { return (epoch - 1) * kSegments + segment; }
inline int EpochOf(int file) { return file / kSegments + 1; }
inline int Newest(uint8_t bits) {
  int newest = -1;
  for (int i = 0; i < 8; ++i) {
    if ((bits >> i & 1) != 0) newest = i;
  }
  return newest;
}
inline uint8_t Bit(int i) { return static_cast<uint8_t>(1 << i); }
inline int NewestEpoch(const State& s) { return Newest(s.epochs) + 1; }  // 0: none
// -1: none.
inline int NewestSegmentBelow(const State& s, int epoch) {
  int file = FileOf(epoch, 0) - 1;
  while (file >= 0 && s.segments[static_cast<size_t>(file)].there == 0) --file;
  return file;
}
inline int NewestSegment(const State& s) { return NewestSegmentBelow(s, kEpochs + 1); }

// One line.
std::string Described(const State& state, const Bounds& bounds);

}  // namespace wavetank::model

#endif  // WAVETANK_TESTS_MODEL_FENCING_STATE_H_
