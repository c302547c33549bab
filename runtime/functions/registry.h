// FunctionRegistry: functions by name. The built-in ones are the same in every process; those of a
// job are added by the job's code, which runs on every node: plans hold names only.
#ifndef WAVETANK_RUNTIME_FUNCTIONS_REGISTRY_H_
#define WAVETANK_RUNTIME_FUNCTIONS_REGISTRY_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/functions/function.h"

namespace wavetank::runtime {

class FunctionRegistry {
 public:
  // Those of this library alone.
  static const FunctionRegistry& BuiltIn();
  // With the built-in ones.
  FunctionRegistry();

  // A function of a job. kAlreadyExists: there is one of that name. kInvalidArgument: it cannot be
  // called as it is.
  absl::Status Add(Function function);
  // nullptr: there is none.
  FunctionPtr Find(std::string_view name) const;
  // kNotFound, with the nearest name.
  absl::StatusOr<FunctionPtr> Get(std::string_view name) const;
  // By name.
  std::vector<FunctionPtr> All() const;

 private:
  struct Empty {};
  explicit FunctionRegistry(Empty) {}
  absl::Status Insert(Function function);

  std::map<std::string, FunctionPtr, std::less<>> functions_;
};

// Each adds its group's; their names are the sections of the documentation.
struct FunctionGroup {
  std::string_view title;
  void (*add)(std::vector<Function>& functions);
};
const std::vector<FunctionGroup>& FunctionGroups();

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_REGISTRY_H_
