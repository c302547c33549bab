#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "platform/text.h"
#include "scenarios/jobs.h"
#include "scenarios/runner.h"
#include "simulator/fault_effects.h"
#include "simulator/fault_table.h"

namespace wavetank::scenarios {
namespace {

absl::StatusOr<RunReport> RunText(const std::string& text, uint64_t seed = 1,
                                  uint64_t events_max = UINT64_MAX) {
  ScenarioJobs jobs;
  AddBuiltInJobs(jobs);
  const auto parsed = ParseScenario("s", text);
  if (!parsed.ok()) return parsed.status();
  RunOptions options;
  options.seed = seed;
  options.events_max = events_max;
  return RunScenario(*parsed, jobs, options);
}

const char kWordCount[] = R"(schema_version: 1
name: "s"
job { name: "word_count" }
input { name: "input" generator { records: 20 } arrival { records_each: 10 first_ms: 500 } }
)";

std::string RunErrorOf(const std::string& more) {
  const auto report = RunText(std::string(kWordCount) + more);
  return report.ok() ? "" : std::string(report.status().message());
}

TEST(RunScenario, RefusesWhatIsNotThereWithItsPlaceAndTheNearestName) {
  EXPECT_EQ(RunErrorOf("fault { kind: \"process.crush\" target: \"app\" at_ms: 1 }"),
            "s:5:9: there is no fault \"process.crush\": did you mean \"process.crash\"?");
  EXPECT_EQ(RunErrorOf("fault { kind: \"process.crash\" target: \"ap\" at_ms: 1 }"),
            "s:5:31: there is no process \"ap\": did you mean \"app\"?");
  EXPECT_EQ(RunErrorOf("fault { kind: \"process.crash\" target: \"app\" "
                       "at_step { step: \"batch.prepard\" } }"),
            "s:5:55: there is no step \"batch.prepard\": did you mean \"batch.prepared\"?");
  EXPECT_EQ(RunErrorOf("fault { kind: \"process.crash\" target: \"app\" "
                       "at_step { step: \"batch.prepared\" node: \"drivr\" } }"),
            "s:5:78: there is no node \"drivr\": did you mean \"driver\"?");
  EXPECT_EQ(RunErrorOf("expect { reached { step: \"batch.prepared\" "
                       "attribute { name: \"bach\" value: 1 } } }"),
            "s:5:55: step batch.prepared has no attribute \"bach\": did you mean \"batch\"?");
  EXPECT_EQ(RunErrorOf("expect { reached { step: \"batch.prepared\" at_least: 2 at_most: 1 } }"),
            "s:5:55: at_most is below at_least");
  EXPECT_EQ(RunErrorOf("expect { breaks_stronger_promise: true }"),
            "s:5:10: what breaks is a violation: say which, as `violation`");
  EXPECT_EQ(RunErrorOf("expect { violation: \"lots\" }"),
            "s:5:10: there is no violation \"lots\": did you mean \"lost\"?");
  EXPECT_EQ(RunErrorOf("expect { recovery_row: \"prepared_gon\" }"),
            "s:5:10: no recovery table has a row \"prepared_gon\": did you mean "
            "\"prepared_gone\"?");
  EXPECT_EQ(RunErrorOf("fault { kind: \"disk.bit_rot\" target: \"m1\" at_ms: 1 amount: 3 }"),
            "s:5:9: disk.bit_rot needs files: a path on the machine's disk");
  EXPECT_EQ(RunErrorOf("fault { kind: \"disk.slow\" target: \"m1\" at_ms: 1 amount: 3 "
                       "files: \"a\" }"),
            "s:5:59: disk.slow does not choose among files");
  EXPECT_EQ(RunErrorOf("fault { kind: \"disk.read_error\" target: \"m1\" at_ms: 1 nth: 0 }"),
            "s:5:55: files and calls are counted from 1");
  EXPECT_EQ(RunErrorOf("fault { kind: \"disk.read_error\" target: \"m1\" "
                       "at_random { probability: 1.5 } }"),
            "s:5:58: probability is 1.5 and must be from 0 to 1");
  EXPECT_EQ(RunErrorOf("fault { kind: \"disk.read_error\" target: \"m1\" "
                       "at_random { probability: 0 } }"),
            "s:5:58: disk.read_error needs a probability above 0 and at most 1");
}

TEST(RunScenario, RefusesMeasuresThatAFaultCannotHave) {
  const auto why = [](const std::string& fault) {
    return RunErrorOf("fault { target: \"m1\" at_ms: 1 " + fault + " }");
  };
  EXPECT_EQ(why("kind: \"disk.stalled\" duration_ms: -5"),
            "s:5:52: duration_ms is -5 and must be from 0 to 31536000000");
  EXPECT_EQ(why("kind: \"disk.slow\" amount: -1"),
            "s:5:49: the amount of disk.slow is -1 and must be from 1 to 1000000 (times)");
  EXPECT_EQ(why("kind: \"disk.slow\" amount: 9223372036854775807"),
            "s:5:49: the amount of disk.slow is 9223372036854775807 and must be from 1 to 1000000 "
            "(times)");
  EXPECT_EQ(why("kind: \"clock.drift\" amount: -1000001"),
            "s:5:51: the amount of clock.drift is -1000001 and must be from -999999 to 999999 "
            "(parts per million)");
  EXPECT_EQ(why("kind: \"clock.drift\""), "s:5:31: clock.drift needs an amount: parts per million");
  EXPECT_EQ(why("kind: \"machine.power_loss\" amount: 3"),
            "s:5:58: machine.power_loss takes no amount");
  EXPECT_EQ(why("kind: \"machine.power_loss\" duration_ms: 3"),
            "s:5:58: machine.power_loss lasts no time");
  EXPECT_EQ(why("kind: \"disk.read_error\" nth: -1"),
            "s:5:55: no call is known to be the last: calls are counted from 1");
  EXPECT_EQ(RunErrorOf("fault { kind: \"disk.slow\" amount: 3 at_random { per_hour: 1 } }"),
            "s:5:27: a fault at random draws its amount, how long it lasts, and when what it ends "
            "starts");
  EXPECT_EQ(RunErrorOf("fault { kind: \"disk.slow\" "
                       "at_random { per_hour: 1 from_ms: 5 to_ms: 4 } }"),
            "s:5:62: to_ms is below from_ms");
}

// The source gives it once it may be read, after files that came later.
TEST(RunScenario, AFileThatMayNotBeReadYetIsNoneThatComesOutOfOrder) {
  const auto report = RunText(R"(schema_version: 1
name: "s"
job { name: "word_count_dstream" }
input {
  name: "input"
  generator { records: 3 }
  arrival { records_each: 1 first_ms: 1000 burst: 10 }
}
fault {
  kind: "disk.access_denied" target: "m1"
  at_file_call { call: "open" files: "input/input-00001.txt" }
}
expect { guarantee: AT_LEAST_ONCE }
)");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->verdict, Verdict::kPass) << ::testing::PrintToString(report->reasons);
  EXPECT_EQ(report->records.reordered, 1);
}

// A name that a listing does not show is input with a listing to come, behind later ones: that is
// no fault of the job (explore called it one).
TEST(RunScenario, RecordsMayComeOutOfOrderWhereAListingMissedTheirFile) {
  const auto report = RunText(R"(schema_version: 1
name: "s"
job { name: "word_count_dstream" parameter { name: "interval" value: "1921ms" } }
cluster {
  machine { name: "m-store" process { name: "store" node: "store" } }
  machine { name: "m-driver" process { name: "driver" node: "driver" } }
  machine { name: "m-1" process { name: "process-1" node: "worker-1" } }
  machine { name: "m-2" process { name: "process-2" node: "worker-2" } }
}
input {
  name: "input"
  generator { records: 5 malformed_ppm: 296950 }
  arrival { records_each: 1 first_ms: 600 every_ms: 200 }
}
fault {
  kind: "disk.short_listing"
  target: "m-store"
  at_call { node: "driver" call: 138 }
  files: "input"
}
expect { guarantee: AT_LEAST_ONCE }
)");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->records.reordered, 1);
  EXPECT_EQ(report->verdict, Verdict::kPass);
}

// A machine's time that hardly passes, and one whose calls hardly end.
TEST(RunScenario, MeasuresAtTheirBoundsMakeARunAndNoAbort) {
  for (const simulator::FaultInfo& info : simulator::FaultTable()) {
    if (info.amount.empty() || simulator::TakesSeveralMachines(info.kind)) continue;
    // This job has nothing to do with such a system.
    if (info.family == simulator::FaultFamily::kExternal) continue;
    for (const int64_t amount : {info.AmountAllowed().low, info.AmountAllowed().high}) {
      std::string fault = absl::StrCat("fault { kind: \"", platform::ToAbsl(info.name),
                                       "\" at_ms: 700 amount: ", amount);
      const bool of_process = info.family == simulator::FaultFamily::kProcess;
      absl::StrAppend(&fault, of_process ? " target: \"app\"" : " target: \"m1\"");
      if (info.family == simulator::FaultFamily::kNetwork) absl::StrAppend(&fault, " peer: \"m1\"");
      if (simulator::IsAtRest(info.kind)) absl::StrAppend(&fault, " files: \"input/*\"");
      if (!info.duration_ms.empty()) absl::StrAppend(&fault, " duration_ms: 31536000000");
      const auto report = RunText(absl::StrCat(kWordCount, fault, " }"), 1, 60'000);
      EXPECT_TRUE(report.ok()) << report.status();
    }
  }
}

TEST(RunScenario, IsCutAfterTheEventsThatItMayHave) {
  const auto report = RunText(kWordCount, 1, 1000);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->verdict, Verdict::kInconclusive);
  EXPECT_EQ(report->reasons, std::vector<std::string>{absl::StrCat("the run was cut after ",
                                                                   report->events, " events")});
}

TEST(RunScenario, RefusesAJobOrParameterThatIsNotThere) {
  const auto error = [](const std::string& job) {
    return std::string(
        RunText("schema_version: 1\nname: \"s\"\njob { " + job + " }").status().message());
  };
  EXPECT_EQ(error("name: \"word_cuont\""),
            "s:3:7: there is no job \"word_cuont\": did you mean \"word_count\"?");
  EXPECT_EQ(error("name: \"word_count\" parameter { name: \"mod\" value: \"x\" }"),
            "s:3:38: job word_count has no parameter \"mod\": did you mean \"mode\"?");
  // Of a value where it stands, of the job itself and of a change.
  EXPECT_EQ(error("name: \"word_count\" parameter { name: \"retain\" value: \"1\" }"),
            "s:3:53: job word_count: retain \"1\" is not a number from 2 to 1000000");
  EXPECT_EQ(error("name: \"word_count\" change { parameter { name: \"retain\" value: \"1\" } }"),
            "s:3:62: job word_count: retain \"1\" is not a number from 2 to 1000000");
  EXPECT_EQ(error("name: \"word_count\" change {}"), "s:3:26: a change of nothing");
}

TEST(RunScenario, SaysWhatAJobReadsThatHasNoInputOfThatName) {
  EXPECT_EQ(RunErrorOf("input { name: \"others\" lines { line: \"a\" } }"),
            "s:5:9: job word_count reads no \"others\": it reads \"input\"");
  const auto error =
      [](const std::string& name) {
        return std::string(RunText(R"(schema_version: 1
        name: "s"
        job { name: "orders_and_visits"
              parameter { name: "orders" value: "in/orders" }
              parameter { name: "visits" value: "in/visits" }
              parameter { name: "spent" value: "spent" } parameter { name: "seen" value: "seen" } }
        input { name: ")" + name + R"(" lines { line: "a" } })")
                               .status()
                               .message());
      };
  EXPECT_EQ(error("ordes"),
            "s:7:17: job orders_and_visits reads no \"ordes\": did you mean "
            "\"orders\"?");
  EXPECT_EQ(error("numbers"),
            "s:7:17: job orders_and_visits reads no \"numbers\": it reads \"in/orders\" and "
            "\"in/visits\"");
  EXPECT_EQ(error("orders"), "");
  EXPECT_EQ(error("in/visits/"), "");
}

std::string SocketErrorOf(const std::string& more, const std::string& job = "") {
  const auto report = RunText("schema_version: 1\nname: \"s\"\njob { name: \"socket_word_count\" " +
                              job + "}\n" + more);
  return report.ok() ? "" : std::string(report.status().message());
}

TEST(RunScenario, RefusesASocketWithoutAServerThatCouldBe) {
  const std::string input = "input { name: \"input\" generator { records: 5 } }\n";
  EXPECT_EQ(SocketErrorOf(""),
            "s:3:7: job socket_word_count reads a socket: it needs an input, which is what the "
            "server there sends");
  EXPECT_EQ(SocketErrorOf(input, "parameter { name: \"host\" value: \"elsewhere\" } "),
            "s:3:7: there is no server on \"elsewhere\": the one that the input comes from is on "
            "\"outside\"");
  EXPECT_EQ(SocketErrorOf(input, "parameter { name: \"port\" value: \"http\" } "),
            "s:3:58: job socket_word_count: port \"http\" is not a number from 1 to 65535");
  EXPECT_EQ(SocketErrorOf(input + "cluster { machine { name: \"outside\" process { name: \"app\" "
                                  "node: \"driver\" node: \"worker-1\" } } }"),
            "s:5:11: \"outside\" is the name of the machine or a process that the input "
            "comes from: choose another");
  EXPECT_EQ(SocketErrorOf(input + "fault { kind: \"process.crash\" target: \"outsid\" at_ms: 1 }"),
            "s:5:31: there is no process \"outsid\": did you mean \"outside\"?");
}

constexpr char kTwoServers[] =
    "schema_version: 1\nname: \"s\"\njob { name: \"readings_and_alarms_dstream\" ";

std::string TwoServersErrorOf(const std::string& job, const std::string& more) {
  const auto report = RunText(absl::StrCat(kTwoServers, job, "}\n", more));
  return report.ok() ? "" : std::string(report.status().message());
}

TEST(RunScenario, ServersGoByTheNamesOfTheirInputs) {
  const auto input = [](const std::string& name) {
    return "input { name: \"" + name + "\" lines { line: \"a,1\" } }\n";
  };
  const std::string both = input("readings") + input("outside:9999");
  const auto crash = [](const std::string& process) {
    return "fault { kind: \"process.crash\" target: \"" + process + "\" at_ms: 900 }\n";
  };
  EXPECT_EQ(TwoServersErrorOf("", both + crash("outside-readings") + crash("outside-9999")), "");
  EXPECT_EQ(
      TwoServersErrorOf("", both + crash("outside")),
      "s:6:31: there is no process \"outside\"; there are app, outside-readings, outside-9999");
  EXPECT_EQ(TwoServersErrorOf("", input("readings") + input("server")),
            "s:5:9: job readings_and_alarms_dstream reads no \"server\": it reads the server "
            "\"outside:9998\" and the server \"outside:9999\"");
  EXPECT_EQ(TwoServersErrorOf("", input("readings") + input("outside:9998")),
            "s:5:9: two inputs go to the same place");
  EXPECT_EQ(TwoServersErrorOf("", input("readings")),
            "s:3:7: job readings_and_alarms_dstream reads the server \"outside:9999\": it needs an "
            "input, which is what the server there sends");
  EXPECT_EQ(TwoServersErrorOf("parameter { name: \"alarms\" value: \"9998\" } ", both),
            "s:3:7: two streams of job readings_and_alarms_dstream connect to \"outside:9998\", "
            "which serves one connection at a time: give each a port of its own");
}

TEST(RunScenario, EachOfTwoServersWritesItsOwnInput) {
  const auto report = RunText(absl::StrCat(
      kTwoServers,
      "}\ninput { name: \"alarms\" lines { line: \"fire\" line: \"flood\" } }\n"
      "input { name: \"readings\" lines { line: \"a,1\" line: \"b,2\" line: \"a,3\" } }\n"
      "fault { kind: \"process.crash\" target: \"outside-alarms\" at_ms: 1500 }\n"
      "expect { guarantee: AT_LEAST_ONCE row: \"output/alarms: 4 bytes: fire\" "
      "row: \"output/alarms: 5 bytes: flood\" row: \"output/totals: (a,4)\" "
      "row: \"output/totals: (b,2)\" reached { step: \"line_server.written\" at_least: 2 } }"));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->verdict, Verdict::kPass) << Summary(*report);
}

