#include "platform/hmac.h"

#include <nettle/hmac.h>
#include <nettle/memops.h>

#include <cstdint>

namespace wavetank::platform {
namespace {

const uint8_t* Bytes(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

}  // namespace

std::string HmacSha256(std::string_view key, std::string_view message) {
  static_assert(kHmacBytes == SHA256_DIGEST_SIZE);
  hmac_sha256_ctx context;
  hmac_sha256_set_key(&context, key.size(), Bytes(key));
  hmac_sha256_update(&context, message.size(), Bytes(message));
  std::string digest(kHmacBytes, '\0');
  hmac_sha256_digest(&context, digest.size(), reinterpret_cast<uint8_t*>(digest.data()));
  return digest;
}

bool SameProof(std::string_view a, std::string_view b) {
  return a.size() == b.size() && memeql_sec(a.data(), b.data(), a.size()) != 0;
}

}  // namespace wavetank::platform
