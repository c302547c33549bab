#include "runtime/cluster/shuffle_blocks.h"

#include <iterator>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"

namespace wavetank::runtime {

namespace {

constexpr int kLowest = std::numeric_limits<int>::min();

}  // namespace

TaskId ShuffleBlocks::TaskOf(const Key& key) {
  const auto& [driver, graph, stage, partition, attempt] = key;
  return {
      .driver = driver, .graph = graph, .stage = stage, .partition = partition, .attempt = attempt};
}

void ShuffleBlocks::SetBound(size_t memory_bytes, bool may_spill) {
  most_in_memory_ = memory_bytes;
  if (std::exchange(may_spill_, may_spill) == may_spill) return;
  for (auto& [key, output] : blocks_) {
    Unindex(key, output);
    Index(key, output);
  }
}

void ShuffleBlocks::Put(const TaskId& task, std::map<int, BlockPointer> blocks,
                        PutOptions options) {
  Output output{.blocks = {}, .options = options};
  for (auto& [target, pointer] : blocks) {
    Block block{.pointer = std::move(pointer)};
    if (*block.pointer != nullptr) block.memory_bytes = (*block.pointer)->MemoryBytes();
    output.memory_bytes += block.memory_bytes;
    output.blocks.emplace(target, std::move(block));
  }
  memory_bytes_ += output.memory_bytes;
  output.used = ++uses_;
  const auto [entry, inserted] = blocks_.emplace(KeyOf(task), std::move(output));
  WT_CHECK(inserted, "an attempt puts its blocks once: " + task.Unique());
  Index(entry->first, entry->second);
}

absl::StatusOr<BlockPointer> ShuffleBlocks::Find(const TaskId& task, int target) {
  const auto found = blocks_.find(KeyOf(task));
  if (found == blocks_.end()) {
    return absl::NotFoundError(absl::StrCat("no blocks of attempt ", task.Unique(), " here"));
  }
  Output& output = found->second;
  const auto block = output.blocks.find(target);
  if (block == output.blocks.end()) return nullptr;
  if (!block->second.pointer) {
    return absl::NotFoundError(absl::StrCat("the block of attempt ", task.Unique(),
                                            " for partition ", target, " was read already"));
  }
  Unindex(found->first, output);
  output.used = ++uses_;
  Index(found->first, output);
  return *block->second.pointer;
}

void ShuffleBlocks::LetGo(const TaskId& task, int target) {
  const auto found = blocks_.find(KeyOf(task));
  if (found == blocks_.end()) return;
  const auto block = found->second.blocks.find(target);
  if (block == found->second.blocks.end()) return;
  const size_t bytes = std::exchange(block->second.memory_bytes, 0);
  block->second.pointer.reset();
  found->second.memory_bytes -= bytes;
  memory_bytes_ -= bytes;
}

void ShuffleBlocks::DropGraph(const std::string& driver, int64_t graph,
                              const std::set<int>& kept_stages) {
  auto at = blocks_.lower_bound({driver, graph, kLowest, kLowest, kLowest});
  const auto last = blocks_.lower_bound({driver, graph + 1, kLowest, kLowest, kLowest});
  while (at != last) {
    if (!kept_stages.contains(std::get<2>(at->first))) {
      at = Erase(at);
      continue;
    }
    Unindex(at->first, at->second);
    at->second.is_kept = true;
    Index(at->first, at->second);
    ++at;
  }
}

void ShuffleBlocks::DropStage(const std::string& driver, int64_t graph, int stage) {
  const auto last = blocks_.lower_bound({driver, graph, stage + 1, kLowest, kLowest});
  for (auto at = blocks_.lower_bound({driver, graph, stage, kLowest, kLowest}); at != last;) {
    at = Erase(at);
  }
}

void ShuffleBlocks::Drop(const TaskId& task) {
  const auto found = blocks_.find(KeyOf(task));
  if (found != blocks_.end()) Erase(found);
}

void ShuffleBlocks::DropAll() {
  for (auto at = blocks_.begin(); at != blocks_.end();) at = Erase(at);
  dropped_.clear();
}

std::optional<ShuffleBlocks::ToGo> ShuffleBlocks::NextToGo() const {
  if (!must_go_.empty()) return ToGo{.task = TaskOf(*must_go_.begin()), .to_disk = true};
  if (!IsBeyond() || may_go_.empty()) return std::nullopt;
  const Key& key = may_go_.begin()->second;
  return ToGo{.task = TaskOf(key), .to_disk = MaySpill(blocks_.at(key))};
}

std::map<int, BlockPointer> ShuffleBlocks::InMemory(const TaskId& task) const {
  std::map<int, BlockPointer> in_memory;
  const auto found = blocks_.find(KeyOf(task));
  if (found == blocks_.end()) return in_memory;
  for (const auto& [target, block] : found->second.blocks) {
    const bool is_here = block.pointer && *block.pointer != nullptr;
    if (is_here && AsSpilled(*block.pointer) == nullptr) in_memory[target] = *block.pointer;
  }
  return in_memory;
}

bool ShuffleBlocks::SetSpilled(const TaskId& task, const std::string& file, size_t bytes,
                               const std::map<int, SpilledBlock::Place>& places) {
  const auto found = blocks_.find(KeyOf(task));
  if (found == blocks_.end()) return false;
  Output& output = found->second;
  Unindex(found->first, output);
  for (const auto& [target, place] : places) {
    Block& block = output.blocks[target];
    if (!block.pointer) continue;  // it was read meanwhile
    block.pointer = std::make_shared<const SpilledBlock>(place);
    memory_bytes_ -= block.memory_bytes;
    output.memory_bytes -= std::exchange(block.memory_bytes, 0);
  }
  output.file = file;
  output.spilled_bytes += bytes;
  spilled_bytes_ += bytes;
  Index(found->first, output);
  return true;
}

ShuffleBlocks::Unwritten ShuffleBlocks::SetUnwritten(const TaskId& task) {
  const auto found = blocks_.find(KeyOf(task));
  if (found == blocks_.end() || !found->second.is_needed()) {
    Evict(task);
    return Unwritten::kGone;
  }
  Unindex(found->first, found->second);
  found->second.is_unwritten = true;
  Index(found->first, found->second);
  return Unwritten::kStays;
}

void ShuffleBlocks::TryAgain() {
  for (const Key& key : std::exchange(unwritten_, {})) {
    Output& output = blocks_.at(key);
    Unindex(key, output);
    output.is_unwritten = false;
    Index(key, output);
  }
}

std::optional<TaskId> ShuffleBlocks::OldestSpilled() const {
  for (const auto& [used, key] : in_files_) {
    if (!blocks_.at(key).is_needed()) return TaskOf(key);
  }
  return std::nullopt;
}

void ShuffleBlocks::Evict(const TaskId& task, bool is_forgotten) {
  const auto found = blocks_.find(KeyOf(task));
  if (found == blocks_.end()) return;
  if (!is_forgotten) {
    Output nothing{.blocks = {}, .options = found->second.options, .is_kept = true};
    const Key key = found->first;
    Erase(found);
    blocks_.emplace(key, std::move(nothing));
    return;
  }
  if (!found->second.is_needed()) dropped_.push_back(task);
  Erase(found);
}

bool ShuffleBlocks::MustGo(const Output& output) {
  if (!IsOnDiskOnly(output.options.level) || output.is_unwritten) return false;
  for (const auto& [target, block] : output.blocks) {
    const bool is_here = block.pointer && *block.pointer != nullptr;
    if (is_here && AsSpilled(*block.pointer) == nullptr) return true;
  }
  return false;
}

void ShuffleBlocks::Index(const Key& key, Output& output) {
  if (output.spilled_bytes > 0) in_files_.emplace(output.used, key);
  if (output.is_unwritten) unwritten_.insert(key);
  if (may_spill_ && MustGo(output)) {
    must_go_.insert(key);
  } else if (output.memory_bytes > 0 && (MaySpill(output) || !output.is_needed())) {
    may_go_.emplace(output.used, key);
  }
}

void ShuffleBlocks::Unindex(const Key& key, const Output& output) {
  may_go_.erase(output.used);
  in_files_.erase(output.used);
  must_go_.erase(key);
  unwritten_.erase(key);
}

ShuffleBlocks::Outputs::iterator ShuffleBlocks::Erase(Outputs::iterator entry) {
  const Output& output = entry->second;
  Unindex(entry->first, output);
  memory_bytes_ -= output.memory_bytes;
  spilled_bytes_ -= output.spilled_bytes;
  if (!output.file.empty()) unneeded_files_.push_back(output.file);
  return blocks_.erase(entry);
}

}  // namespace wavetank::runtime
