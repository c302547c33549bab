#include "tests/architecture/tidy.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string>
#include <string_view>

namespace wavetank::architecture {
namespace {

constexpr size_t kMaxLineLength = 100;
constexpr size_t kMaxFileLines = 500;
constexpr size_t kMaxFolderReadmeLines = 59;
constexpr size_t kMaxRootReadmeLines = 99;
constexpr size_t kFirstCommandByLine = 10;

// Split, so that this file does not hold the words it looks for.
constexpr std::string_view kUnfinished[] = {
    "TO"
    "DO",
    "FIX"
    "ME",
    "XX"
    "X",
    "HA"
    "CK",
    "GTEST_"
    "SKIP",
    "DIS"
    "ABLED_"};

// A reference to a document that no reader of the tree has.
constexpr std::string_view kElsewhere =
    "design "
    "section";

bool IsText(std::string_view path) {
  constexpr std::string_view kSuffixes[] = {".h",         ".cc",   ".proto",  ".cmake",  ".sh",
                                            ".md",        ".txt",  ".js",     ".css",    ".html",
                                            ".textproto", ".json", ".ci/run", "Makefile"};
  return !path.starts_with("tests/data/") &&
         std::ranges::any_of(kSuffixes, [&](auto suffix) { return path.ends_with(suffix); });
}

bool IsOfAPage(std::string_view path) {
  return path.ends_with(".js") || path.ends_with(".css") || path.ends_with(".html");
}

// Code has a line length; prose in tables, scenario files and lists have not.
bool HasLineLength(std::string_view path) {
  return IsCpp(path) || path.ends_with(".proto") || path.ends_with(".cmake") ||
         path.ends_with(".sh") || IsOfAPage(path) || path.ends_with("CMakeLists.txt") ||
         path.ends_with("Makefile");
}

size_t CountCharacters(std::string_view utf8) {
  return std::ranges::count_if(utf8, [](char c) { return (c & 0xc0) != 0x80; });
}

std::string HeaderGuard(std::string_view path) {
  std::string guard = "WAVETANK_";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    guard += std::isalnum(byte) ? static_cast<char>(std::toupper(byte)) : '_';
  }
  return guard + "_";
}

void CheckLine(const SourceFile& file, int number, std::string_view line,
               std::vector<Finding>& findings) {
  if (HasLineLength(file.path) && CountCharacters(line) > kMaxLineLength) {
    findings.push_back({file.path, number, "longer than 100 characters: break the line"});
  }
  if (line.find('\t') != std::string_view::npos && file.path != "Makefile") {
    findings.push_back({file.path, number, "a tab: use spaces"});
  }
  if (line.ends_with(' ')) {
    findings.push_back({file.path, number, "space at the end of the line: remove it"});
  }
  for (const std::string_view word : kUnfinished) {
    const bool is_prefix = word.ends_with('_');
    const bool found =
        is_prefix ? line.find(word) != std::string_view::npos : !FindWord(line, word).empty();
    if (!found) continue;
    findings.push_back(
        {file.path, number, std::string(word) + ": finish it, or leave it out and say so"});
  }
}

bool IsPathCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) || c == '_' || c == '.' || c == '/' || c == '-';
}

// Names of documents in a text, as "docs/architecture.md"; those of other hosts and made up ones
// ("DIR/x.md") are none.
void CheckDocuments(const SourceFile& file, const std::set<std::string_view>& paths,
                    std::vector<Finding>& findings) {
  if (const size_t at = file.text.find(kElsewhere); at != std::string::npos) {
    findings.push_back(
        {file.path, LineAt(file.text, at),
         std::string(kElsewhere) + ": say it here, or name a document of this tree"});
  }
  constexpr std::string_view kSuffix = ".md";
  for (size_t at = file.text.find(kSuffix); at != std::string::npos;
       at = file.text.find(kSuffix, at + 1)) {
    const size_t end = at + kSuffix.size();
    if (end < file.text.size() && IsPathCharacter(file.text[end]) && file.text[end] != '.')
      continue;
    size_t begin = at;
    while (begin > 0 && IsPathCharacter(file.text[begin - 1])) --begin;
    std::string_view name = std::string_view(file.text).substr(begin, end - begin);
    while (name.starts_with("../")) name.remove_prefix(3);
    if (name.starts_with('/')) name.remove_prefix(1);
    const bool there = name == kSuffix || std::ranges::any_of(paths, [&](std::string_view path) {
                         return path == name || path.ends_with("/" + std::string(name));
                       });
    if (there) continue;
    findings.push_back({file.path, LineAt(file.text, begin),
                        std::string(name) + " is not in this tree: say here what it says"});
  }
}

void CheckHeader(const SourceFile& file, std::vector<Finding>& findings) {
  const std::string guard = HeaderGuard(file.path);
  if (file.text.find("#ifndef " + guard + "\n#define " + guard + "\n") == std::string::npos) {
    findings.push_back({file.path, 0, "header guard: use " + guard});
  }
  const std::string code = CodeOnly(file.text);
  for (const size_t at : FindWord(code, "using namespace")) {
    findings.push_back({file.path, LineAt(code, at),
                        "using namespace in a header: name what is used, or qualify it"});
  }
}

