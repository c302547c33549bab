// MemoryTables: the sink `memory`: the rows of queries as tables that the embedding program reads,
// by the queries' names.
//
//   MemoryTables tables;
//   session.RegisterSink(MemorySink(tables));
//   counts.WriteStream().QueryName("counts").OutputMode("complete").Format("memory").Start();
//   tables.Read("counts");
//
// - Append: all rows; update: the newest row of each key (of a query without keys, the newest one);
//   complete: those of the newest batch. A batch is seen whole or not at all, and once.
// - With the process its tables go. So a query that has run in a process before goes on in complete
//   mode alone, whose next batch shows the whole table; else it is refused, before anything is
//   written, as in Spark.
// - It is bounded: a table that would hold more stops its query.
// - All nodes of the job are in this process (local[N], or the simulator). By itself it is of one
//   thread; LockedMemoryTables (real/locked_memory.h) is for threads.
#ifndef WAVETANK_RUNTIME_CONNECTORS_MEMORY_TABLES_H_
#define WAVETANK_RUNTIME_CONNECTORS_MEMORY_TABLES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "runtime/columnar/record_batch.h"
#include "runtime/connectors/sink_format.h"

namespace wavetank::runtime {

struct MemoryTable {
  int64_t last_batch = -1;
  std::vector<RecordBatch> rows;  // none of them empty
};

class MemoryTables {
 public:
  // `max_bytes`: of each table.
  explicit MemoryTables(uint64_t max_bytes = uint64_t{256} << 20) : max_bytes_(max_bytes) {}
  virtual ~MemoryTables() = default;
  MemoryTables(const MemoryTables&) = delete;
  MemoryTables& operator=(const MemoryTables&) = delete;

  uint64_t max_bytes() const { return max_bytes_; }

  // The table of the query; nullopt: it has shown nothing yet.
  virtual std::optional<MemoryTable> Read(const std::string& query) const;
  // Whether it is of the query with that id, in whatever state.
  virtual bool IsOf(const std::string& query, const std::string& id) const;
  // A batch that the table has, or a later one, changes nothing. kFailedPrecondition: it would hold
  // too much, or batches before that one are not there.
  virtual absl::Status Apply(const BatchQuery& query, int64_t batch, std::vector<RecordBatch> rows);

 private:
  struct Table {
    std::string id;  // of the query
    int64_t last_batch = -1;
    std::vector<RecordBatch> rows;
    std::map<std::string, RecordBatch> by_key;  // of update mode: a row each
    uint64_t bytes = 0;
  };
  static void PutByKey(const BatchQuery& query, const std::vector<RecordBatch>& rows, Table& table);

  const uint64_t max_bytes_;
  std::map<std::string, Table> tables_;
};

// `tables` outlives every session that is given it.
SinkFormat MemorySink(MemoryTables& tables);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_MEMORY_TABLES_H_
