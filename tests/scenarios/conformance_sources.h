// Sources that are what they should not be, each in one way, for the kit that says what sources
// are. They give lines that stand outside of every process, and outlive them.
#ifndef WAVETANK_TESTS_SCENARIOS_CONFORMANCE_SOURCES_H_
#define WAVETANK_TESTS_SCENARIOS_CONFORMANCE_SOURCES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "runtime/columnar/text_lines.h"
#include "runtime/connectors/source_format.h"
#include "scenarios/testing/source_conformance.h"

namespace wavetank::testing {

using platform::Task;

struct Journal {
  std::vector<std::string> lines = {};
  size_t taken = 0;           // of a source that takes
  int64_t asked = 0;          // for splits
  bool takes = false;         // on Define
  bool to_the_end = false;    // a range is read as far as there are lines
  bool by_the_clock = false;  // how many splits there are
  bool once = false;          // a line can be read once
  size_t read = 0;
};

inline size_t LineNumber(const std::string& offset) {
  int64_t number = 0;
  return absl::SimpleAtoi(offset, &number) ? static_cast<size_t>(number) : 0;
}

class JournalSource final : public runtime::Source {
 public:
  explicit JournalSource(std::shared_ptr<Journal> journal) : journal_(std::move(journal)) {}

  Task<absl::StatusOr<std::string>> Begin() override { co_return "0"; }
  Task<absl::StatusOr<runtime::SourceInput>> Define(std::string after) override {
    runtime::SourceInput input;
    size_t end = journal_->lines.size();
    if (stop_) end = std::min(end, *stop_);
    if (journal_->takes) {
      // What was given once is not there any more.
      if (journal_->taken == end) end = LineNumber(after);
      journal_->taken = std::max(journal_->taken, end);
    }
    input.range.set_start_offset(std::move(after));
    input.range.set_end_offset(absl::StrCat(end));
    co_return input;
  }
  Task<absl::StatusOr<std::string>> Freeze() override {
    co_return absl::StrCat(journal_->lines.size());
  }
  absl::Status StopAt(const std::string& frozen) override {
    stop_ = LineNumber(frozen);
    return absl::OkStatus();
  }

 private:
  const std::shared_ptr<Journal> journal_;
  std::optional<size_t> stop_;
};

class JournalReader final : public runtime::SplitReader {
 public:
  explicit JournalReader(std::string text) : text_(std::move(text)) {}
  Task<absl::StatusOr<std::optional<runtime::RecordBatch>>> Next() override {
    if (text_.empty()) co_return std::nullopt;
    co_return runtime::TextLines(std::exchange(text_, ""));
  }

 private:
  std::string text_;
};

inline SourceUnderTest JournalUnderTest(const std::string& name, Journal kind) {
  const auto journal = std::make_shared<Journal>();
  runtime::SourceFormat format{
      .name = name,
      .meaning = "of a test",
      .replayable = !kind.once,
      .schema = [](const runtime::SourceDescription&) -> absl::StatusOr<runtime::SchemaPtr> {
        return runtime::TextSchema();
      },
      .open = [journal](const runtime::SourceDescription&, runtime::SourceContext)
          -> absl::StatusOr<std::unique_ptr<runtime::Source>> {
        return std::make_unique<JournalSource>(journal);
      },
      .splits =
          [journal](const runtime::SourceDescription&, const checkpoint::SourceRange& range) {
            std::vector<std::string> splits = {range.SerializeAsString()};
            if (!journal->by_the_clock || ++journal->asked % 2 == 1) return splits;
            checkpoint::SourceRange half = range;
            half.set_end_offset(absl::StrCat(LineNumber(range.start_offset()) + 1));
            splits.front() = half.SerializeAsString();
            half.set_start_offset(half.end_offset());
            half.set_end_offset(range.end_offset());
            splits.push_back(half.SerializeAsString());
            return splits;
          },
      .read = [journal](
                  const runtime::SourceDescription&, const std::string& split,
                  runtime::SplitContext) -> absl::StatusOr<std::unique_ptr<runtime::SplitReader>> {
        checkpoint::SourceRange range;
        if (!range.ParseFromString(split)) return absl::DataLossError("no split of a journal");
        size_t end = LineNumber(range.end_offset());
        if (journal->to_the_end) end = journal->lines.size();
        if (journal->once && journal->read >= end) {
          return absl::DataLossError("these lines were read before, and are gone");
        }
        journal->read = end;
        std::string text;
        for (size_t line = LineNumber(range.start_offset()); line < end; ++line) {
          absl::StrAppend(&text, journal->lines[line], "\n");
        }
        return std::make_unique<JournalReader>(std::move(text));
      }};
  return {.format = std::move(format),
          .description = {.format = name, .path = "", .options = {}},
          .add =
              [journal](ConformanceWorld&, int64_t number) {
                std::vector<std::string> rows;
                for (const char* line : {"a", "b", "c"}) rows.push_back(absl::StrCat(line, number));
                journal->lines.insert(journal->lines.end(), rows.begin(), rows.end());
                return rows;
              },
          .set_up = [journal, kind](ConformanceWorld&) { *journal = kind; }};
}

}  // namespace wavetank::testing

#endif  // WAVETANK_TESTS_SCENARIOS_CONFORMANCE_SOURCES_H_
