// What jobs are written against, in use, as one source: for compilers that are not ours.
#include "tests/runtime/dstream/every_operator.cc"
#include "tests/runtime/functions/every_user_function.cc"
#include "tests/runtime/structured/every_call.cc"