// It ends the stream, where a receiver cannot tell that from the end of a line.
TEST(RunScenario, ALineWithinWhichAServerEndsIsOneAsFarAsItGoes) {
  const auto report = RunText(absl::StrCat(
      kTwoServers,
      "}\ninput { name: \"alarms\" lines { line: \"a flood in the cellar\" } "
      "arrival { first_ms: 2000 } }\n"
      "input { name: \"readings\" lines { line: \"a,1\" } }\n"
      "fault { kind: \"process.stop\" target: \"outside-alarms\" "
      "at_step { step: \"line_server.half_written\" node: \"line-server-alarms\" } }\n"
      "expect { guarantee: AT_LEAST_ONCE row: \"output/alarms: 11 bytes: a flood in \" "
      "row: \"output/totals: (a,1)\" }"));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->verdict, Verdict::kPass) << Summary(*report);
}

// The server is a target of faults like anything else: its lines wait while it is away.
TEST(RunScenario, ASocketsServerThatCrashesKeepsTheLinesThatItHasNotWritten) {
  const auto report = RunText(
      "schema_version: 1\nname: \"s\"\njob { name: \"socket_word_count\" "
      "parameter { name: \"port\" value: \"1234\" } }\n"
      "input { name: \"input\" generator { records: 20 } "
      "arrival { records_each: 5 first_ms: 1000 every_ms: 300 } }\n"
      "fault { kind: \"process.crash\" target: \"outside\" at_ms: 900 }\n"
      "expect { guarantee: EXACTLY_ONCE reached { step: \"line_server.written\" at_least: 4 } }");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->verdict, Verdict::kPass) << Summary(*report);
  EXPECT_EQ(report->records.once, 20);
}

