#include "scenarios/shell/host.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace wavetank::scenarios::shell {
namespace {

namespace fs = std::filesystem;

double NowSeconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return absl::NotFoundError(absl::StrCat(path, ": no such file"));
  if (fs::is_directory(status)) return absl::InvalidArgumentError(path + ": is a directory");
  // Nobody may ever write into it; a shell's own, as of <(...), has somebody.
  if (fs::is_fifo(status) && !path.starts_with("/dev/")) {
    return absl::InvalidArgumentError(path + ": is a pipe, and no file");
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file) return absl::InvalidArgumentError(path + ": cannot be read");
  return std::move(content).str();
}

std::string TemporaryDirectory() {
  std::error_code error;
  const fs::path directory = fs::temp_directory_path(error);
  return error ? "." : directory.string();
}

absl::Status CheckWritable(const std::string& path) {
  if (path.empty() || path == "-") return absl::OkStatus();
  std::error_code error;
  const std::string above = fs::path(path).parent_path().string();
  const std::string directory = above.empty() ? "." : above;
  if (!fs::is_directory(directory, error)) {
    return absl::NotFoundError(
        absl::StrCat(path, ": cannot be written, there is no directory ", directory));
  }
  if (fs::is_directory(path, error)) return absl::InvalidArgumentError(path + ": is a directory");
  const std::string& asked = fs::exists(path, error) ? path : directory;
  if (::access(asked.c_str(), W_OK) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": cannot be written, ", asked, " is not writable"));
}

absl::Status WriteFile(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  if (!file) return absl::InvalidArgumentError(path + ": cannot be written");
  return absl::OkStatus();
}

absl::Status CheckIsThere(const std::string& path) {
  std::error_code error;
  if (fs::exists(path, error)) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat(path, ": no such file"));
}

absl::Status MakeDirectories(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the directory ", path, " cannot be made: ", error.message()));
}

absl::StatusOr<std::vector<std::string>> ExpandScenarioPaths(
    const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> below;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path, error)) {
      if (entry.path().extension() == ".textproto") below.push_back(entry.path().string());
    }
    if (error) return absl::InvalidArgumentError(absl::StrCat(path, ": ", error.message()));
    if (below.empty()) {
      return absl::NotFoundError(path + ": there is no .textproto file below this directory");
    }
    std::sort(below.begin(), below.end());
    files.insert(files.end(), below.begin(), below.end());
  }
  std::set<std::string> seen;
  std::erase_if(files, [&seen](const std::string& file) {
    std::error_code error;
    const fs::path is = fs::weakly_canonical(file, error);
    return !seen.insert(error ? file : is.string()).second;
  });
  return files;
}

std::string BesideFile(const std::string& file, const std::string& relative) {
  return (fs::path(file).parent_path() / relative).string();
}

HostWatch::HostWatch() : started_seconds_(NowSeconds()) {}
double HostWatch::Seconds() const { return NowSeconds() - started_seconds_; }

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) == 1) {}

void ProgressLine::Show(const std::string& text) {
  if (!terminal_) return;
  std::fprintf(stderr, "\r\033[K%s", text.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressLine::Clear() {
  if (!drawn_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

ProgressBar::ProgressBar(std::string title, size_t total)
    : title_(std::move(title)),
      total_(total),
      terminal_(isatty(STDERR_FILENO) == 1),
      started_seconds_(NowSeconds()) {}

ProgressBar::~ProgressBar() { Clear(); }

void ProgressBar::Show(size_t done, const std::string& what) {
  if (!terminal_ || NowSeconds() - started_seconds_ < 1.0) return;
  constexpr size_t kWidth = 30;
  const size_t filled = total_ == 0 ? kWidth : kWidth * std::min(done, total_) / total_;
  const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
  std::fprintf(stderr, "\r\033[K%s [%s] %zu/%zu %s", title_.c_str(), bar.c_str(), done, total_,
               what.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressBar::Clear() {
  if (!drawn_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace wavetank::scenarios::shell
