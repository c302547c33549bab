// A directory of the host for one benchmark, and a node of the real world over it.
#ifndef WAVETANK_BENCHMARKS_REAL_SCRATCH_H_
#define WAVETANK_BENCHMARKS_REAL_SCRATCH_H_

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

#include "platform/check.h"
#include "platform/node.h"
#include "platform/real/real_process.h"

namespace wavetank {

class RealScratch {
 public:
  // On a disk: temporary directories are often in memory, where a sync costs nothing.
  RealScratch() {
    std::string pattern = "/var/tmp/wavetank_bench.XXXXXX";
    WT_CHECK(mkdtemp(pattern.data()) != nullptr, "benchmarks write below /var/tmp");
    path_ = pattern;
  }
  RealScratch(const RealScratch&) = delete;
  RealScratch& operator=(const RealScratch&) = delete;
  ~RealScratch() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }

  // Until the node's main ends.
  void Run(platform::NodeMain main) const {
    platform::RealProcessOptions options;
    options.disk_root = path_;
    const absl::StatusOr<int> status = platform::RunNode(std::move(main), options);
    WT_CHECK(status.ok() && *status == 0);
  }

 private:
  std::string path_;
};

}  // namespace wavetank

#endif  // WAVETANK_BENCHMARKS_REAL_SCRATCH_H_
