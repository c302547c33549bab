#include "properties/manifest_reader.h"

#include <algorithm>
#include <utility>

#include "platform/status_macros.h"
#include "runtime/connectors/manifest.pb.h"

namespace wavetank::properties {

ManifestReader::ManifestReader(std::string directory)
    : directory_(std::move(directory)), log_(directory_ + "/_wavetank") {}

absl::StatusOr<const std::vector<ManifestReader::Record>*> ManifestReader::Read(
    const DurableFiles& files) {
  WT_ASSIGN_OR_RETURN(auto records, log_.Read(files));
  if (!records.has_value()) return nullptr;
  const auto changed = std::ranges::mismatch(*records, read_).in2;
  const auto same = static_cast<size_t>(changed - read_.begin());
  read_.resize(same);
  records_.resize(same);
  for (size_t i = same; i < records->size(); ++i) {
    auto record = std::make_shared<runtime::ManifestRecord>();
    if (!record->ParseFromString(*(*records)[i])) {
      return absl::DataLossError(directory_ + ": a manifest record is no ManifestRecord");
    }
    read_.push_back(std::move((*records)[i]));
    records_.push_back(std::move(record));
  }
  return &records_;
}

}  // namespace wavetank::properties
