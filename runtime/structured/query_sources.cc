#include "runtime/structured/query_sources.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/history_parts.h"
#include "checkpoint/paths.h"
#include "platform/event.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"
#include "platform/timeout.h"

namespace wavetank::runtime {
namespace {

// Of what says where it begins.
uint64_t HashOf(const SourceDescription& description, const SourceFormat& format) {
  std::string text = absl::StrCat(description.format, "\n", description.path);
  for (const ConnectorOption& option : format.options) {
    if (!option.of_begin) continue;
    const std::string value = OptionValue(description.options, option.name);
    absl::StrAppend(&text, "\n", option.name, "=", value.empty() ? option.default_value : value);
  }
  return platform::StableHash(text);
}

Task<void> Tell(Source& source, platform::Event& news) {
  co_await source.AwaitNews();
  news.Set();
}

}  // namespace

std::string SourceDirectoryOf(const std::string& checkpoint, const std::string& source) {
  const bool is_name = source.find('/') == std::string::npos;
  return checkpoint::JoinPath(
      checkpoint,
      absl::StrCat("sources/",
                   is_name ? source : absl::StrCat(absl::Hex(platform::StableHash(source)))));
}

absl::StatusOr<std::unique_ptr<QuerySources>> QuerySources::Open(
    platform::Node& node, checkpoint::Store& store, checkpoint::QueryHistory& history,
    const StreamingQueryPlan& plan, const ConnectorRegistry& connectors,
    QuerySourcesOptions options) {
  std::vector<SourceDescription> descriptions;
  for (const StreamingQueryPlan::Source& source : plan.sources) {
    descriptions.push_back(source.description);
  }
  std::unique_ptr<QuerySources> sources(
      new QuerySources(node, history, std::move(descriptions), options));
  for (const StreamingQueryPlan::Source& source : plan.sources) {
    SourceDescription description = source.description;
    WT_ASSIGN_OR_RETURN(const SourceFormat* const format, connectors.Source(description.format));
    sources->hashes_.push_back(HashOf(description, *format));
    for (const ConnectorOption& option : format->options) {
      if (!options.unlimited || option.no_limit.empty()) continue;
      description.options[option.name] = option.no_limit;
    }
    WT_ASSIGN_OR_RETURN(
        std::unique_ptr<Source> opened,
        format->open(description, SourceContext{.node = node,
                                                .store = store,
                                                .seen = history.seen(description.Name()),
                                                .batch_bytes = options.batch_bytes,
                                                .directory = SourceDirectoryOf(
                                                    options.checkpoint, description.Name())}));
    sources->sources_.push_back(std::move(opened));
  }
  sources->asking_.resize(sources->sources_.size());
  return sources;
}

template <typename T>
Task<absl::StatusOr<T>> QuerySources::InTime(size_t source, std::string to_do,
                                             Task<absl::StatusOr<T>> asked) {
  absl::StatusOr<T> answer = co_await platform::WithTimeout(
      node_.executor(), node_.clock(), options_.timeout, std::move(to_do), std::move(asked));
  if (!answer.ok()) co_return Explain(source, answer.status());
  co_return answer;
}

Task<absl::StatusOr<checkpoint::SourceBegins>> QuerySources::Begin() {
  checkpoint::SourceBegins begins;
  if (history_.bound()) co_return begins;
  for (size_t i = 0; i < sources_.size(); ++i) {
    const uint64_t described = hashes_[i];
    const auto logged = history_.begins().find(name(i));
    if (logged != history_.begins().end() && logged->second.description_hash() == described) {
      continue;
    }
    WT_CO_ASSIGN_OR_RETURN(std::string offset,
                           co_await InTime(i, "to say where it begins", sources_[i]->Begin()));
    if (offset.empty()) {
      co_return Explain(i, absl::FailedPreconditionError(
                               "it says that it begins at \"\", and an offset is not empty"));
    }
    if (logged != history_.begins().end()) {
      node_.Log(
          platform::LogLevel::kWarning,
          absl::StrCat("source ", name(i), " (", descriptions_[i].format, "): begins at ", offset,
                       ", and had begun at ", logged->second.offset(),
                       ": it is told otherwise than before, and no batch has read of it yet"));
    }
    checkpoint::SourceBegin& begin = *begins.add_begins();
    begin.set_source(name(i));
    begin.set_offset(std::move(offset));
    begin.set_description_hash(described);
  }
  co_return begins;
}

Task<absl::Status> QuerySources::FreezeAvailable(AvailableInput& available) {
  std::vector<std::optional<std::string>>& ends = available.ends;
  ends.resize(sources_.size());
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (!ends[i]) {
      WT_CO_ASSIGN_OR_RETURN(ends[i],
                             co_await InTime(i, "to say what there is", sources_[i]->Freeze()));
    }
    WT_CO_RETURN_IF_ERROR(sources_[i]->StopAt(*ends[i]));
  }
  co_return absl::OkStatus();
}

