// File sources over real directories: what the kit asks of a source, with the calls on the store
// struck: whoever asks dies or gets no reply, and another one asks and reads the same again.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "checkpoint/seen_paths.h"
#include "platform/real/real_process.h"
#include "platform/task_scope.h"
#include "tests/scenarios/conformance_builtins.h"
#include "tests/scenarios/real_directory.h"
#include "tests/scenarios/struck_store.h"

namespace wavetank::testing {
namespace {

using platform::Node;
using Range = checkpoint::SourceRange;
using Rows = std::vector<std::string>;

constexpr int kMostAsked = 5;
constexpr char kDriver[] = "driver";
constexpr char kReader[] = "reader";
constexpr char kNext[] = "who comes next";

struct FilesUnderTest {
  runtime::SourceFormat format;
  runtime::OptionMap options = {};
  std::string record = "$\n";  // of the text "$"
};

class SourceSchedule {
 public:
  SourceSchedule(Node& node, const FilesUnderTest& source, const RealDirectory& root,
                 CallStrike strike, SeenStruck& seen)
      : node_(node),
        source_(source),
        root_(root),
        directory_(absl::StrCat("schedule-", seen.schedules)),
        description_{source.format.name, "in", source.options},
        striker_(std::move(strike)),
        seen_(seen) {}

  Task<void> Play() {
    ++seen_.schedules;
    Add();
    const Range first = co_await DefineStruck("");
    if (first.files_size() == 0) co_return Wrong("what was added is not found");
    Log(first);
    const Rows rows = co_await ReadStruck(first);
    Add();
    const Rows again = co_await ReadAs(kNext, first);
    if (again != rows) Wrong("a range is read again otherwise after more input");
    read_.insert(read_.end(), rows.begin(), rows.end());
    const Range second = co_await DefineAs(kNext, first.end_offset());
    Log(second);
    const Rows more = co_await ReadAs(kNext, second);
    read_.insert(read_.end(), more.begin(), more.end());
    if (read_ != added_) Wrong("the ranges do not hold what was added, once");
    const Range none = co_await DefineAs(kNext, second.end_offset());
    if (none.end_offset() != second.end_offset()) Wrong("nothing came, and something is new");
    if (striker_.strike().how == CallStruck::kNone) seen_.calls = striker_.calls();
  }

 private:
  std::unique_ptr<checkpoint::Store> StoreOf(const std::string& who) {
    return std::make_unique<StruckStore>(
        std::make_unique<checkpoint::LocalStore>(node_, directory_), StruckCaller{striker_, who});
  }

  void Add() {
    std::string content;
    for (const char* which : {"first", "second"}) {
      added_.push_back(absl::StrCat(which, " of ", files_));
      absl::StrAppend(&content, absl::StrReplaceAll(source_.record, {{"$", added_.back()}}));
    }
    root_.Put(absl::StrCat(directory_, "/in/", files_++), content);
  }
  void Log(const Range& range) {
    for (const checkpoint::InputFile& file : range.files()) seen_paths_.Hold(file.path(), "");
  }

  // As the engine, asks again after an error that may pass.
  template <typename Answer>
  static bool Again(const Answer& answer, int asked) {
    return absl::IsUnavailable(answer.status()) && asked < kMostAsked;
  }

  Task<absl::StatusOr<Range>> Define(const std::string& who, std::string after) {
    const auto store = StoreOf(who);
    auto source = source_.format.open(
        description_, {.node = node_, .store = *store, .seen = seen_paths_, .directory = "own"});
    WT_CO_RETURN_IF_ERROR(source.status());
    if (after.empty()) {
      WT_CO_ASSIGN_OR_RETURN(after, co_await (*source)->Begin());
    }
    auto input = co_await (*source)->Define(after);
    for (int asked = 1; Again(input, asked); ++asked) input = co_await (*source)->Define(after);
    WT_CO_RETURN_IF_ERROR(input.status());
    input->range.set_start_offset(after);
    co_return input->range;
  }

  Task<absl::StatusOr<Rows>> ReadOnce(const std::string& who, Range range) {
    const auto store = StoreOf(who);
    Rows rows;
    const std::set<std::string> skipped;
    std::optional<std::string> lost;
    for (const std::string& split : source_.format.SplitsOf(description_, range)) {
      WT_CO_ASSIGN_OR_RETURN(
          const auto reader,
          source_.format.read(description_, split, {node_, *store, 0, skipped, lost, "own"}));
      while (true) {
        WT_CO_ASSIGN_OR_RETURN(const auto some, co_await reader->Next());
        if (!some) break;
        for (int64_t row = 0; row < some->num_rows(); ++row) rows.push_back(some->RowText(row));
      }
    }
    co_return rows;
  }

