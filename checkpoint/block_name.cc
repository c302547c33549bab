#include "checkpoint/block_name.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "platform/text.h"

namespace wavetank::checkpoint {
namespace {

constexpr std::string_view kPrefix = "stream-";
constexpr size_t kChecksumDigits = 8;

// Takes what follows the last "-" off the end.
std::string_view TakeLast(std::string_view& text) {
  const size_t dash = text.rfind('-');
  if (dash == std::string_view::npos) return {};
  const std::string_view last = text.substr(dash + 1);
  text = text.substr(0, dash);
  return last;
}

bool Parse(std::string_view text, int64_t* number) {
  return absl::SimpleAtoi(platform::ToAbsl(text), number) && *number >= 0;
}

}  // namespace

std::string BlockName::Text() const {
  return absl::StrFormat("stream-%d-%s-%d-%d-%08x", stream, run, number, records, crc32c);
}

std::optional<BlockName> ParseBlockName(std::string_view name) {
  if (name.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
  std::string_view rest = name.substr(kPrefix.size());
  const size_t dash = rest.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  int64_t stream = 0;
  BlockName parsed;
  if (!Parse(rest.substr(0, dash), &stream)) return std::nullopt;
  parsed.stream = static_cast<int32_t>(stream);
  rest.remove_prefix(dash + 1);
  const std::string_view checksum = TakeLast(rest);
  const bool whole = checksum.size() == kChecksumDigits &&
                     absl::SimpleHexAtoi(platform::ToAbsl(checksum), &parsed.crc32c) &&
                     Parse(TakeLast(rest), &parsed.records) &&
                     Parse(TakeLast(rest), &parsed.number);
  parsed.run = std::string(rest);
  // A name has one spelling: any other is not a block's.
  if (!whole || parsed.run.empty() || parsed.Text() != name) return std::nullopt;
  return parsed;
}

}  // namespace wavetank::checkpoint
