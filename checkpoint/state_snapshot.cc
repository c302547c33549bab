#include "checkpoint/state_snapshot.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "checkpoint/state_file_writer.h"
#include "checkpoint/steps.h"
#include "platform/planted.h"
#include "platform/status_macros.h"

namespace wavetank::checkpoint {
namespace {

// Between two slices the node's other tasks have their turn: well under a millisecond.
constexpr size_t kSliceEntries = 4096;

}  // namespace

BackgroundSnapshot::BackgroundSnapshot(platform::Node& node, Store& store, std::string directory,
                                       StateVersion base, std::vector<StateTable*> tables,
                                       StateFileHeader header, uint64_t part_bytes)
    : node_(node),
      store_(store),
      base_(std::move(base)),
      tables_(std::move(tables)),
      header_(std::move(header)),
      part_bytes_(part_bytes),
      scope_(node.executor()) {
  header_.kind = StateFileKind::kSnapshot;
  header_.version = base_.version;
  header_.name = NewStateFileName(node, base_.version, StateFileKind::kSnapshot);
  header_.parent.clear();
  header_.stands_for = NameInPath(base_.files.back());
  path_ = JoinPath(directory, header_.name);
  for (size_t i = 0; i < tables_.size(); ++i) {
    if (i > 0 && platform::Planted(node_, "second_store_not_in_snapshots")) break;
    tables_[i]->StartPicture();
    header_.stores[i].entries = tables_[i]->size();
  }
  scope_.Spawn("state snapshot", Run());
}

BackgroundSnapshot::~BackgroundSnapshot() {
  scope_.DestroyChildren();
  for (StateTable* table : tables_) table->DropPicture();
}

bool BackgroundSnapshot::IsOfLineage(const StateVersion& version) const {
  return version.version >= base_.version && version.files.size() >= base_.files.size() &&
         std::equal(base_.files.begin(), base_.files.end(), version.files.begin());
}

Task<void> BackgroundSnapshot::Run() {
  const absl::Status written = co_await Write();
  durable_ = written.ok();
  if (written.ok()) co_return;
  // The store goes on without it, and begins another in its time.
  node_.Log(platform::LogLevel::kWarning,
            absl::StrCat("state snapshot ", path_, " was not written: ", written.message()));
}

Task<absl::Status> BackgroundSnapshot::Write() {
  StateFileWriter writer(store_, path_, header_, part_bytes_);
  StateFileEncoder& encoder = writer.encoder();
  for (size_t i = 0; i < tables_.size(); ++i) {
    if (i > 0 && platform::Planted(node_, "second_store_not_in_snapshots")) break;
    bool more = true;
    while (more) {
      const int64_t before = encoder.entries();
      more = tables_[i]->VisitPicture(
          kSliceEntries,
          [&](std::string_view key, std::string_view value) { encoder.Add(i, key, value); });
      WT_CO_RETURN_IF_ERROR(co_await writer.Flush());
      co_await node_.Work(encoder.entries() - before);
      co_await node_.executor().Yield();
    }
    tables_[i]->DropPicture();
  }
  WT_CO_ASSIGN_OR_RETURN(size_bytes_, co_await writer.Finish());
  co_await node_.Step(steps::kStateSnapshotWritten,
                      {{"version", base_.version}, {"bytes", static_cast<int64_t>(size_bytes_)}});
  co_return absl::OkStatus();
}

}  // namespace wavetank::checkpoint
