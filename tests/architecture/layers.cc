#include "tests/architecture/layers.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace wavetank::architecture {
namespace {

// A file belongs to the layer with the longest matching folder. A layer may include itself.
struct Layer {
  std::string_view folder;
  std::set<std::string_view> may_include;
  // Others see it as that layer; the folders within that one by their own rows.
  std::string_view part_of = {};
};
const std::vector<Layer>& Layers() {
  static const std::vector<Layer> layers = {
      {"platform", {}},
      {"platform/real", {"platform"}},
      {"checkpoint", {"platform"}},
      {"runtime",
       {"platform", "checkpoint", "runtime/types", "runtime/columnar", "runtime/functions",
        "runtime/plan", "runtime/sql", "runtime/operators", "runtime/fragment",
        "runtime/connectors/formats", "runtime/connectors/log/protocol"}},
      {"runtime/connectors/formats", {"platform", "runtime/types", "runtime/columnar"}, "runtime"},
      // Messages alone, for its client and for whoever serves it.
      {"runtime/connectors/log/protocol", {}, "runtime"},
      {"runtime/types", {"platform"}, "runtime"},
      {"runtime/columnar", {"platform", "runtime/types"}, "runtime"},
      {"runtime/functions", {"platform", "runtime/types", "runtime/columnar"}, "runtime"},
      {"runtime/plan",
       {"platform", "runtime/types", "runtime/columnar", "runtime/functions"},
       "runtime"},
      // A front end: it writes the unresolved plan, and knows of no source, sink or session.
      {"runtime/sql",
       {"platform", "runtime/types", "runtime/columnar", "runtime/functions", "runtime/plan"},
       "runtime"},
      {"runtime/operators",
       {"platform", "checkpoint", "runtime/types", "runtime/columnar", "runtime/functions",
        "runtime/plan"},
       "runtime"},
      {"runtime/fragment",
       {"platform", "checkpoint", "runtime/types", "runtime/columnar", "runtime/functions",
        "runtime/plan", "runtime/operators"},
       "runtime"},
      {"runtime/connectors/real", {"platform", "platform/real", "checkpoint", "runtime"}},
      {"runtime/local", {"platform", "platform/real", "checkpoint", "runtime"}},
      {"simulator", {"platform"}},
      {"properties", {"platform", "checkpoint", "runtime", "simulator"}},
      // Of the plans, their schemas: no code of the engine's.
      {"properties/interpreter", {"platform", "properties", "runtime/plan"}, "properties"},
      // Of DStreams nothing: what they must give is worked out anew.
      {"properties/programs", {"platform", "properties"}, "properties"},
      {"scenarios/fakes", {"platform", "checkpoint", "runtime/connectors/log/protocol"}},
      {"scenarios",
       {"platform", "platform/real", "checkpoint", "runtime", "simulator", "properties",
        "scenarios/fakes"}},
      {"examples",
       {"platform", "platform/real", "checkpoint", "runtime", "runtime/local", "simulator",
        "properties", "scenarios"}},
      {"benchmarks",
       {"platform", "platform/real", "checkpoint", "runtime", "runtime/local", "simulator",
        "properties", "scenarios"}},
      {"tests",
       {"platform", "platform/real", "checkpoint", "runtime", "runtime/connectors/real",
        "runtime/local", "simulator", "properties", "scenarios", "scenarios/fakes"}},
  };
  return layers;
}

// Which layers may include a library's headers. Abseil, fmt and the C++ library: all.
struct Library {
  std::string_view header_prefix;
  std::set<std::string_view> layers;
  std::string_view instead;
};
const std::vector<Library>& Libraries() {
  static const std::vector<Library> libraries = {
      {"asio", {"platform/real", "runtime/connectors/real"}, "platform/network.h"},
      {"spdlog/", {"platform/real"}, "Node::Log"},
      {"isa-l", {"platform", "platform/real", "checkpoint"}, "a checksum of a lower layer"},
      {"nettle/", {"platform"}, "platform/hmac.h"},
      {"re2/", {"runtime"}, "a function of runtime/functions"},
      {"lz4",
       {"checkpoint", "runtime/connectors/formats", "tests"},
       "StateCompression of checkpoint/block_compression.h"},
      {"zstd",
       {"checkpoint", "runtime/connectors/formats", "tests"},
       "StateCompression of checkpoint/block_compression.h"},
      {"zlib",
       {"runtime/connectors/formats", "tests"},
       "Decompressor of runtime/connectors/formats/decompress.h"},
      {"simdjson",
       {"runtime/connectors/formats", "benchmarks"},
       "RowDecoder of runtime/connectors/formats/row_decoder.h"},
      {"xxhash",
       {"platform", "checkpoint", "runtime", "simulator", "tests"},
       "StableHash of platform/random.h"},
      {"CLI/", {"scenarios"}, "parameters"},
      {"rapidcheck", {"scenarios", "tests"}, "platform/random.h"},
      {"gtest/", {"tests"}, "a test"},
      {"sqlite3", {"tests"}, "a test"},
      {"gmock/", {"tests"}, "a test"},
      {"benchmark/", {"benchmarks"}, "a benchmark"},
      {"google/protobuf",
       {"checkpoint", "runtime", "properties", "scenarios", "benchmarks", "tests"},
       "bytes, encoded by the layer above"},
  };
  return libraries;
}

const Layer* LayerOf(std::string_view path) {
  const Layer* best = nullptr;
  for (const Layer& layer : Layers()) {
    const std::string folder = std::string(layer.folder) + "/";
    const bool within = path.starts_with(folder) || path == layer.folder;
    if (within && (best == nullptr || folder.size() > best->folder.size())) best = &layer;
  }
  return best;
}

bool MayInclude(const Layer& from, const Layer& to) {
  return &from == &to || from.may_include.contains(to.folder) ||
         (!to.part_of.empty() && from.part_of != to.part_of && from.folder != to.part_of &&
          from.may_include.contains(to.part_of));
}

// The header that a line includes, without quotes or brackets.
std::optional<std::string_view> IncludedHeader(std::string_view line) {
  if (!line.starts_with("#include ")) return std::nullopt;
  const size_t open = line.find_first_of("\"<");
  const size_t close = line.find_first_of("\">", open + 1);
  if (open == std::string_view::npos || close == std::string_view::npos) return std::nullopt;
  return line.substr(open + 1, close - open - 1);
}

void CheckInclude(const SourceFile& file, int line, std::string_view header,
                  std::vector<Finding>& findings) {
  const Layer* from = LayerOf(file.path);
  if (from == nullptr) return;
  const Layer* to = LayerOf(header);
  if (to != nullptr && !MayInclude(*from, *to)) {
    findings.push_back(
        {file.path, line,
         std::string(from->folder) + " may not include " + std::string(header) +
             ": move what is needed to a layer that both may include, or pass it in"});
  }
  for (const Library& library : Libraries()) {
    if (header.starts_with(library.header_prefix) && !library.layers.contains(from->folder) &&
        !library.layers.contains(from->part_of)) {
      findings.push_back({file.path, line,
                          std::string(from->folder) + " may not include " + std::string(header) +
                              ": use " + std::string(library.instead)});
    }
  }
}

// A call in a CMakeLists.txt that makes a target or links it.
struct CMakeTarget {
  std::string name;
  std::string file;
  int line;
  std::vector<std::string> depends;  // our own targets only, without "wavetank::"
};

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  for (size_t i = text.find_first_not_of(" \n"); i != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_of(" \n", i), text.size());
    words.emplace_back(text.substr(i, end - i));
    i = text.find_first_not_of(" \n", end);
  }
  return words;
}

