// Planted: a known bug, compiled in on purpose to see that a check finds it.
//
//   if (Planted(node, "commit_before_sink")) { … }
//
// In the product this is constantly false and costs nothing. Only the preset `planted` compiles the
// bugs in, and even there a node has none unless its world was asked for one by name. The catalogue
// is properties/planted_bugs.h; `wavetank bugs` plants each and shows what finds it.
#ifndef WAVETANK_PLATFORM_PLANTED_H_
#define WAVETANK_PLATFORM_PLANTED_H_

#include <string_view>

#include "platform/node.h"

namespace wavetank::platform {

#ifdef WAVETANK_PLANTED
inline constexpr bool kBugsArePlanted = true;
inline bool Planted(const Node& node, std::string_view bug) { return node.planted() == bug; }
#else
inline constexpr bool kBugsArePlanted = false;
constexpr bool Planted(const Node&, std::string_view) { return false; }
#endif

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_PLANTED_H_
