// SpdlogLogger: nodes' words to people, on standard error, a line each:
//
//   2026-03-01 12:00:00.000 info  cluster/driver: batch 7 committed
//
// A thread of its own writes, so that a reader who does not read holds up no loop: the oldest lines
// are dropped then. kill -9 loses the lines not yet written.
#ifndef WAVETANK_PLATFORM_REAL_SPDLOG_LOGGER_H_
#define WAVETANK_PLATFORM_REAL_SPDLOG_LOGGER_H_

#include <functional>
#include <memory>
#include <string>

#include "platform/node.h"

namespace wavetank::platform {

// Thread-safe.
class SpdlogLogger final : public Logger {
 public:
  // Drops what is below `level`. `said_as`: what is written in place of a text; null: the text.
  explicit SpdlogLogger(LogLevel level, std::function<std::string(std::string)> said_as = nullptr);
  ~SpdlogLogger() override;  // writes what is left

  void Log(const Node& node, LogLevel level, std::string text) override;

 private:
  struct State;
  const std::function<std::string(std::string)> said_as_;
  const std::unique_ptr<State> state_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_SPDLOG_LOGGER_H_
