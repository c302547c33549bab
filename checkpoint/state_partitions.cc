#include "checkpoint/state_partitions.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "checkpoint/state_file.h"
#include "checkpoint/steps.h"
#include "platform/planted.h"
#include "platform/status_macros.h"

namespace wavetank::checkpoint {
namespace {

// How the files of a state are compressed, by the newest of them.
class CompressionOf final : public StateFileVisitor {
 public:
  absl::Status OnHeader(const StateFileHeader& header) override {
    compression_ = header.compression;
    return absl::OkStatus();
  }
  void OnEntries(size_t, std::span<const std::string_view>,
                 std::span<const std::optional<std::string_view>>) override {}
  StateCompression compression() const { return compression_; }

 private:
  StateCompression compression_ = StateCompression::kNone;
};

class Repartitioning {
 public:
  Repartitioning(platform::Node& node, Store& store, StateToRepartition state)
      : node_(node), store_(store), state_(std::move(state)), open_(state_.from.size()) {}

  Task<absl::StatusOr<std::vector<StateVersion>>> Run() {
    WT_CO_RETURN_IF_ERROR(co_await FindCompression());
    const auto before = static_cast<int64_t>(state_.from.size());
    std::vector<StateVersion> made;
    for (int64_t to = 0; to < state_.partitions; ++to) {
      // The old ranges that the new one has a part of.
      const int64_t first = to * before / state_.partitions;
      const int64_t last = platform::Planted(node_, "rescaled_from_one_partition")
                               ? first
                               : ((to + 1) * before - 1) / state_.partitions;
      for (int64_t from = 0; from <= last; ++from) {
        std::unique_ptr<StateStore>& open = open_[static_cast<size_t>(from)];
        if (from < first) {
          open.reset();
        } else if (open == nullptr) {
          WT_CO_RETURN_IF_ERROR(co_await Open(static_cast<int>(from)));
        }
      }
      WT_CO_ASSIGN_OR_RETURN(made.emplace_back(),
                             co_await Write(static_cast<int>(to), static_cast<size_t>(first),
                                            static_cast<size_t>(last)));
    }
    co_return made;
  }

 private:
  Task<absl::Status> FindCompression() {
    std::string newest;
    for (const StateVersion& version : state_.from) {
      if (!version.files.empty()) newest = version.files.back();
    }
    if (newest.empty()) co_return absl::OkStatus();
    constexpr uint64_t kHeaderBytes = uint64_t{2} << 20;  // it has at most 1 MiB
    const absl::StatusOr<std::string> begin = co_await store_.Read(newest, 0, kHeaderBytes);
    // Who loads it says what that means.
    if (absl::IsNotFound(begin.status())) co_return absl::OkStatus();
    WT_CO_RETURN_IF_ERROR(begin.status());
    CompressionOf found;
    StateFileDecoder decoder(newest, found);
    WT_CO_RETURN_IF_ERROR(decoder.Feed(*begin));
    state_.options.compression = found.compression();
    co_return absl::OkStatus();
  }

  // And sees that it has only keys that belong in it.
  Task<absl::Status> Open(int partition) {
    const auto number = static_cast<size_t>(partition);
    WT_CO_ASSIGN_OR_RETURN(open_[number],
                           co_await StateStore::Open(node_, store_, state_.directory(partition),
                                                     state_.from[number], state_.options));
    const auto partitions = static_cast<int>(state_.from.size());
    int64_t wrong = 0;
    for (size_t i = 0; i < state_.options.stores.size(); ++i) {
      open_[number]->table(i).ForEach([&](std::string_view key, std::string_view) {
        if (state_.partition_of(key, partitions) != partition) ++wrong;
      });
      co_await node_.Work(static_cast<int64_t>(open_[number]->table(i).size()));
    }
    if (wrong == 0) co_return absl::OkStatus();
    co_return absl::DataLossError(absl::StrCat(state_.directory(partition), ": ", wrong,
                                               " keys do not belong in partition ", partition,
                                               " of ", partitions));
  }

  // visit(store, key, value) for what goes from the old partitions to the new one.
  template <typename Visit>
  void ForEach(int to, size_t first, size_t last, const Visit& visit) const {
    for (size_t store = 0; store < state_.options.stores.size(); ++store) {
      if (store > 0 && platform::Planted(node_, "rescaled_without_the_second_store")) break;
      for (size_t from = first; from <= last; ++from) {
        open_[from]->table(store).ForEach([&](std::string_view key, std::string_view value) {
          if (state_.partition_of(key, state_.partitions) == to) visit(store, key, value);
        });
      }
    }
  }

  Task<absl::StatusOr<StateVersion>> Write(int to, size_t first, size_t last) {
    StateVersion made{.version = state_.from.front().version, .files = {}};
    StateFileHeader header;
    header.kind = StateFileKind::kSnapshot;
    header.version = made.version;
    header.name = NewStateFileName(node_, made.version, header.kind);
    header.operator_fingerprint = state_.options.operator_fingerprint;
    header.compression = state_.options.compression;
    for (const NamedStore& store : state_.options.stores) header.stores.push_back({store, 0});
    int64_t entries = 0;
    ForEach(to, first, last, [&](size_t store, std::string_view, std::string_view) {
      ++header.stores[store].entries;
      ++entries;
    });
    if (entries == 0) co_return made;
    StateFileEncoder encoder(header);
    ForEach(to, first, last, [&](size_t store, std::string_view key, std::string_view value) {
      encoder.Add(store, key, value);
    });
    co_await node_.Work(entries);
    made.files.push_back(JoinPath(state_.directory(to), header.name));
    std::string bytes = encoder.Finish();
    const auto size = static_cast<int64_t>(bytes.size());
    // The name is nobody else's, so a file that is there is this one, by a repeated request.
    const absl::Status created =
        co_await store_.CreateIfAbsent(made.files.back(), std::move(bytes));
    if (!created.ok() && !absl::IsAlreadyExists(created)) co_return created;
    co_await node_.Step(steps::kStateRepartitioned, {{"partition", to}, {"bytes", size}});
    co_return made;
  }

  platform::Node& node_;
  Store& store_;
  StateToRepartition state_;
  std::vector<std::unique_ptr<StateStore>> open_;  // by old partition; null: not needed now
};

}  // namespace

Task<absl::StatusOr<std::vector<StateVersion>>> Repartition(platform::Node& node, Store& store,
                                                            StateToRepartition state) {
  Repartitioning repartitioning(node, store, std::move(state));
  co_return co_await repartitioning.Run();
}

}  // namespace wavetank::checkpoint
