// The names that a file sink shows to tools that only list, held against its manifest. Written from
// the description of the sink in docs/file_sink.md.
#ifndef WAVETANK_PROPERTIES_PLAIN_NAMES_H_
#define WAVETANK_PROPERTIES_PLAIN_NAMES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "properties/manifest_reader.h"

namespace wavetank::properties {

// All are ordered; the first two are empty once the names have caught up with the manifest.
struct PlainNamesView {
  // Of entries that count, in complete mode of the newest, and not in the listing.
  std::vector<std::string> missing;
  // In the listing, of tables that were replaced: in complete mode all but the two newest.
  std::vector<std::string> left_over;
  // In the listing, of an entry that counts, with other bytes than the part's, or, of a file that
  // batches share, with bytes that no entry has there: never.
  std::vector<std::string> wrong;

  // False: the manifest has no answer, or nothing is committed; the rest says nothing then.
  bool has_entries = false;
  bool complete = false;            // a newer table replaces the older ones
  bool newest_has_parts = false;    // the newest entry has rows
  std::vector<std::string> listed;  // all parts that are
};

// A sink whose manifest has no answer yet shows nothing, and lacks nothing. kDataLoss: something
// that counts in the manifest is damaged. To be asked again and again: what of the manifest was
// read before is not parsed again.
class PlainNamesReader {
 public:
  explicit PlainNamesReader(std::string directory) : directory_(directory), manifest_(directory) {}

  absl::StatusOr<PlainNamesView> Read(const DurableFiles& files);

 private:
  const std::string directory_;
  ManifestReader manifest_;
};
// Once.
absl::StatusOr<PlainNamesView> DecodePlainNames(const DurableFiles& files,
                                                const std::string& directory);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_PLAIN_NAMES_H_
