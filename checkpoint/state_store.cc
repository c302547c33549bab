#include "checkpoint/state_store.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "checkpoint/paths.h"
#include "checkpoint/state_loader.h"
#include "checkpoint/steps.h"
#include "platform/check.h"
#include "platform/planted.h"
#include "platform/status_macros.h"

namespace wavetank::checkpoint {
namespace {

// Between two of them what is a part by now is sent off.
constexpr size_t kSliceEntries = 4096;

}  // namespace

StateStore::StateStore(platform::Node& node, Store& store, std::string directory,
                       StateStoreOptions options)
    : node_(node), store_(store), directory_(std::move(directory)), options_(std::move(options)) {}

Task<absl::StatusOr<std::unique_ptr<StateStore>>> StateStore::Open(platform::Node& node,
                                                                   Store& store,
                                                                   std::string directory,
                                                                   StateVersion version,
                                                                   StateStoreOptions options) {
  WT_CHECK(!options.stores.empty() && options.lineage.longest > 1);
  std::unique_ptr<StateStore> opened(
      new StateStore(node, store, std::move(directory), std::move(options)));
  WT_CO_ASSIGN_OR_RETURN(Loaded loaded, co_await opened->Load(std::move(version)));
  opened->StandOn(std::move(loaded));
  co_return opened;
}

Task<absl::StatusOr<StateStore::Loaded>> StateStore::Load(StateVersion version) const {
  Loaded loaded;
  for (const NamedStore& store : options_.stores) {
    loaded.tables.push_back(std::make_unique<StateTable>(store.order));
  }
  StateLoader loader(options_.operator_fingerprint, options_.stores, loaded.tables,
                     version.version);
  if (platform::Planted(node_, "newest_state_file_not_loaded") && version.files.size() > 1) {
    version.files.pop_back();
  }
  for (const std::string& path : version.files) {
    WT_CO_ASSIGN_OR_RETURN(const uint64_t size, co_await loader.Apply(node_, store_, path));
    loaded.sizes.push_back(size);
  }
  loaded.version = std::move(version);
  co_return loaded;
}

void StateStore::StandOn(Loaded loaded) {
  snapshot_.reset();
  version_ = std::move(loaded.version);
  sizes_ = std::move(loaded.sizes);
  tables_ = std::move(loaded.tables);
}

StateTable& StateStore::table(std::string_view name) {
  const auto found = std::ranges::find(options_.stores, name, &NamedStore::name);
  WT_CHECK(found != options_.stores.end(), "a store is opened with the names it is asked for");
  return table(static_cast<size_t>(found - options_.stores.begin()));
}

void StateStore::Abort() {
  for (const auto& table : tables_) {
    table->TakeBack();
    if (platform::Planted(node_, "second_store_not_taken_back")) break;
  }
}

Task<absl::Status> StateStore::RollBack(StateVersion version) {
  Abort();
  if (version == version_) co_return absl::OkStatus();
  WT_CO_ASSIGN_OR_RETURN(Loaded loaded, co_await Load(std::move(version)));
  StandOn(std::move(loaded));
  co_return absl::OkStatus();
}

Task<absl::StatusOr<StateVersion>> StateStore::Commit() {
  StateVersion next{.version = version_.version + 1, .files = version_.files};
  std::vector<uint64_t> sizes = sizes_;
  const bool adopted = Adoptable();
  if (adopted) Adopt(next, sizes);
  const bool changed =
      std::ranges::any_of(tables_, [](const auto& table) { return table->changed(); });
  if (changed) WT_CO_RETURN_IF_ERROR(co_await WriteFile(next, sizes));
  if (adopted) {
    const int64_t snapshot_of = snapshot_->base().version;
    snapshot_.reset();
    co_await node_.Step(steps::kStateSnapshotAdopted,
                        {{"version", next.version}, {"snapshot", snapshot_of}});
  }
  for (const auto& table : tables_) table->Accept();
  version_ = next;
  sizes_ = std::move(sizes);
  StartSnapshotIfDue();
  co_return next;
}

bool StateStore::Adoptable() const {
  return snapshot_ != nullptr && snapshot_->durable() && snapshot_->IsOfLineage(version_) &&
         version_.version + 1 - snapshot_->base().version <= kAdoptWithin;
}

void StateStore::Adopt(StateVersion& next, std::vector<uint64_t>& sizes) const {
  const auto replaced = static_cast<ptrdiff_t>(snapshot_->base().files.size());
  next.files.erase(next.files.begin() + 1, next.files.begin() + replaced);
  next.files.front() = snapshot_->path();
  sizes.erase(sizes.begin() + 1, sizes.begin() + replaced);
  sizes.front() = snapshot_->size_bytes();
}

StateFileHeader StateStore::NewHeader() const {
  StateFileHeader header;
  header.operator_fingerprint = options_.operator_fingerprint;
  header.compression = options_.compression;
  for (const NamedStore& store : options_.stores) header.stores.push_back({store, 0});
  return header;
}

// Writes the changes, or everything, and puts the file into `next`.
Task<absl::Status> StateStore::WriteFile(StateVersion& next, std::vector<uint64_t>& sizes) {
  const bool snapshot = next.files.size() >= options_.lineage.longest;
  if (snapshot) {
    next.files.clear();
    sizes.clear();
  }
  StateFileHeader header = NewHeader();
  header.kind = snapshot ? StateFileKind::kSnapshot : StateFileKind::kDelta;
  header.version = next.version;
  header.name = NewStateFileName(node_, next.version, header.kind);
  header.parent = next.files.empty() ? "" : NameInPath(next.files.back());
  next.files.push_back(JoinPath(directory_, header.name));
  int64_t entries = 0;
  for (size_t i = 0; i < tables_.size(); ++i) {
    if (i > 0 && platform::Planted(node_, "second_store_not_written")) break;
    header.stores[i].entries = snapshot ? tables_[i]->size() : tables_[i]->CountChanges();
    if (!snapshot && platform::Planted(node_, "delta_without_removals")) {
      tables_[i]->ForEachChange([&](std::string_view, std::optional<std::string_view> value) {
        if (!value) --header.stores[i].entries;
      });
    }
    entries += static_cast<int64_t>(header.stores[i].entries);
  }
  const bool is_there = platform::Planted(node_, "state_file_named_by_its_version") &&
                        (co_await store_.Read(next.files.back(), 0, 1)).ok();
  StateFileWriter writer(store_, next.files.back(), header, options_.part_bytes);
  WT_CO_RETURN_IF_ERROR(co_await WriteEntries(snapshot, writer));
  co_await node_.Work(entries);
  if (is_there) {
    sizes.push_back(0);
  } else {
    WT_CO_ASSIGN_OR_RETURN(const uint64_t size_bytes, co_await writer.Finish());
    sizes.push_back(size_bytes);
  }
  co_await node_.Step(steps::kStateFileWritten, {{"version", next.version},
                                                 {"bytes", static_cast<int64_t>(sizes.back())},
                                                 {"snapshot", snapshot ? 1 : 0}});
  co_return absl::OkStatus();
}

Task<absl::Status> StateStore::WriteEntries(bool snapshot, StateFileWriter& writer) {
  const bool no_removals = platform::Planted(node_, "delta_without_removals");
  for (size_t i = 0; i < tables_.size(); ++i) {
    if (i > 0 && platform::Planted(node_, "second_store_not_written")) break;
    const auto add = [&](std::string_view key, std::optional<std::string_view> value) {
      if (!value && no_removals) return;
      writer.encoder().Add(i, key, value);
    };
    size_t next = 0;
    bool more = true;
    while (more) {
      more = snapshot ? tables_[i]->VisitSome(next, kSliceEntries, add)
                      : tables_[i]->VisitSomeChanges(next, kSliceEntries, add);
      WT_CO_RETURN_IF_ERROR(co_await writer.Flush());
    }
  }
  co_return absl::OkStatus();
}

void StateStore::StartSnapshotIfDue() {
  if (snapshot_ != nullptr) {
    // One that the next commit may still adopt, or that may be ready for one after it.
    const bool in_time = version_.version + 1 - snapshot_->base().version <= kAdoptWithin;
    const bool failed = !snapshot_->running() && !snapshot_->durable();
    if (in_time && !failed && snapshot_->IsOfLineage(version_)) return;
    snapshot_.reset();
  }
  const LineageBounds& bounds = options_.lineage;
  const size_t files = version_.files.size();
  if (files < bounds.snapshot_at) return;
  const auto live =
      std::accumulate(tables_.begin(), tables_.end(), uint64_t{0},
                      [](uint64_t sum, const auto& table) { return sum + table->live_bytes(); });
  // All but the first file, which is a snapshot or the smallest part of the rest.
  const uint64_t deltas = std::accumulate(sizes_.begin() + 1, sizes_.end(), uint64_t{0});
  if (2 * deltas < live && files < bounds.snapshot_at_latest) return;
  std::vector<StateTable*> tables;
  for (const auto& table : tables_) tables.push_back(table.get());
  snapshot_ = std::make_unique<BackgroundSnapshot>(
      node_, store_, directory_, version_, std::move(tables), NewHeader(), options_.part_bytes);
}

}  // namespace wavetank::checkpoint
