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

Task<absl::StatusOr<std::unique_ptr<platform::DirectoryWatch>>> Store::Watch(std::string) {
  co_return absl::UnimplementedError("this store does not say when names come into a directory");
}

}  // namespace wavetank::checkpoint
