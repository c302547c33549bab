// SimDisk: a machine's disk in virtual time. Calls take time, take effect at one instant (a long
// write at two), may fail, and are decided by a draw when their process dies or gives them up: not,
// partly or wholly done. The page cache outlives processes; PowerLoss() decides what was not
// synced.
//
// Checkers subscribe to what is durable, and are called with each change.
#ifndef WAVETANK_SIMULATOR_SIM_DISK_H_
#define WAVETANK_SIMULATOR_SIM_DISK_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "platform/disk.h"
#include "simulator/disk_image.h"
#include "simulator/fault.h"
#include "simulator/latency.h"
#include "simulator/machine_clock.h"
#include "simulator/scheduler.h"
#include "simulator/sim_node.h"
#include "simulator/sim_watch.h"

namespace wavetank::simulator {

struct DiskOptions {
  Latency read{absl::Microseconds(20), absl::Microseconds(200)};
  Latency write{absl::Microseconds(5), absl::Microseconds(50)};
  Latency sync{absl::Microseconds(200), absl::Milliseconds(2), 10'000, absl::Milliseconds(30)};
  Latency names{absl::Microseconds(5), absl::Microseconds(50)};
  int64_t capacity_bytes = int64_t{1} << 40;
};

// One call on its way.
struct DiskCall {
  SeamCallKind kind = SeamCallKind::kRead;
  std::string path;
  std::string to;  // of a rename or link
  DiskImage::InodePtr inode;
  platform::OpenMode mode = platform::OpenMode::kRead;
  // How many failed syncs of the file its handle has been told of.
  std::shared_ptr<uint64_t> failures_told;
  uint64_t offset = 0;
  uint64_t length = 0;
  absl::Time modified = {};  // to be set
  std::string data;

  // Set by the disk.
  LifeId life;
  ActorId actor;
  ActorKey key = 0;
  uint64_t number = 0;
  uint64_t sync_point = 0;
  int64_t made_ns = 0;
  std::optional<Fault> fault;  // befalls it
  bool Befallen(FaultKind by) const { return fault.has_value() && fault->kind == by; }
  bool abandoned = false;
  bool done = false;
  platform::Waiter* waiter = nullptr;

  // The answer.
  absl::Status status;
  std::string bytes;
  platform::FileInfo info;
  std::unique_ptr<platform::FileLock> lock;  // released with the call unless it is taken
  std::vector<platform::DirectoryEntry> entries;
};
using DiskCallPtr = std::shared_ptr<DiskCall>;

class SimDisk {
 public:
  struct DurableNews {
    // What became durable: the file as it was opened, the directory, or, with "", anything.
    std::string_view path;
    // The durable view of the disk, and of what is below the prefixes that were subscribed to the
    // paths that have appeared, are gone or have other bytes since the news before.
    const DiskImage::DurableFiles& files;
    const std::set<std::string>& changed;
  };
  using DurableChange = std::function<void(const DurableNews& news)>;

  SimDisk(Scheduler& scheduler, std::string machine, const MachineClock& clock,
          const DiskOptions& options);
  SimDisk(const SimDisk&) = delete;
  SimDisk& operator=(const SimDisk&) = delete;

  const DiskImage& image() const { return image_; }
  // Calls back after every completed sync or Put of something below one of `prefixes` or above it,
  // and after every power loss. The callback must not change the world.
  void Subscribe(std::vector<std::string> prefixes, DurableChange callback);

  // For the program around the world: a file that is there, wholly and durably, at once, with the
  // directories above it; it replaces what is there. And what processes would read.
  void Put(std::string_view path, std::string_view content);
  absl::StatusOr<std::string> Get(std::string_view path) const;
  // The disk becomes a copy of that one.
  void Load(const DiskImage& image) { image_.CopyFrom(image); }

  // Faults. Every latency is multiplied by the slowness; a stalled disk finishes nothing.
  void SetSlowness(int64_t factor) { slowness_ = factor; }
  void SetCapacity(int64_t bytes) { capacity_bytes_ = bytes; }
  void ResetCapacity() { capacity_bytes_ = options_.capacity_bytes; }
  void Stall() { stalled_ = true; }
  void Release();
  // While on, nothing can be changed, nor opened for writing.
  void SetReadOnly(bool read_only) { read_only_ = read_only; }
  // While on, syncs report success and make nothing durable.
  void SetLying(bool lying) { lying_ = lying; }
  // A durable bit of the file turns over. REQUIRES: the file has durable bytes.
  void Rot(const std::string& path, int64_t bit);
  // A file, or a directory with what is below it.
  void LoseFile(const std::string& path);
  void BackUp(const std::string& path);
  // Every file that matches becomes its backup; one without a backup is gone.
  void Restore(std::string_view pattern);
  bool HasBackupOf(std::string_view pattern) const;
  // What stands where a directory was. Open files are not concerned, nor is what the world puts
  // there.
  enum class InPlace { kNothing, kEmptyDirectory };
  void TakeAway(const std::string& directory, InPlace in_place) { away_[directory] = in_place; }
  void BringBack(const std::string& directory) { away_.erase(directory); }
  // What stands there that is neither a file nor a directory, or nothing that may be opened. Open
  // files are not concerned, nor is what the world puts there.
  enum class OddEntry { kFifo, kForbiddenFile };
  void PutOddEntry(const std::string& path, OddEntry odd) { odd_[path] = odd; }
  // Whether the directory is there, and nothing of that name.
  bool HasRoomForOddEntry(const std::string& path) const;
  void Heal();

