// StruckStore: a store over real files, one call of which is struck: whoever made it dies there,
// before or after it was done, or stands still and goes on later; its reply is lost; it is done
// twice; it fails.
#ifndef WAVETANK_TESTS_SCENARIOS_STRUCK_STORE_H_
#define WAVETANK_TESTS_SCENARIOS_STRUCK_STORE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/store.h"
#include "platform/event.h"

namespace wavetank::testing {

using platform::Task;

enum class CallStruck : uint8_t {
  kNone,
  kDiesBefore,   // it is never made
  kDiesAfter,    // it is done, and nobody is left to hear of it
  kStandsStill,  // it is made once it is released
  kReplyLost,    // it is done, and fails
  kFails,        // it is not done
  kTwice,        // it is done, and repeated
};

struct CallStrike {
  std::string who = {};
  int64_t call = 0;  // from 1
  CallStruck how = CallStruck::kNone;

  bool dies() const { return how == CallStruck::kDiesBefore || how == CallStruck::kDiesAfter; }
  // Whoever makes the call does not go on by itself.
  bool stops() const { return dies() || how == CallStruck::kStandsStill; }
  std::string ToText() const {
    static constexpr const char* kHow[] = {
        "nothing befalls it",          "dies before it is done", "dies when it is done",
        "stands still and goes on",    "gets no reply",          "fails",
        "is done, and comes once more"};
    return how == CallStruck::kNone
               ? "nothing is struck"
               : absl::StrCat(who, ", call ", call, ": ", kHow[static_cast<size_t>(how)]);
  }
};

// What was seen of a connector, in all schedules.
struct SeenStruck {
  int64_t schedules = 0;
  std::map<std::string, int64_t> calls = {};  // of whom, while nothing is struck
  std::vector<std::string> wrong = {};
};

// Every part of a schedule ends long before that.
inline constexpr absl::Duration kStruckPatience = absl::Seconds(20);

// Counts calls, and strikes one of them.
class Striker {
 public:
  explicit Striker(CallStrike strike) : strike_(std::move(strike)) {}

  const CallStrike& strike() const { return strike_; }
  bool struck() const { return struck_; }
  // Of whom: one of a name may come after another.
  int64_t struck_life() const { return life_; }
  const std::map<std::string, int64_t>& calls() const { return calls_; }
  void Release() {
    released_ = true;
    released_event_.Set();
  }

  CallStruck Next(const std::string& who, int64_t life) {
    const int64_t call = ++calls_[who];
    if (HasStopped(who, life)) {
      return strike_.dies() ? CallStruck::kDiesBefore : CallStruck::kStandsStill;
    }
    if (struck_ || strike_.how == CallStruck::kNone || who != strike_.who || call != strike_.call) {
      return CallStruck::kNone;
    }
    struck_ = true;
    life_ = life;
    return strike_.how;
  }
  // He does several things side by side: none of them goes on by itself.
  bool HasStopped(const std::string& who, int64_t life) const {
    return struck_ && strike_.stops() && who == strike_.who && life == life_ && !released_;
  }
  Task<void> ForEver() { co_await never_.Wait(); }
  Task<void> UntilReleased() {
    if (!released_) co_await released_event_.Wait();
  }

 private:
  const CallStrike strike_;
  bool struck_ = false;
  bool released_ = false;
  int64_t life_ = -1;
  std::map<std::string, int64_t> calls_;
  platform::Event never_;
  platform::Event released_event_;
};

// As somebody has it, in one of his lives. All must outlive it.
struct StruckCaller {
  Striker& striker;
  std::string who;
  int64_t life = 0;
};

template <typename Answer, typename Call>
Task<Answer> StruckCall(StruckCaller caller, Call call) {
  const CallStruck how = caller.striker.Next(caller.who, caller.life);
  if (how == CallStruck::kDiesBefore) co_await caller.striker.ForEver();
  if (how == CallStruck::kStandsStill) co_await caller.striker.UntilReleased();
  if (how == CallStruck::kFails) co_return absl::UnavailableError("it fails");
  Answer answer = co_await call();
  if (how == CallStruck::kNone && caller.striker.HasStopped(caller.who, caller.life)) {
    // It was under way.
    if (caller.striker.strike().dies()) co_await caller.striker.ForEver();
    co_await caller.striker.UntilReleased();
  }
  if (how == CallStruck::kDiesAfter) co_await caller.striker.ForEver();
  if (how == CallStruck::kReplyLost) co_return absl::UnavailableError("its reply is lost");
  if (how == CallStruck::kTwice) answer = co_await call();
  co_return answer;
}

class StruckFile final : public checkpoint::StagedFile {
 public:
  StruckFile(std::unique_ptr<checkpoint::StagedFile> inner, StruckCaller caller)
      : inner_(std::move(inner)), caller_(std::move(caller)) {}

