// A library to preload into a process (LD_PRELOAD): it sees the calls that the process makes on
// files, below PosixDisk, notes its syncs, and makes calls fail, wait or land elsewhere.
//
// WAVETANK_SYNCS=FILE   each sync is a line: the call and the path.
// WAVETANK_FAULTS=FILE  once there is such a file, each of its lines is a rule:
//
//     CALL PATTERN FROM COUNT FOR_MS ACTION
//
// The calls of that name (as libc has it, without "at") on paths that match the pattern, as the
// shell's but with * for slashes too, from the FROMth on and COUNT of them (0: all), and for so
// many milliseconds after the rules were read (0: for ever), are befallen by the action:
//
//     error:NUMBER      fails with that errno, and does nothing
//     part:NUMBER       a write: does half of it, then fails so
//     slow:MS           waits first
//     stall:MS          waits until so many milliseconds after the rules were read
//     revert:NUMBER     a sync: fails so, and the file reads again as at its last sync
//     land:BYTES[:FILE] a write: reports success, and lands that far on, round and round, in the
//                       file, or in the first that matches FILE (if that is empty, nowhere)
#include <dlfcn.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <poll.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// What libc itself would do.
template <typename Function>
Function Next(Function, const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}
#define NEXT(function) Next(&::function, #function)

struct Rule {
  std::string call;
  std::string pattern;
  int64_t from = 1;
  int64_t count = 1;
  int64_t for_ms = 0;
  std::string action;
  int64_t amount = 0;
  std::string file;
  int64_t seen = 0;
};

// What a write since the last sync replaced.
struct Replaced {
  std::string path;
  off_t offset;
  std::string bytes;
  off_t size;
};

struct State {
  std::mutex mutex;
  bool read = false;
  Clock::time_point read_at;
  std::vector<Rule> rules;
  std::vector<Replaced> replaced;
};
State& TheState() {
  static State state;
  return state;
}

void ReadRules(State& state) {
  const char* path = std::getenv("WAVETANK_FAULTS");
  if (state.read || path == nullptr || ::access(path, R_OK) != 0) return;
  state.read = true;
  state.read_at = Clock::now();
  std::ifstream in(path);
  std::string line;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    Rule rule;
    std::string action;
    words >> rule.call >> rule.pattern >> rule.from >> rule.count >> rule.for_ms >> action;
    std::istringstream parts(action);
    std::string amount;
    std::getline(parts, rule.action, ':');
    std::getline(parts, amount, ':');
    std::getline(parts, rule.file);
    rule.amount = std::atoll(amount.c_str());
    if (!rule.action.empty()) state.rules.push_back(rule);
  }
}

std::string PathOf(int fd) {
  char path[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = ::readlink(link.c_str(), path, sizeof path);
  return size < 0 ? "" : std::string(path, static_cast<size_t>(size));
}
std::string PathAt(int directory, const char* path) {
  if (path[0] == '/' || directory == AT_FDCWD) return path;
  const std::string above = PathOf(directory);
  return (above == "/" ? "" : above) + "/" + path;
}

// The rule that befalls this call, if any. Waits that it asks for are over then.
std::optional<Rule> Befalls(const char* call, const std::string& path) {
  State& state = TheState();
  std::optional<Rule> befalls;
  {
    const std::lock_guard lock(state.mutex);
    ReadRules(state);
    const auto since = Clock::now() - state.read_at;
    for (Rule& rule : state.rules) {
      if (rule.call != call || ::fnmatch(rule.pattern.c_str(), path.c_str(), 0) != 0) continue;
      if (rule.for_ms > 0 && since > milliseconds(rule.for_ms)) continue;
      ++rule.seen;
      const bool over = rule.count > 0 && rule.seen >= rule.from + rule.count;
      if (rule.seen >= rule.from && !over && !befalls) befalls = rule;
    }
  }
  if (befalls && befalls->action == "slow") {
    ::poll(nullptr, 0, static_cast<int>(befalls->amount));
  }
  if (befalls && befalls->action == "stall") {
    const auto left = state.read_at + milliseconds(befalls->amount) - Clock::now();
    const auto left_ms = std::chrono::duration_cast<milliseconds>(left).count();
    if (left_ms > 0) ::poll(nullptr, 0, static_cast<int>(left_ms));
  }
  return befalls;
}

// Whether the call fails, with errno set.
bool Fails(const char* call, const std::string& path) {
  const std::optional<Rule> rule = Befalls(call, path);
  if (!rule || rule->action != "error") return false;
  errno = static_cast<int>(rule->amount);
  return true;
}

void Note(const char* call, const std::string& path) {
  const char* file = std::getenv("WAVETANK_SYNCS");
  if (file == nullptr) return;
  const std::string line = std::string(call) + " " + path + "\n";
  const int fd = NEXT(open)(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0 || NEXT(write)(fd, line.data(), line.size()) < 0) std::abort();
  ::close(fd);
}

bool MayRevert(const State& state, const std::string& path) {
  return std::any_of(state.rules.begin(), state.rules.end(), [&](const Rule& rule) {
    return rule.action == "revert" && ::fnmatch(rule.pattern.c_str(), path.c_str(), 0) == 0;
  });
}

void Remember(int fd, const std::string& path, size_t size, off_t offset) {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  ReadRules(state);
  if (!MayRevert(state, path)) return;
  struct stat info;
  if (::fstat(fd, &info) != 0) return;
  std::string bytes(size, '\0');
  const ssize_t there = NEXT(pread)(fd, bytes.data(), size, offset);
  bytes.resize(there < 0 ? 0 : static_cast<size_t>(there));
  state.replaced.push_back({path, offset, bytes, info.st_size});
}

// Puts back, or forgets, what was written to the file since its last sync.
void Settle(int fd, const std::string& path, bool put_back) {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  for (auto last = state.replaced.rbegin(); put_back && last != state.replaced.rend(); ++last) {
    if (last->path != path) continue;
    const ssize_t put = NEXT(pwrite)(fd, last->bytes.data(), last->bytes.size(), last->offset);
    if (put < 0 || NEXT(ftruncate)(fd, last->size) != 0) std::abort();
  }
  std::erase_if(state.replaced, [&](const Replaced& one) { return one.path == path; });
}

// As in the simulator: where the write should have gone stays what was there, or becomes zeros.
void Land(const Rule& rule, int fd, const char* data, size_t size, off_t offset) {
  struct stat own;
  std::string kept(size, '\0');
  if (::fstat(fd, &own) != 0 || NEXT(pread)(fd, kept.data(), size, offset) < 0 ||
      NEXT(pwrite)(fd, kept.data(), size, offset) < 0) {
    std::abort();
  }
  int target = fd;
  if (!rule.file.empty()) {
    glob_t found = {};
    target = ::glob(rule.file.c_str(), 0, nullptr, &found) == 0
                 ? NEXT(open)(found.gl_pathv[0], O_WRONLY | O_CLOEXEC)
                 : -1;
    ::globfree(&found);
  }
  struct stat other = own;
  if (target != fd && (target < 0 || ::fstat(target, &other) != 0)) return;
  if (other.st_size > 0) {
    const off_t at = ((offset + rule.amount) % other.st_size + other.st_size) % other.st_size;
    const size_t fits = std::min(size, static_cast<size_t>(other.st_size - at));
    if (NEXT(pwrite)(target, data, fits, at) < 0) std::abort();
  }
  if (target != fd) ::close(target);
}

int Open(int directory, const char* path, int flags, mode_t mode) {
  const char* call = (flags & O_DIRECTORY) != 0 ? "opendir" : "open";
  if (Fails(call, PathAt(directory, path))) return -1;
  return NEXT(openat)(directory, path, flags, mode);
}

}  // namespace

