#include "checkpoint/store.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"

namespace wavetank::checkpoint {

Task<absl::StatusOr<StoredFile>> Store::Stat(std::string path) {
  const std::string name = NameInPath(path);
  WT_CO_ASSIGN_OR_RETURN(std::vector<StoredFile> files, co_await List(ParentPath(path)));
  for (StoredFile& file : files) {
    if (file.name == name) co_return std::move(file);
  }
  co_return absl::NotFoundError(absl::StrCat(path, ": there is no such file"));
}

Task<absl::StatusOr<ShownBytes>> Store::ReadShown(std::string path, uint64_t offset,
                                                  uint64_t length) {
  ShownBytes read;
  WT_CO_ASSIGN_OR_RETURN(read.bytes, co_await Read(path, offset, length));
  WT_CO_ASSIGN_OR_RETURN(read.file, co_await Stat(std::move(path)));
  co_return read;
}

Task<absl::StatusOr<std::unique_ptr<platform::DirectoryWatch>>> Store::Watch(std::string) {
  co_return absl::UnimplementedError("this store does not say when names come into a directory");
}

}  // namespace wavetank::checkpoint
