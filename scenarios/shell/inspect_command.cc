#include "scenarios/shell/inspect_command.h"

#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "checkpoint/inspect.h"
#include "checkpoint/local_store.h"
#include "platform/real/real_process.h"
#include "platform/text.h"
#include "runtime/connectors/inspect_manifest.h"

namespace wavetank::scenarios::shell {
namespace {

constexpr int kNotWhole = 1;
constexpr int kBadInput = 2;

using checkpoint::Count;
using checkpoint::Inspection;

platform::Task<void> InspectAll(platform::Node& node, checkpoint::InspectOptions options,
                                absl::StatusOr<Inspection>& result) {
  // Only reads, so nothing in the directory changes; what it shows it syncs, as any store does.
  checkpoint::LocalStore store(node, "");
  result = co_await checkpoint::Inspect(store, "", std::move(options));
}

// The directory is a disk's root, so that nothing outside of it is touched.
absl::StatusOr<Inspection> InspectDirectory(const InspectCommand& command,
                                            const std::string& directory) {
  const checkpoint::InspectOptions options{.show_state = command.show_state,
                                           .show_rows = command.show_rows,
                                           .more_logs = {runtime::ManifestLogs()}};
  absl::StatusOr<Inspection> result = absl::InternalError("not inspected");
  const absl::StatusOr<int> ran =
      platform::RunNode([&](platform::Node& node) { return InspectAll(node, options, result); },
                        {.disk_root = directory, .log_level = platform::LogLevel::kError});
  if (!ran.ok()) return ran.status();
  return result;
}

std::string Listed(absl::string_view kind, const std::vector<std::string>& what) {
  std::string lines;
  for (const std::string& one : what) absl::StrAppend(&lines, "  ", kind, " ", one, "\n");
  return lines;
}

void Print(const InspectCommand& command, const std::string& directory,
           const Inspection& inspection) {
  if (!command.quiet) std::printf("%s", inspection.text.c_str());
  const std::string wrong =
      Listed("DAMAGED", inspection.damaged) + Listed("UNFINISHED", inspection.unfinished) +
      Listed("UNREFERENCED", inspection.unreferenced) + Listed("UNSEEN", inspection.unseen);
  const auto unreferenced = static_cast<int64_t>(inspection.unreferenced.size());
  const std::string verdict =
      inspection.whole()
          ? absl::StrCat("whole, ", Count(inspection.logs, "log"), ", ",
                         Count(inspection.files, "file"),
                         unreferenced > 0 ? absl::StrCat(", ", unreferenced, " unreferenced") : "")
          : absl::StrCat("NOT WHOLE, ", inspection.damaged.size(), " damaged or missing, ",
                         inspection.unfinished.size(), " unfinished",
                         inspection.unseen.empty()
                             ? ""
                             : absl::StrCat(", ", inspection.unseen.size(), " not looked at"));
  std::printf("%s: %s\n%s", directory.c_str(), verdict.c_str(), wrong.c_str());
}

}  // namespace

int Execute(const InspectCommand& command) {
  bool whole = true;
  for (const std::string& directory : command.directories) {
    const absl::StatusOr<Inspection> inspection = InspectDirectory(command, directory);
    if (!inspection.ok()) {
      const std::string why =
          absl::IsNotFound(inspection.status())
              ? "no checkpoint is there: give what a job had as --checkpoint, or a structured "
                "query "
                "had as --output (a DStream's output has no log: what counts in it, each "
                "attempt's _SUCCESS says)"
              : std::string(platform::ToStd(inspection.status().message()));
      std::fprintf(stderr, "wavetank inspect %s: %s\n", directory.c_str(), why.c_str());
      return kBadInput;
    }
    Print(command, directory, *inspection);
    whole = whole && inspection->whole();
  }
  return command.verify && !whole ? kNotWhole : 0;
}

}  // namespace wavetank::scenarios::shell
