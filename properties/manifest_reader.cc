#include "properties/manifest_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

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
  auto same = static_cast<size_t>(changed - read_.begin());
  if (same < read_.size() && has_filed_) {
    same = 0;
    has_filed_ = false;
  }
  read_.resize(same);
  records_.resize(same);
  for (size_t i = same; i < records->size(); ++i) {
    auto record = std::make_shared<runtime::ManifestRecord>();
    if (!record->ParseFromString(*(*records)[i])) {
      return absl::DataLossError(directory_ + ": a manifest record is no ManifestRecord");
    }
    read_.push_back(std::move((*records)[i]));
    if (record->has_filed()) {
      const absl::Status filed = File(*record);
      if (!filed.ok()) {
        read_.pop_back();
        return filed;
      }
    }
    records_.push_back(std::move(record));
  }
  return &records_;
}

absl::Status ManifestReader::File(const runtime::ManifestRecord& filing) {
  const int64_t batch = filing.filed().batch();
  const std::string what = absl::StrCat(directory_, ": the manifest files batch ", batch);
  const auto entry = std::ranges::find_if(
      records_.rbegin(), records_.rend(),
      [&](const Record& at) { return at->has_entry() && at->entry().batch() == batch; });
  if (entry == records_.rend()) {
    return absl::DataLossError(what + ", which has no entry before");
  }
  const auto fence = std::ranges::find_if(records_.rbegin(), records_.rend(),
                                          [](const Record& at) { return at->has_fence(); });
  if (fence == records_.rend() || (*fence)->fence().epoch() != filing.filed().epoch() ||
      (*fence)->fence().fences() != filing.filed().fences()) {
    return absl::DataLossError(what + " under another token than that of the newest fence");
  }
  auto filed = std::make_shared<runtime::ManifestRecord>(**entry);
  *filed->mutable_entry()->mutable_parts() = filing.filed().parts();
  *entry = std::move(filed);
  has_filed_ = true;
  return absl::OkStatus();
}

}  // namespace wavetank::properties
