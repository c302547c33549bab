#include "scenarios/run_checker.h"

#include <utility>

#include "scenarios/dstream_checker.h"
#include "scenarios/dstream_pieces.h"
#include "scenarios/structured_checker.h"

namespace wavetank::scenarios {

std::unique_ptr<RunChecker> MakeRunChecker(const JobOracle* oracle,
                                           const runtime::JobArguments& arguments,
                                           const JobPaths& paths, const InputPlan& input,
                                           std::shared_ptr<const fakes::LineFeed> feed) {
  if (oracle == nullptr) return nullptr;
  if (const auto* structured = std::get_if<StructuredOracle>(oracle)) {
    return std::make_unique<StructuredChecker>(paths, input, structured->fold(arguments),
                                               structured->query(arguments));
  }
  std::unique_ptr<DStreamPieces> pieces;
  if (feed == nullptr) {
    pieces = std::make_unique<FilePieces>(paths.input, input, paths.forget_after_ms);
  } else {
    pieces = std::make_unique<BlockPieces>(input, paths.checkpoint + "/blocks", std::move(feed));
  }
  return std::make_unique<DStreamChecker>(paths, std::move(pieces),
                                          std::get<DStreamOracle>(*oracle));
}

}  // namespace wavetank::scenarios
