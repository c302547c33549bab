#include "runtime/connectors/formats/json_index.h"

#include <simdjson.h>

#include <algorithm>

#include "platform/check.h"
#include "platform/no_memory.h"

namespace wavetank::runtime {
namespace {

constexpr size_t kLeastCapacity = size_t{64} << 10;
constexpr size_t kMostDepth = 1;  // the first stage knows none

}  // namespace

struct JsonIndex::Parser {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stages;
  std::string escaped;    // with a quote and padding behind it
  std::string unescaped;  // with padding
};

JsonIndex::JsonIndex() : parser_(std::make_unique<Parser>()) {
  const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
      kLeastCapacity, kMostDepth, parser_->stages);
  if (error == simdjson::MEMALLOC) platform::NoMemory();
  WT_CHECK(error == simdjson::SUCCESS, simdjson::error_message(error));
}

JsonIndex::~JsonIndex() = default;

bool JsonIndex::Find(std::string_view text) {
  static constexpr uint32_t kNoTokens[] = {0, 0};
  tokens_ = kNoTokens;
  auto& stages = *parser_->stages;
  if (text.size() > stages.capacity()) {
    // Beyond what it can number.
    if (text.size() > simdjson::SIMDJSON_MAXSIZE_BYTES) return false;
    const auto error = stages.set_capacity(std::max(text.size(), stages.capacity() * 2));
    if (error != simdjson::SUCCESS) platform::NoMemory();
  }
  // No byte beyond the text is read: what is no whole block is copied first.
  const auto error = stages.stage1(reinterpret_cast<const uint8_t*>(text.data()), text.size(),
                                   simdjson::stage1_mode::regular);
  if (error == simdjson::EMPTY) {
    stages.structural_indexes[0] = stages.structural_indexes[1] =
        static_cast<uint32_t>(text.size());
  } else if (error != simdjson::SUCCESS) {
    return false;
  }
  tokens_ = stages.structural_indexes.get();
  return true;
}

bool JsonIndex::Unescape(std::string_view escaped, std::string& text) {
  // It reads and writes whole vectors.
  std::string& from = parser_->escaped;
  from.assign(escaped);
  from.append(1 + simdjson::SIMDJSON_PADDING, '"');
  std::string& to = parser_->unescaped;
  to.resize(escaped.size() + 1 + simdjson::SIMDJSON_PADDING);
  uint8_t* const begin = reinterpret_cast<uint8_t*>(to.data());
  const uint8_t* const end =
      parser_->stages->parse_string(reinterpret_cast<const uint8_t*>(from.data()), begin);
  if (end == nullptr) return false;
  text.append(to.data(), static_cast<size_t>(end - begin));
  return true;
}

}  // namespace wavetank::runtime
