#include "properties/attempt_tokens.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace wavetank::properties {
namespace {

// Cuts what stands behind the last "-".
std::optional<std::string> Before(const std::string& text) {
  const size_t dash = text.rfind('-');
  if (dash == std::string::npos || dash + 1 == text.size()) return std::nullopt;
  const bool is_number = std::all_of(text.begin() + static_cast<std::ptrdiff_t>(dash) + 1,
                                     text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) return std::nullopt;
  return text.substr(0, dash);
}

}  // namespace

std::string MixedAttempts(const std::vector<std::string>& tokens) {
  std::map<std::string, std::string> by_task;
  std::map<std::string, std::string> graphs;  // a token of each
  for (const std::string& token : tokens) {
    const std::optional<std::string> task = Before(token);
    const std::optional<std::string> stage = task.has_value() ? Before(*task) : std::nullopt;
    const std::optional<std::string> graph = stage.has_value() ? Before(*stage) : std::nullopt;
    if (!graph.has_value() || !Before(*graph).has_value()) {
      return absl::StrCat("a row carries \"", token, "\", which names no attempt");
    }
    const auto [known, is_new] = by_task.emplace(*task, token);
    if (!is_new && known->second != token) {
      return absl::StrCat("rows of two attempts at one task: ", known->second, " and ", token);
    }
    graphs.emplace(*graph, token);
  }
  if (graphs.size() < 2) return "";
  return absl::StrCat("rows of two runs of the batch: ", graphs.begin()->second, " and ",
                      std::next(graphs.begin())->second);
}

}  // namespace wavetank::properties
