// The three works of the D-Streams paper (Zaharia et al., SOSP 2013) as DStream jobs on a local[1]
// cluster, against the same by hand: files of 100-byte lines in memory (/dev/shm), read whole by
// both. Both sides' figures are processor time, of all threads. Between batches the cluster waits.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "benchmarks/by_hand/text_counts.h"

#include "platform/check.h"
#include "platform/random.h"
#include "runtime/dstream/streaming_context.h"
#include "runtime/local/query_manager.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::runtime {
namespace {

constexpr size_t kFiles = 4;
constexpr size_t kLinesAFile = 160'000;
constexpr size_t kLineBytes = 100;  // with its end
constexpr uint64_t kVocabulary = 30'000;
constexpr size_t kTop = 10;
constexpr char kPattern[] = "qz";
constexpr absl::Duration kInterval = absl::Milliseconds(20);
constexpr absl::Duration kWindowInterval = absl::Milliseconds(200);
constexpr size_t kWindow = 30;  // batches

using WordCount = std::pair<std::string, int64_t>;
using Counts = std::map<std::string, int64_t>;

// Lines of words, the k-th of which is about k times rarer than the first.
std::string MakeText(uint64_t seed, size_t lines) {
  platform::Random random(1);
  std::vector<std::string> words;
  for (uint64_t i = 0; i < kVocabulary; ++i) {
    std::string word(1 + random.Below(10), ' ');
    for (char& c : word) c = static_cast<char>('a' + random.Below(26));
    words.push_back(std::move(word));
  }
  random = platform::Random(seed);
  std::string text;
  text.reserve(lines * kLineBytes);
  for (size_t i = 1; i <= lines; ++i) {
    while (text.size() + 1 < i * kLineBytes) {
      uint64_t bound = 1;
      while (bound < kVocabulary && random.Below(16) != 0) bound = std::min(kVocabulary, bound * 2);
      text += words[random.Below(bound)];
      text += ' ';
    }
    text.resize(i * kLineBytes - 1);
    text += '\n';
  }
  return text;
}

double ProcessorSeconds() {
  rusage usage{};
  WT_CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// A directory in memory, with files of text, which come into "in" when they are told to.
class Files {
 public:
  Files(size_t files, size_t lines_a_file) {
    std::string pattern = "/dev/shm/wavetank_bench.XXXXXX";
    WT_CHECK(mkdtemp(pattern.data()) != nullptr, "this benchmark has its files in /dev/shm");
    root_ = pattern;
    std::filesystem::create_directories(root_ + "/written");
    for (size_t i = 0; i < files; ++i) {
      paths_.push_back(absl::StrCat(root_, "/written/file-", i));
      std::ofstream(paths_.back(), std::ios::binary) << MakeText(i + 1, lines_a_file);
    }
    Empty();
  }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  ~Files() { std::filesystem::remove_all(root_); }

  const std::string& root() const { return root_; }
  size_t size() const { return paths_.size(); }
  std::string Text(size_t i) const {
    std::ifstream file(paths_[i], std::ios::binary);
    std::string text(std::filesystem::file_size(paths_[i]), '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    return text;
  }
  void Arrive(size_t i) const {
    std::filesystem::create_hard_link(paths_[i], absl::StrCat(root_, "/in/file-", i));
  }
  // Of files, and of what jobs have left.
  void Empty() const {
    for (const char* directory : {"/in", "/checkpoint"}) {
      std::filesystem::remove_all(root_ + directory);
    }
    std::filesystem::create_directories(root_ + "/in");
  }

 private:
  std::string root_;
  std::vector<std::string> paths_;
};

// What a job's outputs tell the one who waits.
class Outcome {
 public:
  void Give(Counts counts) {
    std::lock_guard lock(mutex_);
    counts_ = std::move(counts);
    there_ = true;
    changed_.notify_all();
  }
  Counts Await() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return there_; });
    return std::move(counts_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool there_ = false;
  Counts counts_;
};

// Three jobs of one batch, which has all the files.
using Job = void (*)(DStream<std::string> lines, Outcome& outcome);
using ByHand = Counts (*)(const Files& files);

void GrepJob(DStream<std::string> lines, Outcome& outcome) {
  lines.Filter([](std::string_view line) { return line.find(kPattern) != std::string_view::npos; })
      .Count()
      .ForeachRDD([&outcome](const Rdd<int64_t>& rdd) {
        if (rdd.Collect()[0] > 0) outcome.Give({{kPattern, rdd.Collect()[0]}});
      });
}
Counts GrepByHand(const Files& files) {
  int64_t lines = 0;
  for (size_t i = 0; i < files.size(); ++i) lines += by_hand::Grep(files.Text(i), kPattern);
  return {{kPattern, lines}};
}

DStream<WordCount> Ones(const DStream<std::string>& lines) {
  return lines.FlatMap([](std::string_view line) { return Split(line, ' '); })
      .Filter([](std::string_view word) { return !word.empty(); })
      .Map([](std::string_view word) { return std::pair(word, int64_t{1}); });
}
void WordCountJob(DStream<std::string> lines, Outcome& outcome) {
  Ones(lines).ReduceByKey(std::plus<>()).ForeachRDD([&outcome](const Rdd<WordCount>& rdd) {
    if (!rdd.IsEmpty()) outcome.Give({{"words", rdd.Count()}});
  });
}
by_hand::WordCounts CountedByHand(const Files& files) {
  by_hand::WordCounts counts;
  for (size_t i = 0; i < files.size(); ++i) by_hand::CountWords(files.Text(i), counts);
  return counts;
}
Counts WordCountByHand(const Files& files) {
  return {{"words", static_cast<int64_t>(CountedByHand(files).size())}};
}

void TopKJob(DStream<std::string> lines, Outcome& outcome) {
  const auto top = [](std::vector<WordCount>&& words) {
    return by_hand::TopWords(std::move(words), kTop);
  };
  Ones(lines)
      .ReduceByKey(std::plus<>())
      .MapPartitions(top)
      .ForeachRDD([&outcome, top](const Rdd<WordCount>& rdd) {
        if (rdd.IsEmpty()) return;
        const std::vector<WordCount> words = top(rdd.Collect());
        outcome.Give({words.begin(), words.end()});
      });
}
Counts TopKByHand(const Files& files) {
  const by_hand::WordCounts counts = CountedByHand(files);
  const auto top = by_hand::TopWords({counts.begin(), counts.end()}, kTop);
  return {top.begin(), top.end()};
}

Counts RunOnce(const Files& files, int workers, Job job, bool with_checkpoint = false) {
  files.Empty();
  for (size_t i = 0; i < files.size(); ++i) files.Arrive(i);
  Outcome outcome;
  StreamingContext ssc({.master = absl::StrCat("local[", workers, "]"), .directory = files.root()},
                       kInterval);
  if (with_checkpoint) ssc.Checkpoint("checkpoint");
  job(ssc.TextFileStream("in", {.new_files_only = false}), outcome);
  WT_CHECK(ssc.Start().ok());
  Counts counts = outcome.Await();
  WT_CHECK(ssc.Stop().ok());
  return counts;
}

// In turns, so that what else the machine does falls on both alike.
void Against(benchmark::State& state, Job job, ByHand by_hand) {
  const Files files(kFiles, kLinesAFile);
  double of_job = 0;
  double of_hand = 0;
  for (auto _ : state) {
    const double start = ProcessorSeconds();
    const Counts expected = by_hand(files);
    const double middle = ProcessorSeconds();
    const Counts counts = RunOnce(files, 1, job);
    of_job += ProcessorSeconds() - middle;
    of_hand += middle - start;
    WT_CHECK(counts == expected);
  }
  const double bytes = static_cast<double>(state.iterations() * kFiles * kLinesAFile * kLineBytes);
  state.counters["mb_per_second"] = bytes / 1e6 / of_job;
  state.counters["by_hand_mb_per_second"] = bytes / 1e6 / of_hand;
  state.counters["ratio"] = of_hand / of_job;
}
void GrepAgainstByHand(benchmark::State& state) { Against(state, GrepJob, GrepByHand); }
BENCHMARK(GrepAgainstByHand)->Unit(benchmark::kMillisecond);
void WordCountAgainstByHand(benchmark::State& state) {
  Against(state, WordCountJob, WordCountByHand);
}
BENCHMARK(WordCountAgainstByHand)->Unit(benchmark::kMillisecond);
void TopKAgainstByHand(benchmark::State& state) { Against(state, TopKJob, TopKByHand); }
BENCHMARK(TopKAgainstByHand)->Unit(benchmark::kMillisecond);

// Of the time that passes: a machine that does something else as well shows less.
void WordCountTwoWorkersAgainstOne(benchmark::State& state) {
  using Clock = std::chrono::steady_clock;
  const Files files(3 * kFiles, kLinesAFile);  // so that what a start costs does not show
  Clock::duration one{};
  Clock::duration two{};
  for (auto _ : state) {
    const auto start = Clock::now();
    RunOnce(files, 1, WordCountJob);
    const auto middle = Clock::now();
    RunOnce(files, 2, WordCountJob);
    two += Clock::now() - middle;
    one += middle - start;
  }
  state.counters["ratio"] = std::chrono::duration<double>(one) / two;
}
BENCHMARK(WordCountTwoWorkersAgainstOne)->Unit(benchmark::kMillisecond);

// The same words counted by a structured query, exactly once, on as many workers.
void RunStructured(const Files& files) {
  files.Empty();
  for (size_t i = 0; i < files.size(); ++i) files.Arrive(i);
  Session session;
  session.ReadStream()
      .Format("text")
      .Load("in")
      .Select({Explode(Split(Col("value"), " ")).As("word")})
      .Filter(Col("word") != "")
      .GroupBy({Col("word")})
      .Count()
      .WriteStream()
      .QueryName("counts")
      .OutputMode("update")
      .Format("noop")
      .Start();
  StreamingQueryManager queries(
      {.master = "local[1]", .directory = files.root(), .checkpoint = "checkpoint"});
  const auto started = queries.Start(session);
  WT_CHECK(started.ok(), std::string(started.status().message()));
  WT_CHECK(started->front()->ProcessAllAvailable().ok());
  WT_CHECK(started->front()->last_progress()->num_input_rows ==
           static_cast<int64_t>(files.size() * kLinesAFile));
}
void WordCountAgainstStructured(benchmark::State& state) {
  const Files files(kFiles, kLinesAFile);
  double of_job = 0;
  double of_query = 0;
  for (auto _ : state) {
    const double start = ProcessorSeconds();
    RunStructured(files);
    const double middle = ProcessorSeconds();
    RunOnce(files, 1, WordCountJob, /*with_checkpoint=*/true);
    of_job += ProcessorSeconds() - middle;
    of_query += middle - start;
  }
  state.counters["ratio"] = of_query / of_job;
}
BENCHMARK(WordCountAgainstStructured)->Unit(benchmark::kMillisecond);

void WordCountWithCheckpointAgainstWithout(benchmark::State& state) {
  const Files files(kFiles, kLinesAFile);
  double with = 0;
  double without = 0;
  for (auto _ : state) {
    const double start = ProcessorSeconds();
    RunOnce(files, 1, WordCountJob);
    const double middle = ProcessorSeconds();
    RunOnce(files, 1, WordCountJob, /*with_checkpoint=*/true);
    with += ProcessorSeconds() - middle;
    without += middle - start;
  }
  state.counters["ratio"] = without / with;
}
BENCHMARK(WordCountWithCheckpointAgainstWithout)->Unit(benchmark::kMillisecond);

// The words of the last 30 files, moved on by each file that comes: a batch each, for the next one
// comes while the batch before it ends. How many words the window holds comes out.
void RunWindow(const Files& files, const std::vector<int64_t>& expected) {
  files.Empty();
  Outcome outcome;
  StreamingContext ssc({.master = "local[1]", .directory = files.root()}, kWindowInterval);
  ssc.Checkpoint("checkpoint");
  size_t arrived = 0;
  Ones(ssc.TextFileStream("in"))
      .ReduceByKeyAndWindow(std::plus<>(), std::minus<>(), kWindow * kWindowInterval,
                            kWindowInterval)
      .Map([](const WordCount& word) { return word.second; })
      .Reduce(std::plus<>())
      .ForeachRDD([&](const Rdd<int64_t>& rdd) {
        const int64_t words = rdd.IsEmpty() ? 0 : rdd.Collect()[0];
        WT_CHECK(words == (arrived == 0 ? 0 : expected[arrived - 1]), "a batch has one file");
        if (arrived == files.size()) return outcome.Give({});
        files.Arrive(arrived++);
      });
  WT_CHECK(ssc.Start().ok());
  outcome.Await();
  WT_CHECK(ssc.Stop().ok());
}
std::vector<int64_t> WindowByHand(const Files& files) {
  by_hand::CountedWindow window(kWindow);
  std::vector<int64_t> words;
  for (size_t i = 0; i < files.size(); ++i) {
    by_hand::WordCounts counts;
    by_hand::CountWords(files.Text(i), counts);
    words.push_back(0);
    for (const auto& [word, count] : window.Add(std::move(counts))) words.back() += count;
  }
  return words;
}
void WindowAgainstByHand(benchmark::State& state) {
  const Files files(2 * kWindow, kLinesAFile / 4);
  double of_job = 0;
  double of_hand = 0;
  for (auto _ : state) {
    const double start = ProcessorSeconds();
    const std::vector<int64_t> expected = WindowByHand(files);
    const double middle = ProcessorSeconds();
    RunWindow(files, expected);
    of_job += ProcessorSeconds() - middle;
    of_hand += middle - start;
  }
  state.counters["ms_a_batch"] = 1e3 * of_job / static_cast<double>(state.iterations()) / 60;
  state.counters["by_hand_ms"] = 1e3 * of_hand / static_cast<double>(state.iterations()) / 60;
  state.counters["ratio"] = of_hand / of_job;
}
BENCHMARK(WindowAgainstByHand)->Unit(benchmark::kMillisecond);

// A process that sends a text to each that connects, on a port of 127.0.0.1, until it is destroyed.
class TextServer {
 public:
  explicit TextServer(const std::string& text) {
    setenv("TMPDIR", "/dev/shm", 1);  // of streams without a checkpoint
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const at = reinterpret_cast<sockaddr*>(&address);
    WT_CHECK(listener_ >= 0 && bind(listener_, at, length) == 0 && listen(listener_, 4) == 0 &&
             getsockname(listener_, at, &length) == 0);
    port_ = ntohs(address.sin_port);
    process_ = fork();
    WT_CHECK(process_ >= 0);
    if (process_ > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::vector<int> connections;  // stay open
    while (true) {
      connections.push_back(accept(listener_, nullptr, nullptr));
      for (size_t sent = 0; sent < text.size();) {
        const ssize_t more =
            send(connections.back(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (more <= 0) break;
        sent += static_cast<size_t>(more);
      }
    }
  }
  TextServer(const TextServer&) = delete;
  TextServer& operator=(const TextServer&) = delete;
  ~TextServer() {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    close(listener_);
  }
  int port() const { return port_; }
  // `bytes` of what it sends, in pieces.
  template <typename Take>
  void Receive(size_t bytes, const Take& take) const {
    const int connection = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port_));
    WT_CHECK(connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    std::string piece(1 << 18, '\0');
    for (size_t received = 0; received < bytes;) {
      const ssize_t more = recv(connection, piece.data(), piece.size(), 0);
      WT_CHECK(more > 0);
      received += static_cast<size_t>(more);
      take(std::string_view(piece.data(), static_cast<size_t>(more)));
    }
    close(connection);
  }

 private:
  int listener_ = -1;
  int port_ = 0;
  pid_t process_ = -1;
};

int64_t SocketByHand(const TextServer& server, size_t bytes) {
  by_hand::WordCounts counts;
  std::string rest;
  server.Receive(bytes, [&](std::string_view piece) {
    const size_t whole = piece.rfind('\n') + 1;
    rest.append(piece.substr(0, whole));
    by_hand::CountWords(rest, counts);
    rest.assign(piece.substr(whole));
  });
  int64_t words = 0;
  for (const auto& [word, count] : counts) words += count;
  return words;
}
void RunSocket(const Files& files, const TextServer& server, int64_t words, bool with_checkpoint) {
  files.Empty();
  Outcome outcome;
  StreamingContext ssc({.master = "local[1]", .directory = files.root()}, absl::Milliseconds(500));
  if (with_checkpoint) ssc.Checkpoint("checkpoint");
  int64_t counted = 0;
  Ones(ssc.SocketTextStream("127.0.0.1", server.port()))
      .ReduceByKey(std::plus<>())
      .ForeachRDD([&](const Rdd<WordCount>& rdd) {
        for (const auto& partition : rdd.partitions()) {
          for (const auto& [word, count] : partition) counted += count;
        }
        if (counted == words) outcome.Give({});
      });
  WT_CHECK(ssc.Start().ok());
  outcome.Await();
  WT_CHECK(ssc.Stop().ok());
}
// Words of lines from a socket, in batches of half a second.
void SocketWordCountAgainstByHand(benchmark::State& state) {
  const Files files(0, 0);
  const std::string text = MakeText(1, kFiles * kLinesAFile);
  const TextServer server(text);
  double of_job = 0;
  double with_checkpoint = 0;
  double of_hand = 0;
  for (auto _ : state) {
    const double start = ProcessorSeconds();
    const int64_t words = SocketByHand(server, text.size());
    const double first = ProcessorSeconds();
    RunSocket(files, server, words, false);
    const double second = ProcessorSeconds();
    RunSocket(files, server, words, true);
    with_checkpoint += ProcessorSeconds() - second;
    of_job += second - first;
    of_hand += first - start;
  }
  const double bytes = static_cast<double>(state.iterations()) * static_cast<double>(text.size());
  state.counters["mb_per_second"] = bytes / 1e6 / of_job;
  state.counters["by_hand_mb_per_second"] = bytes / 1e6 / of_hand;
  state.counters["ratio"] = of_hand / of_job;
  state.counters["checkpoint_ratio"] = of_job / with_checkpoint;
}
BENCHMARK(SocketWordCountAgainstByHand)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wavetank::runtime
