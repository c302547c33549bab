#include "tests/checkpoint/exhaustive/explorer.h"

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/random.h"
#include "simulator/sim_world.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::DiskImage;
using simulator::SimWorld;

uint64_t HashOf(const Promises& promises) {
  uint64_t hash = 0;
  for (const auto& [key, value] : promises) {
    hash = platform::MixBits(hash ^ platform::StableHash(key));
    hash = platform::MixBits(hash ^ platform::StableHash(value));
  }
  return hash;
}

// A place where a run may be struck: the disk, and what was promised.
struct Point {
  std::unique_ptr<DiskImage> image;
  Promises promises;
};

// Takes a point before each call on the disk that follows a change, and one at the end.
class Recorder final : public simulator::FaultHook {
 public:
  Recorder(const DiskImage& image, const Promises& promises) : image_(image), promises_(promises) {}

  void Take() {
    const uint64_t hash =
        platform::MixBits(image_.Fingerprint(DiskImage::Depth::kPendingToo) ^ HashOf(promises_));
    if (!points_.empty() && hash == last_) return;
    last_ = hash;
    points_.push_back({std::make_unique<DiskImage>(), promises_});
    points_.back().image->CopyFrom(image_);
  }
  std::vector<Point> TakeAll() { return std::move(points_); }

  void OnStep(simulator::SimNode&, const platform::StepEvent&) override {}
  const simulator::Fault* OnSeamCall(simulator::SimNode&, const simulator::SeamCall&) override {
    Take();
    return nullptr;
  }
  void OnStarted(simulator::SimProcess&) override {}
  void Freeze() override {}

 private:
  const DiskImage& image_;
  const Promises& promises_;
  uint64_t last_ = 0;
  std::vector<Point> points_;
};

class Exploration {
 public:
  Exploration(CrashSubject& subject, const Bound& bound) : subject_(subject), bound_(bound) {}

  void Run() {
    std::vector<int> script(static_cast<size_t>(bound_.operations), 0);
    const auto operations = static_cast<int>(subject_.operations().size());
    while (broken_.empty()) {
      RunScript(script);
      size_t place = script.size();
      while (place > 0 && script[place - 1] + 1 == operations) script[--place] = 0;
      if (place == 0) break;
      ++script[place - 1];
    }
  }
  const ExplorerCounts& counts() const { return counts_; }
  const std::string& broken() const { return broken_; }

 private:
  static simulator::WorldOptions Quiet() {
    simulator::WorldOptions options;
    options.seed = 1;
    options.policy.kind = simulator::PolicyKind::kFifo;
    return options;
  }

  // The points of a run of `main` on a disk that begins as `image`, if any.
  template <typename Main>
  std::vector<Point> Points(const DiskImage* image, const Promises& promises, const Main& main,
                            bool record) {
    SimWorld world(Quiet());
    simulator::SimDisk& disk = world.AddMachine("m").disk();
    if (image != nullptr) disk.Load(*image);
    Recorder recorder(disk.image(), promises);
    if (record) world.SetFaultHook(&recorder);
    bool done = false;
    world.Start("m", {"p", {{"node", [&](Node& node) { return Finish(main(node), done); }}}});
    WT_CHECK(world.RunUntil([&] { return done; }) == simulator::RunEnd::kDone,
             subject_.name() + " does not end");
    if (record) recorder.Take();
    world.SetFaultHook(nullptr);
    return recorder.TakeAll();
  }
  static Task<void> Finish(Task<void> main, bool& done) {
    co_await main;
    done = true;
  }

  void RunScript(const std::vector<int>& script) {
    ++counts_.scripts;
    Promises promises;
    const std::vector<Point> points = Points(
        nullptr, promises, [&](Node& node) { return subject_.Run(node, script, promises); }, true);
    for (size_t at = 0; at < points.size() && broken_.empty(); ++at) {
      ++counts_.points;
      Strike(points[at], bound_.strike_recovery ? 1 : 0, &counts_);
      if (broken_.empty()) continue;
      std::string text = subject_.name() + ":";
      for (const int operation : script) {
        absl::StrAppend(&text, " ", subject_.operations()[static_cast<size_t>(operation)]);
      }
      broken_ = absl::StrCat(text, "; at point ", at, " of ", points.size(), " ", broken_);
    }
  }

  // Each outcome of a strike at that point. `depth`: how often recovery is struck in turn.
  void Strike(const Point& point, int depth, ExplorerCounts* first) {
    const auto met = [this, first](int64_t ExplorerCounts::* kind) {
      ++(first != nullptr ? counts_.*kind : counts_.in_recovery);
    };
    met(&ExplorerCounts::after_crash);
    Recover(*point.image, point.promises, depth);
    if (!broken_.empty()) {
      broken_ = "the process dies" + broken_;
      return;
    }
    const size_t pending = point.image->PendingItems();
    counts_.most_pending = std::max(counts_.most_pending, pending);
    if (pending > bound_.pending_items) {
      ++counts_.points_outside;
      return;
    }
    static const std::string kStale(simulator::kSectorBytes, '?');
    std::unordered_set<uint64_t> seen;
    simulator::EveryLoss choices;
    do {
      DiskImage image;
      image.CopyFrom(*point.image);
      image.PowerLoss(choices, kStale);
      if (!seen.insert(image.Fingerprint(DiskImage::Depth::kPendingToo)).second) continue;
      met(&ExplorerCounts::after_power_loss);
      Recover(image, point.promises, depth);
      if (!broken_.empty()) {
        broken_ = absl::StrCat("power is lost (choices ", choices.ToText(), ")", broken_);
        return;
      }
    } while (choices.Advance());
  }

  void Recover(const DiskImage& image, Promises promises, int depth) {
    const uint64_t key = platform::MixBits(
        platform::MixBits(image.Fingerprint(DiskImage::Depth::kPendingToo) ^ HashOf(promises)) +
        static_cast<uint64_t>(depth));
    const auto [known, fresh] = below_.emplace(key, 0);
    if (!fresh) {
      counts_.in_recovery += known->second;
      return;
    }
    const int64_t before = counts_.in_recovery;
    ++counts_.recoveries_run;
    std::string broken;
    const std::vector<Point> points = Points(
        &image, promises, [&](Node& node) { return subject_.Recover(node, promises, broken); },
        depth > 0);
    if (!broken.empty()) {
      broken_ = absl::StrCat(", then recovery: ", broken);
      return;
    }
    for (size_t at = 0; at < points.size(); ++at) {
      Strike(points[at], depth - 1, nullptr);
      if (broken_.empty()) continue;
      broken_ = absl::StrCat(", and at point ", at, " of its recovery ", broken_);
      return;
    }
    below_[key] = counts_.in_recovery - before;
  }

  CrashSubject& subject_;
  const Bound bound_;
  ExplorerCounts counts_;
  std::string broken_;
  // Images that recovery has been run from, with these promises, and how many were met below.
  std::unordered_map<uint64_t, int64_t> below_;
};

}  // namespace

ExplorerCounts Explore(CrashSubject& subject, const Bound& bound, std::string& broken) {
  Exploration exploration(subject, bound);
  exploration.Run();
  broken = exploration.broken();
  return exploration.counts();
}

}  // namespace wavetank::checkpoint
