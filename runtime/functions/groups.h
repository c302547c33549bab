// The groups of built-in functions (registry.cc lists them).
#ifndef WAVETANK_RUNTIME_FUNCTIONS_GROUPS_H_
#define WAVETANK_RUNTIME_FUNCTIONS_GROUPS_H_

#include <vector>

#include "runtime/functions/function.h"

namespace wavetank::runtime {

void AddLogicFunctions(std::vector<Function>& functions);
void AddChoiceFunctions(std::vector<Function>& functions);
void AddNumberFunctions(std::vector<Function>& functions);
void AddMathFunctions(std::vector<Function>& functions);
void AddRealFunctions(std::vector<Function>& functions);
void AddBitFunctions(std::vector<Function>& functions);
void AddStringFunctions(std::vector<Function>& functions);
void AddArrayFunctions(std::vector<Function>& functions);
void AddDateFunctions(std::vector<Function>& functions);
void AddTextFunctions(std::vector<Function>& functions);
void AddPatternFunctions(std::vector<Function>& functions);
void AddStructFunctions(std::vector<Function>& functions);
void AddTimeFunctions(std::vector<Function>& functions);
void AddAggregates(std::vector<Function>& functions);
void AddMoments(std::vector<Function>& functions);
void AddHigherMoments(std::vector<Function>& functions);
void AddMomentsOfPairs(std::vector<Function>& functions);
void AddFirstAndLast(std::vector<Function>& functions);
void AddCollected(std::vector<Function>& functions);
void AddSketches(std::vector<Function>& functions);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_GROUPS_H_
