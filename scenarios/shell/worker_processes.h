// WorkerProcesses: pieces of one work side by side, each in a process of its own, since everything
// of a run is of one thread. What a worker says comes line by line.
#ifndef WAVETANK_SCENARIOS_SHELL_WORKER_PROCESSES_H_
#define WAVETANK_SCENARIOS_SHELL_WORKER_PROCESSES_H_

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace wavetank::scenarios::shell {

// From here on SIGINT and SIGTERM only say that it is enough; a second one ends the program.
void CatchStopSignals();
bool StopAsked();

// How a worker says something: a line without its end.
using Say = std::function<void(const std::string& line)>;

class WorkerProcesses {
 public:
  // `work(number, say)`, with numbers from 0. REQUIRES: this program has one thread.
  WorkerProcesses(size_t count, const std::function<void(size_t number, const Say& say)>& work);
  ~WorkerProcesses();
  WorkerProcesses(const WorkerProcesses&) = delete;
  WorkerProcesses& operator=(const WorkerProcesses&) = delete;

  // Until all have ended. `on_line`: what one has said. `on_tick`: some ten times a second.
  void Run(const std::function<void(size_t number, const std::string& line)>& on_line,
           const std::function<void()>& on_tick);
  // Asks those that run to come to an end, as a signal of the user does.
  void AskToStop();
  // How those ended that did not end well: "signal 6", "status 2"; "" for the others.
  const std::vector<std::string>& ends() const { return ends_; }

 private:
  struct Worker {
    pid_t process = -1;
    int from = -1;  // what it says; -1: it has said all
    std::string said;
  };

  void Read(size_t number, const std::function<void(size_t, const std::string&)>& on_line);

  std::vector<Worker> workers_;
  std::vector<std::string> ends_;
};

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_WORKER_PROCESSES_H_
