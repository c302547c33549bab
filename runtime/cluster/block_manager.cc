#include "runtime/cluster/block_manager.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "absl/strings/str_cat.h"

#include "checkpoint/crc32c.h"
#include "platform/planted.h"
#include "runtime/cluster/block_steps.h"

namespace wavetank::runtime {

namespace {

// So many graphs ago a replica may be late; far more than run while a call waits.
constexpr size_t kGraphsRemembered = 256;
// How long nothing is written to a disk that has lost something: what running graphs need stays in
// memory, and the rest goes.
constexpr absl::Duration kDistrust = absl::Seconds(10);
// How long a task waits for what it has put to find room.
constexpr absl::Duration kPatience = absl::Seconds(30);
// Bytes encoded, written or read for a unit of work.
constexpr int64_t kBytesOfWork = 64;

// Of a block and whose it is: what was written for another is not it.
uint32_t ChecksumOf(const TaskId& task, int target, std::string_view bytes) {
  return checkpoint::Crc32c(bytes, checkpoint::Crc32c(absl::StrCat(task.Unique(), "/", target)));
}

}  // namespace

BlockManager::BlockManager(platform::Node& node, BlockBounds bounds, const std::string& name)
    : node_(node),
      bounds_(std::move(bounds)),
      files_(node, bounds_.scratch, name),
      trusted_from_(node.clock().Now()),
      scope_(node.executor()) {
  SetBound();
}

void BlockManager::SetBound() {
  const size_t most = bounds_.memory_bytes_max;
  const bool may_spill = files_.may_be_used() && node_.clock().Now() >= trusted_from_;
  blocks_.SetBound(most - std::min(held_bytes_, most), may_spill);
}

Task<void> BlockManager::Start() {
  if (!files_.may_be_used()) co_return;
  const absl::Status opened = co_await files_.Open();
  if (opened.ok()) co_return;
  node_.Log(platform::LogLevel::kWarning,
            absl::StrCat("the scratch directory ", bounds_.scratch, " cannot be used yet: ",
                         opened.message(), "; it is tried again when there is no room in memory"));
}

Task<void> BlockManager::Step(const platform::StepName& step, TaskId task) {
  co_await node_.Step(
      step, {{"graph", task.graph}, {"stage", task.stage}, {"partition", task.partition}});
}

void BlockManager::Drop(const TaskId& task) {
  blocks_.Drop(task);
  Tidy();
}

void BlockManager::DropGraph(const std::string& driver, int64_t graph,
                             const std::set<int>& kept_stages) {
  blocks_.DropGraph(driver, graph, kept_stages);
  if (driver == session_.first) ended_.push_back(graph);
  if (ended_.size() > kGraphsRemembered) ended_.pop_front();
  Tidy();
}

void BlockManager::DropStage(const std::string& driver, int64_t graph, int stage) {
  blocks_.DropStage(driver, graph, stage);
  Tidy();
}

void BlockManager::DropAll() {
  blocks_.DropAll();
  session_ = {};
  ended_.clear();
  Tidy();
}

size_t BlockManager::Hold(size_t bytes) {
  held_bytes_ = bytes;
  Tidy();
  return bounds_.memory_bytes_max;
}

absl::Status BlockManager::PutReplica(const TaskId& task, int64_t worker,
                                      std::map<int, BlockPointer> blocks, StorageLevel level) {
  const bool is_over = std::ranges::find(ended_, task.graph) != ended_.end();
  if (is_over || session_ != std::pair(task.driver, worker)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the blocks of ", task.Unique(), " came for a worker, or a graph, that is no more"));
  }
  if (!blocks_.Contains(task)) {  // else it was sent before, and the answer was lost
    blocks_.Put(task, std::move(blocks), {.level = level, .is_replica = true});
  }
  return absl::OkStatus();
}

Task<absl::Status> BlockManager::MakeRoom(std::string put) {
  Tidy();
  // A disk that stands still is as good as none.
  while (is_working_ && blocks_.IsBeyond()) {
    if (!co_await worked_.WaitFor(node_.clock(), kPatience)) break;
  }
  if (!(is_full_ || is_working_) || !blocks_.IsBeyond()) co_return absl::OkStatus();
  co_return absl::OutOfRangeError(
      absl::StrCat("there is no room for what task ", put, " has put: ", TooMuch()));
}

std::string BlockManager::TooMuch() const {
  return absl::StrCat(
      "worker ", node_.id(), " has ", blocks_.memory_bytes(), " bytes of blocks in memory and ",
      blocks_.spilled_bytes(), " in ", bounds_.scratch, ", kept-bytes allows ",
      bounds_.memory_bytes_max, " and spill-bytes ", bounds_.spilled_bytes_max,
      ", and batches that run need them: allow more, start more workers, or have a batch take less "
      "(receiver-rate, or the rate of a log)");
}

void BlockManager::TakeUnneeded() {
  for (std::string& file : blocks_.TakeUnneededFiles()) unneeded_.push_back(std::move(file));
}

void BlockManager::Tidy() {
  TakeUnneeded();
  if (is_working_) return;
  SetBound();
  blocks_.TryAgain();
  EvictWhatNeedsNoDisk();
  if (!HasWork()) return;
  is_working_ = true;
  worked_.Reset();
  scope_.Spawn("tidy blocks", Work());
}

// At once, so that the driver is told with the next request, before it plans on what is gone.
void BlockManager::EvictWhatNeedsNoDisk() {
  while (const std::optional<ShuffleBlocks::ToGo> next = blocks_.NextToGo()) {
    if (next->to_disk) return;
    blocks_.Evict(next->task, !platform::Planted(node_, "evicted_blocks_read_as_none"));
    evicted_.push_back(next->task);
  }
}

Task<void> BlockManager::Work() {
  is_full_ = false;
  while (HasWork()) {
    TakeUnneeded();
    if (!unneeded_.empty()) {
      std::string file = std::move(unneeded_.front());
      unneeded_.pop_front();
      co_await files_.Remove(std::move(file));
      continue;
    }
    if (!evicted_.empty()) {
      TaskId task = std::move(evicted_.front());
      evicted_.pop_front();
      co_await Step(steps::kBlocksEvicted, std::move(task));
      continue;
    }
    EvictWhatNeedsNoDisk();
    if (const auto next = blocks_.NextToGo(); next.has_value()) co_await Spill(next->task);
    TakeUnneeded();
  }
  is_working_ = false;
  worked_.Set();
}

// What has no room goes, as long as it can be made again; false: there is none all the same.
bool BlockManager::MakeRoomOnDisk(size_t bytes) {
  while (blocks_.spilled_bytes() + bytes > bounds_.spilled_bytes_max) {
    const std::optional<TaskId> oldest = blocks_.OldestSpilled();
    if (!oldest.has_value()) return false;
    blocks_.Evict(*oldest);
  }
  return true;
}

Task<void> BlockManager::Spill(TaskId task) {
  const std::string file = absl::StrCat(next_file_++, "-", task.Unique());
  std::map<int, SpilledBlock::Place> places;
  if (!platform::Planted(node_, "spilled_bytes_of_another_task")) content_.clear();
  uint64_t end = 0;
  const std::map<int, BlockPointer> in_memory = blocks_.InMemory(task);
  const bool forgets = platform::Planted(node_, "spill_forgets_the_last_target");
  const bool shifts = platform::Planted(node_, "spilled_targets_shifted");
  for (auto at = in_memory.begin(); at != in_memory.end(); ++at) {
    const auto next = std::next(at);
    const int target = at->first;
    const BlockPointer& block = shifts && next != in_memory.end() ? next->second : at->second;
    const bool left_out = forgets && next == in_memory.end() && in_memory.size() > 1;
    const std::string bytes = left_out ? "" : block->Encode();
    content_.append(bytes);
    SpilledBlock::Place place{.file = file, .offset = end, .bytes = bytes.size(), .checksum = 0};
    place.checksum = ChecksumOf(task, target, std::string_view(content_).substr(end, bytes.size()));
    end += bytes.size();
    places[target] = std::move(place);
  }
  const auto size = static_cast<size_t>(end);
  co_await node_.Work(1 + static_cast<int64_t>(size) / kBytesOfWork);
  absl::Status written;
  if (!MakeRoomOnDisk(size)) {
    written = absl::ResourceExhaustedError(
        absl::StrCat("spill-bytes allows ", bounds_.spilled_bytes_max, " bytes there"));
  } else {
    std::string content = std::move(content_);
    if (platform::kBugsArePlanted) content_ = content;
    written = co_await files_.Write(file, std::move(content));
  }
  if (written.ok()) {
    co_await node_.Step(steps::kBlocksSpilled, {{"graph", task.graph},
                                                {"stage", task.stage},
                                                {"partition", task.partition},
                                                {"bytes", static_cast<int64_t>(size)}});
    said_failed_ = false;
    if (!blocks_.SetSpilled(task, file, size, places)) unneeded_.push_back(file);
    co_return;
  }
  co_await Step(steps::kSpillFailed, task);
  unneeded_.push_back(file);  // a part of it may be there
  const bool stays = blocks_.SetUnwritten(task) == ShuffleBlocks::Unwritten::kStays;
  const bool no_room = blocks_.spilled_bytes() + size > bounds_.spilled_bytes_max;
  if (stays && no_room) {
    is_full_ = true;
    co_await Step(steps::kNoRoom, task);
  }
  if (!std::exchange(said_failed_, true)) {
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat("cannot write what has no room in memory to ", bounds_.scratch, ": ",
                           written.message(),
                           stays ? "; it stays in memory"
                                 : "; it goes, and is made again if it is "
                                   "needed"));
  }
}