// "x.cc" includes "x.h" before anything else, which shows that the header stands alone.
void CheckFirstInclude(const SourceFile& file, const std::set<std::string_view>& paths,
                       std::vector<Finding>& findings) {
  const std::string header = file.path.substr(0, file.path.size() - 3) + ".h";
  if (!paths.contains(header)) return;
  const size_t first = file.text.find("#include ");
  const std::string own = "#include \"" + header + "\"";
  if (first != std::string::npos && file.text.compare(first, own.size(), own) == 0) return;
  findings.push_back({file.path, 0, "includes its own header first: " + own});
}

std::string Folder(std::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? "" : path.substr(0, slash));
}

// The first line of a fenced block, or of one that is indented as code.
size_t FirstCommandLine(std::string_view readme) {
  const auto lines = Lines(readme);
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].starts_with("```")) return i + 2;
    if (lines[i].starts_with("    ")) return i + 1;
  }
  return lines.size() + 1;
}

}  // namespace

std::vector<Finding> CheckStyle(const std::vector<SourceFile>& files) {
  std::set<std::string_view> paths;
  for (const SourceFile& file : files) paths.insert(file.path);
  std::vector<Finding> findings;
  for (const SourceFile& file : files) {
    if (!IsText(file.path)) continue;
    const auto lines = Lines(file.text);
    for (size_t i = 0; i < lines.size(); ++i) {
      CheckLine(file, static_cast<int>(i) + 1, lines[i], findings);
    }
    if (!file.text.empty() && !file.text.ends_with('\n')) {
      findings.push_back(
          {file.path, static_cast<int>(lines.size()), "end the file with a newline"});
    }
    if ((IsCpp(file.path) || IsOfAPage(file.path)) && lines.size() > kMaxFileLines) {
      findings.push_back({file.path, 0, "longer than 500 lines: split it by concept"});
    }
    if (file.path.ends_with(".h")) CheckHeader(file, findings);
    if (!file.path.starts_with("tests/architecture/")) CheckDocuments(file, paths, findings);
    if (file.path.ends_with(".cc")) CheckFirstInclude(file, paths, findings);
  }
  return findings;
}

std::vector<Finding> CheckReadmes(const std::vector<SourceFile>& files) {
  std::set<std::string> folders = {""};
  std::set<std::string> with_readme;
  std::vector<Finding> findings;
  for (const SourceFile& file : files) {
    const std::string folder = Folder(file.path);
    if (IsCpp(file.path)) folders.insert(folder.starts_with("tests/") ? "tests" : folder);
    if (!file.path.ends_with("README.md")) continue;
    with_readme.insert(folder);
    for (const std::string_view line : Lines(file.text)) {
      if (!line.starts_with("## ")) continue;
      with_readme.insert(folder + "/" + std::string(line.substr(3, line.find(':') - 3)));
    }
    const size_t limit = folder.empty() ? kMaxRootReadmeLines : kMaxFolderReadmeLines;
    if (Lines(file.text).size() > limit) {
      findings.push_back({file.path, 0,
                          "longer than " + std::to_string(limit) +
                              " lines: move what is not for a first reading to docs/"});
    }
    if (folder.empty() && FirstCommandLine(file.text) > kFirstCommandByLine) {
      findings.push_back({file.path, 0, "show the first command by line 10"});
    }
  }
  for (const std::string& folder : folders) {
    if (with_readme.contains(folder)) continue;
    findings.push_back({folder + (folder.empty() ? "" : "/") + "README.md", 0,
                        "is missing: what the folder is, what it guarantees, how it fails, its "
                        "files in reading order"});
  }
  return findings;
}

std::vector<Finding> CheckVerbs(const std::vector<SourceFile>& files) {
  std::set<std::string_view> rules;
  for (const SourceFile& file : files) {
    if (file.path != "Makefile") continue;
    for (const std::string_view line : Lines(file.text)) {
      const size_t colon = line.find(':');
      if (colon != std::string_view::npos) rules.insert(line.substr(0, colon));
    }
  }
  std::vector<Finding> findings;
  for (const SourceFile& file : files) {
    if (!file.path.ends_with(".md")) continue;
    for (const std::string_view command : {"`make ", "\n    make "}) {
      for (size_t at = file.text.find(command); at != std::string::npos;
           at = file.text.find(command, at + 1)) {
        const size_t begin = at + command.size();
        const size_t end = file.text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", begin);
        const std::string verb = file.text.substr(begin, end - begin);
        if (verb.empty() || rules.contains(verb)) continue;
        findings.push_back({file.path, LineAt(file.text, begin),
                            "the Makefile has no rule " + verb + ": add it, or name one it has"});
      }
    }
  }
  return findings;
}

std::vector<Finding> CheckTestsAreBuilt(const std::vector<SourceFile>& files) {
  std::vector<Finding> findings;
  for (const SourceFile& file : files) {
    if (!file.path.ends_with("_test.cc")) continue;
    const bool built = std::ranges::any_of(files, [&](const SourceFile& list) {
      constexpr std::string_view kName = "CMakeLists.txt";
      if (!list.path.ends_with(kName)) return false;
      const std::string_view folder =
          std::string_view(list.path).substr(0, list.path.size() - kName.size());
      if (!file.path.starts_with(folder)) return false;
      const std::string name = file.path.substr(folder.size());
      for (size_t at = list.text.find(name); at != std::string::npos;
           at = list.text.find(name, at + 1)) {
        const char before = at == 0 ? ' ' : list.text[at - 1];
        if (before == ' ' || before == '\n' || before == '(') return true;
      }
      return false;
    });
    if (!built) findings.push_back({file.path, 0, "no CMakeLists.txt names it: add it to one"});
  }
  return findings;
}

}  // namespace wavetank::architecture
