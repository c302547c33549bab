// Jobs whose shape no checker was made for, without an oracle: judged right by replay. The mutants
// of the list `engine` are judged wrong by these tests.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/dstream/streaming_context.h"
#include "runtime/structured/data_frame.h"
#include "scenarios/oracle.h"
#include "scenarios/parse.h"
#include "scenarios/runner.h"

namespace wavetank::scenarios {
namespace {

using runtime::Col;
using runtime::DataFrame;
using runtime::Job;
using runtime::JobArguments;
using runtime::Session;
using runtime::StreamingContext;
using testing::HasSubstr;

constexpr char kLines[] = R"(
  lines { line: "to be or not" line: "r1 r2 r1" line: "to be" line: "" line: "the question"
          line: "whether tis nobler, in" line: "the mind" line: "r3 to suffer" }
  arrival { records_each: 2 first_ms: 500 every_ms: 700 })";
// What a sink has to quote, and what a null might be taken for.
constexpr char kOdd[] = R"(
  lines { line: "a,\"b\"" line: "\\N" line: "" line: "0.1" line: "k 0.1" line: "k 0.2"
          line: "k 1e300" line: "k -1e300" line: "j 1e-3" line: "it's \"x\""
          line: "2020-01-01T00:00:00Z" line: "k 0.3" }
  arrival { records_each: 3 first_ms: 500 every_ms: 400 burst: 2 })";
constexpr char kTimes[] = R"(
  generator { records: 60 words_per_line: 1 vocabulary: 5 event_step_ms: 3000
              late_ppm: 100000 late_by_ms: 40000 }
  arrival { records_each: 8 first_ms: 500 every_ms: 700 })";

void WriteTo(const DataFrame& rows, const JobArguments& arguments, const char* mode,
             const char* output = "output") {
  rows.WriteStream().OutputMode(mode).Format("file").Option("path", arguments.Get(output)).Start();
}

DataFrame Lines(Session& session, const JobArguments& arguments, const char* input = "input") {
  return session.ReadStream().Format("text").Load(arguments.Get(input));
}

Job Structured(std::string name, void (*plan)(Session&, const JobArguments&)) {
  Job job;
  job.name = std::move(name);
  job.meaning = "a query";
  job.parameters = {{"input", "lines", std::nullopt}, {"output", "rows", std::nullopt}};
  job.structured = plan;
  return job;
}

Job Stream(std::string name, bool deterministic,
           void (*plan)(StreamingContext&, const JobArguments&)) {
  Job job;
  job.name = std::move(name);
  job.meaning = "a stream";
  job.parameters = {{"input", "lines", std::nullopt}, {"output", "rows", std::nullopt}};
  job.deterministic = deterministic;
  job.dstream = plan;
  return job;
}

struct AnyJob {
  Job job;
  const char* input = kLines;
  std::string parameters = {};
  std::string more = {};       // inputs
  std::string name = "input";  // of the first
};

// Of each stream the port is a parameter.
Job OfSockets(Job job, const std::vector<std::string>& ports) {
  job.parameters = {{"output", "rows", std::nullopt}};
  int number = 9001;
  for (const std::string& port : ports) {
    job.parameters.push_back({port, "port", absl::StrCat(number++), runtime::ParameterKind::kPort});
  }
  return job;
}

runtime::DStream<std::string> Socket(StreamingContext& context, const JobArguments& arguments,
                                     const char* port) {
  int number = 0;
  EXPECT_TRUE(absl::SimpleAtoi(arguments.Get(port), &number));
  return context.SocketTextStream("outside", number);
}

std::string WordOf(const std::string& line) { return line.substr(0, line.find(' ')); }

