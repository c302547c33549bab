// MemoryStore: a Store without a disk, for tests of what stands on one. It keeps the contract,
// never fails by itself, and every call waits one turn, so that calls interleave.
#ifndef WAVETANK_TESTS_RUNTIME_MEMORY_STORE_H_
#define WAVETANK_TESTS_RUNTIME_MEMORY_STORE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/store.h"
#include "platform/executor.h"

namespace wavetank::runtime {

class MemoryStore final : public checkpoint::Store {
 public:
  explicit MemoryStore(platform::Executor& executor) : executor_(executor) {}

  std::map<std::string, std::string> files;  // by path
  // What Identify says of every directory; "": there is none.
  std::string identity = "1";
  // What is said of files; of others, nothing.
  std::map<std::string, absl::Time> modified;
  // How often all entries of a directory were looked at, and not their names alone.
  int lists = 0;

  checkpoint::Task<absl::Status> CreateIfAbsent(std::string path, std::string content) override {
    co_await executor_.Yield();
    const bool created = files.try_emplace(path, std::move(content)).second;
    co_return created ? absl::OkStatus() : absl::AlreadyExistsError(path);
  }
  checkpoint::Task<absl::Status> Append(std::string path, uint64_t offset,
                                        std::string bytes) override {
    co_await executor_.Yield();
    const auto file = files.find(path);
    if (file == files.end()) co_return absl::NotFoundError(path);
    if (file->second.size() == offset) {
      file->second += bytes;
      co_return absl::OkStatus();
    }
    if (file->second.compare(offset, std::string::npos, bytes) == 0) co_return absl::OkStatus();
    co_return absl::FailedPreconditionError(absl::StrCat(path, " does not end at ", offset));
  }
  checkpoint::Task<absl::StatusOr<std::string>> Read(std::string path, uint64_t offset,
                                                     uint64_t length) override {
    co_await executor_.Yield();
    const auto file = files.find(path);
    if (file == files.end()) co_return absl::NotFoundError(path);
    if (offset >= file->second.size()) co_return std::string();
    co_return file->second.substr(offset, length);
  }
  checkpoint::Task<absl::StatusOr<std::vector<checkpoint::StoredFile>>> List(
      std::string directory) override {
    co_await executor_.Yield();
    ++lists;
    co_return Entries(directory);
  }
  checkpoint::Task<absl::StatusOr<std::vector<std::string>>> ListNames(
      std::string directory) override {
    co_await executor_.Yield();
    std::vector<std::string> names;
    for (checkpoint::StoredFile& file : Entries(directory)) names.push_back(std::move(file.name));
    co_return names;
  }
  checkpoint::Task<absl::StatusOr<std::string>> Identify(std::string directory) override {
    co_await executor_.Yield();
    if (identity.empty()) co_return absl::NotFoundError(directory);
    co_return identity;
  }
  checkpoint::Task<absl::Status> Link(std::string from, std::string to) override {
    co_await executor_.Yield();
    const auto file = files.find(from);
    if (file == files.end()) co_return absl::NotFoundError(from);
    const std::string content = file->second;
    const auto made = files.try_emplace(to, content);
    co_return made.first->second == content ? absl::OkStatus() : absl::AlreadyExistsError(to);
  }
  checkpoint::Task<absl::Status> Remove(std::string path) override {
    co_await executor_.Yield();
    files.erase(path);
    co_return absl::OkStatus();
  }

 private:
  std::vector<checkpoint::StoredFile> Entries(const std::string& directory) const {
    const std::string prefix = directory + "/";
    std::vector<checkpoint::StoredFile> found;
    for (const auto& [path, content] : files) {
      if (!path.starts_with(prefix)) continue;
      const std::string name = path.substr(prefix.size());
      const size_t slash = name.find('/');
      if (slash == std::string::npos) {
        const auto at = modified.find(path);
        const absl::Time time = at == modified.end() ? absl::UnixEpoch() : at->second;
        found.push_back({name, platform::FileKind::kFile, content.size(), time});
      } else if (found.empty() || found.back().name != name.substr(0, slash)) {
        found.push_back({name.substr(0, slash), platform::FileKind::kDirectory, 0, {}});
      }
    }
    return found;
  }

  platform::Executor& executor_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_MEMORY_STORE_H_
