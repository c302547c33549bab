#include "platform/real/spdlog_logger.h"

#include "spdlog/async_logger.h"
#include "spdlog/details/thread_pool.h"
#include "spdlog/sinks/ansicolor_sink.h"

namespace wavetank::platform {
namespace {

constexpr size_t kLinesInHand = 8192;

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

}  // namespace

// Not in spdlog's registry, which is a global: processes of one program log side by side.
struct SpdlogLogger::State {
  // Joins the writer: nobody else has the logger then, nor its sink.
  ~State() { writer.reset(); }

  std::shared_ptr<spdlog::details::thread_pool> writer =
      std::make_shared<spdlog::details::thread_pool>(kLinesInHand, 1);
  std::shared_ptr<spdlog::async_logger> logger = std::make_shared<spdlog::async_logger>(
      "wavetank", std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>(), writer,
      spdlog::async_overflow_policy::overrun_oldest);
};

SpdlogLogger::SpdlogLogger(LogLevel level, std::function<std::string(std::string)> said_as)
    : said_as_(std::move(said_as)), state_(std::make_unique<State>()) {
  state_->logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-7l%$ %v");
  state_->logger->set_level(ToSpdlog(level));
  state_->logger->flush_on(spdlog::level::info);
}

SpdlogLogger::~SpdlogLogger() = default;

void SpdlogLogger::Log(const Node& node, LogLevel level, std::string text) {
  if (said_as_ != nullptr) text = said_as_(std::move(text));
  state_->logger->log(ToSpdlog(level), "{}/{}: {}", node.process(), node.name(), text);
}

}  // namespace wavetank::platform