bool QuerySources::Found::any() const { return std::ranges::any_of(sources, &SourceInput::any); }
bool QuerySources::Found::away() const { return std::ranges::any_of(sources, &SourceInput::away); }
int64_t QuerySources::Found::forgotten() const {
  int64_t paths = 0;
  for (const SourceInput& input : sources) paths += static_cast<int64_t>(input.forgotten.size());
  return paths;
}

Task<absl::StatusOr<SourceInput>> QuerySources::Define(size_t source, std::string after) {
  WT_CO_ASSIGN_OR_RETURN(SourceInput input, co_await sources_[source]->Define(after));
  input.range.set_start_offset(std::move(after));
  co_return input;
}

Task<void> QuerySources::Answer(size_t source, std::string after) {
  absl::StatusOr<SourceInput> input = co_await Define(source, std::move(after));
  asking_[source].asked->answer = std::move(input);
  answered_.Set();
}

// Goes on waiting for what it was asked; for what another batch starts from, or what has had its
// time once more since it was late, it is asked anew.
void QuerySources::Ask(size_t source, int64_t question) {
  Asking& asking = asking_[source];
  const platform::MonotonicTime now = node_.clock().Now();
  std::string after = OffsetOf(source);
  if (asking.asked && asking.asked->after == after) {
    const bool forgotten = !asking.asked->answer && now - asking.asked->at >= 2 * options_.timeout;
    if (!forgotten) return;
  }
  asking.asked.emplace(Asked{.after = after, .at = now, .question = question});
  asking.asked->task = std::make_unique<platform::TaskScope>(node_.executor());
  asking.asked->task->Spawn("ask a source what is new", Answer(source, std::move(after)));
}

bool QuerySources::IsAwaited(size_t source) const {
  return !asking_[source].asked->answer && !asking_[source].late;
}

Task<void> QuerySources::AwaitAnswers() {
  const platform::MonotonicTime until = node_.clock().Now() + options_.timeout;
  while (true) {
    bool awaited = false;
    for (size_t i = 0; i < sources_.size(); ++i) awaited = awaited || IsAwaited(i);
    const absl::Duration left = until - node_.clock().Now();
    if (!awaited || left <= absl::ZeroDuration()) co_return;
    answered_.Reset();
    co_await answered_.WaitFor(node_.clock(), left);
  }
}

absl::StatusOr<SourceInput> QuerySources::TakeAnswer(size_t source) {
  Asking& asking = asking_[source];
  if (asking.asked->answer) {
    absl::StatusOr<SourceInput> input = *std::move(asking.asked->answer);
    asking.asked.reset();
    asking.late.reset();
    if (!input.ok()) return Explain(source, input.status());
    return input;
  }
  const platform::MonotonicTime now = node_.clock().Now();
  if (!asking.late) asking.late.emplace(asking.asked->at);
  if (asking.late->Due(now)) {
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat("source ", name(source), " (", descriptions_[source].format,
                           ") has not said for ", asking.late->Waited(now),
                           " what is new: batches go on without it"));
  }
  SourceInput input;
  input.range.set_start_offset(OffsetOf(source));
  input.range.set_end_offset(input.range.start_offset());
  input.away = true;
  return input;
}