std::vector<CMakeTarget> ReadTargets(const SourceFile& file) {
  std::string text;
  for (const std::string_view line : Lines(file.text)) {
    text += std::string(line.substr(0, line.find('#'))) + "\n";
  }
  std::vector<CMakeTarget> targets;
  for (const std::string_view call : {"wavetank_library", "wavetank_protos", "wavetank_program",
                                      "wavetank_test", "target_link_libraries"}) {
    for (const size_t at : FindWord(text, call)) {
      const size_t open = text.find('(', at);
      const size_t close = text.find(')', at);
      const auto words = Words(std::string_view(text).substr(open + 1, close - open - 1));
      if (words.empty()) continue;
      CMakeTarget target{words[0], file.path, LineAt(text, at), {}};
      if (target.name.starts_with("wavetank_")) target.name.erase(0, 9);
      for (const std::string& word : words) {
        // Alone, or within a generator expression.
        const size_t begin = word.find("wavetank::");
        if (begin == std::string::npos) continue;
        target.depends.push_back(word.substr(begin + 10, word.find('>', begin) - begin - 10));
      }
      targets.push_back(target);
    }
  }
  return targets;
}

std::string Folder(std::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? "" : path.substr(0, slash));
}

// What the CMakeLists.txt of each folder declares, and which layers that reaches by linking.
class TargetGraph {
 public:
  explicit TargetGraph(const std::vector<SourceFile>& files) {
    for (const SourceFile& file : files) {
      if (!file.path.ends_with("/CMakeLists.txt")) continue;
      for (CMakeTarget& target : ReadTargets(file)) {
        folder_of_.try_emplace(target.name, Folder(file.path));
        targets_.push_back(std::move(target));
      }
    }
  }

