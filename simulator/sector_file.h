// SectorFile: the content of one file, as its readers see it and as a power loss may leave it.
//
// Reads see every write. Until a sync completes each write is pending; a power loss then decides,
// sector by sector, which of the values that the sector had since the last completed sync it keeps;
// appended space may also turn out as zeros or stale bytes, and the size as anything between. After
// a failed sync what it should have covered is *lost*: readers still see it, later syncs skip it
// (except in sectors that are written again), and a power loss may take it. Or the cache drops it,
// at once or later.
#ifndef WAVETANK_SIMULATOR_SECTOR_FILE_H_
#define WAVETANK_SIMULATOR_SECTOR_FILE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/random.h"
#include "simulator/loss_choices.h"

namespace wavetank::simulator {

inline constexpr uint64_t kSectorBytes = 512;

class SectorFile {
 public:
  // Fills a sector with bytes that some other file once had there.
  using StaleBytes = std::function<std::string(platform::Random&)>;

  // Adds to `used_bytes`, which must outlive it, what it occupies. Calls `changed`, unless it is
  // null, at each change of what is durable or pending.
  explicit SectorFile(int64_t& used_bytes, std::function<void()> changed = nullptr)
      : used_bytes_(used_bytes), changed_(std::move(changed)) {}
  SectorFile(const SectorFile&) = delete;
  SectorFile& operator=(const SectorFile&) = delete;
  ~SectorFile() { used_bytes_ -= static_cast<int64_t>(cache_.size()); }

  uint64_t size() const { return cache_.size(); }
  const std::string& content() const { return cache_; }
  bool pending() const { return !pending_.empty(); }

  std::string Read(uint64_t offset, uint64_t length) const;
  void Write(uint64_t offset, std::string_view data);
  void Truncate(uint64_t size);

  // A sync covers what was written before it began: it takes the point first.
  uint64_t SyncPoint() const { return writes_; }
  void Sync(uint64_t point);
  void FailSync(uint64_t point);
  // What is lost leaves the cache: reads give what was there before, the old size too.
  void ForgetLost();
  void PowerLoss(platform::Random random, const StaleBytes& stale);
  // One of the ways in which a power loss may turn out, chosen item by item: the size (one that the
  // file had since its last completed sync), then for each touched sector one of its values.
  void PowerLoss(LossChoices& choices, const std::string& stale);
  // How many items that decides on: touched sectors, and the size if it has changed.
  size_t PendingItems() const;
  // Equal for files that are alike in what is durable and what is pending.
  uint64_t DurableFingerprint() const;
  void CopyFrom(const SectorFile& other);

  // A fault of the device: it holds these bytes at `offset` of what is durable, as far as that
  // goes. Readers see them but where a write is pending, which may repair them when it is synced.
  void Damage(uint64_t offset, std::string_view bytes);
  uint64_t durable_size() const { return durable_.size(); }
  const std::string& durable() const { return durable_; }

  // The bytes that every power loss would leave: the synced content, up to the first byte that a
  // pending write gives another value, and to the least size that the file has had since.
  std::string_view DurablePrefix() const;

 private:
  struct Pending {
    uint64_t sequence;
    bool truncation;
    bool lost;
    uint64_t offset;  // of the write; the new size of a truncation
    std::string data;
    uint64_t size_after;

    uint64_t end() const { return truncation ? UINT64_MAX : offset + data.size(); }
    bool Touches(uint64_t sector) const {
      return offset < (sector + 1) * kSectorBytes && sector * kSectorBytes < end();
    }
  };
  // Applies what `write` does to [from, to) of the file onto `content`, which has that range.
  static void Apply(const Pending& write, uint64_t from, uint64_t to, std::string& content);
  void SyncAfterFailure(uint64_t point);
  // A truncation takes the lost pages beyond it along.
  static void CutAt(uint64_t size, std::vector<Pending>& writes);
  std::vector<uint64_t> TouchedSectors(uint64_t size) const;
  // The sizes that the file had since its last completed sync, that one first.
  std::vector<uint64_t> Sizes() const;
  uint64_t DrawSize(platform::Random& random) const;
  // What is decided of a sector: how many of the pending writes that touch it were done, or that it
  // holds these stale bytes.
  struct SectorFate {
    size_t applied = 0;
    std::optional<std::string> stale = {};
  };
  using DecideSector =
      std::function<SectorFate(uint64_t sector, const std::vector<const Pending*>& touching)>;
  // Leaves the file with that size and those sectors, all of it durable.
  void Settle(uint64_t size, const DecideSector& decide);
  void SetCacheSize(uint64_t size);
  void SayChanged() const {
    if (changed_ != nullptr) changed_();
  }

  int64_t& used_bytes_;
  const std::function<void()> changed_;
  std::string cache_;
  std::string durable_;
  std::vector<Pending> pending_;
  uint64_t writes_ = 0;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_SECTOR_FILE_H_
