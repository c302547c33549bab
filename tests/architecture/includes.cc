#include "tests/architecture/includes.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace wavetank::architecture {
namespace {

struct Name {
  std::string_view name;
  std::string_view header;
  std::string_view or_header = {};  // includes the other one, as is documented
};
constexpr Name kNames[] = {
    {"std::array", "array"},
    {"std::atomic", "atomic"},
    {"std::condition_variable", "condition_variable"},
    {"std::coroutine_handle", "coroutine"},
    {"std::deque", "deque"},
    {"std::exchange", "utility"},
    {"std::exception_ptr", "exception"},
    {"std::filesystem", "filesystem"},
    {"std::function", "functional"},
    {"std::initializer_list", "initializer_list"},
    {"std::list", "list"},
    {"std::make_shared", "memory"},
    {"std::make_unique", "memory"},
    {"std::map", "map"},
    {"std::max", "algorithm"},
    {"std::min", "algorithm"},
    {"std::move", "utility"},
    {"std::mutex", "mutex"},
    {"std::nullopt", "optional"},
    {"std::numeric_limits", "limits"},
    {"std::optional", "optional"},
    {"std::pair", "utility"},
    {"std::set", "set"},
    {"std::shared_ptr", "memory"},
    {"std::span", "span"},
    {"std::string", "string"},
    {"std::string_view", "string_view"},
    {"std::thread", "thread"},
    {"std::tuple", "tuple"},
    {"std::unique_ptr", "memory"},
    {"std::variant", "variant"},
    {"std::vector", "vector"},
    {"int32_t", "cstdint"},
    {"int64_t", "cstdint"},
    {"uint8_t", "cstdint"},
    {"uint32_t", "cstdint"},
    {"uint64_t", "cstdint"},
    {"absl::Duration", "absl/time/time.h"},
    {"absl::Status", "absl/status/status.h", "absl/status/statusor.h"},
    {"absl::StatusCode", "absl/status/status.h", "absl/status/statusor.h"},
    {"absl::StatusOr", "absl/status/statusor.h"},
    {"absl::StrCat", "absl/strings/str_cat.h"},
    {"absl::StrFormat", "absl/strings/str_format.h"},
    {"absl::StrJoin", "absl/strings/str_join.h"},
    {"absl::StrSplit", "absl/strings/str_split.h"},
    {"absl::Time", "absl/time/time.h"},
    {"absl::btree_map", "absl/container/btree_map.h"},
    {"absl::btree_set", "absl/container/btree_set.h"},
    {"absl::flat_hash_map", "absl/container/flat_hash_map.h"},
    {"absl::flat_hash_set", "absl/container/flat_hash_set.h"},
};

using Paths = std::set<std::string, std::less<>>;

std::vector<std::string> Included(std::string_view text) {
  constexpr std::string_view kInclude = "#include ";
  std::vector<std::string> included;
  for (const std::string_view line : Lines(text)) {
    if (!line.starts_with(kInclude) || line.size() < kInclude.size() + 2) continue;
    const std::string_view path = line.substr(kInclude.size() + 1);
    included.emplace_back(path.substr(0, path.find_first_of("\">")));
  }
  return included;
}

// What includes lead to from `path`, as far as `includes` knows.
void AddReached(const std::string& path,
                const std::map<std::string, std::vector<std::string>>& includes, Paths& reached) {
  const auto at = includes.find(path);
  if (at == includes.end()) return;
  for (const std::string& each : at->second) {
    if (reached.insert(each).second) AddReached(each, includes, reached);
  }
}

}  // namespace

std::vector<Finding> CheckNamesAreIncluded(const std::vector<SourceFile>& files) {
  std::map<std::string, std::vector<std::string>> includes;
  for (const SourceFile& file : files) {
    if (file.path.ends_with(".h")) includes[file.path] = Included(file.text);
  }
  std::vector<Finding> findings;
  for (const SourceFile& file : files) {
    if (!file.path.ends_with(".h")) continue;
    const std::string code = CodeOnly(file.text);
    Paths reached;
    AddReached(file.path, includes, reached);
    for (const Name& each : kNames) {
      if (reached.contains(each.header) || reached.contains(each.or_header)) continue;
      const std::vector<size_t> found = FindWord(code, each.name);
      if (found.empty()) continue;
      findings.push_back({file.path, LineAt(code, found.front()),
                          std::string(each.name) + ": include " + std::string(each.header)});
    }
  }
  return findings;
}

}  // namespace wavetank::architecture
