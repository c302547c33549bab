#include "checkpoint/staged_file.h"

#include "checkpoint/store.h"

namespace wavetank::checkpoint {
namespace {

class InMemory final : public StagedFile {
 public:
  InMemory(Store& store, std::string path) : store_(store), path_(std::move(path)) {}

  platform::Task<absl::Status> Append(std::string bytes) override {
    content_ += bytes;
    co_return absl::OkStatus();
  }
  platform::Task<absl::Status> Publish() override {
    return store_.CreateIfAbsent(path_, std::move(content_));
  }
  platform::Task<void> Discard() override {
    content_.clear();
    co_return;
  }

 private:
  Store& store_;
  const std::string path_;
  std::string content_;
};

}  // namespace

std::unique_ptr<StagedFile> StageInMemory(Store& store, std::string path) {
  return std::make_unique<InMemory>(store, std::move(path));
}

platform::Task<absl::StatusOr<std::unique_ptr<StagedFile>>> Store::Stage(std::string path) {
  co_return StageInMemory(*this, std::move(path));
}

}  // namespace wavetank::checkpoint
