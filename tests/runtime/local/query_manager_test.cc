// Structured queries that run for real, in the program: threads, files, the wall clock.
#include "runtime/local/query_manager.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/text.h"
#include "runtime/connectors/batch_function.h"
#include "runtime/connectors/real/locked_memory.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::runtime {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr absl::Duration kLong = absl::Seconds(60);

SchemaPtr Words() {
  return std::make_shared<const Schema>(std::vector<Field>{{"word", DataType::kString}});
}
RecordBatch Rows(const std::vector<std::string>& words) {
  ColumnBuilder builder(DataType::kString);
  for (const std::string& word : words) builder.String(word);
  return RecordBatch(Words(), {builder.Finish()}, std::ssize(words));
}

class QueriesForReal : public testing::Test {
 protected:
  QueriesForReal() {
    const std::string pattern = testing::TempDir() + "queries.XXXXXX";
    std::string name = pattern;
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  ~QueriesForReal() override { std::filesystem::remove_all(root_); }

  LocalConfig Config() const { return {.directory = root_.string(), .checkpoint = "checkpoint"}; }

  // Words that the program appends, counted in a table that it reads.
  void CountWords(Session& session, const std::string& name = "counts") {
    ASSERT_TRUE(session.RegisterSource(MemorySource(stream_)).ok());
    ASSERT_TRUE(session.RegisterSink(MemorySink(tables_)).ok());
    session.ReadStream()
        .Format("memory")
        .Load()
        .GroupBy({Col("word")})
        .Count()
        .WriteStream()
        .QueryName(name)
        .OutputMode("complete")
        .Format("memory")
        .Start();
  }
  std::map<std::string, int64_t> Counts() const {
    std::map<std::string, int64_t> counts;
    const auto table = tables_.Read("counts");
    if (!table) return counts;
    for (const RecordBatch& rows : table->rows) {
      for (int64_t row = 0; row < rows.num_rows(); ++row) {
        counts[std::string(rows.column(0).StringAt(row))] = rows.column(1).Int64At(row);
      }
    }
    return counts;
  }

  // Lines of files, written on.
  void CopyLines(Session& session, const std::string& sink = "out") {
    session.ReadStream()
        .Format("text")
        .Load("in")
        .WriteStream()
        .QueryName("lines")
        .Format("text")
        .Option("path", sink)
        .Start();
  }
  void PutFile(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(root_ / "in");
    std::ofstream(root_ / name) << text;
    std::filesystem::rename(root_ / name, root_ / "in" / name);
  }
  std::string Lines() const {
    std::multiset<std::string> lines;
    for (const auto& entry : std::filesystem::directory_iterator(root_ / "out")) {
      std::ifstream file(entry.path());
      if (entry.is_regular_file() && !entry.path().filename().string().starts_with('_')) {
        for (std::string line; std::getline(file, line);) lines.insert(line);
      }
    }
    std::string all;
    for (const std::string& line : lines) absl::StrAppend(&all, line, " ");
    return all;
  }

  std::filesystem::path root_;
  LockedMemoryStream stream_{Words()};
  LockedMemoryTables tables_;
};

TEST_F(QueriesForReal, ShowWhatWasThereOnceAllOfItIsProcessed) {
  Session session;
  CountWords(session);
  StreamingQueryManager queries(Config());
  const auto started = queries.Start(session);
  ASSERT_TRUE(started.ok()) << started.status();
  StreamingQuery& query = *started->front();
  EXPECT_TRUE(query.is_active());
  EXPECT_EQ(query.name(), "counts");
  EXPECT_EQ(queries.Get("counts"), started->front());
  EXPECT_EQ(queries.Get(query.id()), started->front());
  std::map<std::string, int64_t> expected;
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(stream_.Append(Rows({"a", absl::StrCat("r", round), "a"})).ok());
    expected["a"] += 2;
    ++expected[absl::StrCat("r", round)];
    ASSERT_TRUE(query.ProcessAllAvailable(kLong).ok());
    EXPECT_EQ(Counts(), expected);
  }
  ASSERT_TRUE(query.ProcessAllAvailable(kLong).ok());
  int64_t rows = 0;
  for (const StreamingQueryProgress& progress : query.recent_progress()) {
    EXPECT_EQ(progress.id, query.id());
    EXPECT_EQ(progress.run_id, query.run_id());
    rows += progress.num_input_rows;
  }
  EXPECT_EQ(rows, 15);
  EXPECT_THAT(query.last_progress()->ToJson(),
              AllOf(StartsWith("{\"id\": \""), HasSubstr("\"name\": \"counts\""),
                    HasSubstr("\"runId\": \"" + query.run_id())));
  EXPECT_TRUE(query.Stop().ok());
  EXPECT_TRUE(query.Stop().ok());
  EXPECT_FALSE(query.is_active());
  EXPECT_TRUE(query.AwaitTermination().ok());
  EXPECT_TRUE(queries.AwaitAnyTermination().ok());
  EXPECT_TRUE(queries.Active().empty());
  EXPECT_EQ(queries.Get("counts"), nullptr);
}

