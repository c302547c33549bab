#include "scenarios/shown_rows.h"

#include <memory>

namespace wavetank::scenarios {

using properties::Violation;

ShownRows::ShownRows(JobPaths paths, TableRule rule, std::string unjudged)
    : paths_(std::move(paths)),
      unjudged_(std::move(unjudged)),
      table_(std::move(rule)),
      sink_({paths_.output + "/"},
            [reader = std::make_shared<properties::FileSinkReader>(paths_.output)](
                const properties::DurableFiles& files) { return reader->Read(files); }) {}

std::vector<Violation> ShownRows::Observe(int64_t now_ns, const properties::ObservedFiles& observed,
                                          int64_t /*failures*/) {
  if (!sink_.Note(observed)) return {};
  const auto& sink = sink_.Get(observed.files);
  if (!sink.ok()) {
    std::string text(sink.status().message());
    if (!unreadable_.insert(text).second) return {};
    return {{properties::violation_kinds::kUnreadable, std::move(text), now_ns, {}, ""}};
  }
  if (sink->has_value()) table_.Keep((*sink)->batches);
  return {};
}

}  // namespace wavetank::scenarios
