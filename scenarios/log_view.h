// LogView: what a partitioned log holds, from the durable journal of its server
// (fakes/log_journal.proto), by code of its own: nothing of the server's is asked.
#ifndef WAVETANK_SCENARIOS_LOG_VIEW_H_
#define WAVETANK_SCENARIOS_LOG_VIEW_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "properties/decode_log.h"
#include "properties/durable_files.h"

namespace wavetank::scenarios {

// A key and a value; null: "\\N".
using LogRow = std::pair<std::string, std::string>;

struct LogView {
  struct Entry {
    LogRow row;
    int64_t timestamp_ms = 0;
    int transaction = -1;  // -1: of none
    bool is_marker = false;
  };
  struct Partition {
    std::vector<Entry> entries;  // by offset, what is gone too
    int64_t start = 0;
  };
  struct Offset {
    std::string group;
    int64_t offset = 0;
    std::string metadata;
  };
  struct Transaction {
    std::optional<bool> committed = {};  // unset: it is open
    std::vector<Offset> offsets = {};
    std::map<std::string, std::vector<LogRow>> rows = {};  // by topic
  };

  std::map<std::string, std::vector<Partition>> topics;
  std::vector<Transaction> transactions;
  std::vector<int> committed;  // in the order in which they were
  int64_t supplied = 0;

  bool IsAborted(const Entry& entry) const { return Is(entry, false); }
  bool IsOpen(const Entry& entry) const {
    return entry.transaction >= 0 && !Of(entry).committed.has_value();
  }
  // To a reader that is read_committed, once what is before it is decided.
  bool IsRecord(const Entry& entry) const {
    return !entry.is_marker && (entry.transaction < 0 || Is(entry, true));
  }

 private:
  const Transaction& Of(const Entry& entry) const {
    return transactions[static_cast<size_t>(entry.transaction)];
  }
  bool Is(const Entry& entry, bool committed_as) const {
    return entry.transaction >= 0 && Of(entry).committed == committed_as;
  }
};

// Reads one journal again and again; what is new costs.
class LogViewReader {
 public:
  explicit LogViewReader(const std::string& directory) : log_(directory) {}

  // kDataLoss: it is damaged. Where there is no answer yet, the last one stays.
  absl::StatusOr<const LogView*> Read(const properties::DurableFiles& files);

 private:
  absl::Status Add(const std::string& bytes);
  int TransactionOf(int64_t producer);

  properties::FencedLogReader log_;
  std::vector<properties::LogRecord> read_;
  LogView view_;
  std::map<int64_t, int> open_;  // by producer
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_LOG_VIEW_H_
