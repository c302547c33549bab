#include "scenarios/testing/source_asker.h"

#include <memory>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"

namespace wavetank::testing {

using platform::Node;
using platform::Task;

namespace {

constexpr platform::StepName kBegun{"source.begun", "", "The source has said where it begins."};
constexpr platform::StepName kDefined{"source.defined", "", "The source has given a range."};
constexpr platform::StepName kRead{"source.read", "",
                                   "A reader has given rows, or come to its end."};
constexpr platform::StepName kTold{"source.told", "",
                                   "The source knows that a batch is committed."};

constexpr absl::Duration kPatience = absl::Minutes(1);
constexpr absl::Duration kAgainAfter = absl::Milliseconds(100);
// Who found nothing asks again, as the engine does: what a source must fetch is there by then, also
// if it must connect anew.
constexpr absl::Duration kPolls[] = {absl::Milliseconds(200), absl::Milliseconds(1'500)};
constexpr char kOwnDirectory[] = "checkpoint/source";

// As the engine, it comes again after an error that may pass, for a while.
class Patience {
 public:
  explicit Patience(Node& node) : node_(node), until_(node.clock().Now() + kPatience) {}

  // Whether to ask again, once some time has passed.
  Task<bool> Again(absl::Status why) {
    const bool may_pass = absl::IsUnavailable(why) || absl::IsDeadlineExceeded(why);
    if (!may_pass || node_.clock().Now() >= until_) co_return false;
    co_await node_.clock().Sleep(kAgainAfter);
    co_return true;
  }

 private:
  Node& node_;
  const platform::MonotonicTime until_;
};

}  // namespace

// What a process does. It is given where its answers go, and nothing that may go before it.
class Asking {
 public:
  Asking(Node& node, SourceAsker& asker) : node_(node), asker_(asker), store_(StoreOf(node)) {}

  absl::StatusOr<std::unique_ptr<runtime::Source>> Open() {
    return asker_.source_.format.open(
        asker_.source_.description,
        {.node = node_, .store = *store_, .seen = asker_.seen_, .directory = kOwnDirectory});
  }

  Task<absl::StatusOr<SourceAsker::Rows>> Read(SourceAsker::Range range) {
    const runtime::SourceFormat& format = asker_.source_.format;
    const runtime::SourceDescription& description = asker_.source_.description;
    WT_CO_ASSIGN_OR_RETURN(const runtime::SchemaPtr schema, format.schema(description));
    const std::vector<std::string> splits = format.SplitsOf(description, range);
    const auto [known, fresh] = asker_.splits_.try_emplace(range.SerializeAsString(), splits);
    if (known->second != splits || format.SplitsOf(description, range) != splits) {
      asker_.splits_differ_ = true;
    }
    SourceAsker::Rows rows;
    const std::set<std::string> skipped;
    std::optional<std::string> lost;
    for (const std::string& split : splits) {
      WT_CO_ASSIGN_OR_RETURN(
          const std::unique_ptr<runtime::SplitReader> reader,
          format.read(description, split,
                      {node_, *store_, /*batch=*/0, skipped, lost, /*directory=*/kOwnDirectory}));
      while (true) {
        WT_CO_ASSIGN_OR_RETURN(const std::optional<runtime::RecordBatch> some,
                               co_await reader->Next());
        co_await node_.Step(kRead);
        if (!some) break;
        if (!(some->schema() == *schema)) {
          co_return absl::InternalError(absl::StrCat("its rows are (", some->schema().ToText(),
                                                     "), and its schema says (", schema->ToText(),
                                                     ")"));
        }
        for (int64_t row = 0; row < some->num_rows(); ++row) rows.push_back(some->RowText(row));
      }
    }
    co_return rows;
  }

 private:
  Node& node_;
  SourceAsker& asker_;
  const std::unique_ptr<checkpoint::Store> store_;
};

namespace {

using Range = SourceAsker::Range;

Task<void> AskBegin(Node& node, SourceAsker* asker, int times,
                    std::vector<absl::StatusOr<std::string>>* answers) {
  Asking asking(node, *asker);
  const auto source = asking.Open();
  if (!source.ok()) {
    answers->push_back(source.status());
    co_return;
  }
  for (int i = 0; i < times; ++i) {
    absl::StatusOr<std::string> begin = co_await (*source)->Begin();
    for (Patience patience(node); co_await patience.Again(begin.status());) {
      begin = co_await (*source)->Begin();
    }
    co_await node.Step(kBegun);
    answers->push_back(std::move(begin));
  }
}

Task<absl::StatusOr<Range>> DefineOnce(runtime::Source& source, std::string after) {
  WT_CO_ASSIGN_OR_RETURN(runtime::SourceInput input, co_await source.Define(after));
  const std::string& start = input.range.start_offset();
  if (!start.empty() && start != after) {
    co_return absl::InternalError(
        absl::StrCat("asked what is new after '", after, "', it says what is after '", start, "'"));
  }
  input.range.set_start_offset(std::move(after));
  co_return input.range;
}

Task<absl::StatusOr<Range>> DefinePatiently(Node& node, runtime::Source& source,
                                            std::string after) {
  absl::StatusOr<Range> range = co_await DefineOnce(source, after);
  for (Patience patience(node); co_await patience.Again(range.status());) {
    range = co_await DefineOnce(source, after);
  }
  co_return range;
}

Task<void> AskDefine(Node& node, SourceAsker* asker, std::string after, int times,
                     std::optional<std::string> frozen,
                     std::vector<absl::StatusOr<Range>>* answers) {
  Asking asking(node, *asker);
  const auto source = asking.Open();
  absl::Status status = source.status();
  if (status.ok() && frozen) status = (*source)->StopAt(*frozen);
  if (!status.ok()) {
    answers->push_back(status);
    co_return;
  }
  for (int i = 0; i < times; ++i) {
    absl::StatusOr<Range> range = co_await DefinePatiently(node, **source, after);
    for (const absl::Duration poll : kPolls) {
      if (!range.ok() || range->start_offset() != range->end_offset()) break;
      co_await node.clock().Sleep(poll);
      range = co_await DefinePatiently(node, **source, after);
    }
    co_await node.Step(kDefined);
    answers->push_back(std::move(range));
  }
}

Task<void> AskFreeze(Node& node, SourceAsker* asker,
                     std::vector<absl::StatusOr<std::string>>* answers) {
  Asking asking(node, *asker);
  const auto source = asking.Open();
  if (source.ok()) {
    absl::StatusOr<std::string> frozen = co_await (*source)->Freeze();
    for (Patience patience(node); co_await patience.Again(frozen.status());) {
      frozen = co_await (*source)->Freeze();
    }
    answers->push_back(std::move(frozen));
  } else {
    answers->push_back(source.status());
  }
}

Task<void> TellCommitted(Node& node, SourceAsker* asker, std::string end, int times,
                         std::vector<absl::Status>* answers) {
  Asking asking(node, *asker);
  const auto source = asking.Open();
  if (!source.ok()) {
    answers->push_back(source.status());
    co_return;
  }
  for (int i = 0; i < times; ++i) {
    absl::Status told = co_await (*source)->Committed(end);
    for (Patience patience(node); co_await patience.Again(told);) {
      told = co_await (*source)->Committed(end);
    }
    co_await node.Step(kTold);
    answers->push_back(told);
  }
}

Task<void> ReadRange(Node& node, SourceAsker* asker, Range range,
                     std::vector<absl::StatusOr<SourceAsker::Rows>>* answers) {
  Asking asking(node, *asker);
  absl::StatusOr<SourceAsker::Rows> rows = co_await asking.Read(range);
  for (Patience patience(node); co_await patience.Again(rows.status());) {
    rows = co_await asking.Read(range);
  }
  answers->push_back(std::move(rows));
}

absl::Status Ended() { return absl::CancelledError("who asked was ended"); }

}  // namespace

template <typename Answer, typename Ask>
std::vector<Answer> SourceAsker::Run(const Asker& asker, Ask ask) {
  std::vector<Answer> answers;
  simulator::SimProcess& process =
      world_.Start(asker.machine, asker.process,
                   [this, ask, &answers](Node& node) { return ask(node, this, &answers); });
  world_.RunUntilEnded(process);
  world_.sim().Crash(process);
  world_.sim().RunFor(absl::Milliseconds(1));
  return answers;
}

std::vector<absl::StatusOr<std::string>> SourceAsker::Begin(const Asker& asker, int times) {
  return Run<absl::StatusOr<std::string>>(asker,
                                          [times](Node& node, SourceAsker* self, auto* answers) {
                                            return AskBegin(node, self, times, answers);
                                          });
}

std::vector<absl::StatusOr<Range>> SourceAsker::Define(const Asker& asker, const std::string& after,
                                                       int times,
                                                       const std::optional<std::string>& frozen) {
  return Run<absl::StatusOr<Range>>(
      asker, [after, times, frozen](Node& node, SourceAsker* self, auto* answers) {
        return AskDefine(node, self, after, times, frozen, answers);
      });
}

absl::StatusOr<std::string> SourceAsker::Freeze(const Asker& asker) {
  auto answers = Run<absl::StatusOr<std::string>>(
      asker, [](Node& node, SourceAsker* self, auto* all) { return AskFreeze(node, self, all); });
  return answers.empty() ? Ended() : std::move(answers.front());
}

absl::Status SourceAsker::Committed(const Asker& asker, const std::string& end, int times) {
  const auto answers =
      Run<absl::Status>(asker, [end, times](Node& node, SourceAsker* self, auto* all) {
        return TellCommitted(node, self, end, times, all);
      });
  absl::Status status;
  for (const absl::Status& answer : answers) status.Update(answer);
  return answers.empty() ? Ended() : status;
}

absl::StatusOr<SourceAsker::Rows> SourceAsker::Read(const Asker& asker, const Range& range) {
  auto answers =
      Run<absl::StatusOr<Rows>>(asker, [range](Node& node, SourceAsker* self, auto* all) {
        return ReadRange(node, self, range, all);
      });
  return answers.empty() ? Ended() : std::move(answers.front());
}

void SourceAsker::Log(const Range& range) {
  for (const checkpoint::InputFile& file : range.files()) seen_.Hold(file.path(), range.root());
}

}  // namespace wavetank::testing
