// Each kind of user function, for compilers: it only has to compile.
#include <optional>
#include <string>
#include <string_view>

#include "runtime/functions/user_function.h"

namespace wavetank::runtime {

bool Is(std::string_view text) { return text.empty(); }

std::vector<Function> EveryUserFunction() {
  return {
      UserFunction("function", Is),
      UserFunction("clean", [](std::string_view s) -> std::string { return std::string(s); },
                   {.version = 1, .deterministic = true}),
      UserFunction("every", [](bool, int64_t a, double, const std::string&,
                               absl::Time) noexcept { return a; }),
      UserFunction("types",
                   [](int8_t, int16_t, int32_t, float, const Binary&, Date d) { return d; }),
      UserFunction("nulls",
                   [](std::optional<double> a, std::optional<std::string_view>) { return a; }),
  };
}

}  // namespace wavetank::runtime