extern "C" {

int openat(int directory, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return Open(directory, path, flags, mode);
}

ssize_t pread(int fd, void* data, size_t size, off_t offset) {
  if (Fails("read", PathOf(fd))) return -1;
  return NEXT(pread)(fd, data, size, offset);
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  const std::string path = PathOf(fd);
  const std::optional<Rule> rule = Befalls("write", path);
  if (rule && rule->action == "land") {
    Land(*rule, fd, static_cast<const char*>(data), size, offset);
    return static_cast<ssize_t>(size);
  }
  if (rule && rule->action == "part") {
    const ssize_t part = NEXT(pwrite)(fd, data, size / 2, offset);
    errno = static_cast<int>(rule->amount);
    return part < 0 ? part : -1;
  }
  if (rule && rule->action == "error") {
    errno = static_cast<int>(rule->amount);
    return -1;
  }
  Remember(fd, path, size, offset);
  return NEXT(pwrite)(fd, data, size, offset);
}

int fdatasync(int fd) {
  const std::string path = PathOf(fd);
  Note("fdatasync", path);
  const std::optional<Rule> rule = Befalls("sync", path);
  const bool reverts = rule && rule->action == "revert";
  Settle(fd, path, reverts);
  if (reverts || (rule && rule->action == "error")) {
    errno = static_cast<int>(rule->amount);
    return -1;
  }
  return NEXT(fdatasync)(fd);
}

int fsync(int fd) {
  const std::string path = PathOf(fd);
  Note("fsync", path);
  return Fails("syncdir", path) ? -1 : NEXT(fsync)(fd);
}

void sync() {
  Note("sync", "/");
  NEXT(sync)();
}

int ftruncate(int fd, off_t size) noexcept {
  return Fails("truncate", PathOf(fd)) ? -1 : NEXT(ftruncate)(fd, size);
}

int renameat(int from_directory, const char* from, int to_directory, const char* to) noexcept {
  if (Fails("rename", PathAt(to_directory, to))) return -1;
  return NEXT(renameat)(from_directory, from, to_directory, to);
}

int linkat(int from_directory, const char* from, int to_directory, const char* to,
           int flags) noexcept {
  if (Fails("link", PathAt(to_directory, to))) return -1;
  return NEXT(linkat)(from_directory, from, to_directory, to, flags);
}

int unlinkat(int directory, const char* path, int flags) noexcept {
  if (Fails("unlink", PathAt(directory, path))) return -1;
  return NEXT(unlinkat)(directory, path, flags);
}

int mkdirat(int directory, const char* path, mode_t mode) noexcept {
  if (Fails("mkdir", PathAt(directory, path))) return -1;
  return NEXT(mkdirat)(directory, path, mode);
}

// A thread has no path.
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) noexcept {
  if (Fails("thread", "*")) return errno;
  return NEXT(pthread_create)(thread, attributes, start, argument);
}

int flock(int fd, int operation) noexcept {
  return Fails("flock", PathOf(fd)) ? -1 : NEXT(flock)(fd, operation);
}
}