std::vector<AnyJob> AnyJobs() {
  std::vector<AnyJob> jobs;
  jobs.push_back(
      {Structured("group_by_length", [](Session& session, const JobArguments& arguments) {
        const DataFrame lines = Lines(session, arguments);
        WriteTo(lines.GroupBy({runtime::Length(Col("value")).As("length")}).Count(), arguments,
                "update");
      })});
  jobs.push_back(
      {Structured("counts_before_keys", [](Session& session, const JobArguments& arguments) {
        // The key is the last column, and some keys look like ids of records.
        const DataFrame words =
            Lines(session, arguments)
                .Select({runtime::Explode(runtime::Split(Col("value"), " ")).As("word")});
        WriteTo(words.GroupBy({Col("word")}).Count().Select({Col("count"), Col("word")}), arguments,
                "update");
      })});
  jobs.push_back({Structured("two_aggregates", [](Session& session, const JobArguments& arguments) {
    const DataFrame lengths = Lines(session, arguments)
                                  .Select({runtime::SubstringBefore(Col("value"), " ").As("first"),
                                           runtime::Length(Col("value")).As("length")});
    WriteTo(lengths.GroupBy({Col("first")})
                .Agg({runtime::Count().As("lines"), runtime::Max(Col("length")).As("longest")}),
            arguments, "update");
  })});
  jobs.push_back({Structured("whole_table", [](Session& session, const JobArguments& arguments) {
    WriteTo(Lines(session, arguments).GroupBy({Col("value")}).Count(), arguments, "complete");
  })});
  jobs.push_back(
      {Structured(
           "every_type",
           [](Session& session, const JobArguments& arguments) {
             WriteTo(
                 Lines(session, arguments)
                     .Select({Col("value"), Cast(Col("value"), runtime::DataType::kDouble).As("d"),
                              Cast(Col("value"), runtime::DataType::kTimestamp).As("t"),
                              (runtime::Length(Col("value")) > 4).As("b"),
                              Cast(Col("value"), runtime::DataType::kFloat).As("f"),
                              Cast(Col("value"), runtime::DataType::kInt8).As("i8"),
                              Cast(Col("value"), runtime::DataType::kInt32).As("i32"),
                              Cast(Col("value"), runtime::DataType::kDate).As("day"),
                              runtime::Struct({Col("value")}).As("s").Field("value").As("field"),
                              runtime::SubstringAfter(Col("value"), " ").As("rest")}),
                 arguments, "append");
           }),
       kOdd});
  jobs.push_back(
      {Structured("sums_of_doubles",
                  [](Session& session, const JobArguments& arguments) {
                    // Their last bits depend on the order of adding.
                    WriteTo(Lines(session, arguments)
                                .Select({runtime::SubstringBefore(Col("value"), " ").As("key"),
                                         Cast(runtime::SubstringAfter(Col("value"), " "),
                                              runtime::DataType::kDouble)
                                             .As("d")})
                                .GroupBy({Col("key")})
                                .Agg({runtime::Sum(Col("d")).As("sum"),
                                      runtime::Min(Col("d")).As("least")}),
                            arguments, "update");
                  }),
       kOdd});
  // Groups by dates, extremes of int16 and float, binary keys: all through exchange and state.
  jobs.push_back(
      {Structured("narrow_types",
                  [](Session& session, const JobArguments& arguments) {
                    const auto part = [](int number) {
                      return runtime::Split(Col("value"), ",").At(number);
                    };
                    WriteTo(Lines(session, arguments)
                                .Select({Cast(part(0), runtime::DataType::kDate).As("day"),
                                         Cast(part(1), runtime::DataType::kBinary).As("key"),
                                         Cast(part(2), runtime::DataType::kInt16).As("small"),
                                         Cast(part(3), runtime::DataType::kFloat).As("price")})
                                .GroupBy({Col("day"), Col("key"), Col("small") > 100})
                                .Agg({runtime::Sum(Col("small")).As("sum"),
                                      runtime::Max(Col("price")).As("most"),
                                      runtime::MinBy(Col("small"), Col("price")).As("cheapest")})
                                .WithColumn("key", Cast(Col("key"), runtime::DataType::kString)),
                            arguments, "complete");
                  }),
       R"(records { count: 40
            column { name: "day" type: DATE uniform { distinct: 3 } first: 20000
                     malformed_ppm: 100000 }
            column { name: "key" uniform { distinct: 3 } }
            column { name: "small" type: INT64 uniform { distinct: 40 } first: -100 step: 9000 }
            column { name: "price" type: DOUBLE uniform { distinct: 9 } first: -700 step: 333
                     empty_ppm: 100000 } }
          arrival { records_each: 8 first_ms: 500 every_ms: 700 })"});
  jobs.push_back({Structured("without_state", [](Session& session, const JobArguments& arguments) {
    WriteTo(Lines(session, arguments)
                .Where(Col("value") != "")
                .Select({Col("value"), runtime::CurrentTimestamp().As("at")}),
            arguments, "append");
  })});
  jobs.push_back(
      {Structured("windows",
                  [](Session& session, const JobArguments& arguments) {
                    const DataFrame events =
                        Lines(session, arguments)
                            .Select({Cast(runtime::SubstringBefore(Col("value"), ","),
                                          runtime::DataType::kTimestamp)
                                         .As("time"),
                                     runtime::SubstringAfter(Col("value"), ",").As("word")})
                            .WithWatermark("time", absl::Seconds(10));
                    WriteTo(events.GroupBy({runtime::Window(Col("time"), absl::Seconds(10))})
                                .Agg({runtime::Count().As("events")}),
                            arguments, "append");
                  }),
       kTimes});
  {
    Job job = Structured("other_directories", [](Session& session, const JobArguments& arguments) {
      WriteTo(Lines(session, arguments, "from").GroupBy({Col("value")}).Count(), arguments,
              "update", "to");
    });
    job.parameters = {{"from", "lines", std::nullopt}, {"to", "rows", std::nullopt}};
    jobs.push_back({std::move(job), kLines,
                    R"(parameter { name: "from" value: "lake/raw" }
                       parameter { name: "to" value: "lake/counts" }
                       parameter { name: "checkpoint" value: "state/of/mine" })"});
  }
  jobs.push_back({Stream(
      "rows_that_are_no_pairs", true, [](StreamingContext& context, const JobArguments& arguments) {
        context.TextFileStream(arguments.Get("input"))
            .Map([](const std::string& line) { return static_cast<int64_t>(line.size()); })
            .SaveAsTextFiles(arguments.Get("output") + "/counts");
      })});
  jobs.push_back({Stream(
      "saves_to_lengths", true, [](StreamingContext& context, const JobArguments& arguments) {
        context.TextFileStream(arguments.Get("input"))
            .Map([](const std::string& line) {
              return std::pair<int64_t, int64_t>(static_cast<int64_t>(line.size()), 1);
            })
            .ReduceByKey(std::plus<int64_t>())
            .SaveAsTextFiles(arguments.Get("output") + "/lengths", "txt");
      })});
  jobs.push_back({Stream("lines_as_they_are", true,
                         [](StreamingContext& context, const JobArguments& arguments) {
                           context.TextFileStream(arguments.Get("input"))
                               .SaveAsTextFiles(arguments.Get("output") + "/lines");
                         })});
  {
    // Two queries from two directories, beside one another.
    Job job = Structured("two_queries", [](Session& session, const JobArguments& arguments) {
      WriteTo(Lines(session, arguments).GroupBy({Col("value")}).Count(), arguments, "update");
      WriteTo(Lines(session, arguments, "others").GroupBy({}).Count(), arguments, "complete",
              "totals");
    });
    job.parameters.push_back({"others", "more lines", std::nullopt});
    job.parameters.push_back({"totals", "rows", std::nullopt});
    jobs.push_back({std::move(job), kLines,
                    R"(parameter { name: "others" value: "logs/others" }
                       parameter { name: "totals" value: "totals" })",
                    R"(input { name: "others" generator { records: 30 }
                               arrival { records_each: 6 first_ms: 700 every_ms: 900 } })"});
  }
  {
    // Two streams of one graph, one of which has two outputs.
    Job job =
        Stream("two_streams", true, [](StreamingContext& context, const JobArguments& arguments) {
          const auto lines = context.TextFileStream(arguments.Get("input"));
          lines.SaveAsTextFiles(arguments.Get("output") + "/lines");
          lines.Map(WordOf).SaveAsTextFiles(arguments.Get("output") + "/words");
          context.TextFileStream("more")
              .Map([](const std::string& line) {
                return std::pair<std::string, int64_t>(WordOf(line), 1);
              })
              .ReduceByKey(std::plus<int64_t>())
              .SaveAsTextFiles(arguments.Get("output") + "/counts");
        });
    jobs.push_back({std::move(job), kLines, "",
                    R"(input { name: "more" generator { records: 30 }
                               arrival { records_each: 6 first_ms: 700 every_ms: 900 } })"});
  }
  {
    // Rows that are no pairs, and their sums: two outputs of one socket.
    Job job =
        Stream("a_socket", true, [](StreamingContext& context, const JobArguments& arguments) {
          const auto lengths = Socket(context, arguments, "port").Map([](const std::string& line) {
            return static_cast<int64_t>(line.size());
          });
          lengths.SaveAsTextFiles(arguments.Get("output") + "/lengths");
          lengths.Map([](const int64_t& length) { return std::pair<int64_t, int64_t>(length, 1); })
              .ReduceByKey(std::plus<int64_t>())
              .SaveAsTextFiles(arguments.Get("output") + "/counts");
        });
    jobs.push_back({OfSockets(std::move(job), {"port"})});
  }
  {
    Job job =
        Stream("two_sockets", true, [](StreamingContext& context, const JobArguments& arguments) {
          Socket(context, arguments, "port").SaveAsTextFiles(arguments.Get("output") + "/lines");
          Socket(context, arguments, "others")
              .Map([](const std::string& line) {
                return std::pair<std::string, int64_t>(WordOf(line), 1);
              })
              .ReduceByKey(std::plus<int64_t>())
              .SaveAsTextFiles(arguments.Get("output") + "/counts");
        });
    jobs.push_back({OfSockets(std::move(job), {"port", "others"}), kLines, "",
                    R"(input { name: "others" generator { records: 30 }
                               arrival { records_each: 6 first_ms: 700 every_ms: 300 } })",
                    "port"});
  }
  {
    Job job = OfSockets(
        Stream("a_socket_and_a_directory", true,
               [](StreamingContext& context, const JobArguments& arguments) {
                 context.TextFileStream("logs").SaveAsTextFiles(arguments.Get("output") + "/logs");
                 Socket(context, arguments, "port")
                     .SaveAsTextFiles(arguments.Get("output") + "/lines");
               }),
        {"port"});
    jobs.push_back({std::move(job), kLines, "",
                    R"(input { name: "logs" generator { records: 30 }
                               arrival { records_each: 6 first_ms: 700 every_ms: 900 } })",
                    "server"});
  }
  jobs.push_back({Stream(
      "not_deterministic", false, [](StreamingContext& context, const JobArguments& arguments) {
        context.TextFileStream(arguments.Get("input"))
            .Map([calls = std::make_shared<int64_t>(0)](const std::string& line) {
              return std::pair<std::string, int64_t>(WordOf(line), ++*calls);
            })
            .SaveAsTextFiles(arguments.Get("output") + "/numbered");
      })});
  return jobs;
}

