#include "checkpoint/state_loader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "platform/status_macros.h"

namespace wavetank::checkpoint {
namespace {

constexpr uint64_t kPieceBytes = uint64_t{4} << 20;

template <typename List, typename NameOfOne>
std::string Names(const List& list, const NameOfOne& name_of) {
  return absl::StrJoin(list, ", ", [&](std::string* out, const auto& one) {
    absl::StrAppend(out, "\"", name_of(one), "\"");
  });
}

// No later attempt will find it.
absl::Status Gone(const std::string& path) {
  return absl::DataLossError(
      absl::StrCat("load state: ", path,
                   " is gone, and the state that the checkpoint's log names cannot be told without "
                   "it: put the checkpoint back whole, or start with a new checkpoint and a new "
                   "sink"));
}

}  // namespace

StateLoader::StateLoader(const std::string& operator_fingerprint,
                         const std::vector<NamedStore>& stores,
                         const std::vector<std::unique_ptr<StateTable>>& tables, int64_t version)
    : operator_fingerprint_(operator_fingerprint),
      stores_(stores),
      tables_(tables),
      lineage_(version) {}

Task<absl::StatusOr<uint64_t>> StateLoader::Apply(platform::Node& node, Store& store,
                                                  std::string path) {
  path_ = path;
  StateFileDecoder decoder(path, *this);
  uint64_t size = 0;
  for (uint64_t offset = 0;; offset += kPieceBytes) {
    const absl::StatusOr<std::string> read = co_await store.Read(path, offset, kPieceBytes);
    if (absl::IsNotFound(read.status())) co_return Gone(path);
    WT_CO_RETURN_IF_ERROR(read.status());
    const std::string& piece = *read;
    size += piece.size();
    WT_CO_RETURN_IF_ERROR(decoder.Feed(piece));
    if (piece.size() < kPieceBytes) break;
  }
  WT_CO_RETURN_IF_ERROR(decoder.Finish());
  for (const auto& table : tables_) table->Accept();
  co_await node.Work(decoder.entries());
  co_return size;
}

absl::Status StateLoader::OnHeader(const StateFileHeader& header) {
  WT_RETURN_IF_ERROR(lineage_.Next(path_, header));
  // Files of the first format do not say whose they are.
  if (header.format > 1 && header.operator_fingerprint != operator_fingerprint_) {
    return Refused(absl::StrCat("operator \"", header.operator_fingerprint, "\""),
                   absl::StrCat("operator \"", operator_fingerprint_, "\""));
  }
  return MatchStores(header);
}

absl::Status StateLoader::MatchStores(const StateFileHeader& header) {
  targets_.clear();
  for (const StoreInFile& in_file : header.stores) {
    const auto asked = std::ranges::find(stores_, in_file.store.name, &NamedStore::name);
    if (asked == stores_.end() || header.stores.size() != stores_.size()) {
      return Refused(
          absl::StrCat("the stores ",
                       Names(header.stores, [](const auto& one) { return one.store.name; })),
          absl::StrCat("the stores ", Names(stores_, [](const auto& one) { return one.name; })));
    }
    const std::string& fingerprint = in_file.store.schema_fingerprint;
    if (header.format > 1 && fingerprint != asked->schema_fingerprint) {
      return Refused(absl::StrCat("store \"", asked->name, "\" of schema \"", fingerprint, "\""),
                     absl::StrCat("schema \"", asked->schema_fingerprint, "\""));
    }
    targets_.push_back(tables_[static_cast<size_t>(asked - stores_.begin())].get());
    if (header.kind == StateFileKind::kSnapshot) targets_.back()->Reserve(in_file.entries);
  }
  return absl::OkStatus();
}

void StateLoader::OnEntries(size_t store, std::span<const std::string_view> keys,
                            std::span<const std::optional<std::string_view>> values) {
  targets_[store]->Apply(keys, values);
}

absl::Status StateLoader::Refused(std::string holds, std::string asked) const {
  return absl::FailedPreconditionError(absl::StrCat(
      path_, ": holds the state of ", holds, " and was to be loaded for ", asked,
      ": the stateful part of the job has changed; run it as it was, or begin a new checkpoint"));
}

}  // namespace wavetank::checkpoint
