#include "tests/architecture/source_tree.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace wavetank::architecture {
namespace {

bool IsWordCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Where the literal that opens at `begin` ends: the offset behind its closing quote.
size_t EndOfLiteral(std::string_view text, size_t begin) {
  const char quote = text[begin];
  for (size_t i = begin + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == quote || text[i] == '\n') {
      return i + 1;
    }
  }
  return text.size();
}

size_t EndOfRawString(std::string_view text, size_t quote) {
  const size_t open = text.find('(', quote);
  if (open == std::string_view::npos) return text.size();
  const std::string close = ")" + std::string(text.substr(quote + 1, open - quote - 1)) + "\"";
  const size_t end = text.find(close, open);
  return end == std::string_view::npos ? text.size() : end + close.size();
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Finding& finding) {
  return out << "\n  " << finding.path << ":" << finding.line << ": " << finding.message;
}

std::vector<SourceFile> ReadSourceTree() {
  namespace fs = std::filesystem;
  std::vector<SourceFile> files;
  for (auto it = fs::recursive_directory_iterator("."); it != fs::end(it); ++it) {
    const std::string path = it->path().lexically_relative(".").string();
    const std::string name = it->path().filename().string();
    if (it->is_directory()) {
      if ((name[0] == '.' && path != ".ci") || path == "build") it.disable_recursion_pending();
    } else if (it->is_regular_file() && name[0] != '.') {
      std::ifstream in(it->path(), std::ios::binary);
      files.push_back({path, std::string(std::istreambuf_iterator<char>(in), {})});
    }
  }
  std::ranges::sort(files, {}, &SourceFile::path);
  return files;
}

bool IsCpp(std::string_view path) { return path.ends_with(".h") || path.ends_with(".cc"); }

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

int LineAt(std::string_view text, size_t offset) {
  return 1 + static_cast<int>(std::ranges::count(text.substr(0, offset), '\n'));
}

std::string CodeOnly(std::string_view text) {
  std::string code(text);
  const auto blank = [&code](size_t begin, size_t end) {
    for (size_t i = begin; i < end && i < code.size(); ++i) {
      if (code[i] != '\n') code[i] = ' ';
    }
  };
  size_t i = 0;
  while (i < text.size()) {
    const std::string_view rest = text.substr(i);
    const bool digit_separator = i > 0 && std::isalnum(static_cast<unsigned char>(text[i - 1]));
    size_t end = i + 1;
    if (rest.starts_with("//")) {
      end = std::min(text.find('\n', i), text.size());
      blank(i, end);
    } else if (rest.starts_with("/*")) {
      const size_t close = text.find("*/", i + 2);
      end = close == std::string_view::npos ? text.size() : close + 2;
      blank(i, end);
    } else if (rest.starts_with("R\"")) {
      end = EndOfRawString(text, i + 1);
      blank(i + 2, end - 1);
    } else if (rest[0] == '"' || (rest[0] == '\'' && !digit_separator)) {
      end = EndOfLiteral(text, i);
      blank(i + 1, end - 1);
    }
    i = end;
  }
  return code;
}

std::vector<size_t> FindWord(std::string_view code, std::string_view word) {
  std::vector<size_t> found;
  for (size_t at = code.find(word); at != std::string_view::npos; at = code.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool begins = at == 0 || !IsWordCharacter(code[at - 1]) || !IsWordCharacter(word[0]);
    const bool ends =
        end == code.size() || !IsWordCharacter(code[end]) || !IsWordCharacter(word.back());
    if (begins && ends) found.push_back(at);
  }
  return found;
}

}  // namespace wavetank::architecture