  const std::vector<CMakeTarget>& targets() const { return targets_; }

  const Layer* LayerOfTarget(const std::string& name) const {
    const auto it = folder_of_.find(name);
    return it == folder_of_.end() ? nullptr : LayerOf(it->second);
  }

  // False while a layer consists of headers alone, so that there is nothing to link.
  bool HasTarget(const Layer& layer) const {
    return std::ranges::any_of(folder_of_,
                               [&](const auto& it) { return LayerOf(it.second) == &layer; });
  }

  // The folder of the nearest CMakeLists.txt at or above a file.
  std::string FolderThatBuilds(std::string_view path) const {
    std::string folder = Folder(path);
    while (!folder.empty() && !Declares(folder)) folder = Folder(folder);
    return folder;
  }

  std::set<const Layer*> LayersReachedFrom(const std::string& folder) const {
    std::set<std::string> seen;
    for (const CMakeTarget& target : targets_) {
      if (Folder(target.file) == folder) Visit(target.name, seen);
    }
    std::set<const Layer*> layers;
    for (const std::string& name : seen) layers.insert(LayerOfTarget(name));
    return layers;
  }

 private:
  bool Declares(const std::string& folder) const {
    return std::ranges::any_of(folder_of_, [&](const auto& it) { return it.second == folder; });
  }
  void Visit(const std::string& name, std::set<std::string>& seen) const {
    if (!seen.insert(name).second) return;
    for (const CMakeTarget& target : targets_) {
      if (target.name != name) continue;
      for (const std::string& dependency : target.depends) Visit(dependency, seen);
    }
  }

  std::vector<CMakeTarget> targets_;
  std::map<std::string, std::string> folder_of_;
};

}  // namespace

std::vector<Finding> CheckIncludes(const std::vector<SourceFile>& files) {
  std::vector<Finding> findings;
  for (const SourceFile& file : files) {
    if (!IsCpp(file.path)) continue;
    if (LayerOf(file.path) == nullptr) {
      findings.push_back({file.path, 0, "stands in no layer: move it into a folder of the table"});
    }
    int line_number = 0;
    for (const std::string_view line : Lines(file.text)) {
      ++line_number;
      const auto header = IncludedHeader(line);
      if (header) CheckInclude(file, line_number, *header, findings);
    }
  }
  return findings;
}

std::vector<Finding> CheckTargets(const std::vector<SourceFile>& files) {
  const TargetGraph graph(files);
  std::vector<Finding> findings;
  for (const CMakeTarget& target : graph.targets()) {
    const Layer* from = LayerOf(Folder(target.file));
    for (const std::string& dependency : target.depends) {
      const Layer* to = graph.LayerOfTarget(dependency);
      if (from != nullptr && to != nullptr && !MayInclude(*from, *to)) {
        findings.push_back({target.file, target.line,
                            std::string(from->folder) + " may not link wavetank::" + dependency +
                                ", which is " + std::string(to->folder) + "'s"});
      }
    }
  }
  // Projects that link an installed Wavetank: that they build says that they link what they
  // include.
  std::set<std::string> consumers;
  for (const SourceFile& file : files) {
    const bool finds = file.text.find("find_package(wavetank") != std::string::npos;
    if (finds && file.path.ends_with("CMakeLists.txt")) {
      consumers.insert(std::string(Folder(file.path)));
    }
  }
  std::map<std::string, std::set<const Layer*>> reached;
  for (const SourceFile& file : files) {
    const std::string folder = graph.FolderThatBuilds(file.path);
    if (!IsCpp(file.path) || folder.empty() || consumers.contains(folder)) continue;
    auto [entry, is_new] = reached.try_emplace(folder);
    if (is_new) entry->second = graph.LayersReachedFrom(folder);
    int line_number = 0;
    for (const std::string_view line : Lines(file.text)) {
      ++line_number;
      const auto header = IncludedHeader(line);
      const Layer* to = header ? LayerOf(*header) : nullptr;
      if (to == nullptr || to == LayerOf(file.path) || entry->second.contains(to)) continue;
      if (!graph.HasTarget(*to)) continue;
      findings.push_back({file.path, line_number,
                          "includes " + std::string(*header) + ": add the target of " +
                              std::string(to->folder) + " to the DEPENDS in " + folder +
                              "/CMakeLists.txt"});
    }
  }
  return findings;
}

}  // namespace wavetank::architecture
