// Forms of co_await that some compilers translate wrongly, silently (g++ 12: destroyed twice, used
// after being freed, the wrong branch). This project's compiler must do each of them right; a new
// one is judged by this file before it is trusted.
#include <coroutine>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/task.h"
#include "tests/platform/loop_host.h"

namespace wavetank::platform {
namespace {

using testing::ElementsAre;

// Counts constructions against destructions, and owns memory whose double release is noticed.
class Tracked {
 public:
  explicit Tracked(int& alive) : alive_(&alive), text_(std::make_shared<std::string>(40, 't')) {
    ++*alive_;
  }
  Tracked(const Tracked& other) : alive_(other.alive_), text_(other.text_) { ++*alive_; }
  Tracked(Tracked&& other) noexcept : alive_(other.alive_), text_(other.text_) { ++*alive_; }
  Tracked& operator=(const Tracked&) = delete;
  ~Tracked() { --*alive_; }
  size_t size() const { return text_->size(); }

 private:
  int* alive_;
  std::shared_ptr<std::string> text_;
};

class CompilerProbe : public testing::Test {
 protected:
  // Runs `task` to its end; or, with `turns`, that many turns, and destroys it.
  void Run(Task<void> task, int turns = -1) {
    host_.executor.Spawn("probe", std::move(task));
    while (turns != 0 && host_.executor.ready_count() > 0) {
      host_.executor.RunOne();
      if (turns > 0) --turns;
    }
    host_.executor.DestroyRoots();
  }
  ~CompilerProbe() override { EXPECT_EQ(alive_, 0) << "destroyed twice, or not at all"; }

