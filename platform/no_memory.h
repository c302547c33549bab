// What to do where malloc and its like have given nothing: as operator new, which asks the handler
// (platform/real/last_words.h: the process ends in a sentence).
#ifndef WAVETANK_PLATFORM_NO_MEMORY_H_
#define WAVETANK_PLATFORM_NO_MEMORY_H_

#include <new>

namespace wavetank::platform {

[[noreturn]] inline void NoMemory() {
  if (const std::new_handler handler = std::get_new_handler(); handler != nullptr) handler();
  throw std::bad_alloc();
}

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_NO_MEMORY_H_
