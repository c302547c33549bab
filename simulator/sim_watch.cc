#include "simulator/sim_watch.h"

#include <utility>

#include "absl/time/time.h"

#include "platform/event.h"
#include "platform/random.h"

namespace wavetank::simulator {
namespace {

constexpr absl::Duration kLatest = absl::Milliseconds(2);
constexpr uint64_t kMissedOneIn = 16;

}  // namespace

struct SimWatches::Watched {
  const std::string directory;
  const ActorId actor;
  const LifeId life;
  const uint64_t number;
  uint64_t names = 0;
  platform::Event came;
};

class SimWatches::SimWatch final : public platform::DirectoryWatch {
 public:
  explicit SimWatch(std::shared_ptr<Watched> watched) : watched_(std::move(watched)) {}

  platform::Task<void> Wait() override {
    co_await watched_->came.Wait();
    watched_->came.Reset();
  }

 private:
  const std::shared_ptr<Watched> watched_;
};

std::unique_ptr<platform::DirectoryWatch> SimWatches::Add(std::string directory, ActorId actor,
                                                          LifeId life, uint64_t number) {
  std::erase_if(watched_, [](const auto& watched) { return watched.expired(); });
  std::shared_ptr<Watched> watched(
      new Watched{std::move(directory), actor, life, number, /*names=*/0, /*came=*/{}});
  watched_.push_back(watched);
  return std::make_unique<SimWatch>(std::move(watched));
}

void SimWatches::NameCame(Scheduler& scheduler, std::string_view path) {
  const size_t slash = path.rfind('/');
  const std::string_view directory =
      slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  for (const std::weak_ptr<Watched>& each : watched_) {
    const std::shared_ptr<Watched> watched = each.lock();
    if (watched == nullptr || watched->directory != directory) continue;
    platform::Random random = scheduler.random().Fork(
        "watch", {scheduler.key(watched->actor), watched->number, ++watched->names});
    if (random.OneIn(kMissedOneIn)) continue;
    const int64_t late_ns = random.Between(0, absl::ToInt64Nanoseconds(kLatest));
    scheduler.At(scheduler.now_ns() + late_ns,
                 {watched->actor, watched->life, EventKind::kDue, watched->number}, [each] {
                   const std::shared_ptr<Watched> told = each.lock();
                   if (told != nullptr) told->came.Set();
                 });
  }
}

}  // namespace wavetank::simulator