  Task<void> DefineInto(std::string who, std::string after, std::optional<Range>* into) {
    auto range = co_await Define(who, after);
    if (!range.ok()) Wrong(absl::StrCat(who, " finds nothing: ", range.status().message()));
    *into = range.ok() ? *std::move(range) : Range();
  }
  Task<void> ReadInto(std::string who, Range range, std::optional<Rows>* into) {
    auto rows = co_await ReadOnce(who, range);
    for (int asked = 1; Again(rows, asked); ++asked) rows = co_await ReadOnce(who, range);
    if (!rows.ok()) Wrong(absl::StrCat(who, " reads nothing: ", rows.status().message()));
    *into = rows.ok() ? *std::move(rows) : Rows();
  }

  // Nothing, if whoever does it dies, or stands still: it is destroyed where it waits.
  template <typename Answer>
  Task<std::optional<Answer>> Struck(Task<void> task, std::optional<Answer>* into) {
    platform::TaskScope scope(node_.executor());
    scope.Spawn("struck", std::move(task));
    const platform::MonotonicTime end = node_.clock().Now() + kStruckPatience;
    while (!*into && !(striker_.struck() && striker_.strike().stops())) {
      if (node_.clock().Now() > end) {
        Wrong("it does not come to an end");
        break;
      }
      co_await node_.clock().Sleep(absl::Milliseconds(1));
    }
    co_return *into;
  }

  Task<Range> DefineAs(std::string who, std::string after) {
    std::optional<Range> range;
    co_await DefineInto(who, std::move(after), &range);
    co_return *range;
  }
  Task<Rows> ReadAs(std::string who, Range range) {
    std::optional<Rows> rows;
    co_await ReadInto(who, std::move(range), &rows);
    co_return *rows;
  }

  Task<Range> DefineStruck(std::string after) {
    std::optional<Range> into;
    const std::optional<Range> struck = co_await Struck(DefineInto(kDriver, after, &into), &into);
    const Range next = co_await DefineAs(kNext, after);
    if (struck && struck->SerializeAsString() != next.SerializeAsString()) {
      Wrong("asked again, it gives something else");
    }
    co_return next;
  }
  Task<Rows> ReadStruck(Range range) {
    std::optional<Rows> into;
    const std::optional<Rows> struck = co_await Struck(ReadInto(kReader, range, &into), &into);
    const Rows next = co_await ReadAs(kNext, range);
    if (struck && *struck != next) Wrong("a range is read again otherwise");
    co_return next;
  }

  void Wrong(absl::string_view what) {
    seen_.wrong.push_back(absl::StrCat(striker_.strike().ToText(), ": ", what));
  }

  Node& node_;
  const FilesUnderTest& source_;
  const RealDirectory& root_;
  const std::string directory_;
  const runtime::SourceDescription description_;
  Striker striker_;
  checkpoint::SeenPaths seen_paths_;
  int64_t files_ = 0;
  Rows added_;
  Rows read_;
  SeenStruck& seen_;
};

Task<void> PlaySource(Node& node, const FilesUnderTest* source, const RealDirectory* root,
                      CallStrike strike, SeenStruck* seen) {
  SourceSchedule schedule(node, *source, *root, std::move(strike), *seen);
  co_await schedule.Play();
}

Task<void> PlayEachSource(Node& node, const FilesUnderTest* source, const RealDirectory* root,
                          SeenStruck* seen) {
  co_await PlaySource(node, source, root, {}, seen);
  for (const char* who : {kDriver, kReader}) {
    const int64_t calls = seen->calls[who];
    for (int64_t call = 1; call <= calls; ++call) {
      for (const CallStruck how :
           {CallStruck::kDiesBefore, CallStruck::kDiesAfter, CallStruck::kStandsStill,
            CallStruck::kReplyLost, CallStruck::kFails, CallStruck::kTwice}) {
        co_await PlaySource(node, source, root, {who, call, how}, seen);
      }
    }
  }
}

void ExpectReplayable(const FilesUnderTest& source) {
  const RealDirectory root;
  SeenStruck seen;
  const auto status =
      platform::RunNode([&](Node& node) { return PlayEachSource(node, &source, &root, &seen); },
                        {.disk_root = root.path(), .log_level = platform::LogLevel::kError});
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(*status, 0);
  EXPECT_GE(seen.calls[kDriver], 2);
  EXPECT_GE(seen.calls[kReader], 1);
  for (const std::string& wrong : seen.wrong) ADD_FAILURE() << wrong;
  ::testing::Test::RecordProperty("schedules", static_cast<int>(seen.schedules));
}

TEST(RealSource, TextIsReplayableFromARealDirectory) {
  ExpectReplayable({.format = runtime::TextFileSource()});
}

TEST(RealSource, CsvIsReplayableFromARealDirectory) {
  ExpectReplayable({.format = runtime::CsvFileSource(), .options = {{"schema", "line STRING"}}});
}

TEST(RealSource, JsonIsReplayableFromARealDirectory) {
  ExpectReplayable({.format = runtime::JsonFileSource(),
                    .options = {{"schema", "line STRING"}},
                    .record = std::string(kJsonRecord) + "\n"});
}

}  // namespace
}  // namespace wavetank::testing
