#include "platform/real/last_words.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <exception>
#include <new>

namespace wavetank::platform {
namespace {

// Handlers take no argument.
std::atomic<const char*> program_name = "";

std::atomic_flag ending;

// Allocates nothing. Says it in one piece, and once: another thread that comes to its end meanwhile
// waits for that of the process.
[[noreturn]] void End(const char* why, const char* advice) {
  while (ending.test_and_set()) ::pause();
  char said[1024];
  size_t size = 0;
  for (const char* text : {program_name.load(), ": ", why, advice}) {
    const size_t length = std::min(std::strlen(text), sizeof(said) - 1 - size);
    std::memcpy(said + size, text, length);
    size += length;
  }
  said[size++] = '\n';
  // If it cannot be said, there is nothing left to do.
  if (::write(STDERR_FILENO, said, size) < 0) ::_exit(1);
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
