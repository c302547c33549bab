#include "runtime/dstream/block_table.h"

#include <algorithm>
#include <utility>

namespace wavetank::runtime {

BlockTable::~BlockTable() {
  for (const auto& [id, written] : written_) cluster_.LetGo(written.outputs);
}

const BlockTable::Written* BlockTable::Find(const WrittenId& id) const {
  const auto found = written_.find(id);
  return found == written_.end() ? nullptr : &found->second;
}

void BlockTable::Put(const WrittenId& id, Written written) {
  const auto before = written_.find(id);
  if (before != written_.end()) Drop(before);
  DropMadeFrom({id});
  written_.emplace(id, std::move(written));
}

size_t BlockTable::DropLost() {
  std::set<WrittenId> lost;
  for (auto entry = written_.begin(); entry != written_.end();) {
    const bool is_there =
        std::ranges::all_of(entry->second.outputs,
                            [this](const TaskOutput& output) { return cluster_.IsKept(output); });
    if (!is_there) lost.insert(entry->first);
    entry = is_there ? std::next(entry) : Drop(entry);
  }
  return lost.size() + DropMadeFrom(lost);
}

// (Made from it directly or not: one pass finds all.)
size_t BlockTable::DropMadeFrom(const std::set<WrittenId>& gone) {
  size_t dropped = 0;
  if (gone.empty()) return dropped;
  for (auto entry = written_.begin(); entry != written_.end();) {
    const bool was = std::ranges::any_of(entry->second.made_from, [&gone](const WrittenId& source) {
      return gone.contains(source);
    });
    dropped += was ? 1 : 0;
    entry = was ? Drop(entry) : std::next(entry);
  }
  return dropped;
}

void BlockTable::LetGoBefore(BatchNumber next) {
  for (auto entry = written_.begin(); entry != written_.end();) {
    entry = entry->second.until < next ? Drop(entry) : std::next(entry);
  }
}

BlockTable::Entries::iterator BlockTable::Drop(Entries::iterator entry) {
  cluster_.LetGo(entry->second.outputs);
  return written_.erase(entry);
}

}  // namespace wavetank::runtime
