// The catalogue of planted bugs (platform/planted.h): known ways to break a guarantee, each of
// which a check must find.
#ifndef WAVETANK_PROPERTIES_PLANTED_BUGS_H_
#define WAVETANK_PROPERTIES_PLANTED_BUGS_H_

#include <span>
#include <string_view>

namespace wavetank::properties {

struct PlantedBug {
  std::string_view name;
  std::string_view meaning;  // one sentence: what is wrong
};

std::span<const PlantedBug> PlantedBugs();

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_PLANTED_BUGS_H_
