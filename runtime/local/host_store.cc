#include "runtime/local/host_store.h"

#include <filesystem>
#include <utility>

namespace wavetank::runtime {

HostStore::HostStore(platform::Node& node, std::string directory)
    : directory_(std::move(directory)), store_(node, "") {}

std::string HostStore::OnHost(const std::string& path) const {
  std::string normal = (std::filesystem::path(directory_) / path).lexically_normal().string();
  if (normal.ends_with('/')) normal.pop_back();
  return normal.empty() ? normal : normal.substr(1);  // the disk's root is "/"
}

platform::Task<absl::Status> HostStore::CreateIfAbsent(std::string path, std::string content) {
  return store_.CreateIfAbsent(OnHost(path), std::move(content));
}
platform::Task<absl::StatusOr<std::unique_ptr<checkpoint::StagedFile>>> HostStore::Stage(
    std::string path) {
  return store_.Stage(OnHost(path));
}
platform::Task<absl::Status> HostStore::Append(std::string path, uint64_t offset,
                                               std::string bytes) {
  return store_.Append(OnHost(path), offset, std::move(bytes));
}
platform::Task<absl::StatusOr<std::string>> HostStore::Read(std::string path, uint64_t offset,
                                                            uint64_t length) {
  return store_.Read(OnHost(path), offset, length);
}
platform::Task<absl::StatusOr<std::vector<checkpoint::StoredFile>>> HostStore::List(
    std::string directory) {
  return store_.List(OnHost(directory));
}
platform::Task<absl::StatusOr<checkpoint::ShownBytes>> HostStore::ReadShown(std::string path,
                                                                            uint64_t offset,
                                                                            uint64_t length) {
  return store_.ReadShown(OnHost(path), offset, length);
}
platform::Task<absl::StatusOr<std::vector<std::string>>> HostStore::ListNames(
    std::string directory) {
  return store_.ListNames(OnHost(directory));
}
platform::Task<absl::StatusOr<checkpoint::StoredFile>> HostStore::Stat(std::string path) {
  return store_.Stat(OnHost(path));
}
platform::Task<absl::StatusOr<std::unique_ptr<platform::DirectoryWatch>>> HostStore::Watch(
    std::string directory) {
  return store_.Watch(OnHost(directory));
}
platform::Task<absl::Status> HostStore::RemoveAll(std::vector<std::string> paths) {
  for (std::string& path : paths) path = OnHost(path);
  return store_.RemoveAll(std::move(paths));
}
platform::Task<absl::StatusOr<std::string>> HostStore::Identify(std::string directory) {
  return store_.Identify(OnHost(directory));
}
platform::Task<absl::Status> HostStore::Link(std::string from, std::string to) {
  return store_.Link(OnHost(from), OnHost(to));
}
platform::Task<absl::Status> HostStore::Remove(std::string path) {
  return store_.Remove(OnHost(path));
}

}  // namespace wavetank::runtime
