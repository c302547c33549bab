// A word count as tasks, and its answer computed directly; and bodies that fail in several ways.
#ifndef WAVETANK_TESTS_RUNTIME_CLUSTER_WORD_TASKS_H_
#define WAVETANK_TESTS_RUNTIME_CLUSTER_WORD_TASKS_H_

#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/random.h"
#include "platform/status_macros.h"
#include "runtime/cluster/task.h"

namespace wavetank::runtime {

inline std::vector<std::string> WordsOf(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

// Words in order; counts itself, to see when it is dropped.
class WordBlock final : public platform::Attachment {
 public:
  WordBlock(std::vector<std::string> words, std::shared_ptr<int> alive)
      : words_(std::move(words)), alive_(std::move(alive)) {
    ++*alive_;
  }
  ~WordBlock() override { --*alive_; }
  std::string Encode() const override {
    std::string text;
    for (const std::string& word : words_) absl::StrAppend(&text, word, " ");
    return text;
  }
  static std::vector<std::string> Read(const ShuffleBlock& block) {
    if (block.object == nullptr) return WordsOf(block.bytes);
    return dynamic_cast<const WordBlock&>(*block.object).words_;
  }

 private:
  const std::vector<std::string> words_;
  const std::shared_ptr<int> alive_;
};

// Counts in order of first appearance, so that a wrong merge order shows: "the=2 cat=1 ".
inline std::string CountInOrder(const std::vector<std::string>& words) {
  std::vector<std::pair<std::string, int>> counts;
  for (const std::string& word : words) {
    auto found = counts.begin();
    while (found != counts.end() && found->first != word) ++found;
    if (found == counts.end()) found = counts.insert(found, {word, 0});
    ++found->second;
  }
  std::string text;
  for (const auto& [word, count] : counts) absl::StrAppend(&text, word, "=", count, " ");
  return text;
}

inline int TargetOf(const std::string& word, int targets) {
  return static_cast<int>(platform::StableHash(word) % static_cast<uint64_t>(targets));
}

// Payload: the number of target partitions, then the text.
struct SplitWords final : TaskBody {
  explicit SplitWords(std::shared_ptr<int> a) : alive(std::move(a)) {}
  Task<absl::StatusOr<std::string>> Run(TaskContext& context, std::string payload) override {
    std::vector<std::string> words = WordsOf(payload);
    const int targets = std::stoi(words.front());
    words.erase(words.begin());
    co_await context.node().Work(10'000);
    std::vector<std::vector<std::string>> parts(targets);
    for (std::string& word : words) parts[TargetOf(word, targets)].push_back(std::move(word));
    for (int target = 0; target < targets; ++target) {
      if (parts[target].empty()) continue;
      context.PutShuffle(target, std::make_shared<WordBlock>(std::move(parts[target]), alive));
    }
    co_return absl::StrCat(words.size());
  }
  const std::shared_ptr<int> alive;
};

// Lets go of each block once it was read. Payload "fails": its first attempt fails after that.
struct CountWords final : TaskBody {
  Task<absl::StatusOr<std::string>> Run(TaskContext& context, std::string payload) override {
    WT_CO_ASSIGN_OR_RETURN(std::vector<ShuffleBlock> blocks, co_await context.FetchShuffle(0));
    std::vector<std::string> words;
    for (int source = 0; source < std::ssize(blocks); ++source) {
      const ShuffleBlock block = std::exchange(blocks[static_cast<size_t>(source)], {});
      for (std::string& word : WordBlock::Read(block)) words.push_back(std::move(word));
      context.LetGoOfShuffle(0, source);
      co_await context.node().Work(3'000);
    }
    if (payload == "fails" && context.id().attempt == 0) {
      co_return absl::ResourceExhaustedError("no space");
    }
    co_return CountInOrder(words);
  }
};

// Puts its attempt's name for every target: a body that is never the same twice.
struct PutOwnName final : TaskBody {
  explicit PutOwnName(std::shared_ptr<int> a) : alive(std::move(a)) {}
  Task<absl::StatusOr<std::string>> Run(TaskContext& context, std::string payload) override {
    co_await context.node().Work(10'000);
    for (int target = 0; target < std::stoi(payload); ++target) {
      context.PutShuffle(target, std::make_shared<WordBlock>(
                                     std::vector<std::string>{context.id().Unique()}, alive));
    }
    co_return context.id().Unique();
  }
  const std::shared_ptr<int> alive;
};

// "0": fails at its first attempt by throwing, "1": by an error, "2": always throws.
struct FailSometimes final : TaskBody {
  Task<absl::StatusOr<std::string>> Run(TaskContext& context, std::string payload) override {
    co_await context.node().Work(100);
    if (payload == "2") throw std::runtime_error("record 17 is bad");
    if (context.id().attempt > 0) co_return "ok";
    if (payload == "0") throw std::runtime_error("record 17 is bad");
    co_return absl::ResourceExhaustedError("no space");
  }
};

// Asks the driver who it is, every second, for ever.
struct Receive final : TaskBody {
  Task<absl::StatusOr<std::string>> Run(TaskContext& context, std::string) override {
    while (true) {
      WT_CO_ASSIGN_OR_RETURN(
          std::string answer,
          co_await context.CallDriver("add block", context.id().Unique(), absl::Seconds(5)));
      co_await context.node().clock().Sleep(absl::Seconds(1));
    }
  }
};

struct AskNonsense final : TaskBody {
  Task<absl::StatusOr<std::string>> Run(TaskContext& context, std::string) override {
    absl::StatusOr<std::string> answer =
        co_await context.CallDriver("nonsense", "", absl::Seconds(5));
    co_return std::string(answer.status().ToString());
  }
};

inline TaskRegistry WordTasks(std::shared_ptr<int> blocks_alive) {
  TaskRegistry registry;
  registry["split"] = std::make_unique<SplitWords>(blocks_alive);
  registry["count"] = std::make_unique<CountWords>();
  registry["put own name"] = std::make_unique<PutOwnName>(blocks_alive);
  registry["fail sometimes"] = std::make_unique<FailSometimes>();
  registry["receive"] = std::make_unique<Receive>();
  registry["ask nonsense"] = std::make_unique<AskNonsense>();
  return registry;
}

inline StageGraph WordCount(const std::vector<std::string>& texts, int reduces) {
  StageGraph graph;
  graph.name = "batch 1";
  graph.batch = 1;
  Stage split{.kind = "split"};
  for (const std::string& text : texts) split.payloads.push_back(absl::StrCat(reduces, " ", text));
  graph.stages.push_back(std::move(split));
  graph.stages.push_back(
      {.kind = "count", .payloads = std::vector<std::string>(reduces), .reads_shuffle_of = {0}});
  return graph;
}

inline std::vector<std::string> WordCountAnswer(const std::vector<std::string>& texts,
                                                int reduces) {
  std::vector<std::string> answer;
  for (int reduce = 0; reduce < reduces; ++reduce) {
    std::vector<std::string> words;
    for (const std::string& text : texts) {
      for (const std::string& word : WordsOf(text)) {
        if (TargetOf(word, reduces) == reduce) words.push_back(word);
      }
    }
    answer.push_back(CountInOrder(words));
  }
  return answer;
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_CLUSTER_WORD_TASKS_H_
