#include "runtime/operators/join_walk.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/key_parts.h"
#include "runtime/columnar/row_key.h"

namespace wavetank::runtime {

using checkpoint::StateTable;

// So many rows are looked up at once, and so many entries found: what was fetched is still in the
// cache when it is read.
constexpr size_t kLookedUpAtOnce = 256;
constexpr size_t kFoundAtOnce = 1024;

std::optional<JoinEntry> ReadJoinEntry(std::string_view value) {
  JoinEntry entry;
  if (value.size() != sizeof entry.copies && value.size() != sizeof entry) return std::nullopt;
  std::memcpy(&entry, value.data(), value.size());
  if (entry.copies == 0 || entry.met > entry.copies) return std::nullopt;
  return entry;
}

void JoinWalk::Start(RecordBatch rows, std::span<const uint8_t> prefix, std::vector<Way> ways) {
  rows_ = std::move(rows);
  ways_ = std::move(ways);
  next_row_ = looked_up_begin_ = looked_up_end_ = 0;
  chain_ = StateTable::kNoEntry;
  keys_.clear();
  prefixes_.clear();
  const int64_t count = rows_.num_rows();
  encoded_ = count == 0 ? Column() : EncodeRowKeys(rows_.columns(), count);
  for (int64_t row = 0; row < count; ++row) {
    keys_.push_back(encoded_.StringAt(row));
    prefixes_.push_back(keys_.back().substr(0, checkpoint::PartsLength(keys_.back(), prefix)));
  }
}

absl::Status JoinWalk::CheckKeys() const {
  for (const std::string_view key : keys_) {
    if (key.size() <= StateTable::kLargestKey) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("a row has ", key.size(), " bytes, and a join keeps rows of up to ",
                     StateTable::kLargestKey, ": join without its long columns"));
  }
  return absl::OkStatus();
}

absl::Status JoinWalk::Find(const StateTable& others, std::vector<Partner>& partners) {
  partners.clear();
  numbers_.clear();
  found_.clear();
  while (partners.size() < kFoundAtOnce) {
    if (chain_ == StateTable::kNoEntry) {
      if (next_row_ == keys_.size()) break;
      if (next_row_ == looked_up_end_) LookUp(others);
      row_ = next_row_++;
      if (way(row_) == Way::kLooks) chain_ = firsts_[row_ - looked_up_begin_];
      if (way(row_) == Way::kIsAlone) partners.push_back({.row = static_cast<uint32_t>(row_)});
      continue;
    }
    numbers_.push_back(chain_);
    found_.push_back(partners.size());
    partners.push_back({.row = static_cast<uint32_t>(row_), .entry = chain_});
    chain_ = others.NextLinked(chain_);
  }
  bool whole = true;
  for (const size_t partner : found_) partners[partner].copies = 0;
  others.VisitMany(numbers_, [&](size_t i, std::string_view key, std::string_view value) {
    Partner& partner = partners[found_[i]];
    partner.own = key.substr(prefixes_[partner.row].size());
    const std::optional<JoinEntry> entry = ReadJoinEntry(value);
    if (entry) partner.copies = entry->copies;
    whole = whole && entry.has_value();
  });
  // What has been removed since is none.
  std::erase_if(partners, [](const Partner& partner) { return partner.copies == 0; });
  if (!whole) return absl::DataLossError("a joined row of state without its number");
  return absl::OkStatus();
}

void JoinWalk::LookUp(const StateTable& others) {
  looked_up_begin_ = next_row_;
  looked_up_end_ = std::min(keys_.size(), next_row_ + kLookedUpAtOnce);
  const size_t count = looked_up_end_ - looked_up_begin_;
  firsts_.resize(count);
  others.FirstWithPrefix(std::span(prefixes_).subspan(looked_up_begin_, count), firsts_);
}

int64_t JoinWalk::HeldBytes() const {
  return ByteSize(rows_) + ByteSize(encoded_, 0, encoded_.size()) +
         static_cast<int64_t>(keys_.size() * (sizeof keys_[0] + sizeof prefixes_[0]));
}

}  // namespace wavetank::runtime
