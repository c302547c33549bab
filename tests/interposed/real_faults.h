// How each fault of docs/faults.md is made in the real world.
#ifndef WAVETANK_TESTS_INTERPOSED_REAL_FAULTS_H_
#define WAVETANK_TESTS_INTERPOSED_REAL_FAULTS_H_

#include <functional>
#include <string>
#include <vector>

namespace wavetank::interposed {

// While a durable thing is written, by the name that it has in fault_outcomes.h.
struct WritingFault {
  enum Acts {
    kWhileWriting,  // by the rules, once the first unit is there
    kWhileReading,  // by the rules, when it is read back
    kRot,           // a bit of what the first unit is in turns over
    kRepliesLost,   // for a while nothing comes back from the service
    kServiceLost,   // the service is killed, and started again when the writer has given up
    kSecondDriver,
  };
  const char* name;
  Acts acts = kWhileWriting;
  // As disk_calls.cc takes them; {files} is where the second unit goes, {other} a file of the
  // first.
  std::string rules = {};
};
std::vector<WritingFault> WritingFaults();

// Of a job's files, between a run of it that is killed and the next.
struct JobFault {
  const char* name;
  const char* job;
  const char* first_ends_at;  // a step, where it is killed
  // Of the first run, or of the second, as disk_calls.cc takes them.
  std::string first_rules = {};
  std::string second_rules = {};
  // What is done to the folder in between. It has in/, out/ and ck/.
  std::function<void(const std::string& folder)> between = [](const std::string&) {};
  // What the second run says as it ends with status 1; none: it goes on, to `second_ends_at`, and
  // the output is right.
  std::vector<std::string> error = {};
  const char* second_ends_at = "";
  // Instead of a second run: `wavetank inspect --verify` of the output.
  bool inspected = false;
};
std::vector<JobFault> JobFaults();

}  // namespace wavetank::interposed

#endif  // WAVETANK_TESTS_INTERPOSED_REAL_FAULTS_H_
