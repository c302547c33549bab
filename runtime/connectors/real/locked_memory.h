// MemoryStream and MemoryTables for programs whose own threads append and read while the nodes of a
// job run on theirs. Every call is whole: none sees another one half done.
#ifndef WAVETANK_RUNTIME_CONNECTORS_REAL_LOCKED_MEMORY_H_
#define WAVETANK_RUNTIME_CONNECTORS_REAL_LOCKED_MEMORY_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "runtime/connectors/memory_stream.h"
#include "runtime/connectors/memory_tables.h"

namespace wavetank::runtime {

class LockedMemoryStream final : public MemoryStream {
 public:
  // An incarnation that no other process has.
  explicit LockedMemoryStream(SchemaPtr schema, uint64_t max_bytes = uint64_t{64} << 20)
      : MemoryStream(std::move(schema), {.max_bytes = max_bytes,
                                         .incarnation = absl::StrCat(
                                             absl::Hex(std::random_device()(), absl::kZeroPad8),
                                             absl::Hex(std::random_device()(), absl::kZeroPad8))}) {
  }

  absl::Status Append(RecordBatch rows) override {
    const std::lock_guard lock(mutex_);
    return MemoryStream::Append(std::move(rows));
  }
  // Waits until there is room for them; kResourceExhausted: there was none in time.
  absl::Status AppendWithin(absl::Duration time, const RecordBatch& rows) {
    std::unique_lock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(time);
    while (true) {
      absl::Status taken = MemoryStream::Append(rows);
      if (!absl::IsResourceExhausted(taken)) return taken;
      if (room_.wait_until(lock, until) == std::cv_status::timeout) return taken;
    }
  }
  Extent extent() const override {
    const std::lock_guard lock(mutex_);
    return MemoryStream::extent();
  }
  absl::StatusOr<std::vector<RecordBatch>> Read(int64_t begin, int64_t end) const override {
    const std::lock_guard lock(mutex_);
    return MemoryStream::Read(begin, end);
  }
  void Release(int64_t end) override {
    const std::lock_guard lock(mutex_);
    MemoryStream::Release(end);
    room_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable room_;
};

class LockedMemoryTables final : public MemoryTables {
 public:
  using MemoryTables::MemoryTables;

  std::optional<MemoryTable> Read(const std::string& query) const override {
    const std::lock_guard lock(mutex_);
    return MemoryTables::Read(query);
  }
  bool IsOf(const std::string& query, const std::string& id) const override {
    const std::lock_guard lock(mutex_);
    return MemoryTables::IsOf(query, id);
  }
  absl::Status Apply(const BatchQuery& query, int64_t batch,
                     std::vector<RecordBatch> rows) override {
    const std::lock_guard lock(mutex_);
    return MemoryTables::Apply(query, batch, std::move(rows));
  }

 private:
  mutable std::mutex mutex_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_REAL_LOCKED_MEMORY_H_
