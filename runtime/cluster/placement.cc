#include "runtime/cluster/placement.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"

namespace wavetank::runtime {
namespace {

constexpr size_t kNowhere = SIZE_MAX;

std::string KeyOf(const WorkerRef& worker) {
  return absl::StrCat(worker.name, " at ", worker.address);
}

}  // namespace

size_t Placement::Of(int partition, const std::vector<WorkerRef>& workers) {
  WT_CHECK(!workers.empty() && partition >= 0);
  const auto same = [](const WorkerRef& worker, const std::string& known) {
    return known.size() == worker.name.size() + 4 + worker.address.size() &&
           known.starts_with(worker.name) && known.ends_with(worker.address);
  };
  if (!std::ranges::equal(workers, workers_, same)) Change(workers);
  const auto wanted = static_cast<size_t>(partition);
  while (homes_.size() <= wanted) {
    homes_.push_back(kNowhere);
    GiveToTheLeast(homes_.size() - 1);
  }
  return homes_[wanted];
}

void Placement::GiveToTheLeast(size_t partition) {
  const auto least = static_cast<size_t>(std::ranges::min_element(load_) - load_.begin());
  homes_[partition] = least;
  ++load_[least];
}

void Placement::Change(const std::vector<WorkerRef>& workers) {
  const std::vector<std::string> before = std::exchange(workers_, {});
  for (const WorkerRef& worker : workers) workers_.push_back(KeyOf(worker));
  load_.assign(workers_.size(), 0);
  const bool has_come = std::ranges::any_of(workers_, [&before](const std::string& worker) {
    return std::ranges::find(before, worker) == before.end();
  });
  for (size_t& home : homes_) {
    const auto now = std::ranges::find(workers_, before[home]);
    home = now == workers_.end() ? kNowhere : static_cast<size_t>(now - workers_.begin());
    if (home != kNowhere) ++load_[home];
  }
  for (size_t partition = 0; partition < homes_.size(); ++partition) {
    if (homes_[partition] == kNowhere) GiveToTheLeast(partition);
  }
  if (!has_come) return;
  // Each keeps what it has, up to its share of the partitions so far.
  load_.assign(workers_.size(), 0);
  for (size_t partition = 0; partition < homes_.size(); ++partition) {
    const size_t share = partition / workers_.size() + 1;
    if (load_[homes_[partition]] < share) {
      ++load_[homes_[partition]];
    } else {
      GiveToTheLeast(partition);
    }
  }
}

}  // namespace wavetank::runtime
