// The catalogue of planted bugs (platform/planted.h): known ways to break a guarantee, each of
// which a check must find. A table for each area of the product; a bug says of which kind it is, so
// that one sees what the checks know too little of.
#ifndef WAVETANK_PROPERTIES_PLANTED_BUGS_H_
#define WAVETANK_PROPERTIES_PLANTED_BUGS_H_

#include <span>
#include <string_view>

namespace wavetank::properties {

enum class BugKind {
  kTooEarly,        // an effect, or a mark that tells of it, comes before what it stands on
  kNotDurable,      // what is told is not durable
  kNotFenced,       // whoever was replaced still has its way
  kNotIdempotent,   // what is done again is done twice
  kRecomputed,      // a value is drawn or computed anew where it should be remembered
  kForgotten,       // a recovery leaves out a part of what was there
  kOutcomeUnknown,  // an error, or no answer, is taken for success
  kCleanUp,         // what is still needed is removed
  kNameReused,      // a retry takes a name, or an id, that another attempt may have used
  kStale,           // memory, or an older attempt, stands for what is there now
  kOfAnother,       // the state or input of another partition or stream
  kSpecialCase,     // an empty batch, an edge, an off-by-one
};

std::string_view BugKindName(BugKind kind);

struct PlantedBug {
  std::string_view name;
  BugKind kind;
  std::string_view meaning;  // one sentence: what is wrong
  // The built-in jobs that can show it; none: any may.
  std::span<const std::string_view> jobs = {};
};

// By area, each ordered as the code is.
std::span<const PlantedBug> PlantedBugs();

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_PLANTED_BUGS_H_
