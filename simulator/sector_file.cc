#include "simulator/sector_file.h"

#include <algorithm>
#include <set>
#include <utility>

#include "platform/check.h"
#include "simulator/trace.h"

namespace wavetank::simulator {

using platform::Random;

std::string SectorFile::Read(uint64_t offset, uint64_t length) const {
  if (offset >= cache_.size()) return "";
  return cache_.substr(offset, length);
}

void SectorFile::SetCacheSize(uint64_t size) {
  used_bytes_ += static_cast<int64_t>(size) - static_cast<int64_t>(cache_.size());
  cache_.resize(size);
}

void SectorFile::Write(uint64_t offset, std::string_view data) {
  if (data.empty()) return;
  SayChanged();
  const uint64_t end = offset + data.size();
  if (end > cache_.size()) SetCacheSize(end);
  cache_.replace(offset, data.size(), data);
  pending_.push_back({++writes_, false, false, offset, std::string(data), cache_.size()});
}

void SectorFile::Truncate(uint64_t size) {
  SayChanged();
  SetCacheSize(size);
  pending_.push_back({++writes_, true, false, size, "", size});
}

void SectorFile::Apply(const Pending& write, uint64_t from, uint64_t to, std::string& content) {
  const uint64_t begin = std::max(from, write.offset);
  const uint64_t end = std::min({to, write.end(), static_cast<uint64_t>(content.size())});
  if (begin >= end) return;
  if (write.truncation) {
    std::fill(content.begin() + static_cast<ptrdiff_t>(begin),
              content.begin() + static_cast<ptrdiff_t>(end), '\0');
  } else {
    content.replace(begin, end - begin, write.data, begin - write.offset, end - begin);
  }
}

void SectorFile::Sync(uint64_t point) {
  SayChanged();
  const auto covered_end =
      std::find_if(pending_.begin(), pending_.end(),
                   [point](const Pending& write) { return write.sequence > point; });
  if (std::any_of(pending_.begin(), covered_end, [](const Pending& write) { return write.lost; })) {
    return SyncAfterFailure(point);
  }
  for (auto write = pending_.begin(); write != covered_end; ++write) {
    durable_.resize(write->size_after);
    Apply(*write, 0, durable_.size(), durable_);
  }
  pending_.erase(pending_.begin(), covered_end);
}

// Pages that are written again carry their whole sector with them; the other lost ones are skipped,
// although the size that they gave the file becomes durable.
void SectorFile::SyncAfterFailure(uint64_t point) {
  std::set<uint64_t> rewritten;
  uint64_t size = durable_.size();
  uint64_t largest = size;
  for (const Pending& write : pending_) {
    if (write.sequence > point) break;
    size = write.size_after;
    largest = std::max(largest, size);
    if (write.lost || write.truncation) continue;
    for (uint64_t sector = write.offset / kSectorBytes; write.Touches(sector); ++sector) {
      rewritten.insert(sector);
    }
  }
  durable_.resize(largest);
  std::vector<Pending> left;
  for (Pending& write : pending_) {
    if (write.sequence > point) {
      left.push_back(std::move(write));
      continue;
    }
    if (write.truncation) {
      Apply(write, 0, durable_.size(), durable_);
      CutAt(write.offset, left);
      continue;
    }
    for (uint64_t sector = write.offset / kSectorBytes; write.Touches(sector); ++sector) {
      const uint64_t from = sector * kSectorBytes;
      const uint64_t to = from + kSectorBytes;
      if (rewritten.contains(sector)) {
        Apply(write, from, to, durable_);
        continue;
      }
      const uint64_t begin = std::max(from, write.offset);
      const uint64_t end = std::min(to, write.end());
      left.push_back({write.sequence, false, true, begin,
                      write.data.substr(begin - write.offset, end - begin), size});
    }
  }
  durable_.resize(size);
  pending_ = std::move(left);
}

void SectorFile::CutAt(uint64_t size, std::vector<Pending>& writes) {
  std::erase_if(writes, [size](const Pending& write) { return write.offset >= size; });
  for (Pending& write : writes) {
    if (write.end() > size) write.data.resize(size - write.offset);
  }
}

void SectorFile::FailSync(uint64_t point) {
  SayChanged();
  for (Pending& write : pending_) {
    if (write.sequence <= point && !write.truncation) write.lost = true;
  }
}

void SectorFile::ForgetLost() {
  SayChanged();
  std::erase_if(pending_, [](const Pending& write) { return write.lost; });
  std::string left = durable_;
  for (const Pending& write : pending_) {
    left.resize(write.size_after);
    Apply(write, 0, left.size(), left);
  }
  SetCacheSize(left.size());
  cache_ = std::move(left);
}

std::vector<uint64_t> SectorFile::TouchedSectors(uint64_t size) const {
  std::vector<uint64_t> touched;
  for (const Pending& write : pending_) {
    const uint64_t end = std::min(write.end(), size);
    for (uint64_t sector = write.offset / kSectorBytes; sector * kSectorBytes < end; ++sector) {
      touched.push_back(sector);
    }
  }
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  return touched;
}

uint64_t SectorFile::DrawSize(Random& random) const {
  uint64_t least = durable_.size();
  uint64_t largest = durable_.size();
  for (const Pending& write : pending_) {
    least = std::min(least, write.size_after);
    largest = std::max(largest, write.size_after);
  }
  switch (random.Below(4)) {
    case 0:
      return durable_.size();
    case 1:
      return cache_.size();
    case 2:
      return pending_[random.Below(pending_.size())].size_after;
    default:
      return least + random.Below(largest - least + 1);
  }
}

void SectorFile::PowerLoss(Random random, const StaleBytes& stale) {
  if (pending_.empty()) return;
  // Mostly each sector goes its own way; the extremes are rare among independent draws, and common
  // on real machines, so they have a share of their own.
  enum { kNone, kAll, kPrefix, kEachSector };
  const uint64_t manner = random.Below(6);
  uint64_t size = durable_.size();
  uint64_t prefix = 0;
  if (manner == kAll) {
    size = cache_.size();
    prefix = pending_.size();
  } else if (manner == kPrefix) {
    prefix = random.Below(pending_.size() + 1);
    if (prefix > 0) size = pending_[prefix - 1].size_after;
  } else if (manner >= kEachSector) {
    size = DrawSize(random);
  }
  const uint64_t synced_size = durable_.size();
  Settle(size, [&](uint64_t sector, const std::vector<const Pending*>& touching) -> SectorFate {
    if (manner < kEachSector) {
      const Pending* const end = pending_.data() + prefix;
      const auto done = std::find_if(touching.begin(), touching.end(),
                                     [end](const Pending* write) { return write >= end; });
      return {.applied = static_cast<size_t>(done - touching.begin())};
    }
    Random draw = random.Fork("sector", {sector});
    const bool appended = std::min((sector + 1) * kSectorBytes, size) > synced_size;
    const size_t applied = draw.Below(touching.size() + (appended ? 2 : 1));
    if (applied <= touching.size()) return {.applied = applied};
    return {.stale = stale(draw)};
  });
}

void SectorFile::PowerLoss(LossChoices& choices, const std::string& stale) {
  if (pending_.empty()) return;
  const std::vector<uint64_t> sizes = Sizes();
  const uint64_t size = sizes[choices.Choose(sizes.size())];
  const uint64_t synced_size = durable_.size();
  Settle(size, [&](uint64_t sector, const std::vector<const Pending*>& touching) -> SectorFate {
    const bool appended = std::min((sector + 1) * kSectorBytes, size) > synced_size;
    const size_t applied = choices.Choose(touching.size() + (appended ? 2 : 1));
    if (applied <= touching.size()) return {.applied = applied};
    return {.stale = stale};
  });
}

void SectorFile::Settle(uint64_t size, const DecideSector& decide) {
  SayChanged();
  const uint64_t synced_size = durable_.size();
  std::string left = durable_;
  left.resize(size);
  std::vector<const Pending*> touching;
  for (const uint64_t sector : TouchedSectors(size)) {
    const uint64_t from = sector * kSectorBytes;
    const uint64_t to = std::min(from + kSectorBytes, size);
    touching.clear();
    for (const Pending& write : pending_) {
      if (write.Touches(sector)) touching.push_back(&write);
    }
    const SectorFate fate = decide(sector, touching);
    if (fate.stale.has_value()) {
      const uint64_t begin = std::max(from, synced_size);
      left.replace(begin, to - begin, *fate.stale, begin - from, to - begin);
      continue;
    }
    for (size_t k = 0; k < fate.applied; ++k) Apply(*touching[k], from, to, left);
  }
  SetCacheSize(left.size());
  cache_ = left;
  durable_ = std::move(left);
  pending_.clear();
}

std::vector<uint64_t> SectorFile::Sizes() const {
  std::vector<uint64_t> sizes{durable_.size()};
  for (const Pending& write : pending_) {
    if (std::find(sizes.begin(), sizes.end(), write.size_after) == sizes.end()) {
      sizes.push_back(write.size_after);
    }
  }
  return sizes;
}

size_t SectorFile::PendingItems() const {
  if (pending_.empty()) return 0;
  const std::vector<uint64_t> sizes = Sizes();
  const uint64_t largest = *std::max_element(sizes.begin(), sizes.end());
  return TouchedSectors(largest).size() + (sizes.size() > 1 ? 1 : 0);
}

uint64_t SectorFile::DurableFingerprint() const {
  uint64_t hash = HashBytes(durable_);
  for (const Pending& write : pending_) {
    hash = platform::MixBits(hash ^ HashBytes(write.data)) + write.offset;
    hash = platform::MixBits(hash + write.size_after) + (write.truncation ? 2 : 0) + write.lost;
  }
  return hash;
}

void SectorFile::CopyFrom(const SectorFile& other) {
  SayChanged();
  SetCacheSize(other.cache_.size());
  cache_ = other.cache_;
  durable_ = other.durable_;
  pending_ = other.pending_;
  writes_ = other.writes_;
}

void SectorFile::Damage(uint64_t offset, std::string_view bytes) {
  SayChanged();
  for (size_t i = 0; i < bytes.size() && offset + i < durable_.size(); ++i) {
    const uint64_t at = offset + i;
    durable_[at] = bytes[i];
    const bool pending = std::any_of(pending_.begin(), pending_.end(), [at](const Pending& write) {
      return write.offset <= at && at < write.end();
    });
    if (!pending && at < cache_.size()) cache_[at] = bytes[i];
  }
}

std::string_view SectorFile::DurablePrefix() const {
  uint64_t sure = durable_.size();
  for (const Pending& write : pending_) sure = std::min(sure, write.size_after);
  for (const Pending& write : pending_) {
    if (write.truncation) continue;  // within the least size it changes nothing
    for (uint64_t at = write.offset; at < std::min(sure, write.end()); ++at) {
      if (write.data[at - write.offset] != durable_[at]) sure = at;
    }
  }
  return std::string_view(durable_).substr(0, sure);
}

}  // namespace wavetank::simulator
