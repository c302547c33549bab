#include "checkpoint/state_store.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "checkpoint/state_file.h"
#include "checkpoint/state_table.h"
#include "checkpoint/steps.h"
#include "checkpoint/unique.h"
#include "platform/status_macros.h"

namespace wavetank::checkpoint {
namespace {

// A commit that would make the lineage longer writes a snapshot instead of a delta.
constexpr size_t kLongestLineage = 10;
constexpr uint64_t kPieceBytes = uint64_t{4} << 20;

std::string NameOf(const std::string& path) { return path.substr(ParentPath(path).size() + 1); }

class FileStateStore final : public StateStore {
 public:
  FileStateStore(platform::Node& node, Store& store, std::string directory)
      : node_(node), store_(store), directory_(std::move(directory)) {}

  Task<absl::Status> Load(StateVersion version) {
    std::string parent;
    for (const std::string& path : version.files) {
      WT_CO_RETURN_IF_ERROR(co_await Apply(path, parent, version.version));
      parent = NameOf(path);
    }
    version_ = std::move(version);
    co_return absl::OkStatus();
  }

  const StateVersion& version() const override { return version_; }
  size_t size() const override { return table_.size(); }
  bool Get(std::string_view key, std::string_view* value) const override {
    return table_.Get(key, value);
  }
  void Put(std::string_view key, std::string_view value) override { table_.Put(key, value); }
  void Remove(std::string_view key) override { table_.Remove(key); }
  void ForEach(
      const std::function<void(std::string_view, std::string_view)>& visit) const override {
    table_.ForEach(visit);
  }
  void Abort() override { table_.TakeBack(); }

  Task<absl::StatusOr<StateVersion>> Commit() override {
    StateVersion next{.version = version_.version + 1, .files = version_.files};
    if (table_.changed()) WT_CO_RETURN_IF_ERROR(co_await WriteFile(next));
    table_.Accept();
    version_ = next;
    co_return next;
  }

 private:
  Task<absl::Status> Apply(std::string path, std::string parent, int64_t newest) {
    StateFileDecoder decoder(path, [this](std::string_view key, const std::string_view* value) {
      if (value == nullptr) {
        table_.Remove(key);
      } else {
        table_.Put(key, *value);
      }
    });
    for (uint64_t offset = 0;; offset += kPieceBytes) {
      WT_CO_ASSIGN_OR_RETURN(const std::string piece,
                             co_await store_.Read(path, offset, kPieceBytes));
      WT_CO_RETURN_IF_ERROR(decoder.Feed(piece));
      if (piece.size() < kPieceBytes) break;
    }
    WT_CO_RETURN_IF_ERROR(decoder.Finish());
    if (decoder.header().parent != parent || decoder.header().version > newest) {
      co_return absl::DataLossError(
          absl::StrCat(path, " of version ", decoder.header().version, " follows \"",
                       decoder.header().parent, "\" and was to be applied upon \"", parent,
                       "\" for version ", newest, ": the record that names these files is wrong"));
    }
    table_.Accept();
    co_await node_.Work(decoder.entries());
    co_return absl::OkStatus();
  }

  // Writes the changes, or everything, and puts the file into `next`.
  Task<absl::Status> WriteFile(StateVersion& next) {
    const bool snapshot = next.files.size() >= kLongestLineage;
    if (snapshot) next.files.clear();
    StateFileHeader header;
    header.kind = snapshot ? StateFileKind::kSnapshot : StateFileKind::kDelta;
    header.version = next.version;
    header.name =
        absl::StrCat(next.version, "-", UniqueId(node_), snapshot ? ".snapshot" : ".delta");
    header.parent = next.files.empty() ? "" : NameOf(next.files.back());
    StateFileEncoder encoder(header);
    if (snapshot) {
      table_.ForEach(
          [&](std::string_view key, std::string_view value) { encoder.Add(key, &value); });
    } else {
      table_.ForEachChange(
          [&](std::string_view key, const std::string_view* value) { encoder.Add(key, value); });
    }
    std::string bytes = encoder.Finish();
    const auto size = static_cast<int64_t>(bytes.size());
    next.files.push_back(JoinPath(directory_, header.name));
    co_await node_.Work(encoder.entries());
    WT_CO_RETURN_IF_ERROR(co_await CreateUnique(store_, next.files.back(), std::move(bytes)));
    co_await node_.Step(
        steps::kStateFileWritten,
        {{"version", next.version}, {"bytes", size}, {"snapshot", snapshot ? 1 : 0}});
    co_return absl::OkStatus();
  }

  platform::Node& node_;
  Store& store_;
  const std::string directory_;
  StateVersion version_;
  StateTable table_;
};

}  // namespace

Task<absl::StatusOr<std::unique_ptr<StateStore>>> StateStore::Open(platform::Node& node,
                                                                   Store& store,
                                                                   std::string directory,
                                                                   StateVersion version) {
  auto opened = std::make_unique<FileStateStore>(node, store, std::move(directory));
  WT_CO_RETURN_IF_ERROR(co_await opened->Load(std::move(version)));
  co_return opened;
}

}  // namespace wavetank::checkpoint
