#include "scenarios/line_mishaps.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace wavetank::scenarios {

void ChangePlaces(int32_t ppm, int32_t by, platform::Random random,
                  std::vector<std::string>& lines) {
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    if (!random.PartsPerMillion(static_cast<uint32_t>(ppm))) continue;
    const size_t farthest = std::min(lines.size() - 1, i + static_cast<size_t>(std::max(1, by)));
    const size_t other = i + 1 + random.Below(farthest - i);
    std::swap(lines[i], lines[other]);
  }
}

void ComeAgain(int32_t ppm, int32_t by, platform::Random random, std::vector<std::string>& lines) {
  const auto farthest = static_cast<size_t>(std::max(1, by));
  std::multimap<size_t, std::string, std::greater<>> again;  // by the place before which it comes
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!random.PartsPerMillion(static_cast<uint32_t>(ppm))) continue;
    again.emplace(std::min(lines.size(), i + 1 + random.Below(farthest)), lines[i]);
  }
  for (auto& [place, line] : again) {
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(place), std::move(line));
  }
}

void InsertLines(int32_t ppm, const std::vector<std::string>& others, platform::Random random,
                 std::vector<std::string>& lines) {
  std::vector<std::string> all;
  for (std::string& line : lines) {
    if (random.PartsPerMillion(static_cast<uint32_t>(ppm))) {
      all.push_back(others[random.Below(others.size())]);
    }
    all.push_back(std::move(line));
  }
  lines = std::move(all);
}

}  // namespace wavetank::scenarios
