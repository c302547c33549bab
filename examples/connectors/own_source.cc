// A source of one's own: a journal whose entries are known by their numbers. What a batch reads is
// a range of numbers, which the query's log keeps: after any failure the same range is read again.
//
//   build/release/bin/own_source
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "runtime/connectors/source_format.h"
#include "runtime/structured/data_frame.h"
#include "scenarios/testing/explore.h"

using namespace wavetank::runtime;
using namespace wavetank::testing;
using wavetank::checkpoint::SourceRange;

using Journal = std::shared_ptr<std::vector<int64_t>>;  // outside of the cluster

struct JournalSource : Source {
  explicit JournalSource(Journal journal) : entries(std::move(journal)) {}
  Task<absl::StatusOr<std::string>> Begin() override { co_return "0"; }
  Task<absl::StatusOr<SourceInput>> Define(std::string) override {
    SourceInput input;
    input.range.set_end_offset(std::to_string(entries->size()));
    co_return input;
  }
  Journal entries;
};

SchemaPtr JournalSchema() {
  return std::make_shared<Schema>(std::vector<Field>{{"amount", DataType::kInt64}});
}

Task<absl::StatusOr<RecordBatch>> ReadJournal(Journal journal, SourceRange range) {
  ColumnBuilder amounts(DataType::kInt64);
  const size_t end = std::stoul(range.end_offset());
  for (size_t i = std::stoul(range.start_offset()); i < end; ++i) amounts.Int64(journal->at(i));
  const int64_t rows = amounts.size();
  co_return RecordBatch(JournalSchema(), {amounts.Finish()}, rows);
}

SourceFormat JournalFormat(const Journal& journal) {
  SourceFormat format{.name = "journal", .meaning = "the entries of a journal"};
  format.schema = [](const auto&) { return JournalSchema(); };
  format.open = [=](const auto&, auto) { return std::make_unique<JournalSource>(journal); };
  format.read = ReadAtOnce([=](auto range, auto) { return ReadJournal(journal, range); });
  return format;
}

Job Balance(const Journal& journal) {
  Job job{.name = "balance", .meaning = "the sum of a journal's entries"};
  job.parameters = {{"output", "directory of the sum", {}, ParameterKind::kPath}};
  job.structured = [=](Session& session, const JobArguments& arguments) {
    (void)session.RegisterSource(JournalFormat(journal));
    session.ReadStream()
        .Format("journal")
        .Load()
        .GroupBy({})
        .Agg({Sum(Col("amount")).As("balance")})
        .WriteStream()
        .OutputMode("complete")
        .Format("file")
        .Option("path", arguments.Get("output"))
        .Start();
  };
  return job;
}

int main() {
  const auto found = Explore(
      [](Cluster& cluster) {
        const Journal journal = std::make_shared<std::vector<int64_t>>();
        TestedJob& job = cluster.Start(Balance(journal));
        for (const int64_t amount : {1, 20, 300}) {
          journal->push_back(amount);
          cluster.Advance(absl::Seconds(2));
        }
        const auto shows = [&](const char* sum) {
          return job.ReadSink() == std::vector<std::string>{sum};
        };
        cluster.RunUntil([&] { return shows("321"); }, "the sum of all entries");
        cluster.Advance(absl::Seconds(10));
        cluster.Expect(shows("321"), "each entry counts once");
      },
      {.name = "journal", .runs = 300});
  std::puts(found ? found->ToText().c_str() : "A journal as a source: 300 runs, none wrong.");
  return found ? 1 : 0;
}
