#include "tests/model/fencing_state.h"

#include "absl/strings/str_cat.h"

namespace wavetank::model {
namespace {

constexpr const char* kPcNames[] = {"new",
                                    "start",
                                    "create",
                                    "create_sync",
                                    "list",
                                    "read",
                                    "seal",
                                    "seal_sync",
                                    "seal_look",
                                    "mark",
                                    "look before removing",
                                    "remove",
                                    "append",
                                    "entered",
                                    "sync",
                                    "look",
                                    "base",
                                    "next seal",
                                    "next sync",
                                    "stop"};

std::string Text(const Entries& entries) {
  std::string text = "[";
  for (const Entry entry : entries) {
    absl::StrAppend(&text, text.size() > 1 ? " " : "", PlaceOf(entry), ":", entry >> 2 & 3, ".",
                    (entry & 3) - 1);
  }
  return text + "]";
}
}  // namespace

std::string Described(const State& s, const Bounds& bounds) {
  std::string text = "epochs";
  for (int epoch = 1; epoch <= kEpochs; ++epoch) {
    if ((s.epochs & Bit(epoch - 1)) == 0) continue;
    absl::StrAppend(&text, " ", epoch, (s.epochs_synced & Bit(epoch - 1)) != 0 ? "" : "~");
  }
  for (int file = 0; file < kFiles; ++file) {
    const Segment& segment = s.segments[static_cast<size_t>(file)];
    const Entries& base = s.bases[static_cast<size_t>(file)];
    const std::string name = absl::StrCat(EpochOf(file), ".", file % kSegments);
    if (base.n > 0) absl::StrAppend(&text, " base-", name, Text(base));
    if (segment.there == 0) continue;
    Entries entries;
    for (const Entry entry : segment.entries) entries.Add(entry);
    absl::StrAppend(&text, " log-", name, Text(entries), " synced ", segment.synced,
                    (s.marks & Bit(file)) != 0 ? " marked" : "");
  }
  for (int i = 0; i < bounds.owners; ++i) {
    const Owner& o = s.owners[static_cast<size_t>(i)];
    absl::StrAppend(&text, " | ", o.epoch, " ", kPcNames[static_cast<size_t>(o.pc)]);
  }
  absl::StrAppend(&text, " | answer ", Text(s.answer), s.losses > 0 ? " power was lost" : "");
  return text;
}

}  // namespace wavetank::model