  Task<absl::Status> Append(std::string bytes) override {
    // What comes in parts knows no repeated one: only its end does.
    return StruckCall<absl::Status>(caller_, [inner = inner_.get(), bytes, done = false]() mutable {
      return std::exchange(done, true) ? Done() : inner->Append(bytes);
    });
  }
  Task<absl::Status> Publish() override {
    return StruckCall<absl::Status>(caller_, [inner = inner_.get(), done = false]() mutable {
      return std::exchange(done, true) ? Done() : inner->Publish();
    });
  }
  Task<void> Discard() override { return inner_->Discard(); }

 private:
  static Task<absl::Status> Done() { co_return absl::OkStatus(); }

  const std::unique_ptr<checkpoint::StagedFile> inner_;
  const StruckCaller caller_;
};

class StruckStore final : public checkpoint::Store {
 public:
  StruckStore(std::unique_ptr<checkpoint::Store> inner, StruckCaller caller)
      : inner_(std::move(inner)), caller_(std::move(caller)) {}

  Task<absl::Status> CreateIfAbsent(std::string path, std::string content) override {
    return Do<absl::Status>([=, this] { return inner_->CreateIfAbsent(path, content); });
  }
  Task<absl::StatusOr<std::unique_ptr<checkpoint::StagedFile>>> Stage(std::string path) override {
    WT_CO_ASSIGN_OR_RETURN(std::unique_ptr<checkpoint::StagedFile> file,
                           co_await Do<absl::StatusOr<std::unique_ptr<checkpoint::StagedFile>>>(
                               [=, this] { return inner_->Stage(path); }));
    co_return std::make_unique<StruckFile>(std::move(file), caller_);
  }
  Task<absl::Status> Append(std::string path, uint64_t offset, std::string bytes) override {
    return Do<absl::Status>([=, this] { return inner_->Append(path, offset, bytes); });
  }
  Task<absl::StatusOr<std::string>> Read(std::string path, uint64_t offset,
                                         uint64_t length) override {
    return Do<absl::StatusOr<std::string>>(
        [=, this] { return inner_->Read(path, offset, length); });
  }
  Task<absl::StatusOr<std::vector<checkpoint::StoredFile>>> List(std::string directory) override {
    return Do<absl::StatusOr<std::vector<checkpoint::StoredFile>>>(
        [=, this] { return inner_->List(directory); });
  }
  Task<absl::StatusOr<std::vector<std::string>>> ListNames(std::string directory) override {
    return Do<absl::StatusOr<std::vector<std::string>>>(
        [=, this] { return inner_->ListNames(directory); });
  }
  Task<absl::StatusOr<checkpoint::StoredFile>> Stat(std::string path) override {
    return Do<absl::StatusOr<checkpoint::StoredFile>>([=, this] { return inner_->Stat(path); });
  }
  Task<absl::StatusOr<std::string>> Identify(std::string directory) override {
    return Do<absl::StatusOr<std::string>>([=, this] { return inner_->Identify(directory); });
  }
  Task<absl::Status> Link(std::string from, std::string to) override {
    return Do<absl::Status>([=, this] { return inner_->Link(from, to); });
  }
  Task<absl::Status> Remove(std::string path) override {
    return Do<absl::Status>([=, this] { return inner_->Remove(path); });
  }
  Task<absl::Status> RemoveAll(std::vector<std::string> paths) override {
    return Do<absl::Status>([=, this] { return inner_->RemoveAll(paths); });
  }

 private:
  template <typename Answer, typename Call>
  Task<Answer> Do(Call call) {
    return StruckCall<Answer, Call>(caller_, std::move(call));
  }

  const std::unique_ptr<checkpoint::Store> inner_;
  const StruckCaller caller_;
};

}  // namespace wavetank::testing

#endif  // WAVETANK_TESTS_SCENARIOS_STRUCK_STORE_H_
