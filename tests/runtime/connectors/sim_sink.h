// A file sink on one simulated machine: processes that commit to it, and what readers see.
#ifndef WAVETANK_TESTS_RUNTIME_CONNECTORS_SIM_SINK_H_
#define WAVETANK_TESTS_RUNTIME_CONNECTORS_SIM_SINK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "platform/status_macros.h"
#include "runtime/connectors/file_sink.h"
#include "simulator/sim_world.h"
#include "tests/runtime/connectors/stage_file_part.h"

namespace wavetank::runtime {

inline ManifestColumn SinkColumn(const std::string& name, bool key) {
  ManifestColumn column;
  column.set_name(name);
  column.set_type("string");
  column.set_key(key);
  return column;
}

inline FileSinkOptions SinkOptions(ManifestMode mode, const std::string& query_id = "q1") {
  return {.directory = "out",
          .query_id = query_id,
          .mode = mode,
          .columns = {SinkColumn("word", true), SinkColumn("count", false)}};
}

// Commits, and gives the publisher time for what it can do; not for what it does not await.
inline Task<absl::Status> CommitAndSettle(FileSink& sink, std::string committable) {
  WT_CO_RETURN_IF_ERROR(co_await sink.Commit(std::move(committable)));
  co_await sink.Settle(absl::Milliseconds(500));
  co_return absl::OkStatus();
}

// One batch through the sink, under a unique name for its part.
inline Task<absl::Status> CommitBatch(checkpoint::Store& store, FileSink& sink, int64_t batch,
                                      uint64_t hash, std::string unique, std::string text,
                                      int64_t rows) {
  SinkBatch prepared{batch, hash, {}};
  WT_CO_ASSIGN_OR_RETURN(
      std::string part,
      co_await StageFilePart(store, "out", batch, std::move(unique), std::move(text), rows));
  prepared.parts = {std::move(part)};
  WT_CO_ASSIGN_OR_RETURN(std::string committable, co_await sink.Prepare(std::move(prepared)));
  co_return co_await CommitAndSettle(sink, std::move(committable));
}

inline Task<void> FileSinkRead(platform::Node& node,
                               std::optional<absl::StatusOr<SinkTable>>& table) {
  checkpoint::LocalStore store(node, "");
  table.emplace(co_await ReadFileSink(node, store, "out", absl::Seconds(10)));
}

inline Task<void> FileSinkList(platform::Node& node, std::vector<std::string>& names) {
  checkpoint::LocalStore store(node, "");
  const auto files = co_await store.List("out");
  for (const checkpoint::StoredFile& file : *files) {
    if (file.kind == platform::FileKind::kFile) names.push_back(file.name);
  }
}

class FileSinkTest : public ::testing::Test {
 protected:
  FileSinkTest() : world_({.seed = 5}) { world_.AddMachine("m"); }

  // Runs `main` as a process until it ends.
  void Run(const std::string& process, platform::NodeMain main) {
    world_.Start("m", {process, {{"node", std::move(main)}}});
    world_.RunUntil([&] { return !world_.process(process).alive(); });
    ASSERT_FALSE(world_.process(process).alive()) << process << " did not end";
  }
  SinkTable Table() {
    std::optional<absl::StatusOr<SinkTable>> table;
    Run("reader", [&table](platform::Node& node) { return FileSinkRead(node, table); });
    EXPECT_TRUE(table->ok()) << table->status();
    return table->ok() ? **std::move(table) : SinkTable();
  }
  std::vector<std::string> PlainNames() {
    std::vector<std::string> names;
    Run("lister", [&names](platform::Node& node) { return FileSinkList(node, names); });
    return names;
  }

  simulator::SimWorld world_;
};

inline Task<void> CommitThree(platform::Node& node, ManifestMode mode) {
  checkpoint::LocalStore store(node, "");
  FileSink sink(node, store, SinkOptions(mode));
  const auto fenced = co_await sink.Fence({1, 1});
  EXPECT_EQ(*fenced, std::nullopt);
  const char* texts[] = {"a,1\nb,1\n", "a,2\n,1\n", "b,3\nc,1\n"};
  for (int64_t batch = 0; batch < 3; ++batch) {
    const absl::Status status = co_await CommitBatch(store, sink, batch, 100 + batch,
                                                     absl::StrCat("u", batch), texts[batch], 2);
    EXPECT_TRUE(status.ok()) << status;
  }
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_CONNECTORS_SIM_SINK_H_
