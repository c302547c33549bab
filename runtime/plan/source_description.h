// Where rows come from, as a query says it: ReadStream().Format(format).Option(...).Load(path).
#ifndef WAVETANK_RUNTIME_PLAN_SOURCE_DESCRIPTION_H_
#define WAVETANK_RUNTIME_PLAN_SOURCE_DESCRIPTION_H_

#include <map>
#include <string>

namespace wavetank::runtime {

// The source of a SELECT without FROM: one row of no columns, which no stream is.
inline constexpr char kOneRowFormat[] = "one row";

struct SourceDescription {
  std::string format;     // which connectors/ finds
  std::string path = {};  // "": the format has none
  std::map<std::string, std::string> options = {};

  // By which a query's log knows it; no two sources of a query have one name.
  const std::string& Name() const { return path.empty() ? format : path; }

  friend bool operator==(const SourceDescription&, const SourceDescription&) = default;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_SOURCE_DESCRIPTION_H_
