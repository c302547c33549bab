#include "platform/task_scope.h"

wavetank::platform::Task<int> Answer() { co_return 42; }

int main() { return Answer().done() ? 1 : 0; }
