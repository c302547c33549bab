#include "runtime/cluster/block_bundle.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/field_count.h"
#include "platform/check.h"
#include "runtime/cluster/messages.pb.h"

namespace wavetank::runtime {

std::string SpilledBlock::Encode() const {
  WT_CHECK(false, "a block that is in a file is read before it is sent: " + place_.file);
  return "";
}

const SpilledBlock* AsSpilled(const BlockPointer& block) {
  return dynamic_cast<const SpilledBlock*>(block.get());
}

ShuffleBlock ToShuffleBlock(const BlockPointer& block) {
  const auto* const encoded = dynamic_cast<const EncodedBlock*>(block.get());
  if (encoded != nullptr) return {nullptr, encoded->bytes()};
  return {block, ""};
}

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
    for (const BlockPointer& block : bundle->blocks_) blocks.push_back(ToShuffleBlock(block));
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

}  // namespace wavetank::runtime
