// What a program says when it cannot go on: a sentence on standard error, and exit status 1, where
// it would otherwise be aborted with its innards.
#ifndef WAVETANK_PLATFORM_REAL_LAST_WORDS_H_
#define WAVETANK_PLATFORM_REAL_LAST_WORDS_H_

namespace wavetank::platform {

// For lack of memory, and for an exception that nobody catches. For a program's main, which has
// these two to itself. `program` must outlive the process.
void InstallLastWords(const char* program);

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_LAST_WORDS_H_
