#include "runtime/cluster/shuffle_blocks.h"

#include <iterator>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/field_count.h"
#include "platform/check.h"
#include "runtime/cluster/messages.pb.h"

namespace wavetank::runtime {

std::string ShuffleBundle::Encode() const {
  cluster::EncodedBundle encoded;
  for (const BlockPointer& block : blocks_) encoded.add_blocks(block ? block->Encode() : "");
  return encoded.SerializeAsString();
}

absl::StatusOr<std::vector<ShuffleBlock>> ShuffleBundle::Open(const platform::Message& message,
                                                              size_t asked_for) {
  const auto other_number = [asked_for](size_t came, absl::string_view more) {
    return absl::DataLossError(
        absl::StrCat(came, more, " blocks came, ", asked_for, " were asked for"));
  };
  std::vector<ShuffleBlock> blocks;
  if (message.attachment != nullptr) {
    const auto* bundle = dynamic_cast<const ShuffleBundle*>(message.attachment.get());
    if (bundle == nullptr) return absl::DataLossError("a fetch was answered with no bundle");
    if (bundle->blocks_.size() != asked_for) return other_number(bundle->blocks_.size(), "");
    for (const BlockPointer& block : bundle->blocks_) blocks.push_back({block, ""});
    return blocks;
  }
  // Empty ones take two bytes here, and many times that each once they are there.
  if (checkpoint::HasMoreFieldsThan(asked_for, message.attachment_bytes)) {
    return other_number(asked_for + 1, " or more");
  }
  cluster::EncodedBundle encoded;
  if (!encoded.ParseFromString(message.attachment_bytes)) {
    return absl::DataLossError("a fetch was answered with a bundle that does not parse");
  }
  const auto came = static_cast<size_t>(encoded.blocks_size());
  if (came != asked_for) return other_number(came, "");
  for (std::string& bytes : *encoded.mutable_blocks())
    blocks.push_back({nullptr, std::move(bytes)});
  return blocks;
}

void ShuffleBlocks::Put(const TaskId& task, std::map<int, BlockPointer> blocks) {
  Output output;
  for (auto& [target, block] : blocks) output.emplace(target, std::move(block));
  const bool inserted = blocks_.emplace(KeyOf(task), std::move(output)).second;
  WT_CHECK(inserted, "an attempt puts its blocks once: " + task.Unique());
}

absl::StatusOr<BlockPointer> ShuffleBlocks::Find(const TaskId& task, int target) const {
  const auto found = blocks_.find(KeyOf(task));
  if (found == blocks_.end()) {
    return absl::NotFoundError(absl::StrCat("no blocks of attempt ", task.Unique(), " here"));
  }
  const auto block = found->second.find(target);
  if (block == found->second.end()) return nullptr;
  if (!block->second) {
    return absl::NotFoundError(absl::StrCat("the block of attempt ", task.Unique(),
                                            " for partition ", target, " was read already"));
  }
  return *block->second;
}

void ShuffleBlocks::LetGo(const TaskId& task, int target) {
  const auto found = blocks_.find(KeyOf(task));
  if (found == blocks_.end()) return;
  const auto block = found->second.find(target);
  if (block != found->second.end()) block->second.reset();
}

void ShuffleBlocks::DropGraph(const std::string& driver, int64_t graph,
                              const std::set<int>& kept_stages) {
  constexpr int kLowest = std::numeric_limits<int>::min();
  auto at = blocks_.lower_bound({driver, graph, kLowest, kLowest, kLowest});
  const auto last = blocks_.lower_bound({driver, graph + 1, kLowest, kLowest, kLowest});
  while (at != last) {
    const bool is_kept = kept_stages.contains(std::get<2>(at->first));
    if (is_kept) Keep(at->first, at->second);
    at = is_kept ? std::next(at) : blocks_.erase(at);
  }
  while (kept_bytes_ > most_kept_ && !kept_.empty()) {
    const auto& [of, of_graph, stage, partition, attempt] = kept_.begin()->first;
    dropped_.push_back({.driver = of,
                        .graph = of_graph,
                        .stage = stage,
                        .partition = partition,
                        .attempt = attempt});
    blocks_.erase(kept_.begin()->first);
    Forget(kept_.begin());
  }
}

void ShuffleBlocks::Keep(const Key& key, const Output& output) {
  size_t bytes = 0;
  for (const auto& [target, block] : output) {
    if (block && *block != nullptr) bytes += (*block)->MemoryBytes();
  }
  kept_[key] = bytes;
  kept_bytes_ += bytes;
}

void ShuffleBlocks::Forget(std::map<Key, size_t>::iterator kept) {
  kept_bytes_ -= kept->second;
  kept_.erase(kept);
}

void ShuffleBlocks::DropStage(const std::string& driver, int64_t graph, int stage) {
  constexpr int kLowest = std::numeric_limits<int>::min();
  const Key first{driver, graph, stage, kLowest, kLowest};
  const Key last{driver, graph, stage + 1, kLowest, kLowest};
  blocks_.erase(blocks_.lower_bound(first), blocks_.lower_bound(last));
  for (auto kept = kept_.lower_bound(first); kept != kept_.end() && kept->first < last;) {
    Forget(kept++);
  }
}

}  // namespace wavetank::runtime
