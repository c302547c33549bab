#include "platform/real/early_stop.h"

#include <signal.h>
#include <unistd.h>

namespace wavetank::platform {
namespace {

constexpr int kStopSignals[] = {SIGINT, SIGTERM};

sigset_t StopSignals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int number : kStopSignals) ::sigaddset(&signals, number);
  return signals;
}

}  // namespace

void HoldStopSignals() {
  const sigset_t signals = StopSignals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void LetStopSignals(EarlyStop early) {
  if (early == EarlyStop::kEndWell) {
    struct sigaction end_well = {};
    end_well.sa_handler = [](int) { ::_exit(0); };
    for (const int number : kStopSignals) ::sigaction(number, &end_well, nullptr);
  }
  const sigset_t signals = StopSignals();
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace wavetank::platform
