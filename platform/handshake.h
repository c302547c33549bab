// Handshake: how the two ends of a connection between nodes find out, before anything else crosses
// it, that they speak the same protocol and know the same secret. Bytes: WIRE.md.
//
//   client                            server
//   hello: versions, features,   →
//          node, nonce
//                                ←    hello, likewise
//   proof: HMAC(secret, both     →
//          hellos, as client)
//                                ←    welcome: HMAC(secret, both hellos, as server)
//
// Either may say instead why it refuses, and close. Without a secret the proofs are empty; an end
// that has one refuses an end that has none.
//
// What it holds against. A stranger cannot answer, since a proof covers a nonce that the judging
// end has just drawn: one that was recorded earlier proves nothing. A proof says which end made
// it, and a node refuses its own hello, so what an end said cannot be mirrored back to it. The
// proofs cover versions, features and names, so they cannot be altered on the way. A stranger who
// does not know the secret is given nothing that was made with it.
// What it does not: one who can change what crosses the network after the handshake. The secret
// is one for all, so a node may claim any name; what it claims it claims under the secret.
#ifndef WAVETANK_PLATFORM_HANDSHAKE_H_
#define WAVETANK_PLATFORM_HANDSHAKE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "platform/network.h"
#include "platform/node.h"
#include "platform/task.h"

namespace wavetank::platform {

// The versions of the protocol that this program speaks.
inline constexpr uint16_t kOldestProtocol = 2;
inline constexpr uint16_t kNewestProtocol = 2;
inline constexpr size_t kNonceBytes = 32;
// No message of a handshake is longer.
inline constexpr size_t kMostHandshakeBytes = 4096;

struct Feature {
  std::string name;
  bool required = false;  // of the peer: it refuses what it does not know
  friend bool operator==(const Feature&, const Feature&) = default;
};

// Everything that one end says of itself.
struct Hello {
  uint16_t oldest = kOldestProtocol;
  uint16_t newest = kNewestProtocol;
  bool authenticates = false;
  std::string nonce;
  std::string node;  // "machine/process/name"
  uint64_t incarnation = 0;
  std::vector<Feature> features;
};

// What an end knows of its peer once it is welcome.
struct Session {
  uint16_t version = 0;
  std::string node;
  uint64_t incarnation = 0;
  std::vector<std::string> features;  // that both have

  // "machine/process/name" and which life of it.
  std::string Peer() const;
};

// What an end brings. Its nonce is drawn when the handshake begins.
struct Credentials {
  static Credentials Of(Node& node);
  std::string secret;  // empty: none
  Hello hello;         // all but what the handshake itself fills in
};

// The whole handshake, as the end that connected and as the one that accepted. Errors: what the
// connection gave; kPermissionDenied (the secret), kFailedPrecondition (version or feature) and
// kDataLoss (not a handshake), each told to the peer as well, or told by it.
Task<absl::StatusOr<Session>> GreetAsClient(Connection& connection, Credentials credentials,
                                            std::string nonce);
Task<absl::StatusOr<Session>> GreetAsServer(Connection& connection, Credentials credentials,
                                            std::string nonce);

// Instead of a handshake, by one who accepted: tells why there is none, and closes.
Task<void> Refuse(Connection& connection, absl::Status why);

// For tests and tools that speak it themselves.
enum class HandshakeKind : uint8_t {
  kClientHello = 1,
  kServerHello = 2,
  kProof = 3,
  kWelcome = 4,
  kRefusal = 5
};
std::string EncodeHello(HandshakeKind kind, const Hello& hello);
absl::StatusOr<Hello> DecodeHello(HandshakeKind kind, const std::string& message);
std::string EncodeProof(HandshakeKind kind, const std::string& proof);
std::string ProofOf(HandshakeKind kind, const std::string& secret, const std::string& client_hello,
                    const std::string& server_hello);

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_HANDSHAKE_H_