  // For the world.
  void OnProcessDeath(LifeId life);
  enum class Left {
    kDrawn,   // as a draw decides, item by item
    kSynced,  // nothing but what the syncs have left
  };
  void OnPowerLoss(uint64_t nth, Left left);
  void Erase();

  // For SimNodeDisk. Starts a call of a live node; its awaiter waits in `call->waiter`.
  void Start(SimNode& node, const DiskCallPtr& call);
  void Abandon(const DiskCallPtr& call) { call->abandoned = true; }
  SimWatches& watches() { return watches_; }

 private:
  static constexpr const char* kIoError = "input/output error";
  static constexpr const char* kNoSpace = "no space left on the device";
  enum class Outcome { kNothing, kPart, kWhole };

  const Latency& LatencyOf(SeamCallKind kind) const;
  void Due(const DiskCallPtr& call);
  void Finish(const DiskCallPtr& call);
  // A write of which just a part is there after the power loss.
  void Tear(DiskCall& call);
  // A call whose caller will not hear of it.
  void Decide(DiskCall& call);
  Outcome DrawOutcome(const DiskCall& call) const;
  absl::Status Perform(DiskCall& call);
  // What a fault makes of a call before it is done; OK: nothing.
  absl::Status Refused(DiskCall& call);
  absl::Status Do(DiskCall& call);
  // Whether the names are such that the call fails by itself.
  bool FailsForItsNames(const DiskCall& call) const;
  // What a call finds where a directory is away; nullopt: it has nothing to do with that.
  std::optional<absl::Status> FindAway(DiskCall& call) const;
  std::optional<absl::Status> FindOddEntry(DiskCall& call) const;
  void ListOddEntries(DiskCall& call) const;
  absl::Status Write(DiskCall& call, uint64_t offset);
  void Misdirect(const DiskCall& call, const Fault& fault);
  absl::Status Sync(DiskCall& call);
  // The pages that the failed sync lost leave the cache, now or after the fault's amount.
  void ForgetLost(const DiskCall& call);
  absl::Status List(DiskCall& call);
  absl::Status Stat(DiskCall& call);
  absl::Status Lock(DiskCall& call);
  absl::Status Error(const DiskCall& call, absl::StatusCode code, std::string_view why) const;
  void Notify(std::string_view path);

  Scheduler& scheduler_;
  const std::string machine_;
  const MachineClock& clock_;
  const DiskOptions options_;
  DiskImage image_;
  int64_t capacity_bytes_;
  int64_t slowness_ = 1;
  bool stalled_ = false;
  bool lying_ = false;
  bool read_only_ = false;
  std::map<std::string, InPlace> away_;
  std::map<std::string, OddEntry> odd_;
  std::map<std::string, std::string> backup_;  // content by path
  std::vector<DiskCallPtr> in_flight_;         // oldest first
  std::vector<DiskCallPtr> held_;              // due, on a stalled disk
  struct Subscription {
    std::vector<std::string> prefixes;
    DurableChange callback;
    std::set<std::string> changed = {};
  };
  std::vector<Subscription> subscriptions_;
  SimWatches watches_;
};

// A node's view of its machine's disk.
class SimNodeDisk final : public platform::Disk {
 public:
  SimNodeDisk(SimNode& node, SimDisk& disk) : node_(node), disk_(disk) {}

  platform::Task<absl::StatusOr<std::unique_ptr<platform::File>>> Open(
      std::string path, platform::OpenMode mode) override;
  platform::Task<absl::Status> Rename(std::string from, std::string to) override;
  platform::Task<absl::Status> Link(std::string from, std::string to) override;
  platform::Task<absl::Status> Remove(std::string path) override;
  platform::Task<absl::Status> MakeDirectory(std::string path) override;
  platform::Task<absl::Status> RemoveDirectory(std::string path) override;
  platform::Task<absl::Status> SyncDirectory(std::string path) override;
  platform::Task<absl::StatusOr<std::vector<platform::DirectoryEntry>>> List(
      std::string path) override;
  platform::Task<absl::StatusOr<platform::FileInfo>> Stat(std::string path) override;
  platform::Task<absl::StatusOr<std::unique_ptr<platform::DirectoryWatch>>> Watch(
      std::string path) override;
  platform::Task<absl::StatusOr<std::unique_ptr<platform::FileLock>>> Lock(
      std::string path) override;

 private:
  platform::Task<absl::Status> NamesCall(SeamCallKind kind, std::string path, std::string to);

  SimNode& node_;
  SimDisk& disk_;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_SIM_DISK_H_
