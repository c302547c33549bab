#include "platform/node.h"

namespace wavetank::platform {

std::string Node::DrawNonce(size_t bytes) {
  if (services_.entropy) return services_.entropy(bytes);
  std::string nonce;
  while (nonce.size() < bytes) nonce.push_back(static_cast<char>(nonces_.Next() >> 56));
  return nonce;
}

}  // namespace wavetank::platform
