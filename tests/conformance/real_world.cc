#include "tests/conformance/real_world.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/real/descriptor.h"
#include "platform/real/real_process.h"

namespace wavetank::conformance {
namespace {

namespace fs = std::filesystem;

// A generous bound for one Run; a child that exceeds it is ended by its own SIGALRM.
constexpr unsigned kBoundSeconds = 120;

// Writes each failure of a child where its parent finds it, even if the child is killed next.
class FailureFile final : public testing::EmptyTestEventListener {
 public:
  explicit FailureFile(const fs::path& path) : out_(path) {}
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    out_ << result.file_name() << ":" << result.line_number() << ": " << result.message() << "\n";
    out_.flush();
  }

 private:
  std::ofstream out_;
};

bool IsFree(int port) {
  const platform::Descriptor probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::bind(probe.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

class RealWorld final : public World {
 public:
  explicit RealWorld(const WorldOptions& options) : options_(options) {
    std::string folder = testing::TempDir() + "/wavetank-conformance-XXXXXX";
    WT_CHECK(::mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
  }
  ~RealWorld() override { fs::remove_all(folder_); }

  std::vector<Ending> Run(std::vector<PlacedProcess> processes) override {
    std::vector<pid_t> children;
    for (size_t i = 0; i < processes.size(); ++i) {
      const fs::path failures = folder_ / absl::StrCat("failures-", i);
      fs::create_directories(DiskOf(processes[i].machine));
      std::fflush(nullptr);  // or the child would write it again
      const pid_t child = ::fork();
      WT_CHECK(child >= 0);
      if (child == 0) RunChild(processes[i], failures);
      children.push_back(child);
    }
    std::vector<Ending> endings;
    for (const pid_t child : children) endings.push_back(Await(child));
    for (size_t i = 0; i < children.size(); ++i) {
      if (endings[i].kind == Ending::kPaused) Kill(children[i]);
      ReportFailures(folder_ / absl::StrCat("failures-", i), processes[i].process.name);
    }
    return endings;
  }

  std::string FreshAddress(const std::string& machine) override {
    // Below the ports that the kernel picks by itself.
    constexpr int kFirst = 12'000;
    constexpr int kCount = 20'000;
    int port = 0;
    do {
      port = kFirst + (::getpid() * 37 + ports_tried_++) % kCount;
    } while (!IsFree(port));
    return absl::StrCat(Host(machine), ":", port);
  }
  std::string Host(const std::string&) override { return "127.0.0.1"; }

  platform::Task<void> KeepBusy(platform::Node& node, absl::Duration duration) override {
    const platform::MonotonicTime until = node.clock().Now() + duration;
    while (node.clock().Now() < until) {
    }
    co_return;
  }

 private:
  fs::path DiskOf(const std::string& machine) const { return folder_ / "machines" / machine; }

  [[noreturn]] void RunChild(const PlacedProcess& placed, const fs::path& failures) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::alarm(kBoundSeconds);
    testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailureFile(failures));

    platform::RealProcessOptions options;
    options.machine = placed.machine;
    options.disk_root = DiskOf(placed.machine);
    options.network = options_.network;
    options.exit_drain = options_.exit_drain;
    using Action = platform::StepFault::Action;
    options.step_faults = {{std::string(kDie.name), {}, 1, Action::kKill},
                           {std::string(kPause.name), {}, 1, Action::kStop}};
    auto process = platform::RealProcess::Create(placed.process, options);
    WT_CHECK(process.ok(), process.status().ToString());
    const int status = (*process)->Run();
    process->reset();
    std::exit(status);  // not _exit: the leak check runs
  }

  static Ending Await(pid_t child) {
    int status = 0;
    WT_CHECK(platform::Retry([&] { return ::waitpid(child, &status, WUNTRACED); }) == child);
    if (WIFSTOPPED(status)) return {Ending::kPaused, 0};
    if (WIFEXITED(status)) return {Ending::kFinished, WEXITSTATUS(status)};
    if (WTERMSIG(status) == SIGKILL) return {Ending::kDied, 0};
    ADD_FAILURE() << "a process was ended by signal " << WTERMSIG(status)
                  << (WTERMSIG(status) == SIGALRM ? ": it exceeded the bound of a run" : "");
    return {Ending::kDied, 0};
  }
  static void Kill(pid_t child) {
    ::kill(child, SIGKILL);
    platform::Retry([&] { return ::waitpid(child, nullptr, 0); });
  }
  static void ReportFailures(const fs::path& path, const std::string& process) {
    std::ifstream in(path);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!text.empty()) ADD_FAILURE() << "in process " << process << ":\n" << text;
  }

  const WorldOptions options_;
  fs::path folder_;
  int ports_tried_ = 0;
};

}  // namespace

Arm RealArm() {
  return {.name = "Real", .loses_power = false, .make = [](const WorldOptions& options) {
            return std::make_unique<RealWorld>(options);
          }};
}

}  // namespace wavetank::conformance
