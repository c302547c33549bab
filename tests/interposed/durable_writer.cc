// One process of an attempt in the real world, which its test starts with the calls on files
// interposed (disk_calls.cc):
//
//     durable_writer write THING FOLDER [--store=ADDRESS] [--give-up=DURATION] [--second]
//                                       [--rot=GLOB] [--await]
//     durable_writer read  THING FOLDER [--store=ADDRESS] [--state=...]
//     durable_writer serve ADDRESS FOLDER
//
// Prints each write's or read's status as a line, then what was found and the state's version.
// When unit 1 is acknowledged WAVETANK_FAULTS.ready becomes WAVETANK_FAULTS, and, with --await, the
// next begins once there is WAVETANK_FAULTS.go, and the third once there is WAVETANK_FAULTS.passed.
// A writer ends as by kill -9.
#include <glob.h>
#include <poll.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

#include "checkpoint/store_service.h"
#include "platform/check.h"
#include "platform/real/real_process.h"
#include "tests/runtime/durable_attempt.h"

namespace wavetank::runtime::durable_writers {
namespace {

platform::RealProcessOptions In(const std::string& folder, platform::LogLevel log_level) {
  platform::RealProcessOptions options;
  options.disk_root = folder;
  options.log_level = log_level;
  options.network.heartbeat_interval = absl::Milliseconds(200);
  options.exit_drain = absl::Milliseconds(100);
  return options;
}

// Turns a bit of the first file that matches over.
void Rot(const std::string& pattern) {
  glob_t found = {};
  WT_CHECK(::glob(pattern.c_str(), 0, nullptr, &found) == 0, pattern);
  const std::string path = found.gl_pathv[0];
  ::globfree(&found);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto at = static_cast<std::streamoff>(300 % std::filesystem::file_size(path));
  file.seekg(at);
  const auto turned = static_cast<char>(file.get() ^ 1);
  file.seekp(at);
  file.put(turned);
}

// "" where none are asked for.
std::string Faults() {
  const char* given = std::getenv("WAVETANK_FAULTS");
  return given == nullptr ? "" : given;
}

void Await(const std::string& path) {
  while (!std::filesystem::exists(path)) ::poll(nullptr, 0, 2);
}

std::string ToText(const checkpoint::StateVersion& state) {
  return absl::StrCat(state.version, ":", absl::StrJoin(state.files, ","));
}
checkpoint::StateVersion ToState(const std::string& text) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  checkpoint::StateVersion state;
  WT_CHECK(absl::SimpleAtoi(parts.first, &state.version), text);
  state.files = absl::StrSplit(parts.second, ',', absl::SkipEmpty());
  return state;
}

int Main(std::vector<std::string> words) {
  const std::string act = words[0];
  const std::string folder = words[2];
  if (act == "serve") {
    const std::string address = words[1];
    return platform::RunNode(
               [address](Node& node) { return checkpoint::RunStoreService(node, address, "root"); },
               In(folder, platform::LogLevel::kInfo))
        .value();
  }
  Attempt attempt;
  const auto thing = std::ranges::find(kNames, words[1]);
  attempt.thing = kThings[std::distance(std::begin(kNames), thing)];
  attempt.pause = absl::ZeroDuration();
  attempt.store.request_timeout = absl::Milliseconds(250);
  attempt.store.give_up_after = absl::Seconds(4);
  std::string rot;
  bool await = false;
  for (size_t i = 3; i < words.size(); ++i) {
    absl::string_view word = words[i];
    if (absl::ConsumePrefix(&word, "--store=")) {
      attempt.served = true;
      attempt.store_address = std::string(word);
    } else if (absl::ConsumePrefix(&word, "--give-up=")) {
      WT_CHECK(absl::ParseDuration(word, &attempt.store.give_up_after));
    } else if (absl::ConsumePrefix(&word, "--rot=")) {
      rot = std::string(word);
    } else if (absl::ConsumePrefix(&word, "--state=")) {
      attempt.state = ToState(std::string(word));
    } else if (word == "--await") {
      await = true;
    } else {
      attempt.second_driver = word == "--second";
    }
  }
  attempt.begin_faults = [=] {
    if (!rot.empty()) Rot(rot);
    if (!Faults().empty()) std::filesystem::rename(Faults() + ".ready", Faults());
    if (await) Await(Faults() + ".go");
  };
  if (await) attempt.await_passing = [] { Await(Faults() + ".passed"); };
  attempt.on_write = [](const absl::Status& write) {
    std::printf("write %s\n", write.ToString().c_str());
    std::fflush(stdout);
  };
  const auto body = act == "write" ? WriteThree : ReadBack;
  const int status = platform::RunNode([&](Node& node) { return body(node, attempt); },
                                       In(folder, platform::LogLevel::kError))
                         .value();
  for (const absl::Status& read : attempt.reads) std::printf("read %s\n", read.ToString().c_str());
  std::printf("found %s\n", absl::StrJoin(attempt.found, ",").c_str());
  std::printf("state %s\n", ToText(attempt.state).c_str());
  std::fflush(stdout);
  if (testing::Test::HasFailure()) return 1;
  if (act == "write") std::raise(SIGKILL);
  return status;
}

}  // namespace
}  // namespace wavetank::runtime::durable_writers

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return wavetank::runtime::durable_writers::Main({argv + 1, argv + argc});
}
