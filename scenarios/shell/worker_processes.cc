#include "scenarios/shell/worker_processes.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"

#include "platform/check.h"

namespace wavetank::scenarios::shell {
namespace {

volatile std::sig_atomic_t stop_asked = 0;
// A worker is asked by its user and by who started it.
volatile std::sig_atomic_t is_worker = 0;

void OnStopSignal(int number) {
  if (stop_asked != 0 && is_worker == 0) {
    std::signal(number, SIG_DFL);
    ::raise(number);
  }
  stop_asked = 1;
}

void WriteAll(int to, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t wrote = ::write(to, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    // Nobody listens any more: there is nothing left to work for.
    if (wrote <= 0) ::_exit(1);
    done += static_cast<size_t>(wrote);
  }
}

}  // namespace

void CatchStopSignals() {
  struct sigaction action = {};
  action.sa_handler = OnStopSignal;
  for (const int number : {SIGINT, SIGTERM}) ::sigaction(number, &action, nullptr);
}

bool StopAsked() { return stop_asked != 0; }

WorkerProcesses::WorkerProcesses(size_t count,
                                 const std::function<void(size_t number, const Say& say)>& work) {
  std::fflush(nullptr);  // or each would write it again
  for (size_t number = 0; number < count; ++number) {
    std::array<int, 2> ends;
    WT_CHECK(::pipe(ends.data()) == 0, "a pipe to a worker cannot be made");
    const pid_t process = ::fork();
    WT_CHECK(process >= 0, "a worker cannot be started");
    if (process == 0) {
      is_worker = 1;
      ::close(ends[0]);
      for (const Worker& other : workers_) ::close(other.from);
      std::signal(SIGPIPE, SIG_IGN);
      work(number, [to = ends[1]](const std::string& line) { WriteAll(to, line + "\n"); });
      std::fflush(nullptr);
      ::_exit(0);
    }
    ::close(ends[1]);
    workers_.push_back({process, ends[0], ""});
  }
  ends_.resize(count);
}

WorkerProcesses::~WorkerProcesses() {
  for (const Worker& worker : workers_) {
    if (worker.from >= 0) ::close(worker.from);
  }
}

void WorkerProcesses::Read(size_t number,
                           const std::function<void(size_t, const std::string&)>& on_line) {
  Worker& worker = workers_[number];
  std::array<char, 65536> buffer;
  const ssize_t read = ::read(worker.from, buffer.data(), buffer.size());
  if (read < 0 && errno == EINTR) return;
  if (read > 0) worker.said.append(buffer.data(), static_cast<size_t>(read));
  for (size_t end = worker.said.find('\n'); end != std::string::npos;
       end = worker.said.find('\n')) {
    on_line(number, worker.said.substr(0, end));
    worker.said.erase(0, end + 1);
  }
  if (read > 0) return;
  ::close(worker.from);
  worker.from = -1;
  int status = 0;
  while (::waitpid(worker.process, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) ends_[number] = absl::StrCat("signal ", WTERMSIG(status));
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
    ends_[number] = absl::StrCat("status ", WEXITSTATUS(status));
  }
}

void WorkerProcesses::Run(const std::function<void(size_t, const std::string&)>& on_line,
                          const std::function<void()>& on_tick) {
  constexpr int kTickMs = 100;
  while (true) {
    std::vector<pollfd> waiting;
    std::vector<size_t> numbers;
    for (size_t number = 0; number < workers_.size(); ++number) {
      if (workers_[number].from < 0) continue;
      waiting.push_back({workers_[number].from, POLLIN, 0});
      numbers.push_back(number);
    }
    if (waiting.empty()) return;
    if (::poll(waiting.data(), waiting.size(), kTickMs) > 0) {
      for (size_t i = 0; i < waiting.size(); ++i) {
        if (waiting[i].revents != 0) Read(numbers[i], on_line);
      }
    }
    on_tick();
  }
}

void WorkerProcesses::AskToStop() {
  for (const Worker& worker : workers_) {
    if (worker.from >= 0) ::kill(worker.process, SIGTERM);
  }
}

}  // namespace wavetank::scenarios::shell
