// LogSummary: what the records that count in a log amount to, for people and for checks: a line a
// batch, and the files without which the log's owner could not go on.
#ifndef WAVETANK_CHECKPOINT_LOG_SUMMARY_H_
#define WAVETANK_CHECKPOINT_LOG_SUMMARY_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace wavetank::checkpoint {

// A file that a record names. Records hold paths of the store that was written to; a directory may
// have been copied since, so here paths are relative to the log's directory, as they always stand.
struct NamedFile {
  enum class Need {
    kMust,   // nothing goes on without it
    kHint,   // its owner makes it again
    kMayGo,  // no longer read; what is there must be right
  };
  std::string path;  // may begin with "../"
  std::string named_by;
  // Unset: the file has checksums of its own.
  std::optional<uint32_t> crc32c = {};
  // With a checksum: what it is of, and how much to read to see that there is no more.
  uint64_t offset = 0;
  uint64_t size_bytes = 0;
  uint64_t read_bytes = UINT64_MAX;
  Need need = Need::kMust;
};

// A version of state that may be gone back to; its files are named besides.
struct NamedState {
  int64_t version = 0;
  std::vector<std::string> files;  // in the order they are applied; paths as in NamedFile
};

struct LogSummary {
  // "batch <id>: committed, ..." and the like: the form is stable, for scripts.
  std::vector<std::string> lines;
  std::vector<NamedFile> files;
  std::vector<NamedState> states = {};
  // Whether a file that is there, by a path as in NamedFile, is this log's: none reads it unless
  // the log names it. Unset: no files are.
  std::function<bool(const std::string& path)> owns = {};
  // Whether a file by such a path is there only because the log goes on, or went on, behind what
  // counts here. Unset: none tells.
  std::function<bool(const std::string& path)> comes_after = {};
};

// "2 files": a count with its noun.
std::string Count(int64_t count, std::string_view noun);

// How to read one kind of log.
struct LogKind {
  // One line for a record, "" if it is not of this kind. Rows of users stand in it only if asked.
  std::function<std::string(std::string_view record, bool show_rows)> describe;
  // Of all records that count; unset if they are not of this kind. An error says that records are
  // missing or out of order.
  std::function<absl::StatusOr<std::optional<LogSummary>>(const std::string& log,
                                                          const std::vector<std::string>& records)>
      summarise;
  // Of a file that comes after the beginning of such a log: the directory in or below which that
  // is. Unset: it says nothing. Paths are of the store.
  std::function<std::optional<std::string>(const std::string& path)> log_of = {};
};

// The engines' own (metadata.proto).
LogKind MetadataLogs();

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_LOG_SUMMARY_H_
