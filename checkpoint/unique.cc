#include "checkpoint/unique.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"

namespace wavetank::checkpoint {

std::string UniqueId(platform::Node& node) {
  const uint64_t number = node.random().Next();
  std::string id =
      absl::StrCat(node.machine(), ".", node.process(), ".", node.name(), ".",
                   node.incarnation().value(), ".", absl::Hex(number, absl::kZeroPad16));
  for (char& c : id) {
    if (c == '/') c = '-';
  }
  return id;
}

Task<absl::Status> CreateUnique(Store& store, std::string path, std::string content) {
  const absl::Status created = co_await store.CreateIfAbsent(path, content);
  if (!absl::IsAlreadyExists(created)) co_return created;
  const absl::StatusOr<std::string> found = co_await store.ReadAll(path);
  if (absl::IsNotFound(found.status())) co_return created;  // it was there, and is gone again
  WT_CO_RETURN_IF_ERROR(found.status());
  co_return *found == content ? absl::OkStatus() : created;
}

}  // namespace wavetank::checkpoint