TEST_F(QueriesForReal, GoOnFromTheirCheckpoints) {
  std::string id;
  std::string run_id;
  for (const auto& [file, lines] : {std::pair("1", "a "), {"2", "a b "}, {"3", "a b c "}}) {
    Session session;
    CopyLines(session);
    StreamingQueryManager queries(Config());
    const auto started = queries.Start(session);
    ASSERT_TRUE(started.ok()) << started.status();
    StreamingQuery& query = *started->front();
    PutFile(file, std::string(1, static_cast<char>('a' + file[0] - '1')) + "\n");
    ASSERT_TRUE(query.ProcessAllAvailable(kLong).ok());
    if (!id.empty()) EXPECT_EQ(query.id(), id);
    EXPECT_NE(query.run_id(), run_id);
    id = query.id();
    run_id = query.run_id();
    ASSERT_TRUE(query.Stop().ok());  // its files are there by then
    EXPECT_EQ(Lines(), lines);
  }
}

TEST_F(QueriesForReal, EndWithWhatWasAvailable) {
  PutFile("1", "a\nb\n");
  Session session;
  session.ReadStream()
      .Format("text")
      .Load("in")
      .WriteStream()
      .QueryName("lines")
      .Format("text")
      .Option("path", "out")
      .AvailableNow()
      .Start();
  StreamingQueryManager queries(Config());
  const auto started = queries.Start(session);
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_TRUE(started->front()->AwaitTermination(kLong).ok());
  EXPECT_EQ(Lines(), "a b ");
}

// What a start is refused with.
TEST_F(QueriesForReal, AreRefusedBeforeAnythingIsWritten) {
  const auto refusal = [](StreamingQueryManager& queries, const Session& session) {
    const auto started = queries.Start(session);
    return std::string(platform::ToStd(started.status().message()));
  };
  {
    StreamingQueryManager queries(Config());
    EXPECT_THAT(refusal(queries, Session()), HasSubstr("it has none"));
    Session session;
    CopyLines(session, "in/out");
    EXPECT_THAT(refusal(queries, session), HasSubstr("in/out"));
  }
  {
    Session session;
    CopyLines(session);
    StreamingQueryManager nowhere({.directory = root_.string()});
    EXPECT_THAT(refusal(nowhere, session), HasSubstr("LocalConfig::checkpoint"));
    StreamingQueryManager master({.master = "yarn", .directory = root_.string()});
    EXPECT_THAT(refusal(master, session), HasSubstr("master \"yarn\""));
  }
  EXPECT_FALSE(std::filesystem::exists(root_ / "checkpoint"));
  StreamingQueryManager queries(Config());
  Session counts;
  CountWords(counts);
  const auto started = queries.Start(counts);
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_THAT(refusal(queries, counts), HasSubstr("query counts is active"));
  ASSERT_TRUE(stream_.Append(Rows({"a"})).ok());
  ASSERT_TRUE(started->front()->ProcessAllAvailable(kLong).ok());
  ASSERT_TRUE(started->front()->Stop().ok());
  // Its checkpoint is of another query.
  Session other;
  ASSERT_TRUE(other.RegisterSource(MemorySource(stream_)).ok());
  ASSERT_TRUE(other.RegisterSink(MemorySink(tables_)).ok());
  other.ReadStream()
      .Format("memory")
      .Load()
      .GroupBy({Length(Col("word"))})
      .Count()
      .WriteStream()
      .QueryName("counts")
      .OutputMode("complete")
      .Format("memory")
      .Start();
  EXPECT_THAT(refusal(queries, other), HasSubstr("counts"));
  EXPECT_TRUE(queries.Active().empty());
}

