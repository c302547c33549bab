#include "tests/architecture/determinism.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace wavetank::architecture {
namespace {

// Real worlds, and what runs outside of any. Large pages are above the seam: how the system keeps
// the memory that a process has is nothing that a run can see, in either world, since they give the
// system advice and read no answer. What threads of one process share of a plan has one thread in a
// simulated world, and is set and unset within one call. Times that rows hold are read from no
// clock.
constexpr std::string_view kOutside[] = {"platform/real/",
                                         "runtime/connectors/real/",
                                         "runtime/local/",
                                         "scenarios/shell/",
                                         "benchmarks/",
                                         "tests/",
                                         "platform/large_pages.cc",
                                         "runtime/dstream/between_threads.cc",
                                         "runtime/dstream/chrono_codec.h"};

enum class Form {
  kWord,    // an identifier as it stands
  kPrefix,  // identifiers that begin so
  kCall,    // a free function's call
};

struct Rule {
  Form form;
  std::vector<std::string_view> names;
  std::string_view instead;
};

const std::vector<Rule>& Rules() {
  static const std::vector<Rule> rules = {
      {Form::kWord,
       {"std::chrono::system_clock", "std::chrono::steady_clock",
        "std::chrono::high_resolution_clock", "absl::Now", "absl::GetCurrentTimeNanos"},
       "Clock::Now or Clock::WallNow of the node"},
      {Form::kCall,
       {"time", "clock", "clock_gettime", "gettimeofday", "localtime", "gmtime", "ftime"},
       "Clock::Now or Clock::WallNow of the node"},
      {Form::kWord, {"std::this_thread", "absl::SleepFor"}, "co_await Clock::Sleep"},
      {Form::kCall, {"sleep", "usleep", "nanosleep"}, "co_await Clock::Sleep"},
      {Form::kWord,
       {"std::thread", "std::jthread", "std::async", "std::future", "std::promise"},
       "tasks of the node: Executor::Spawn, TaskScope"},
      {Form::kPrefix, {"pthread_"}, "tasks of the node: Executor::Spawn, TaskScope"},
      {Form::kPrefix,
       {"std::atomic", "std::mutex", "std::shared_mutex", "std::recursive_mutex",
        "std::timed_mutex", "std::condition_variable", "std::lock_guard", "std::unique_lock",
        "std::scoped_lock", "std::counting_semaphore", "std::binary_semaphore", "std::latch",
        "std::barrier", "std::once_flag", "std::call_once", "absl::Mutex", "absl::Notification"},
       "nothing, since a node is single-threaded; Event or Channel to wait"},
      {Form::kWord,
       {"thread_local"},
       "a member of the node's own objects: many worlds live in one process"},
      {Form::kPrefix,
       {"std::random_device", "std::mt19937", "std::minstd_rand", "std::default_random_engine",
        "std::shuffle", "std::sample", "std::random_shuffle", "absl::BitGen",
        "absl::InsecureBitGen", "absl::Uniform"},
       "Node::random, forked by name"},
      {Form::kCall,
       {"rand", "srand", "rand_r", "random", "drand48", "getrandom", "getentropy", "arc4random"},
       "Node::random, forked by name"},
      {Form::kCall,
       {"getenv", "secure_getenv", "setenv", "putenv", "gethostname", "getpid"},
       "a parameter that the command's shell fills in"},
      {Form::kPrefix,
       {"std::ifstream", "std::ofstream", "std::fstream", "std::filesystem"},
       "Disk of the node"},
      {Form::kCall, {"fopen", "freopen", "tmpfile", "mkstemp", "opendir"}, "Disk of the node"},
      {Form::kCall,
       {"system", "popen", "fork", "execv", "execve", "execvp", "posix_spawn"},
       "NodeServices::exit, or a child process started by the command's shell"},
      {Form::kPrefix,
       {"absl::HashOf", "absl::Hash<", "std::hash<"},
       "StableHash of platform/random.h: this hash differs between processes or libraries"},
      {Form::kPrefix,
       {"std::exp", "std::pow", "std::log", "std::sin", "std::cos", "std::tan", "std::cbrt"},
       "integers or IEEE basic operations: libm's results differ between versions"},
      {Form::kWord, {"uintptr_t"}, "an id: addresses change with every process"},
  };
  return rules;
}

// Holds everywhere but in the real world, tests included.
const Rule& WaitingRule() {
  static const Rule rule = {
      Form::kWord,
      {"std::this_thread::sleep_for", "std::this_thread::sleep_until", "absl::SleepFor"},
      "a condition to wait for: no test depends on wall-clock speed"};
  return rule;
}

struct Include {
  std::string_view header;
  std::string_view instead;
};
constexpr Include kIncludes[] = {
    {"<thread>", "platform/executor.h"},
    {"<mutex>", "platform/event.h"},
    {"<shared_mutex>", "platform/event.h"},
    {"<condition_variable>", "platform/event.h"},
    {"<atomic>", "platform/event.h"},
    {"<future>", "platform/task.h"},
    {"<chrono>", "platform/clock.h"},
    {"<ctime>", "platform/clock.h"},
    {"<time.h>", "platform/clock.h"},
    {"<random>", "platform/random.h"},
    {"<fstream>", "platform/disk.h"},
    {"<filesystem>", "platform/disk.h"},
    {"<unistd.h>", "the platform seam"},
    {"<fcntl.h>", "platform/disk.h"},
    {"<pthread.h>", "platform/executor.h"},
    {"<sys/", "the platform seam"},
    {"<netinet/", "platform/network.h"},
    {"\"absl/time/clock.h\"", "platform/clock.h"},
    {"\"absl/synchronization/", "platform/event.h"},
    {"\"absl/random/", "platform/random.h"},
};

bool MayReachOutside(std::string_view path) {
  return std::ranges::any_of(kOutside, [&](auto folder) { return path.starts_with(folder); });
}

bool IsWordCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

size_t SkipSpaces(std::string_view code, size_t at) {
  while (at < code.size() && std::isspace(static_cast<unsigned char>(code[at]))) ++at;
  return at;
}

// What stands before `at`: "." and "->" make a member; a type makes a declaration.
bool IsMemberOrDeclaration(std::string_view code, size_t at) {
  const std::string_view before = code.substr(0, at);
  if (before.ends_with("std::")) return false;
  if (before.ends_with("::")) {
    return before.size() > 2 && IsWordCharacter(before[before.size() - 3]);
  }
  const size_t last = before.find_last_not_of(" \n");
  if (last == std::string_view::npos) return false;
  if (before[last] == '.' || before.substr(0, last + 1).ends_with("->")) return true;
  if (last + 1 == before.size()) return false;
  if (before[last] == '>' || before[last] == '&' || before[last] == '*') return true;
  size_t begin = last + 1;
  while (begin > 0 && IsWordCharacter(before[begin - 1])) --begin;
  const std::string_view word = before.substr(begin, last + 1 - begin);
  constexpr std::string_view kKeywords[] = {"", "return", "co_return", "co_await", "else", "do"};
  return std::ranges::find(kKeywords, word) == std::end(kKeywords);
}

void ApplyRule(const Rule& rule, const SourceFile& file, const std::string& code,
               std::vector<Finding>& findings) {
  for (const std::string_view name : rule.names) {
    for (size_t at = code.find(name); at != std::string::npos; at = code.find(name, at + 1)) {
      const size_t end = at + name.size();
      if (at > 0 && IsWordCharacter(code[at - 1])) continue;
      const bool word_ends = end == code.size() || !IsWordCharacter(code[end]);
      if (rule.form != Form::kPrefix && !word_ends) continue;
      if (rule.form == Form::kCall) {
        const size_t open = SkipSpaces(code, end);
        if (open == code.size() || code[open] != '(' || IsMemberOrDeclaration(code, at)) continue;
      }
      findings.push_back(
          {file.path, LineAt(code, at), std::string(name) + ": use " + std::string(rule.instead)});
    }
  }
}

void CheckForbiddenIncludes(const SourceFile& file, std::vector<Finding>& findings) {
  int line_number = 0;
  for (const std::string_view line : Lines(file.text)) {
    ++line_number;
    for (const Include& include : kIncludes) {
      if (!line.starts_with("#include " + std::string(include.header))) continue;
      findings.push_back(
          {file.path, line_number, std::string(line) + ": use " + std::string(include.instead)});
    }
  }
}

void CheckDistributions(const SourceFile& file, const std::string& code,
                        std::vector<Finding>& findings) {
  for (const size_t at : FindWord(code, "std")) {
    size_t end = at;
    while (end < code.size() && (IsWordCharacter(code[end]) || code[end] == ':')) ++end;
    const std::string_view name = std::string_view(code).substr(at, end - at);
    if (!name.ends_with("_distribution")) continue;
    findings.push_back({file.path, LineAt(code, at),
                        std::string(name) + ": use Random::Below or Random::Between, since std:: "
                                            "distributions differ between libraries"});
  }
}

// The offset behind the ">" that closes the "<" at `open`.
size_t EndOfTemplateArguments(std::string_view code, size_t open) {
  int depth = 0;
  for (size_t i = open; i < code.size(); ++i) {
    if (code[i] == '<') ++depth;
    if (code[i] == '>' && --depth == 0) return i + 1;
    if (code[i] == ';') break;
  }
  return code.size();
}

constexpr std::string_view kUnordered[] = {
    "absl::flat_hash_map", "absl::flat_hash_set", "absl::node_hash_map",    "absl::node_hash_set",
    "std::unordered_map",  "std::unordered_set",  "std::unordered_multimap"};
constexpr std::string_view kOrdered[] = {"std::map", "std::set", "absl::btree_map",
                                         "absl::btree_set"};

// Names of variables and members that are declared with an unordered type.
std::set<std::string> UnorderedNames(const std::string& code) {
  std::set<std::string> names;
  for (const std::string_view type : kUnordered) {
    for (const size_t at : FindWord(code, type)) {
      const size_t open = at + type.size();
      if (open >= code.size() || code[open] != '<') continue;
      size_t begin = SkipSpaces(code, EndOfTemplateArguments(code, open));
      while (begin < code.size() && (code[begin] == '&' || code[begin] == '*')) ++begin;
      begin = SkipSpaces(code, begin);
      size_t end = begin;
      while (end < code.size() && IsWordCharacter(code[end])) ++end;
      if (end > begin) names.insert(code.substr(begin, end - begin));
    }
  }
  return names;
}

// "for (... : name)" and "name.begin()".
void CheckIteration(const SourceFile& file, const std::string& code,
                    const std::set<std::string>& unordered, std::vector<Finding>& findings) {
  for (const std::string& name : unordered) {
    for (const size_t at : FindWord(code, name)) {
      const size_t end = at + name.size();
      const std::string_view after = std::string_view(code).substr(end);
      const size_t line_begin = code.rfind('\n', at) + 1;
      const std::string_view before = std::string_view(code).substr(line_begin, at - line_begin);
      const size_t range_for = before.rfind("for (");
      const size_t colon = before.rfind(" : ");
      const bool ranged = range_for != std::string_view::npos && colon != std::string_view::npos &&
                          colon > range_for && after.starts_with(")");
      if (!ranged && !after.starts_with(".begin()") && !after.starts_with(".cbegin()")) continue;
      findings.push_back({file.path, LineAt(code, at),
                          "iterates over " + name +
                              ", whose order changes with every process: "
                              "use an insertion-ordered table, std::map, or sort a copy first"});
    }
  }
}

void CheckOrderByAddress(const SourceFile& file, const std::string& code,
                         std::vector<Finding>& findings) {
  for (const std::string_view type : kOrdered) {
    for (const size_t at : FindWord(code, type)) {
      const size_t open = at + type.size();
      if (open >= code.size() || code[open] != '<') continue;
      const size_t key_end = code.find_first_of(",>", open);
      if (key_end == std::string::npos || code[key_end - 1] != '*') continue;
      findings.push_back({file.path, LineAt(code, at),
                          std::string(type) + " ordered by address: use an id as the key"});
    }
  }
}

void CheckProto(const SourceFile& file, std::vector<Finding>& findings) {
  const std::string code = CodeOnly(file.text);
  for (const size_t at : FindWord(code, "map")) {
    const size_t open = SkipSpaces(code, at + 3);
    if (open == code.size() || code[open] != '<') continue;
    findings.push_back({file.path, LineAt(code, at),
                        "map<> is serialised in another order by every process: use a repeated "
                        "message, ordered by key"});
  }
  // Text that people write, scenarios, is UTF-8. File names, and errors that quote a record, need
  // not be, and a message that holds them in a string cannot be read again.
  if (file.path.starts_with("scenarios/")) return;
  for (const size_t at : FindWord(code, "string")) {
    findings.push_back({file.path, LineAt(code, at),
                        "a string that is not UTF-8 is written and then refused: use bytes"});
  }
}

std::string Stem(std::string_view path) { return std::string(path.substr(0, path.rfind('.'))); }

}  // namespace

std::vector<Finding> CheckDeterminism(const std::vector<SourceFile>& files) {
  std::map<std::string, std::set<std::string>> unordered;  // by stem: .h and .cc share members
  std::map<std::string, std::string> code_of;
  for (const SourceFile& file : files) {
    if (!IsCpp(file.path)) continue;
    const std::string& code = code_of[file.path] = CodeOnly(file.text);
    unordered[Stem(file.path)].merge(UnorderedNames(code));
  }
  std::vector<Finding> findings;
  for (const SourceFile& file : files) {
    if (file.path.ends_with(".proto")) CheckProto(file, findings);
    if (!IsCpp(file.path)) continue;
    const std::string& code = code_of[file.path];
    if (!file.path.starts_with("platform/real/")) {
      ApplyRule(WaitingRule(), file, code, findings);
    }
    if (MayReachOutside(file.path)) continue;
    for (const Rule& rule : Rules()) ApplyRule(rule, file, code, findings);
    CheckForbiddenIncludes(file, findings);
    CheckDistributions(file, code, findings);
    CheckIteration(file, code, unordered[Stem(file.path)], findings);
    CheckOrderByAddress(file, code, findings);
  }
  return findings;
}

}  // namespace wavetank::architecture
