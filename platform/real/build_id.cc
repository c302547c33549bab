#include "platform/real/build_id.h"

#include <elf.h>
#include <link.h>

#include <cstring>
#include <string_view>

#include "absl/strings/escaping.h"

#include "platform/text.h"

namespace wavetank::platform {
namespace {

constexpr size_t Padded(size_t size) { return (size + 3) / 4 * 4; }

// The build id among the notes; "" if there is none.
std::string IdIn(std::string_view notes) {
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes.data(), sizeof note);
    const size_t name = sizeof note;
    const size_t value = name + Padded(note.n_namesz);
    const size_t end = value + Padded(note.n_descsz);
    if (end > notes.size()) return "";
    const bool found = note.n_type == NT_GNU_BUILD_ID &&
                       notes.substr(name, note.n_namesz) == std::string_view("GNU", 4);
    if (found) return absl::BytesToHexString(ToAbsl(notes.substr(value, note.n_descsz)));
    notes.remove_prefix(end);
  }
  return "";
}

// Called for the program, then for each library.
int FindIn(dl_phdr_info* object, size_t, void* id) {
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const auto* const notes = reinterpret_cast<const char*>(object->dlpi_addr + segment.p_vaddr);
    const std::string found = IdIn(std::string_view(notes, segment.p_memsz));
    if (found.empty()) continue;
    *static_cast<std::string*>(id) = found;
    break;
  }
  return 1;  // the first is the program: no further one
}

}  // namespace

std::string BuildId() {
  std::string id;
  dl_iterate_phdr(FindIn, &id);
  return id;
}

}  // namespace wavetank::platform
