#include "runtime/dstream/missing_input.h"

#include <vector>

#include "absl/strings/str_cat.h"

namespace wavetank::runtime {

platform::Task<absl::StatusOr<std::string>> MissingInput(checkpoint::Store& store, BatchInput input,
                                                         const FileSelectors& sources) {
  for (const StreamInput& stream : input.streams) {
    const auto source = sources.find(stream.stream);
    const bool skips = source != sources.end() && source->second.lost() == LostFiles::kSkip;
    std::vector<SelectedFile> read = skips ? std::vector<SelectedFile>() : stream.files;
    for (const Block& block : stream.blocks) read.push_back({block.path, block.size_bytes});
    for (const SelectedFile& file : read) {
      if (file.size_bytes == 0) continue;
      const auto last_byte = co_await store.Read(file.path, file.size_bytes - 1, 1);
      const bool whole = last_byte.ok() && last_byte->size() == 1;
      if (!last_byte.ok() && !absl::IsNotFound(last_byte.status())) co_return last_byte.status();
      if (whole) continue;
      const bool away = source != sources.end() && co_await DirectoryIsAway(store, file.path);
      if (away) {
        co_return absl::UnavailableError(
            absl::StrCat("recover: ", file.path, " and its directory are not there"));
      }
      co_return absl::StrCat(file.path, ", ", file.size_bytes, " bytes");
    }
  }
  co_return std::string();
}

}  // namespace wavetank::runtime