TEST(RunScenario, GivesTheSameHashForTheSameSeedAndAnotherForAnother) {
  const auto first = RunText(kWordCount, 1);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->verdict, Verdict::kPass) << Summary(*first);
  EXPECT_EQ(RunText(kWordCount, 1)->trace_hash, first->trace_hash);
  EXPECT_NE(RunText(kWordCount, 2)->trace_hash, first->trace_hash);
}

TEST(RunScenario, ExpectedRowsMayStandInAnyOrderWhateverTheirCharacters) {
  const auto report = RunText(
      "schema_version: 1\nname: \"s\"\njob { name: \"word_count\" }\n"
      "input { name: \"input\" lines { line: \"a  \\\"a \\ta\" line: \"a\" } "
      "arrival { first_ms: 500 } }\n"
      "expect { row: \"\\ta,1\" row: \"a,2\" row: \",1\" row: \"\\\"a,1\" }");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->verdict, Verdict::kPass) << Summary(*report);
}

TEST(RunScenario, ExpectationsThatDoNotHoldGiveTheVerdictTheyShould) {
  const auto verdict = [](const std::string& more) {
    return RunText(std::string(kWordCount) + more)->verdict;
  };
  EXPECT_EQ(verdict("expect { row: \"no,1\" }"), Verdict::kViolation);
  EXPECT_EQ(verdict("expect { lost { min: 1 } }"), Verdict::kViolation);
  EXPECT_EQ(verdict("expect { violation: \"lost\" }"), Verdict::kViolation);
  EXPECT_EQ(verdict("expect { error: \"no such words\" }"), Verdict::kViolation);
  EXPECT_EQ(verdict("expect { reached { step: \"sink.unsure\" } }"), Verdict::kInconclusive);
  EXPECT_EQ(verdict("expect { reached { step: \"sink.unsure\" at_most: 0 } }"), Verdict::kPass);
  EXPECT_EQ(verdict("expect { reached { step: \"batch.committed\" at_most: 1 } }"),
            Verdict::kViolation);
  EXPECT_EQ(verdict("fault { kind: \"process.crash\" target: \"app\" "
                    "at_step { step: \"sink.unsure\" } }"),
            Verdict::kInconclusive);
}

// The store's machine never comes back, and nothing heals it: the disk is full for good.
TEST(RunScenario, WorkThatDoesNotAdvanceIsStalledAndSaysWhy) {
  const auto report = RunText(std::string(kWordCount) +
                              "cluster { machine { name: \"m\" process { name: \"p\" "
                              "node: \"driver\" } process { name: \"q\" node: \"worker-1\" "
                              "standby: true } } }\nphases { converge_budget_ms: 5000 }");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->verdict, Verdict::kStalled) << Summary(*report);
}

}  // namespace
}  // namespace wavetank::scenarios
