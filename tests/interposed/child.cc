#include "tests/interposed/child.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "gtest/gtest.h"

#include "platform/check.h"
#include "platform/real/descriptor.h"

namespace wavetank::interposed {
namespace {

constexpr auto kBound = std::chrono::seconds(120);
constexpr int kPollMs = 5;

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Child::Child(std::vector<std::string> command, Environment environment, const std::string& folder,
             const std::vector<Limit>& limits) {
  static int started = 0;
  output_ = folder + "/output-" + std::to_string(++started);
  if (environment.contains("WAVETANK_SYNCS") || environment.contains("WAVETANK_FAULTS")) {
    environment["LD_PRELOAD"] = WAVETANK_DISK_CALLS;
  }
  // A sanitizer's run-time library must come first.
  environment["ASAN_OPTIONS"] = "verify_asan_link_order=0";
  std::vector<std::string> settings;
  for (const auto& [name, value] : environment) settings.push_back(name + "=" + value);
  const std::vector<char*> arguments = Pointers(command);
  const std::vector<char*> variables = Pointers(settings);
  pid_ = ::fork();
  WT_CHECK(pid_ >= 0);
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int output = ::open(output_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  for (const Limit& limit : limits) {
    const rlimit both = {limit.most, limit.most};
    ::setrlimit(static_cast<__rlimit_resource>(limit.resource), &both);
  }
  ::execve(arguments[0], arguments.data(), variables.data());
  ::_exit(127);
}

Child::~Child() {
  if (Ended()) return;
  Signal(SIGKILL);
  Wait();
}

void Child::Signal(int signal) { ::kill(pid_, signal); }

bool Child::Ended() {
  int status = 0;
  if (status_ >= 0) return true;
  if (platform::Retry([&] { return ::waitpid(pid_, &status, WNOHANG); }) != pid_) return false;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

int Child::Wait() {
  if (!WaitFor([this] { return Ended(); })) {
    ADD_FAILURE() << "a process has not ended: " << Output();
    Signal(SIGKILL);
    WaitFor([this] { return Ended(); });
  }
  return status_;
}

std::string Child::Output() const { return ReadFile(output_); }

bool Child::PrintsTimes(const std::string& text, int times) {
  const auto has = [&] {
    const std::string output = Output();
    int found = 0;
    for (size_t at = output.find(text); at != std::string::npos; at = output.find(text, at + 1)) {
      ++found;
    }
    return found >= times;
  };
  WaitFor([&] { return has() || Ended(); });
  return has();
}

Folder::Folder() {
  path_ = testing::TempDir() + "/wavetank-interposed-XXXXXX";
  WT_CHECK(::mkdtemp(path_.data()) != nullptr);
  path_ = std::filesystem::canonical(path_);
}
Folder::~Folder() { std::filesystem::remove_all(path_); }

bool WaitFor(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kBound;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::poll(nullptr, 0, kPollMs);
  }
  return true;
}

void WriteFile(const std::string& path, const std::string& content) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string FreshAddress() {
  // Below the ports that the kernel picks by itself.
  constexpr int kFirst = 12'000;
  constexpr int kCount = 20'000;
  static int tried = 0;
  while (true) {
    const int port = kFirst + (::getpid() * 37 + tried++) % kCount;
    const platform::Descriptor probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(probe.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) continue;
    return "127.0.0.1:" + std::to_string(port);
  }
}

}  // namespace wavetank::interposed