Task<absl::StatusOr<QuerySources::Found>> QuerySources::Discover(int64_t question) {
  for (size_t i = 0; i < sources_.size(); ++i) Ask(i, question);
  co_await AwaitAnswers();
  Found found{.sources = {}, .question = question};
  for (size_t i = 0; i < sources_.size(); ++i) {
    found.question = std::min(found.question, asking_[i].asked->question);
    WT_CO_ASSIGN_OR_RETURN(SourceInput input, TakeAnswer(i));
    found.sources.push_back(std::move(input));
  }
  co_return found;
}

bool QuerySources::tell_news() const {
  for (size_t i = 0; i < sources_.size(); ++i) {
    // One that has still to answer may do anything meanwhile.
    if (asking_[i].asked || !sources_[i]->tells_news()) return false;
  }
  return true;
}

Task<void> QuerySources::AwaitNews() {
  platform::Event news;
  platform::TaskScope scope(node_.executor());
  for (const std::unique_ptr<Source>& source : sources_) {
    scope.Spawn("await news of a source", Tell(*source, news));
  }
  co_await news.Wait();
}

std::vector<checkpoint::SourceRange> QuerySources::Ranges(Found found) const {
  std::vector<checkpoint::SourceRange> ranges;
  for (size_t i = 0; i < sources_.size(); ++i) {
    checkpoint::SourceRange& range = ranges.emplace_back();
    if (i < found.sources.size()) {
      range = std::move(found.sources[i].range);
    } else {  // of a batch without input
      range.set_start_offset(OffsetOf(i));
      range.set_end_offset(range.start_offset());
    }
    range.set_source(name(i));
  }
  return ranges;
}

void QuerySources::AddForgotten(const Found& found,
                                std::vector<checkpoint::MetadataRecord>& records) const {
  for (size_t i = 0; i < found.sources.size(); ++i) {
    checkpoint::ForgottenFiles forgotten;
    forgotten.set_source(name(i));
    checkpoint::AppendPaths(std::move(forgotten), found.sources[i].forgotten, records);
  }
}

Task<void> QuerySources::Committed(checkpoint::BatchDefinition batch) {
  for (const checkpoint::SourceRange& range : batch.sources()) {
    for (size_t i = 0; i < sources_.size(); ++i) {
      if (name(i) != range.source()) continue;
      Asking& asking = asking_[i];
      if (asking.tell_from && node_.clock().Now() < *asking.tell_from) continue;
      asking.tell_from.reset();
      const absl::Status told = co_await platform::WithTimeout(
          node_.executor(), node_.clock(), options_.timeout, "to hear of it",
          sources_[i]->Committed(range.end_offset()));
      if (told.ok()) continue;
      if (absl::IsDeadlineExceeded(told)) asking.tell_from = node_.clock().Now() + options_.timeout;
      node_.Log(platform::LogLevel::kWarning,
                absl::StrCat("batch ", batch.batch_id(), " is committed, and its source ", name(i),
                             " could not be told: ", told.message()));
    }
  }
}

std::string QuerySources::OffsetOf(size_t source) const { return history_.EndOffset(name(source)); }

absl::Status QuerySources::Explain(size_t source, const absl::Status& status) const {
  return absl::Status(status.code(),
                      absl::StrCat("source ", name(source), " (", descriptions_[source].format,
                                   "): ", status.message()));
}

int64_t QuerySources::offset() const {
  int64_t sum = 0;
  for (size_t i = 0; i < sources_.size(); ++i) {
    int64_t offset = 0;
    if (absl::SimpleAtoi(OffsetOf(i), &offset)) sum += offset;
  }
  return sum;
}

}  // namespace wavetank::runtime
