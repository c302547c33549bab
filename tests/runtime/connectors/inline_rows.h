// Batches whose rows stand in the manifest's entries, for tests of the file sink's publisher.
#ifndef WAVETANK_TESTS_RUNTIME_CONNECTORS_INLINE_ROWS_H_
#define WAVETANK_TESTS_RUNTIME_CONNECTORS_INLINE_ROWS_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/connectors/file_part.h"
#include "runtime/connectors/file_sink.h"
#include "tests/runtime/connectors/sim_sink.h"

namespace wavetank::runtime {

inline constexpr uint64_t kInline = uint64_t{256} << 10;

inline FileSinkOptions InlineOptions(ManifestMode mode) {
  FileSinkOptions options = SinkOptions(mode);
  options.inline_bytes = kInline;
  return options;
}

// "Append manifest", "Link plain": a call of the store, by what it is of.
inline std::string WhatIsCalled(const std::string& call, const std::string& path) {
  if (absl::StartsWith(path, "out/_wavetank/staged/")) return call + " staged";
  if (absl::StartsWith(path, "out/_wavetank")) return call + " manifest";
  return call + " plain";
}

inline bool Changes(const std::string& call) {
  return call == "CreateIfAbsent" || call == "Stage" || call == "Append" || call == "Link" ||
         call == "Remove";
}

struct InlineRows {
  int64_t batch = 0;
  std::string unique;  // of the attempt
  std::vector<std::string> texts;
  uint64_t inline_bytes = kInline;
};

inline Task<absl::StatusOr<std::string>> PrepareRows(checkpoint::Store& store, FileSink& sink,
                                                     InlineRows rows) {
  SinkBatch batch{rows.batch, 100 + static_cast<uint64_t>(rows.batch), {}};
  for (size_t part = 0; part < rows.texts.size(); ++part) {
    FilePartWriter writer(store, "out", rows.batch, absl::StrCat(rows.unique, "-", part),
                          PART_DIALECT_RFC4180, rows.inline_bytes);
    writer.text() += rows.texts[part];
    writer.AddRows(std::count(rows.texts[part].begin(), rows.texts[part].end(), '\n'));
    WT_CO_ASSIGN_OR_RETURN(std::string given, co_await writer.Finish());
    batch.parts.push_back(std::move(given));
  }
  co_return co_await sink.Prepare(std::move(batch));
}

inline Task<absl::Status> CommitRows(checkpoint::Store& store, FileSink& sink, InlineRows rows) {
  WT_CO_ASSIGN_OR_RETURN(std::string committable,
                         co_await PrepareRows(store, sink, std::move(rows)));
  co_return co_await sink.Commit(std::move(committable));
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_CONNECTORS_INLINE_ROWS_H_
