// HostStore: a store whose paths are those of the host: absolute, or relative to a directory.
#ifndef WAVETANK_RUNTIME_LOCAL_HOST_STORE_H_
#define WAVETANK_RUNTIME_LOCAL_HOST_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/local_store.h"
#include "platform/node.h"

namespace wavetank::runtime {

class HostStore final : public checkpoint::Store {
 public:
  // REQUIRES: the node's disk has its root at "/"; `directory` is absolute.
  HostStore(platform::Node& node, std::string directory);

  platform::Task<absl::Status> CreateIfAbsent(std::string path, std::string content) override;
  platform::Task<absl::StatusOr<std::unique_ptr<checkpoint::StagedFile>>> Stage(
      std::string path) override;
  platform::Task<absl::Status> Append(std::string path, uint64_t offset,
                                      std::string bytes) override;
  platform::Task<absl::StatusOr<std::string>> Read(std::string path, uint64_t offset,
                                                   uint64_t length) override;
  platform::Task<absl::StatusOr<checkpoint::ShownBytes>> ReadShown(std::string path,
                                                                   uint64_t offset,
                                                                   uint64_t length) override;
  platform::Task<absl::StatusOr<std::vector<checkpoint::StoredFile>>> List(
      std::string directory) override;
  platform::Task<absl::StatusOr<std::vector<std::string>>> ListNames(
      std::string directory) override;
  platform::Task<absl::StatusOr<checkpoint::StoredFile>> Stat(std::string path) override;
  platform::Task<absl::StatusOr<std::unique_ptr<platform::DirectoryWatch>>> Watch(
      std::string directory) override;
  platform::Task<absl::StatusOr<std::string>> Identify(std::string directory) override;
  platform::Task<absl::Status> Link(std::string from, std::string to) override;
  platform::Task<absl::Status> Remove(std::string path) override;
  platform::Task<absl::Status> RemoveAll(std::vector<std::string> paths) override;

 private:
  std::string OnHost(const std::string& path) const;

  const std::string directory_;
  checkpoint::LocalStore store_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_LOCAL_HOST_STORE_H_
