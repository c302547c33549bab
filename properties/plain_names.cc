#include "properties/plain_names.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "platform/status_macros.h"
#include "runtime/connectors/manifest.pb.h"

namespace wavetank::properties {
namespace {

using runtime::ManifestEntry;

// The files directly in the directory that are parts, ordered: "part-<batch>-<partition>.csv", or
// ".json" or ".txt".
std::vector<std::string_view> ListedParts(const DurableFiles& files, const std::string& directory) {
  const std::string prefix = directory + "/part-";
  std::vector<std::string_view> listed;
  for (auto file = files.lower_bound(prefix);
       file != files.end() && file->first.starts_with(prefix); ++file) {
    const std::string_view name = std::string_view(file->first).substr(directory.size() + 1);
    if (name.find('/') == std::string_view::npos) listed.push_back(name);
  }
  return listed;
}

// The batch that a part's name begins with, "part-00012-".
std::string_view BatchOf(std::string_view name) { return name.substr(0, name.rfind('-')); }

// Whether the file that is listed is what the manifest says of the part. Mostly it is the staged
// file itself, which whoever reads the table holds against its checksum.
bool IsThePart(const DurableFiles& files, const std::string& directory,
               const runtime::ManifestPart& part) {
  const std::string_view listed = files.find(directory + "/" + part.name())->second;
  const std::string& named = part.file().empty() ? part.staged() : part.file();
  const auto staged =
      files.find(directory + "/_wavetank/staged/" + named.substr(named.rfind('/') + 1));
  if (staged != files.end() && staged->second == listed) return true;
  const bool shared = part.file_bytes() != 0;
  return listed.size() == (shared ? part.file_bytes() : part.size_bytes()) &&
         PlainCrc32c(
             shared ? listed.substr(std::min(part.offset(), part.file_bytes()), part.size_bytes())
                    : listed) == part.crc32c();
}

// Of the listed files that batches share: whether the entries have all of it, one after the other.
// Rows that none has there were not committed, or are shown under another name too.
class SharedFiles {
 public:
  void Add(const runtime::ManifestPart& part) {
    if (part.file_bytes() == 0) return;
    File& file = files_[part.name()];
    file.follow_on = file.follow_on && part.offset() == file.end;
    file.end = part.offset() + part.size_bytes();
    file.bytes = part.file_bytes();
  }
  std::vector<std::string_view> ShowMore() const {
    std::vector<std::string_view> names;
    for (const auto& [name, file] : files_) {
      if (!file.follow_on || file.end != file.bytes) names.push_back(name);
    }
    return names;
  }

 private:
  struct File {
    bool follow_on = true;
    uint64_t end = 0;
    uint64_t bytes = 0;
  };
  std::map<std::string_view, File> files_;
};

}  // namespace

absl::StatusOr<PlainNamesView> PlainNamesReader::Read(const DurableFiles& files) {
  WT_ASSIGN_OR_RETURN(const std::vector<ManifestReader::Record>* const records,
                      manifest_.Read(files));
  std::vector<const ManifestEntry*> entries;
  if (records != nullptr) {
    for (const ManifestReader::Record& record : *records) {
      if (record->has_entry()) entries.push_back(&record->entry());
    }
  }
  if (entries.empty()) return PlainNamesView();
  const bool complete = entries.back()->mode() == runtime::MANIFEST_MODE_COMPLETE;
  const std::vector<std::string_view> listed = ListedParts(files, directory_);
  PlainNamesView view;
  view.has_entries = true;
  view.complete = complete;
  view.newest_has_parts = !entries.back()->parts().empty();
  view.listed.assign(listed.begin(), listed.end());
  std::set<std::string_view> may_stay;  // names of the two newest tables
  SharedFiles shared;
  for (size_t i = 0; i < entries.size(); ++i) {
    const bool newest = i + 1 == entries.size();
    for (const runtime::ManifestPart& part : entries[i]->parts()) {
      if (i + 2 >= entries.size()) may_stay.insert(part.name());
      if (!part.text().empty()) {  // nor is it to be listed: the reader of the table says so
        if (!complete || newest) view.missing.push_back(part.name());
        continue;
      }
      if (std::ranges::binary_search(listed, std::string_view(part.name()))) {
        if (!IsThePart(files, directory_, part)) view.wrong.push_back(part.name());
        shared.Add(part);
      } else if ((!complete || newest) &&
                 (view.missing.empty() || view.missing.back() != part.name())) {
        view.missing.push_back(part.name());  // (once, if batches share it)
      }
    }
  }
  for (const std::string_view name : shared.ShowMore()) view.wrong.emplace_back(name);
  if (!complete) return view;
  for (const std::string_view name : listed) {
    const bool is_of_newest = !may_stay.empty() && BatchOf(name) >= BatchOf(*may_stay.begin());
    if (!may_stay.contains(name) && !is_of_newest) view.left_over.emplace_back(name);
  }
  return view;
}

absl::StatusOr<PlainNamesView> DecodePlainNames(const DurableFiles& files,
                                                const std::string& directory) {
  return PlainNamesReader(directory).Read(files);
}

}  // namespace wavetank::properties
