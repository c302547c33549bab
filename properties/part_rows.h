// The rows of one part of a file sink, whichever way they stand in it. Written from
// docs/file_sink.md.
#ifndef WAVETANK_PROPERTIES_PART_ROWS_H_
#define WAVETANK_PROPERTIES_PART_ROWS_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "properties/naive_query.h"

namespace wavetank::runtime {
class ManifestEntry;
class ManifestPart;
}  // namespace wavetank::runtime

namespace wavetank::properties {

// kDataLoss: it is not what the manifest says. A null is "\\N", the two characters; in text, where
// it is an empty line, so are these. Arrays and structs are their JSON.
absl::StatusOr<std::vector<NaiveRow>> RowsOfPart(const runtime::ManifestEntry& entry,
                                                 const runtime::ManifestPart& part,
                                                 std::string_view bytes);

// The rows of a part, by RFC 4180.
absl::StatusOr<std::vector<NaiveRow>> ParseCsv(std::string_view text);
// Fields of one line of a part in the older dialect.
NaiveRow ParsePartLine(std::string_view line);

// What the answer of a query shows in a sink of text: lines.
std::vector<NaiveRow> AsLines(const std::vector<NaiveRow>& rows);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_PART_ROWS_H_
