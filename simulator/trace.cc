#include "simulator/trace.h"

#include <algorithm>
#include <cstring>

namespace wavetank::simulator {

std::string_view Name(EventKind kind) {
  switch (kind) {
    case EventKind::kWorld:
      return "world";
    case EventKind::kProcess:
      return "process";
    case EventKind::kMachine:
      return "machine";
    case EventKind::kFault:
      return "fault";
    case EventKind::kStep:
      return "step";
    case EventKind::kLog:
      return "log";
    case EventKind::kMessage:
      return "message";
    case EventKind::kDisk:
      return "disk";
    case EventKind::kTurn:
      return "turn";
    case EventKind::kDue:
      return "due";
  }
  return "?";
}

uint64_t HashBytes(std::string_view bytes) {
  constexpr uint64_t kMultiplier = 0x8bb84b93962eacc9ULL;
  uint64_t hash = bytes.size() ^ 0x2d358dccaa6c78a5ULL;
  while (!bytes.empty()) {
    uint64_t word = 0;
    const size_t taken = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), taken);
    hash = FoldMultiply(hash ^ word ^ 0x4b33a62ed433d4a3ULL, kMultiplier);
    bytes.remove_prefix(taken);
  }
  return hash;
}

std::optional<TraceDifference> FirstDifference(const Trace& left, const Trace& right) {
  const auto& a = left.records();
  const auto& b = right.records();
  const size_t common = std::min(a.size(), b.size());
  size_t index = 0;
  while (index < common && a[index].event == b[index].event && a[index].text == b[index].text) {
    ++index;
  }
  if (index == a.size() && index == b.size()) return std::nullopt;
  TraceDifference difference{index, std::nullopt, std::nullopt};
  if (index < a.size()) difference.left = a[index];
  if (index < b.size()) difference.right = b[index];
  return difference;
}

}  // namespace wavetank::simulator
