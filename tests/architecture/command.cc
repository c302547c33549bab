#include "tests/architecture/command.h"

#include <array>
#include <cstdio>
#include <filesystem>

namespace wavetank::architecture {

CommandResult RunCommand(const std::string& command) {
  FILE* pipe = popen(("(" + command + ") 2>&1").c_str(), "r");
  if (pipe == nullptr) return {-1, "popen failed: " + command};
  CommandResult result;
  std::array<char, 4096> chunk;
  while (const size_t count = fread(chunk.data(), 1, chunk.size(), pipe)) {
    result.output.append(chunk.data(), count);
  }
  result.status = pclose(pipe);
  return result;
}

std::string BuildDirectory() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path().string();
}

}  // namespace wavetank::architecture
