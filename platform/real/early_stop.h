// A program that is asked to stop (SIGINT, SIGTERM) before its RealProcess catches that: it has not
// begun anything, so it ends at once, and well.
#ifndef WAVETANK_PLATFORM_REAL_EARLY_STOP_H_
#define WAVETANK_PLATFORM_REAL_EARLY_STOP_H_

namespace wavetank::platform {

// First thing in a program's main: what comes from here on waits for the next call. For a program
// that has these two signals to itself.
void HoldStopSignals();

enum class EarlyStop {
  kEndWell,    // with status 0, until a RealProcess catches them
  kAsDefault,  // as if there had been no HoldStopSignals
};
void LetStopSignals(EarlyStop early);

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_EARLY_STOP_H_