  LoopHost host_;
  int alive_ = 0;
};

Task<size_t> Call(Executor& executor, std::function<size_t()> function) {
  co_await executor.Yield();
  co_return function();
}
template <typename F>
Task<size_t> CallDirectly(Executor& executor, F function) {
  co_await executor.Yield();
  co_return function();
}
Task<void> InlineLambdas(Executor& executor, int& alive, size_t& out) {
  const Tracked tracked(alive);
  out = co_await Call(executor, [tracked] { return tracked.size(); });
  out += co_await CallDirectly(executor, [tracked] { return tracked.size(); });
}
TEST_F(CompilerProbe, InlineLambdaWithANonTrivialCaptureAsAnArgument) {
  size_t out = 0;
  Run(InlineLambdas(host_.executor, alive_, out));
  EXPECT_EQ(out, 80u);
  for (int turns = 0; turns < 4; ++turns) Run(InlineLambdas(host_.executor, alive_, out), turns);
}

struct Aggregate {
  Tracked tracked;
  std::string text;
  int* pointer = nullptr;
};
Task<size_t> TakeAggregate(Executor& executor, Aggregate aggregate) {
  co_await executor.Yield();
  co_return aggregate.tracked.size() + aggregate.text.size();
}
Task<void> AggregateTemporaries(Executor& executor, int& alive, size_t& out) {
  const std::string text(30, 'x');
  out = co_await TakeAggregate(executor, Aggregate{Tracked(alive), text, &alive});
  out += co_await TakeAggregate(executor, {Tracked(alive), text, nullptr});
  out += co_await TakeAggregate(executor, {.tracked = Tracked(alive), .text = text});
}
TEST_F(CompilerProbe, AggregateTemporariesAsArguments) {
  size_t out = 0;
  Run(AggregateTemporaries(host_.executor, alive_, out));
  EXPECT_EQ(out, 3u * 70);
  for (int turns = 0; turns < 6; ++turns) {
    Run(AggregateTemporaries(host_.executor, alive_, out), turns);
  }
}

struct AggregateAwaiter {
  Executor& executor;
  Tracked tracked;
  std::string text;
  Waiter waiter;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    waiter.Arm(executor, handle);
    waiter.MakeReady();
  }
  size_t await_resume() const { return tracked.size() + text.size(); }
};
AggregateAwaiter MakeAwaiter(Executor& executor, int& alive) {
  return {executor, Tracked(alive), std::string(30, 'a'), {}};
}
Task<void> AwaitAggregates(Executor& executor, int& alive, size_t& out) {
  out = co_await AggregateAwaiter{executor, Tracked(alive), std::string(30, 'a'), {}};
  out += co_await MakeAwaiter(executor, alive);
}
TEST_F(CompilerProbe, AggregateAwaiterWithNonTrivialMembers) {
  size_t out = 0;
  Run(AwaitAggregates(host_.executor, alive_, out));
  EXPECT_EQ(out, 140u);
  for (int turns = 0; turns < 3; ++turns) Run(AwaitAggregates(host_.executor, alive_, out), turns);
}

Task<std::string> Later(Executor& executor, std::string text, Tracked) {
  co_await executor.Yield();
  co_return text;
}
Task<void> Conditional(Executor& executor, int& alive, bool which, std::string& out) {
  out = co_await (which ? Later(executor, std::string(30, 'y'), Tracked(alive))
                        : Later(executor, std::string(30, 'n'), Tracked(alive)));
  out += which ? co_await Later(executor, "yes", Tracked(alive))
               : co_await Later(executor, "no", Tracked(alive));
}
TEST_F(CompilerProbe, ConditionalOperatorOverAndAroundCoAwait) {
  for (const bool which : {false, true}) {
    std::string out;
    Run(Conditional(host_.executor, alive_, which, out));
    EXPECT_EQ(out, which ? std::string(30, 'y') + "yes" : std::string(30, 'n') + "no");
    for (int turns = 0; turns < 4; ++turns) {
      Run(Conditional(host_.executor, alive_, which, out), turns);
    }
  }
}

Task<void> BracedList(Executor& executor, int& alive, std::vector<std::string>& out) {
  out = std::vector<std::string>{co_await Later(executor, std::string(30, '1'), Tracked(alive)),
                                 co_await Later(executor, std::string(30, '2'), Tracked(alive))};
}
TEST_F(CompilerProbe, BracedListOfAwaits) {
  std::vector<std::string> out;
  Run(BracedList(host_.executor, alive_, out));
  EXPECT_THAT(out, ElementsAre(std::string(30, '1'), std::string(30, '2')));
  for (int turns = 0; turns < 4; ++turns) Run(BracedList(host_.executor, alive_, out), turns);
}

Task<bool> Answer(Executor& executor, bool answer) {
  co_await executor.Yield();
  co_return answer;
}
Task<void> BranchWithNoLocal(Executor& executor, bool answer, std::string* out) {
  if (co_await Answer(executor, answer)) {
    *out = "then";
  } else {
    *out = "else";
  }
}
TEST_F(CompilerProbe, IfOverAnAwaitInACoroutineWithoutLocals) {
  std::string out;
  Run(BranchWithNoLocal(host_.executor, true, &out));
  EXPECT_EQ(out, "then");
  Run(BranchWithNoLocal(host_.executor, false, &out));
  EXPECT_EQ(out, "else");
}

Task<void> LogicalOperators(Executor& executor, int& calls, std::vector<bool>& out) {
  ++calls;
  out.push_back(co_await Answer(executor, false) && co_await Answer(executor, true));
  out.push_back(co_await Answer(executor, true) || co_await Answer(executor, false));
  while (co_await Answer(executor, out.size() < 4)) out.push_back(true);
}
TEST_F(CompilerProbe, LogicalOperatorsAndLoopsOverAwaits) {
  int calls = 0;
  std::vector<bool> out;
  Run(LogicalOperators(host_.executor, calls, out));
  EXPECT_THAT(out, ElementsAre(false, true, true, true));
  EXPECT_EQ(calls, 1);
}

Task<size_t> Sum(Tracked a, Tracked b, size_t c) { co_return a.size() + b.size() + c; }
Task<void> NestedArguments(Executor& executor, int& alive, size_t& out) {
  out = co_await Sum(Tracked(alive), Tracked(alive),
                     co_await TakeAggregate(executor, {Tracked(alive), "12345", nullptr}));
}
TEST_F(CompilerProbe, AwaitAmongArgumentsWithNonTrivialTemporaries) {
  size_t out = 0;
  Run(NestedArguments(host_.executor, alive_, out));
  EXPECT_EQ(out, 125u);
  for (int turns = 0; turns < 3; ++turns) Run(NestedArguments(host_.executor, alive_, out), turns);
}

Task<int> ReadyAtOnce(int value) { co_return value; }
Task<void> AwaitManyInARow(int count, int64_t& sum) {
  for (int i = 0; i < count; ++i) sum += co_await ReadyAtOnce(1);
}
Task<void> AwaitManySuspending(Executor& executor, int count, int64_t& sum) {
  for (int i = 0; i < count; ++i) sum += co_await Answer(executor, true);
}
TEST_F(CompilerProbe, LongRunsOfAwaitsTakeNoStack) {
  int64_t sum = 0;
  Run(AwaitManyInARow(300'000, sum));
  EXPECT_EQ(sum, 300'000);
  Run(AwaitManySuspending(host_.executor, 100'000, sum));
  EXPECT_EQ(sum, 400'000);
}

// Resumption by symmetric transfer is what this project does without (executor.h): at -O0 and under
// sanitisers it is no tail call in every compiler. Ours makes it one.
struct Transferred {
  struct promise_type {
    std::coroutine_handle<> continuation;
    Transferred get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct ToContinuation {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> ended) noexcept {
          return ended.promise().continuation ? ended.promise().continuation
                                              : std::noop_coroutine();
        }
        void await_resume() noexcept {}
      };
      return ToContinuation{};
    }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;

  bool await_ready() { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> parent) {
    handle.promise().continuation = parent;
    return handle;
  }
  void await_resume() { handle.destroy(); }
};
Transferred Leaf(int& calls) {
  ++calls;
  co_return;
}
Transferred TransferMany(int count, int& calls) {
  for (int i = 0; i < count; ++i) co_await Leaf(calls);
}
TEST(CompilerProbes, SymmetricTransferTakesNoStack) {
  int calls = 0;
  const Transferred root = TransferMany(300'000, calls);
  root.handle.resume();
  EXPECT_EQ(calls, 300'000);
  EXPECT_TRUE(root.handle.done());
  root.handle.destroy();
}

}  // namespace
}  // namespace wavetank::platform
