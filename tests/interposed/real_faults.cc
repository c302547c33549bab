#include "tests/interposed/real_faults.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <system_error>

#include "platform/check.h"

namespace wavetank::interposed {
namespace {

namespace fs = std::filesystem;

std::function<void(const std::string&)> Remove(const std::string& path) {
  return [path](const std::string& folder) { fs::remove_all(fs::path(folder) / path); };
}

// A bit in the middle of the first file below `directory` whose name matches.
std::function<void(const std::string&)> Rot(const std::string& directory, const std::string& name) {
  return [=](const std::string& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(folder) / directory)) {
      const bool matches = std::regex_match(entry.path().filename().string(), std::regex(name));
      if (entry.is_regular_file() && matches) files.push_back(entry.path());
    }
    std::ranges::sort(files);
    WT_CHECK(!files.empty(), directory + "/" + name);
    std::fstream file(files.front(), std::ios::in | std::ios::out | std::ios::binary);
    const auto at = static_cast<std::streamoff>(fs::file_size(files.front()) / 2);
    file.seekg(at);
    const auto turned = static_cast<char>(file.get() ^ 1);
    file.seekp(at);
    file.put(turned);
  };
}

}  // namespace

// Errors: 5 is EIO, 28 ENOSPC.
std::vector<WritingFault> WritingFaults() {
  using enum WritingFault::Acts;
  return {
      {"WriteError", kWhileWriting, "write {files} 1 1 0 part:5\n"},
      {"FailedSync", kWhileWriting, "sync {files} 1 1 0 error:5\n"},
      {"RevertedSync", kWhileWriting, "sync {files} 1 1 0 revert:5\n"},
      {"NoSpace", kWhileWriting, "write */root/* 1 1 0 part:28\n"},
      {"SlowDisk", kWhileWriting,
       "write * 1 0 0 slow:10\nsync * 1 0 0 slow:30\nsyncdir * 1 0 0 slow:30\n"},
      {"StalledDisk", kWhileWriting,
       "write * 1 0 0 stall:400\nsync * 1 0 0 stall:400\nsyncdir * 1 0 0 stall:400\n"},
      {"ReadError", kWhileReading, "read {files} 1 1 0 error:5\n"},
      {"BitRot", kRot},
      {"MisdirectedWrite", kWhileWriting, "write {files} 1 1 0 land:100{other}\n"},
      {"ServiceAway", kRepliesLost},
      {"ServiceLost", kServiceLost},
      {"SecondDriver", kSecondDriver},
  };
}

std::vector<JobFault> JobFaults() {
  return {
      {.name = "RottenEpochFile",
       .job = "word_count",
       .first_ends_at = "batch.committed",
       .between = Rot("ck/log", "epoch-.*"),
       .error = {"is not an intact epoch file", "ck/log/epoch-"}},
      {.name = "RottenInput",
       .job = "word_count",
       .first_ends_at = "batch.defined",
       .between = Rot("in", "a"),
       .error = {"its records are lost", "in/a"}},
      {.name = "RottenInputOfADStream",
       .job = "word_count_dstream",
       .first_ends_at = "dstream.batch_input_logged",
       .between = Rot("in", "a"),
       .second_ends_at = "dstream.batch_completed"},
      {.name = "RottenPreparedPart",
       .job = "word_count",
       .first_ends_at = "batch.prepared",
       .between = Rot("out/_wavetank/staged", ".*"),
       .second_ends_at = "sink.published"},
      {.name = "RottenCommittedPart",
       .job = "word_count",
       .first_ends_at = "batch.committed",
       .between = Rot("out/_wavetank/staged", ".*"),
       .error = {"staged"},
       .inspected = true},
      {.name = "LostLastGroup",
       .job = "word_count",
       .first_ends_at = "sink.committed",
       .first_rules = "write */ck/log/log-1 3 1 0 land:0:/dev/null\n",
       .error = {"the sink shows a batch of which the log has no prepared attempt"}},
      {.name = "MisdirectedPart",
       .job = "word_count",
       .first_ends_at = "batch.prepared",
       .first_rules = "write */staged/* 1 1 0 land:0:/dev/null\n",
       .second_ends_at = "sink.published"},
      {.name = "UnreadableInput",
       .job = "word_count",
       .first_ends_at = "batch.defined",
       .second_rules = "read */in/a 1 0 0 error:5\n",
       .error = {"Input/output error", "in/a"}},
      {.name = "NewCheckpointOverAnOldSink",
       .job = "word_count",
       .first_ends_at = "batch.committed",
       .between = Remove("ck"),
       .error = {"out"}},
      {.name = "SinkThatLostItsManifest",
       .job = "word_count",
       .first_ends_at = "batch.committed",
       .between = Remove("out/_wavetank"),
       .error = {"out"}},
      {.name = "LostState",
       .job = "word_count",
       .first_ends_at = "batch.committed",
       .between =
           [](const std::string& folder) {
             fs::remove_all(fs::path(folder) / "ck/state");
             std::ofstream(fs::path(folder) / "in/b")
                 << "two three\n";  // for a batch that needs it
           },
       .error = {"ck/state/"}},
      {.name = "LostInputOfADStream",
       .job = "word_count_dstream",
       .first_ends_at = "dstream.batch_input_logged",
       .between = Remove("in/a"),
       .error = {"cannot be read any more", "in/a"}},
  };
}

}  // namespace wavetank::interposed