Task<absl::StatusOr<BlockPointer>> BlockManager::ReadBack(TaskId task, int target,
                                                          BlockPointer spilled) {
  const SpilledBlock::Place place = AsSpilled(spilled)->place();
  absl::StatusOr<std::string> bytes = co_await files_.Read(place.file, place.offset, place.bytes);
  co_await node_.Work(1 + static_cast<int64_t>(place.bytes) / kBytesOfWork);
  if (bytes.ok() &&
      (bytes->size() != place.bytes || ChecksumOf(task, target, *bytes) != place.checksum)) {
    bytes = absl::DataLossError(absl::StrCat(place.file, " is damaged at ", place.offset));
  }
  if (bytes.ok()) {
    co_await Step(steps::kBlocksReadBack, task);
    co_return std::make_shared<const EncodedBlock>(*std::move(bytes));
  }
  if (platform::Planted(node_, "lost_spill_read_as_none")) co_return nullptr;
  if (blocks_.Contains(task)) {
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat("what task ", task.Unique(), " has put is lost: ",
                           bytes.status().message(), "; it is made again if it is needed"));
    // Else what is made again would be lost in the same way.
    trusted_from_ = node_.clock().Now() + kDistrust;
    blocks_.Evict(task);
    co_await Step(steps::kSpilledLost, task);
    Tidy();
  }
  co_return absl::NotFoundError(absl::StrCat("the blocks of attempt ", task.Unique(),
                                             " are lost: ", bytes.status().message()));
}

}  // namespace wavetank::runtime
