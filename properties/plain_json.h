// JSON, read a byte at a time into a tree: for oracles, which share no code with the engine.
#ifndef WAVETANK_PROPERTIES_PLAIN_JSON_H_
#define WAVETANK_PROPERTIES_PLAIN_JSON_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wavetank::properties {

struct PlainJson {
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  // Of a string, what it says; of a bool or number, as it is written. Numbers may be NaN, INF,
  // Infinity, with a sign, as Spark reads them.
  std::string text = {};
  std::vector<PlainJson> children = {};  // of an array, of an object
  std::vector<std::string> names = {};   // of an object's children

  // Of an object: the last one of that name; null: there is none.
  const PlainJson* Find(std::string_view name) const;
  // The document without white space, strings escaped where they must be.
  std::string Compact() const;
};

// A whole document, blanks around it. nullopt: it is none.
std::optional<PlainJson> ParsePlainJson(std::string_view text);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_PLAIN_JSON_H_
