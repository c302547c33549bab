// The host as the command sees it: files, time and terminal. Nothing else of scenarios/ may touch
// them, so that a run stays a pure function of its scenario and seed.
#ifndef WAVETANK_SCENARIOS_SHELL_HOST_H_
#define WAVETANK_SCENARIOS_SHELL_HOST_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace wavetank::scenarios::shell {

// kNotFound or kInvalidArgument (a directory, unreadable), naming the path.
absl::StatusOr<std::string> ReadFile(const std::string& path);
// Whether WriteFile could, as far as can be said without writing: nobody waits for a result that is
// then lost. "" and "-" are no files.
absl::Status CheckWritable(const std::string& path);
// Replaces the file.
absl::Status WriteFile(const std::string& path, const std::string& content);

// kNotFound: there is nothing at the path.
absl::Status CheckIsThere(const std::string& path);
// Where files may be put that nobody needs for long.
std::string TemporaryDirectory();
// With those above it. kInvalidArgument: it cannot be made.
absl::Status MakeDirectories(const std::string& path);

// Files as given, and for each directory the *.textproto files below it, ordered by path; none
// twice.
absl::StatusOr<std::vector<std::string>> ExpandScenarioPaths(const std::vector<std::string>& paths);

// `relative` as seen from the folder of `file`; absolute paths as they are.
std::string BesideFile(const std::string& file, const std::string& relative);

// How long ago it was made.
class HostWatch {
 public:
  HostWatch();
  double Seconds() const;

 private:
  const double started_seconds_;
};

// A line on a terminal that says how far a piece of work is, of which nobody knows how long it is.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void Show(const std::string& text);
  void Clear();

 private:
  const bool terminal_;
  bool drawn_ = false;
};

// Shows how far a long piece of work is: a bar that redraws itself on a terminal, and only after
// the first second; nothing otherwise.
class ProgressBar {
 public:
  ProgressBar(std::string title, size_t total);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  void Show(size_t done, const std::string& what);
  // Takes the bar off the screen, for other output.
  void Clear();

 private:
  const std::string title_;
  const size_t total_;
  const bool terminal_;
  const double started_seconds_;
  bool drawn_ = false;
};

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_HOST_H_
