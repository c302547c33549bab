#include "runtime/cluster/scratch_files.h"

#include <cctype>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"

namespace wavetank::runtime {

using platform::Task;

namespace {

// Far more than there are processes of a name on one machine.
constexpr int kMostOfAName = 64;

// What is no letter, digit or hyphen may mean something to a file system.
std::string SafeName(const std::string& name) {
  std::string safe;
  for (const char c : name) {
    const bool is_safe = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
    safe.push_back(is_safe ? c : '_');
  }
  return safe;
}

// The directory and those above it.
Task<absl::Status> MakeDirectories(platform::Disk& disk, std::string directory) {
  for (size_t end = 0; end != std::string::npos;) {
    end = directory.find('/', end + 1);
    const absl::Status made = co_await disk.MakeDirectory(directory.substr(0, end));
    if (!made.ok() && !absl::IsAlreadyExists(made)) co_return made;
  }
  co_return absl::OkStatus();
}

}  // namespace

ScratchFiles::ScratchFiles(platform::Node& node, std::string root, const std::string& name)
    : node_(node), root_(std::move(root)), name_(SafeName(name)) {}

Task<absl::Status> ScratchFiles::Open() {
  if (!directory_.empty()) co_return absl::OkStatus();
  if (!may_be_used()) co_return absl::FailedPreconditionError("there is no scratch directory");
  platform::Disk& disk = node_.disk();
  WT_CO_RETURN_IF_ERROR(co_await MakeDirectories(disk, root_));
  for (int number = 0; lock_ == nullptr; ++number) {
    const std::string directory =
        absl::StrCat(root_, "/", name_, number == 0 ? "" : absl::StrCat("-", number));
    auto locked = co_await disk.Lock(absl::StrCat(directory, ".lock"));
    if (absl::IsFailedPrecondition(locked.status()) && number < kMostOfAName) continue;
    WT_CO_RETURN_IF_ERROR(locked.status());
    WT_CO_RETURN_IF_ERROR(co_await MakeDirectories(disk, directory));
    WT_CO_ASSIGN_OR_RETURN(const std::vector<platform::DirectoryEntry> left,
                           co_await disk.List(directory));
    for (const platform::DirectoryEntry& entry : left) {
      WT_CO_RETURN_IF_ERROR(co_await disk.Remove(absl::StrCat(directory, "/", entry.name)));
    }
    lock_ = *std::move(locked);
    directory_ = directory;
  }
  co_return absl::OkStatus();
}

Task<absl::Status> ScratchFiles::Write(std::string name, std::string content) {
  WT_CO_RETURN_IF_ERROR(co_await Open());
  WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<platform::File> file,
                         co_await node_.disk().Open(absl::StrCat(directory_, "/", name),
                                                    platform::OpenMode::kCreateNew));
  co_return co_await file->WriteAt(0, std::move(content));
}

Task<absl::StatusOr<std::string>> ScratchFiles::Read(std::string name, uint64_t offset,
                                                     uint64_t length) {
  WT_CO_ASSIGN_OR_RETURN(
      const std::unique_ptr<platform::File> file,
      co_await node_.disk().Open(absl::StrCat(directory_, "/", name), platform::OpenMode::kRead));
  co_return co_await file->ReadAt(offset, length);
}

Task<void> ScratchFiles::Remove(std::string name) {
  if (directory_.empty()) co_return;
  // What cannot be removed now goes at the next start.
  (co_await node_.disk().Remove(absl::StrCat(directory_, "/", name))).IgnoreError();
}

}  // namespace wavetank::runtime