constexpr char kCluster[] = R"(
  cluster {
    machine { name: "m-store" process { name: "store" node: "store" } }
    machine { name: "m-driver" process { name: "driver" node: "driver" } }
    machine { name: "m-1" process { name: "worker-a" node: "worker-1" } }
    machine { name: "m-2" process { name: "worker-b" node: "worker-2" } }
  })";

std::string FaultAt(const char* kind, const char* target, const std::string& at) {
  return absl::StrCat("fault { kind: \"", kind, "\" target: \"", target, "\" at_step { ", at,
                      " } }");
}

// Each befalls runs of its own, of one process or of a cluster.
std::vector<std::string> CircumstancesOf(const Job& job) {
  // A worker is lost with what it has put out for a batch under way.
  const bool structured = job.structured != nullptr;
  const std::string batch =
      absl::StrCat("attribute { name: \"batch\" value: ", structured ? 1 : 2, " }");
  std::vector<std::string> circumstances = {
      "", kCluster,
      absl::StrCat(kCluster, FaultAt("process.crash", "worker-a",
                                     absl::StrCat("step: \"task.finished\" ", batch)))};
  if (structured) {
    // The workers keep what they have made for the driver that is gone.
    circumstances.push_back(absl::StrCat(
        kCluster, FaultAt("process.crash", "driver", "step: \"batch.run\" occurrence: 2")));
    circumstances.push_back(
        FaultAt("process.crash", "app", "step: \"batch.defined\" occurrence: 2"));
    circumstances.push_back(FaultAt("process.crash", "app", "step: \"batch.run\" occurrence: 2"));
    circumstances.push_back(
        FaultAt("process.crash", "app", "step: \"batch.prepared\" occurrence: 2"));
    circumstances.push_back(
        FaultAt("machine.power_loss", "m1", "step: \"sink.committed\" occurrence: 2"));
  } else {
    circumstances.push_back(
        FaultAt("process.crash", "app", "step: \"dstream.batch_input_logged\" occurrence: 2"));
    circumstances.push_back(
        FaultAt("machine.power_loss", "m1", "step: \"dstream.output_done\" occurrence: 2"));
  }
  return circumstances;
}

