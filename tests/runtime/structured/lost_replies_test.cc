// The driver's calls to its store that fail: an error says nothing of what was done. Whether the
// request was done, was not, or is done later, when the driver has long asked what became of it:
// each batch counts once.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/store.h"
#include "tests/runtime/structured/query_jobs.h"
#include "tests/runtime/structured/query_world.h"

namespace wavetank::runtime {
namespace {

using checkpoint::Task;
using ::testing::Contains;

enum class Done { kBefore, kNever, kLater };

// The request that fails: the n-th that changes something, counted over all drivers.
struct LostReply {
  int64_t number = 1;
  Done done = Done::kBefore;
  // Calls of any kind between the error and what is done later.
  int64_t later_by = 3;

  int64_t changes = 0;
  bool lost = false;
  std::string request = {};  // which one it was
  std::function<Task<absl::Status>(checkpoint::Store&)> late = {};
  int64_t calls_until_late = 0;
};

using Request = std::function<Task<absl::Status>(checkpoint::Store&)>;

class ReplyLosingStore final : public checkpoint::Store {
 public:
  ReplyLosingStore(std::unique_ptr<checkpoint::Store> inner, LostReply* reply)
      : inner_(std::move(inner)), reply_(reply) {}

  Task<absl::Status> CreateIfAbsent(std::string path, std::string content) override {
    std::string text = absl::StrCat("create ", path);
    return Change(std::move(text), [path, content](checkpoint::Store& store) {
      return store.CreateIfAbsent(path, content);
    });
  }
  Task<absl::Status> Append(std::string path, uint64_t offset, std::string bytes) override {
    std::string text = absl::StrCat("append ", path);
    return Change(std::move(text), [path, offset, bytes](checkpoint::Store& store) {
      return store.Append(path, offset, bytes);
    });
  }
  Task<absl::Status> Link(std::string from, std::string to) override {
    std::string text = absl::StrCat("link ", to);
    return Change(std::move(text),
                  [from, to](checkpoint::Store& store) { return store.Link(from, to); });
  }
  Task<absl::Status> Remove(std::string path) override {
    std::string text = absl::StrCat("remove ", path);
    return Change(std::move(text), [path](checkpoint::Store& store) { return store.Remove(path); });
  }
  Task<absl::StatusOr<std::string>> Read(std::string path, uint64_t offset,
                                         uint64_t length) override {
    co_await DoLate();
    co_return co_await inner_->Read(std::move(path), offset, length);
  }
  Task<absl::StatusOr<std::vector<checkpoint::StoredFile>>> List(std::string directory) override {
    co_await DoLate();
    co_return co_await inner_->List(std::move(directory));
  }
  Task<absl::StatusOr<std::string>> Identify(std::string directory) override {
    return inner_->Identify(std::move(directory));
  }

 private:
  Task<absl::Status> Change(std::string text, Request request) {
    co_await DoLate();
    if (reply_->lost || ++reply_->changes != reply_->number) co_return co_await request(*inner_);
    reply_->lost = true;
    reply_->request = std::move(text);
    if (reply_->done == Done::kBefore) (co_await request(*inner_)).IgnoreError();
    if (reply_->done == Done::kLater) {
      reply_->late = std::move(request);
      reply_->calls_until_late = reply_->later_by;
    }
    co_return absl::UnavailableError("the reply was lost");
  }
  // As a server does with a request that was long under way: by its own rules, and telling nobody.
  Task<void> DoLate() {
    if (reply_->late == nullptr || --reply_->calls_until_late > 0) co_return;
    const Request late = std::exchange(reply_->late, nullptr);
    (co_await late(*inner_)).IgnoreError();
  }

  const std::unique_ptr<checkpoint::Store> inner_;
  LostReply* const reply_;
};

// Each batch is there once, in order, in log and sink alike, with the attempt that was prepared
// last.
void ExpectEachBatchOnce(QueryWorld& world, const std::string& where) {
  const auto history = world.History();
  ASSERT_TRUE(history.ok()) << where << ": " << history.status();
  EXPECT_EQ(history->batches().size(), 3u) << where;
  for (const checkpoint::BatchHistory& batch : history->batches()) {
    ASSERT_TRUE(batch.commit && batch.prepared) << where;
    EXPECT_EQ(batch.commit->attempt_id(), batch.prepared->attempt_id()) << where;
  }
  const auto table = world.Table();
  ASSERT_TRUE(table.ok()) << where << ": " << table.status();
  EXPECT_EQ(table->last_batch, 2) << where;
  EXPECT_EQ(WordsOf(*table), CountWords()) << where;
}

// The requests whose replies were lost, by their first word and file.
std::set<std::string> SweepReplies(LostReply reply, const std::string& mode, uint64_t seed) {
  std::set<std::string> lost;
  for (reply.number = 1;; ++reply.number) {
    LostReply fresh = reply;
    QueryWorld world(seed, WordCountJob(mode), AvailableNow());
    world.wrap_driver_store = [&fresh](std::unique_ptr<checkpoint::Store> store) {
      return std::make_unique<ReplyLosingStore>(std::move(store), &fresh);
    };
    PutWords(world);
    const absl::Status ended = world.RunToTheEnd();
    const std::string where =
        absl::StrCat("reply ", reply.number, " (", fresh.request, ") lost, ", mode);
    EXPECT_TRUE(ended.ok()) << where << ": " << ended;
    ExpectEachBatchOnce(world, where);
    if (!fresh.lost || testing::Test::HasFailure()) return lost;
    lost.insert(fresh.request);
  }
}

struct ReplyCase {
  const char* name;
  LostReply reply;
};

void PrintTo(const ReplyCase& reply, std::ostream* out) { *out << reply.name; }

class LostReplies : public testing::TestWithParam<ReplyCase> {};

TEST_P(LostReplies, LeaveEachBatchCountedOnce) {
  for (const char* mode : {"update", "complete"}) {
    const std::set<std::string> lost = SweepReplies(GetParam().reply, mode, 200);
    // The query's log, the sink's manifest and its plain names: all of it was met.
    EXPECT_THAT(lost, Contains("create checkpoint/log/epoch-1"));
    EXPECT_THAT(lost, Contains("append checkpoint/log/log-1"));
    EXPECT_THAT(lost, Contains("append out/_wavetank/log-1"));
    EXPECT_THAT(lost, Contains(testing::StartsWith("link out/part-")));
  }
}

INSTANTIATE_TEST_SUITE_P(
    , LostReplies,
    testing::Values(ReplyCase{"OfWhatWasDone", {.done = Done::kBefore}},
                    ReplyCase{"OfWhatWasNot", {.done = Done::kNever}},
                    ReplyCase{"OfWhatIsDoneSoonAfter", {.done = Done::kLater, .later_by = 1}},
                    ReplyCase{"OfWhatIsDoneWhileTheDriverTakesOver",
                              {.done = Done::kLater, .later_by = 4}},
                    ReplyCase{"OfWhatIsDoneMuchLater", {.done = Done::kLater, .later_by = 12}}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace wavetank::runtime
