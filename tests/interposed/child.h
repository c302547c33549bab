// Child: a process that a test starts, with its output taken and its calls on files interposed.
#ifndef WAVETANK_TESTS_INTERPOSED_CHILD_H_
#define WAVETANK_TESTS_INTERPOSED_CHILD_H_

#include <sys/resource.h>
#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace wavetank::interposed {

using Environment = std::map<std::string, std::string>;
// As setrlimit(2) takes it.
struct Limit {
  int resource;
  rlim_t most;
};

class Child {
 public:
  // Starts it at once. Of the environment, these are set; the library is preloaded where
  // WAVETANK_SYNCS or WAVETANK_FAULTS is among them. `folder` takes its output.
  Child(std::vector<std::string> command, Environment environment, const std::string& folder,
        const std::vector<Limit>& limits = {});
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  // Kills it, if it has not ended.
  ~Child();

  void Signal(int signal);
  // Waits for its end; a test's failure after a generous bound. The exit status, or 128 + signal.
  int Wait();
  // What it has printed, in the order of its lines.
  std::string Output() const;
  // Waits until it has printed that so often, or has ended.
  bool Prints(const std::string& text) { return PrintsTimes(text, 1); }
  bool PrintsTimes(const std::string& text, int times);

 private:
  bool Ended();

  pid_t pid_ = -1;
  int status_ = -1;
  std::string output_;  // a file
};

// A folder that is gone with it.
class Folder {
 public:
  Folder();
  ~Folder();
  const std::string& path() const { return path_; }
  std::string In(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// False: not within a generous bound.
bool WaitFor(const std::function<bool()>& condition);

void WriteFile(const std::string& path, const std::string& content);
std::string ReadFile(const std::string& path);
// "127.0.0.1:PORT", which nobody uses.
std::string FreshAddress();

}  // namespace wavetank::interposed

#endif  // WAVETANK_TESTS_INTERPOSED_CHILD_H_
