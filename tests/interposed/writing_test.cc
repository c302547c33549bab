// Each fault of the disk and of the store, for real, while each kind of durable thing is written:
// it ends as in the simulator (fault_outcomes.h). A kill stands in for the power loss.
#include <csignal>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

#include "tests/interposed/child.h"
#include "tests/interposed/proxy.h"
#include "tests/interposed/real_faults.h"
#include "tests/runtime/fault_outcomes.h"

namespace wavetank::interposed {
namespace {

using runtime::durable_writers::DamagesUnnoticed;
using runtime::durable_writers::FilesOf;
using runtime::durable_writers::kNames;
using runtime::durable_writers::kThings;
using runtime::durable_writers::OutcomesOf;
using runtime::durable_writers::Thing;

struct Case {
  WritingFault fault;
  Thing thing;
  bool served;
};
void PrintTo(const Case& tested, std::ostream* out) { *out << tested.fault.name; }

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const WritingFault& fault : WritingFaults()) {
    for (const Thing thing : kThings) {
      if (!OutcomesOf(fault.name).local.empty()) cases.push_back({fault, thing, false});
      cases.push_back({fault, thing, true});
    }
  }
  return cases;
}

std::string NameOf(Thing thing) { return kNames[static_cast<int>(thing)]; }

class WritingForReal : public testing::TestWithParam<Case> {
 protected:
  std::string faults() const { return folder_.In("faults"); }

  // The rules of the fault, for this thing's files.
  std::string Rules() const {
    const Thing thing = GetParam().thing;
    const bool looks_back = GetParam().fault.acts == WritingFault::kWhileReading;
    const std::string files = looks_back && thing == Thing::kState ? "*state/1-*" : FilesOf(thing);
    const std::string other =
        thing == Thing::kState ? absl::StrCat(":", folder_.In("root/state/1-*")) : "";
    return absl::StrReplaceAll(GetParam().fault.rules, {{"{files}", files}, {"{other}", other}});
  }

  std::unique_ptr<Child> Start(std::vector<std::string> words) const {
    words.insert(words.begin(), WAVETANK_DURABLE_WRITER);
    return std::make_unique<Child>(words, Environment{{"WAVETANK_FAULTS", faults()}},
                                   folder_.path());
  }
  std::vector<std::string> Words(const std::string& act) const {
    std::vector<std::string> words = {act, NameOf(GetParam().thing), folder_.path()};
    if (GetParam().served) words.push_back(absl::StrCat("--store=", proxy_->address()));
    return words;
  }

  // Once it serves.
  void StartService() {
    service_ = Start({"serve", service_address_, folder_.path()});
    EXPECT_TRUE(service_->Prints("serving the store")) << service_->Output();
  }

  const Folder folder_;
  const std::string service_address_ = FreshAddress();
  std::unique_ptr<Proxy> proxy_ = std::make_unique<Proxy>(service_address_);
  std::unique_ptr<Child> service_;
};
INSTANTIATE_TEST_SUITE_P(, WritingForReal, testing::ValuesIn(Cases()), [](const auto& info) {
  return absl::StrCat(info.param.fault.name, NameOf(info.param.thing),
                      info.param.served ? "Served" : "Local");
});

struct Report {
  std::vector<std::string> writes;
  std::vector<std::string> reads;
  std::set<int> found;
  std::string state;
};

std::string CodeIn(absl::string_view line) { return std::string(line.substr(0, line.find(':'))); }

void ReadReport(const std::string& output, Report& report) {
  for (absl::string_view line : absl::StrSplit(output, '\n')) {
    if (absl::ConsumePrefix(&line, "write ")) report.writes.push_back(CodeIn(line));
    if (absl::ConsumePrefix(&line, "read ")) report.reads.push_back(CodeIn(line));
    if (absl::ConsumePrefix(&line, "state ")) report.state = std::string(line);
    if (!absl::ConsumePrefix(&line, "found ")) continue;
    for (const absl::string_view unit : absl::StrSplit(line, ',', absl::SkipEmpty())) {
      int number = 0;
      if (absl::SimpleAtoi(unit, &number)) report.found.insert(number);
    }
  }
}

TEST_P(WritingForReal, EndsAsInTheSimulator) {
  const WritingFault& fault = GetParam().fault;
  const bool while_reading = fault.acts == WritingFault::kWhileReading;
  WriteFile(faults() + ".ready", while_reading ? "" : Rules());
  if (GetParam().served) StartService();

  std::vector<std::string> words = Words("write");
  words.push_back("--await");
  if (fault.acts == WritingFault::kSecondDriver) words.push_back("--second");
  if (fault.acts == WritingFault::kServiceLost) words.push_back("--give-up=1s");
  if (fault.acts == WritingFault::kRot) {
    const std::string files =
        GetParam().thing == Thing::kState ? "*state/1-*" : FilesOf(GetParam().thing);
    words.push_back(absl::StrCat("--rot=", folder_.In("root/"), files.substr(1)));
  }
  const std::unique_ptr<Child> writer = Start(words);
  // What befalls the service begins before the second unit, and passes before the third.
  ASSERT_TRUE(writer->Prints("write ")) << writer->Output();
  if (fault.acts == WritingFault::kServiceLost) service_->Signal(SIGKILL);
  if (fault.acts == WritingFault::kRepliesLost) proxy_->LoseReplies(true);
  WriteFile(faults() + ".go", "");
  if (fault.acts == WritingFault::kRepliesLost) {
    EXPECT_TRUE(WaitFor([this] { return proxy_->has_lost(); }));
    proxy_->LoseReplies(false);
  }
  if (fault.acts == WritingFault::kServiceLost) {
    ASSERT_TRUE(writer->PrintsTimes("write ", 2)) << writer->Output();
    StartService();
  }
  WriteFile(faults() + ".passed", "");
  EXPECT_EQ(writer->Wait(), 128 + SIGKILL) << writer->Output();
  Report report;
  ReadReport(writer->Output(), report);

  if (GetParam().served) service_ = nullptr;  // as by kill -9
  WriteFile(faults(), while_reading ? Rules() : "");
  if (GetParam().served) StartService();
  words = Words("read");
  words.push_back(absl::StrCat("--state=", report.state));
  const std::unique_ptr<Child> reader = Start(words);
  EXPECT_EQ(reader->Wait(), 0) << reader->Output();
  ReadReport(reader->Output(), report);

  ASSERT_EQ(report.writes.size(), 3u) << writer->Output();
  const auto place = static_cast<size_t>(GetParam().thing);
  const auto outcomes = OutcomesOf(fault.name);
  EXPECT_EQ(absl::StrCat(report.writes[1], " ", report.writes[2], ", ",
                         absl::StrJoin(report.reads, " then ")),
            (GetParam().served ? outcomes.served : outcomes.local)[place])
      << writer->Output() << reader->Output();
  const bool whole = report.reads.back() == "OK" && !DamagesUnnoticed(fault.name, GetParam().thing);
  for (const int unit : {1, 2, 3}) {
    const bool acknowledged = report.writes[static_cast<size_t>(unit - 1)] == "OK";
    if (whole && acknowledged) EXPECT_TRUE(report.found.contains(unit)) << "unit " << unit;
  }
}

}  // namespace
}  // namespace wavetank::interposed
