// What threads of one process share of a plan, and what one of them does at the moment: the nodes
// of a local[N] cluster run the same functions, each on a thread of its own.
//
// The one place of this folder that knows of threads. In a simulated world there is one, and
// nothing of this outlives a call into a function: whoever sets a scope unsets it before it yields.
#ifndef WAVETANK_RUNTIME_DSTREAM_BETWEEN_THREADS_H_
#define WAVETANK_RUNTIME_DSTREAM_BETWEEN_THREADS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace wavetank::runtime::internal {

class Additions;

// Text that one thread sets and any reads.
class SharedText {
 public:
  explicit SharedText(std::string text);
  ~SharedText();
  SharedText(const SharedText&) = delete;
  SharedText& operator=(const SharedText&) = delete;
  void Set(std::string text);
  std::string Get() const;

 private:
  struct Guarded;
  const std::unique_ptr<Guarded> guarded_;
};

// While it lives, what functions that this thread calls add to accumulators goes into `additions`;
// null: nowhere, for it was counted before. Scopes nest. Never held across a co_await.
class AdditionsScope {
 public:
  // `totals`: by accumulator, encoded, what functions may read: those of a driver. Null: none may.
  // Both outlive the scope.
  explicit AdditionsScope(Additions* additions, const std::vector<std::string>* totals = nullptr);
  ~AdditionsScope();
  AdditionsScope(const AdditionsScope&) = delete;
  AdditionsScope& operator=(const AdditionsScope&) = delete;

  // Null: this thread runs no function of a batch.
  static const AdditionsScope* Current();
  Additions* additions() const { return additions_; }
  // Whose function runs; negative: no operator's, or kAsOftenAsItMust.
  int64_t calls_for() const { return calls_for_; }
  const std::vector<std::string>* totals() const { return totals_; }

 private:
  friend class CallsFor;
  Additions* const additions_;
  const std::vector<std::string>* const totals_;
  AdditionsScope* const before_;
  int64_t calls_for_ = -1;
};

// While it lives, functions that this thread calls are those of the operator of that number.
class CallsFor {
 public:
  // Instead of one: its functions may add nothing, for how often they are called for a row is
  // nobody's to say.
  static constexpr int64_t kAsOftenAsItMust = -2;

  explicit CallsFor(int64_t op);
  ~CallsFor();
  CallsFor(const CallsFor&) = delete;
  CallsFor& operator=(const CallsFor&) = delete;

 private:
  AdditionsScope* const scope_;
  const int64_t before_;
};

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_BETWEEN_THREADS_H_
