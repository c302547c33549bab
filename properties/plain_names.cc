#include "properties/plain_names.h"

#include <set>

#include "platform/status_macros.h"
#include "runtime/connectors/manifest.pb.h"

namespace wavetank::properties {
namespace {

using runtime::ManifestEntry;
using runtime::ManifestRecord;

// The files directly in the directory that are parts: "part-<batch>-<partition>.csv".
std::set<std::string> ListedParts(const DurableFiles& files, const std::string& directory) {
  const std::string prefix = directory + "/part-";
  std::set<std::string> listed;
  for (auto file = files.lower_bound(prefix);
       file != files.end() && file->first.compare(0, prefix.size(), prefix) == 0; ++file) {
    std::string name = file->first.substr(directory.size() + 1);
    if (name.find('/') == std::string::npos) listed.insert(std::move(name));
  }
  return listed;
}

// The batch that a part's name begins with, "part-00012-".
std::string BatchOf(const std::string& name) { return name.substr(0, name.rfind('-')); }

// Whether the file that is listed is what the manifest says of the part. Mostly it is the staged
// file itself, which whoever reads the table holds against its checksum.
bool IsThePart(const DurableFiles& files, const std::string& directory,
               const runtime::ManifestPart& part) {
  const std::string_view listed = files.find(directory + "/" + part.name())->second;
  const std::string& named = part.file().empty() ? part.staged() : part.file();
  const auto staged =
      files.find(directory + "/_wavetank/staged/" + named.substr(named.rfind('/') + 1));
  if (staged != files.end() && staged->second == listed) return true;
  return listed.size() == part.size_bytes() && PlainCrc32c(listed) == part.crc32c();
}

}  // namespace

absl::StatusOr<PlainNamesView> DecodePlainNames(const DurableFiles& files,
                                                const std::string& directory) {
  WT_ASSIGN_OR_RETURN(const auto records, DecodeFencedLog(files, directory + "/_wavetank"));
  std::vector<ManifestEntry> entries;
  for (const std::string& bytes : records.value_or(std::vector<std::string>())) {
    ManifestRecord record;
    if (!record.ParseFromString(bytes)) {
      return absl::DataLossError(directory + ": a manifest record is no ManifestRecord");
    }
    if (record.has_entry()) entries.push_back(record.entry());
  }
  if (entries.empty()) return PlainNamesView();
  const bool complete = entries.back().mode() == runtime::MANIFEST_MODE_COMPLETE;
  const std::set<std::string> listed = ListedParts(files, directory);
  PlainNamesView view;
  std::set<std::string> may_stay;  // names of the two newest tables
  for (size_t i = 0; i < entries.size(); ++i) {
    const bool newest = i + 1 == entries.size();
    for (const runtime::ManifestPart& part : entries[i].parts()) {
      if (i + 2 >= entries.size()) may_stay.insert(part.name());
      if (listed.contains(part.name())) {
        if (!IsThePart(files, directory, part)) view.wrong.push_back(part.name());
      } else if (!complete || newest) {
        view.missing.push_back(part.name());
      }
    }
  }
  for (const std::string& name : listed) {
    const bool is_of_newest = !may_stay.empty() && BatchOf(name) >= BatchOf(*may_stay.begin());
    if (complete && !may_stay.contains(name) && !is_of_newest) view.left_over.push_back(name);
  }
  return view;
}

}  // namespace wavetank::properties
