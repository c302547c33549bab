#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/graph_history.h"
#include "checkpoint/metadata.h"
#include "checkpoint/query_history.h"
#include "platform/check.h"
#include "tests/fuzz/fuzz_seeds.h"

namespace wavetank {
namespace {

using checkpoint::MetadataRecord;

// Records, each after its length in one byte.
std::vector<MetadataRecord> Records(std::string_view bytes) {
  std::vector<MetadataRecord> records;
  while (!bytes.empty()) {
    const size_t size = static_cast<unsigned char>(bytes.front());
    const std::string_view one = bytes.substr(1, size);
    bytes.remove_prefix(1 + one.size());
    auto record = checkpoint::DecodeMetadata(one);
    if (!record.ok()) continue;
    const auto again = checkpoint::DecodeMetadata(checkpoint::EncodeMetadata(*record));
    WT_CHECK(again.ok() && again->SerializeAsString() == record->SerializeAsString());
    records.push_back(*std::move(record));
  }
  return records;
}

void Add(std::string& bytes, const MetadataRecord& record) {
  const std::string one = checkpoint::EncodeMetadata(record);
  bytes.push_back(static_cast<char>(one.size()));
  bytes += one;
}

}  // namespace

std::vector<std::string> fuzz::Seeds() {
  std::string query;
  checkpoint::QueryMetadata metadata;
  metadata.set_query_id("q");
  Add(query, Record(metadata));
  for (int batch = 0; batch < 2; ++batch) {
    checkpoint::BatchDefinition definition;
    definition.set_batch_id(batch);
    definition.set_hash(DefinitionHash(definition));
    Add(query, Record(definition));
    checkpoint::Prepared prepared;
    prepared.set_batch_id(batch);
    prepared.set_attempt_id("1-1");
    Add(query, Record(prepared));
    checkpoint::Commit commit;
    commit.set_batch_id(batch);
    commit.set_attempt_id("1-1");
    Add(query, Record(commit));
  }
  std::string graph;
  Add(graph, Record(checkpoint::GraphMetadata()));
  checkpoint::BlockAdded block;
  block.set_path("b");
  Add(graph, Record(block));
  checkpoint::BatchInput input;
  input.set_batch_time_ms(1000);
  *input.add_streams()->add_blocks() = block;
  Add(graph, Record(input));
  checkpoint::BatchCompleted completed;
  completed.set_batch_time_ms(1000);
  Add(graph, Record(completed));
  return {query, graph};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<MetadataRecord> records =
      Records(std::string_view(reinterpret_cast<const char*>(data), size));
  const auto query = checkpoint::ReadQueryHistory("log", records);
  if (query.ok() && !query->batches().empty()) {
    for (size_t i = 0; i + 1 < query->batches().size(); ++i) {
      WT_CHECK(query->batches()[i].commit.has_value(), "all but the last are committed");
    }
  }
  const auto graph = checkpoint::ReadGraphHistory("log", records);
  // What stands for the records of a log is a log.
  if (query.ok()) WT_CHECK(checkpoint::ReadQueryHistory("log", query->Base().Rest()).ok());
  if (graph.ok()) WT_CHECK(checkpoint::ReadGraphHistory("log", graph->Base().Rest()).ok());
  return 0;
}

}  // namespace wavetank
