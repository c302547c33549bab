#include "runtime/connectors/filing.h"

#include <utility>

#include "checkpoint/crc32c.h"
#include "runtime/connectors/part_name.h"

namespace wavetank::runtime {
namespace {

void SetText(std::string text, ManifestPart& part) {
  part.set_size_bytes(text.size());
  part.set_crc32c(checkpoint::Crc32c(text));
  part.set_text(std::move(text));
}

// Rows that follow on one another need no files of their own.
std::vector<ManifestPart> JoinInline(const ManifestEntry& entry) {
  std::vector<ManifestPart> joined;
  for (const ManifestPart& part : entry.parts()) {
    const bool follows = IsInline(part) && !joined.empty() && IsInline(joined.back()) &&
                         joined.back().dialect() == part.dialect();
    if (!follows) {
      joined.push_back(part);
      continue;
    }
    ManifestPart& with = joined.back();
    with.set_rows(with.rows() + part.rows());
    SetText(with.text() + part.text().substr(part.header_bytes()), with);
  }
  return joined;
}

// Null: it has no rows, or not all of it is text of one kind.
const ManifestPart* AllOfIt(const std::vector<ManifestPart>& joined) {
  return joined.size() == 1 && IsInline(joined.front()) ? &joined.front() : nullptr;
}

Filing FileOne(const ManifestEntry& entry,
               const std::function<std::string(const ManifestPart&)>& name) {
  Filing filing{.files = {}, .parts = {JoinInline(entry)}};
  for (ManifestPart& part : filing.parts.front()) {
    if (!IsInline(part)) continue;
    std::string text = std::move(*part.mutable_text());
    part.clear_text();
    part.set_file(name(part));
    filing.files.push_back({part.file(), std::move(text)});
  }
  return filing;
}

}  // namespace

size_t CountForOneFile(const EntriesToFile& entries) {
  const std::vector<ManifestPart> first = JoinInline(*entries.front());
  if (AllOfIt(first) == nullptr) return 1;
  size_t count = 1;
  for (size_t i = 1; i < entries.size(); ++i) {
    const std::vector<ManifestPart> joined = JoinInline(*entries[i]);
    if (joined.empty()) continue;
    const ManifestPart* const all = AllOfIt(joined);
    if (all == nullptr || all->dialect() != first.front().dialect()) break;
    count = i + 1;
  }
  return count;
}

Filing FileEntries(const EntriesToFile& entries,
                   const std::function<std::string(const ManifestPart&)>& name) {
  if (entries.size() == 1) return FileOne(*entries.front(), name);
  Filing filing;
  std::string text;
  for (const ManifestEntry* const entry : entries) {
    std::vector<ManifestPart>& parts = filing.parts.emplace_back(JoinInline(*entry));
    if (parts.empty()) continue;
    ManifestPart& part = parts.front();
    if (!text.empty() && part.header_bytes() > 0) {
      SetText(part.text().substr(part.header_bytes()), part);
      part.clear_header_bytes();
    }
    part.set_offset(text.size());
    text += part.text();
    part.clear_text();
  }
  const ManifestPart first = filing.parts.front().front();
  const std::string file = name(first);
  for (std::vector<ManifestPart>& parts : filing.parts) {
    for (ManifestPart& part : parts) {
      part.set_file(file);
      part.set_name(first.name());
      part.set_file_bytes(text.size());
    }
  }
  filing.files.push_back({file, std::move(text)});
  return filing;
}

}  // namespace wavetank::runtime
