// What people are told of functions, made from the registry: docs/functions.md.
#ifndef WAVETANK_RUNTIME_FUNCTIONS_REFERENCE_H_
#define WAVETANK_RUNTIME_FUNCTIONS_REFERENCE_H_

#include <string>

#include "runtime/functions/function.h"

namespace wavetank::runtime {

// "if an argument is, and only then"
std::string NullsText(Nulls nulls);
// Markdown: how it is called, what it gives, when that is null, what it does, examples.
std::string DescribeFunction(const Function& function);
// All built-in functions, by their groups.
std::string FunctionReference();

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_REFERENCE_H_
