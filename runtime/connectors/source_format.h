// SourceFormat: a kind of source, by name: what ReadStream().Format(name) finds.
//
//   SourceFormat journal{.name = "journal", .meaning = "the lines of one growing file", ...};
//   session.RegisterSource(journal);
#ifndef WAVETANK_RUNTIME_CONNECTORS_SOURCE_FORMAT_H_
#define WAVETANK_RUNTIME_CONNECTORS_SOURCE_FORMAT_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "checkpoint/seen_paths.h"
#include "checkpoint/store.h"
#include "platform/node.h"
#include "runtime/columnar/schema.h"
#include "runtime/connectors/connector_option.h"
#include "runtime/connectors/source.h"
#include "runtime/plan/source_description.h"

namespace wavetank::runtime {

enum class PathUse : uint8_t {
  kNone,       // the format has none
  kDirectory,  // of the store; what a job reads and writes stands apart
  kFile,       // of the store
};

// So that a backlog is many batches, each of which fits in memory.
inline constexpr int64_t kDefaultBatchBytes = int64_t{256} << 20;

// What a source may use on the driver. All of it outlives the source.
struct SourceContext {
  platform::Node& node;
  checkpoint::Store& store;
  // Which files are not new, as the query's log says.
  checkpoint::SeenPaths& seen;
  // How many bytes a batch should have of it at most, if the source can tell and was not told
  // otherwise by an option of its own.
  int64_t batch_bytes = kDefaultBatchBytes;
  // Of the checkpoint, for what the source itself keeps: its readers are told the same. Nobody else
  // writes there.
  std::string directory = {};
};

// What makes the reader of a split.
using OpenSplit = std::function<absl::StatusOr<std::unique_ptr<SplitReader>>(
    const SourceDescription&, const std::string& split, SplitContext)>;

// Of a format whose splits are ranges, each of which is read at once: the function gives its rows.
OpenSplit ReadAtOnce(
    std::function<Task<absl::StatusOr<RecordBatch>>(checkpoint::SourceRange, SplitContext)> rows);

struct SourceFormat {
  std::string name;
  std::string meaning;  // one line
  // What is listed in place of one that the program makes and registers, under the same name: how.
  std::string made_by = {};
  PathUse path = PathUse::kNone;
  std::vector<ConnectorOption> options = {};
  // Whether a column may hold nulls.
  bool nullable = true;
  // Whether a range that was read can be read again, after any failure. What is not so loses rows.
  bool replayable = true;

  // The columns of its rows. kInvalidArgument: an option is wrong; it is named.
  std::function<absl::StatusOr<SchemaPtr>(const SourceDescription&)> schema = nullptr;
  std::function<absl::StatusOr<std::unique_ptr<Source>>(const SourceDescription&, SourceContext)>
      open = nullptr;
  // A range in pieces, in the order in which their rows are read: a function of its arguments
  // alone. Null: one, the range itself as bytes.
  std::function<std::vector<std::string>(const SourceDescription&, const checkpoint::SourceRange&)>
      splits = nullptr;
  // kDataLoss: no split of this format.
  OpenSplit read = nullptr;

  // What `splits` says, of a range that is not empty.
  std::vector<std::string> SplitsOf(const SourceDescription& source,
                                    const checkpoint::SourceRange& range) const;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_SOURCE_FORMAT_H_
