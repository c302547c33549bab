// Filing: the files in which what stands in a file sink's entries is to stand, and the parts that
// the entries have from then on.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FILING_H_
#define WAVETANK_RUNTIME_CONNECTORS_FILING_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "runtime/connectors/manifest.pb.h"

namespace wavetank::runtime {

struct Filing {
  struct File {
    std::string name;
    std::string text;
  };
  std::vector<File> files;
  std::vector<std::vector<ManifestPart>> parts;  // by entry
};

using EntriesToFile = std::vector<const ManifestEntry*>;

// Of the entries, which follow on one another: how many from the first on one file may hold, so
// that whoever lists sees all of their rows, in order. At least the first, if it has several files
// even; of the others those that are text throughout, and alike.
size_t CountForOneFile(const EntriesToFile& entries);

// REQUIRES: one file may hold them, if they are several. `name` names a file that begins with a
// part's text. Parts that follow on one another are one.
Filing FileEntries(const EntriesToFile& entries,
                   const std::function<std::string(const ManifestPart&)>& name);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FILING_H_
