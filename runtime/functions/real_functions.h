// Functions of real numbers that IEEE 754 does not say exactly.
#ifndef WAVETANK_RUNTIME_FUNCTIONS_REAL_FUNCTIONS_H_
#define WAVETANK_RUNTIME_FUNCTIONS_REAL_FUNCTIONS_H_

namespace wavetank::runtime {

// The double that is nearest to the natural logarithm: the same on every machine.
double NaturalLogarithm(double number);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_REAL_FUNCTIONS_H_