RunReport RunWith(const AnyJob& any, const std::string& circumstances, uint64_t seed) {
  ScenarioJobs jobs;
  jobs.Add(any.job);
  const std::string text = absl::StrCat(
      "schema_version: 1 name: \"any\" job { name: \"", any.job.name, "\" ", any.parameters, " }\n",
      "input { name: \"", any.name, "\"", any.input, "}\n", any.more, circumstances,
      " expect { guarantee: ", any.job.structured != nullptr ? "EXACTLY_ONCE" : "AT_LEAST_ONCE",
      " }");
  const auto parsed = ParseScenario("any", text);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  RunOptions options;
  options.seed = seed;
  const auto report = RunScenario(*parsed, jobs, options);
  EXPECT_TRUE(report.ok()) << report.status();
  return *report;
}

class AnyJobTest : public testing::TestWithParam<size_t> {};

TEST_P(AnyJobTest, IsJudgedByReplay) {
  const AnyJob any = AnyJobs()[GetParam()];
  for (const std::string& circumstances : CircumstancesOf(any.job)) {
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      const RunReport report = RunWith(any, circumstances, seed);
      EXPECT_EQ(report.verdict, Verdict::kPass) << circumstances << "\n" << Summary(report);
      EXPECT_FALSE(report.records.told_apart) << "it has no ids that anybody told of";
      EXPECT_EQ(report.unjudged.empty(), any.job.structured != nullptr || any.job.deterministic);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Jobs, AnyJobTest, testing::Range<size_t>(0, AnyJobs().size()),
                         [](const testing::TestParamInfo<size_t>& info) {
                           return AnyJobs()[info.param].job.name;
                         });

TEST(AnyJob, AnOracleIsOfOnePartAlone) {
  for (const AnyJob& any : AnyJobs()) {
    if (any.job.name != "two_streams") continue;
    ScenarioJobs jobs;
    jobs.Add(any.job, DStreamOracle{.answer = [](const std::vector<std::string>&) {
               return std::vector<properties::NaiveRow>();
             }});
    const auto parsed =
        ParseScenario("any", "schema_version: 1 name: \"any\" job { name: \"two_streams\" }");
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    const auto report = RunScenario(*parsed, jobs, {});
    EXPECT_THAT(std::string(report.status().message()),
                HasSubstr("has an oracle, which is of one query or output, and 3 of them"));
  }
}

TEST(AnyJob, SaysWhatNobodyCanJudge) {
  const std::vector<AnyJob> jobs = AnyJobs();
  const std::string said = Summary(RunWith(jobs.back(), "", 1));
  EXPECT_THAT(said, HasSubstr("unjudged the rows: the job has no oracle and does not say that its "
                              "functions are deterministic"));
  EXPECT_THAT(said, HasSubstr("records  not told apart: this job has none with an id"));
}

}  // namespace
}  // namespace wavetank::scenarios
