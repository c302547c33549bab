#include "platform/real/last_words.h"

#include <unistd.h>

#include <atomic>
#include <cstring>
#include <exception>
#include <new>

namespace wavetank::platform {
namespace {

// Handlers take no argument.
std::atomic<const char*> program_name = "";

void Say(const char* text) {
  // If it cannot be said either, there is nothing left to do.
  if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) ::_exit(1);
}

// Allocates nothing.
[[noreturn]] void End(const char* why, const char* advice) {
  for (const char* text : {program_name.load(), ": ", why, advice, "\n"}) Say(text);
  ::_exit(1);
}

[[noreturn]] void OnNoMemory() {
  End("there is no memory left",
      ": what was acknowledged is safe; give the process more, and start it again");
}

[[noreturn]] void OnTerminate() {
  if (const std::exception_ptr thrown = std::current_exception()) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      End("it cannot go on: ", error.what());
    } catch (...) {
      End("it cannot go on", ": an exception that is no std::exception");
    }
  }
  End("it cannot go on", "");
}

}  // namespace

void InstallLastWords(const char* program) {
  program_name = program;
  std::set_new_handler(OnNoMemory);
  std::set_terminate(OnTerminate);
}

}  // namespace wavetank::platform