// What a listener hears.
class Heard : public StreamingQueryListener {
 public:
  void OnQueryStarted(const QueryRun& run) override { Add("started " + run.name); }
  void OnQueryProgress(const StreamingQueryProgress& progress) override {
    Add(absl::StrCat("batch ", progress.batch_id));
    throw std::runtime_error("of a listener");
  }
  void OnQueryIdle(const QueryRun&) override { Add("idle"); }
  void OnQueryTerminated(const QueryRun& run, const absl::Status& exception) override {
    Add(absl::StrCat("ended ", run.name, exception.ok() ? "" : ", failed"));
  }
  std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  void Add(std::string what) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(what));
  }
  mutable std::mutex mutex_;
  std::vector<std::string> all_;
};

TEST_F(QueriesForReal, TellTheirListeners) {
  Session session;
  CountWords(session);
  StreamingQueryManager queries(Config());
  const auto heard = std::make_shared<Heard>();
  const auto other = std::make_shared<Heard>();
  queries.AddListener(heard);
  queries.AddListener(other);
  queries.RemoveListener(other);
  const auto started = queries.Start(session);
  ASSERT_TRUE(started.ok()) << started.status();
  StreamingQuery& query = *started->front();
  ASSERT_TRUE(query.ProcessAllAvailable(kLong).ok());
  ASSERT_TRUE(stream_.Append(Rows({"a"})).ok());
  ASSERT_TRUE(query.ProcessAllAvailable(kLong).ok());
  ASSERT_TRUE(query.Stop().ok());
  EXPECT_THAT(heard->all(),
              ElementsAre("started counts", "idle", "batch 0", "idle", "ended counts"));
  EXPECT_TRUE(other->all().empty());
}

TEST_F(QueriesForReal, SayWhatTheyFailedWith) {
  Session session;
  ASSERT_TRUE(session.RegisterSource(MemorySource(stream_)).ok());
  std::shared_ptr<StreamingQuery> itself;
  absl::Status waited;
  session.ReadStream()
      .Format("memory")
      .Load()
      .WriteStream()
      .QueryName("bad")
      .ForeachBatch([&](PreparedBatch&) -> platform::Task<absl::Status> {
        waited = itself->ProcessAllAvailable();
        co_return absl::InvalidArgumentError("nothing pleases it");
      })
      .Start();
  StreamingQueryManager queries(Config());
  EXPECT_TRUE(absl::IsFailedPrecondition(queries.AwaitAnyTermination()));
  const auto started = queries.Start(session);
  ASSERT_TRUE(started.ok()) << started.status();
  itself = started->front();
  EXPECT_TRUE(absl::IsDeadlineExceeded(itself->AwaitTermination(absl::Milliseconds(1))));
  ASSERT_TRUE(stream_.Append(Rows({"a"})).ok());
  const absl::Status ended = queries.AwaitAnyTermination(kLong);
  EXPECT_THAT(std::string(platform::ToStd(ended.message())), HasSubstr("nothing pleases it"));
  EXPECT_EQ(itself->exception(), ended);
  EXPECT_EQ(itself->ProcessAllAvailable(kLong), ended);
  EXPECT_TRUE(absl::IsFailedPrecondition(waited)) << waited;
  queries.ResetTerminated();
  EXPECT_TRUE(absl::IsFailedPrecondition(queries.AwaitAnyTermination()));
}

TEST_F(QueriesForReal, OutliveTheirManagerWithTheirHandle) {
  std::shared_ptr<StreamingQuery> query;
  {
    Session session;
    CountWords(session);
    StreamingQueryManager queries(Config());
    const auto started = queries.Start(session);
    ASSERT_TRUE(started.ok()) << started.status();
    query = started->front();
  }
  ASSERT_TRUE(stream_.Append(Rows({"a"})).ok());
  ASSERT_TRUE(query->ProcessAllAvailable(kLong).ok());
  EXPECT_EQ(Counts(), (std::map<std::string, int64_t>{{"a", 1}}));
}

}  // namespace
}  // namespace wavetank::runtime
