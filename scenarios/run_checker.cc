#include "scenarios/run_checker.h"

#include <utility>

#include "absl/time/time.h"

#include "scenarios/dstream_checker.h"
#include "scenarios/dstream_pieces.h"
#include "scenarios/structured_checker.h"

namespace wavetank::scenarios {
namespace {

using properties::NaiveMode;

int64_t Milliseconds(const std::string& text) {
  absl::Duration duration;
  absl::ParseDuration(text, &duration);
  return absl::ToInt64Milliseconds(duration);
}

}  // namespace

std::unique_ptr<RunChecker> MakeRunChecker(const runtime::Job& job,
                                           const runtime::JobArguments& arguments,
                                           const JobPaths& paths, const InputPlan& input,
                                           std::shared_ptr<const fakes::LineFeed> feed) {
  if (job.name == "word_count") {
    const bool update = arguments.Get("mode") == "update";
    return std::make_unique<StructuredChecker>(
        paths, input, update ? Fold::kByKey : Fold::kNewest, [update] {
          return properties::NaiveWordCount(update ? NaiveMode::kUpdate : NaiveMode::kComplete);
        });
  }
  if (job.name == "windowed_count") {
    const int64_t window_ms = Milliseconds(arguments.Get("window"));
    const int64_t delay_ms = Milliseconds(arguments.Get("delay"));
    return std::make_unique<StructuredChecker>(paths, input, Fold::kUnion, [=] {
      return properties::NaiveWindowedCount(window_ms, delay_ms);
    });
  }
  if (job.name == "word_count_dstream") {
    return std::make_unique<DStreamChecker>(paths,
                                            std::make_unique<FilePieces>(paths.input, input));
  }
  if (job.name == "socket_word_count") {
    return std::make_unique<DStreamChecker>(paths,
                                            std::make_unique<BlockPieces>(input, std::move(feed)));
  }
  return nullptr;
}

}  // namespace wavetank::scenarios
