#include "platform/handshake.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/hmac.h"
#include "platform/little_endian.h"
#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::platform {
namespace {

constexpr std::string_view kMagic = "WTNK";
constexpr uint8_t kRequired = 1;  // a flag of a feature
constexpr uint8_t kNoProof = 0;
constexpr uint8_t kHmacSha256 = 1;

// What this program can do beyond the protocol's own: none that a peer must know yet.
constexpr std::array<std::string_view, 2> kFeatures = {"rpc.deadline", "rpc.trace"};

void AppendText(std::string_view text, std::string& out) {
  AppendNumber(static_cast<uint16_t>(text.size()), out);
  out += text;
}

std::string Begin(HandshakeKind kind) {
  std::string message(kMagic);
  AppendNumber(static_cast<uint8_t>(kind), message);
  return message;
}

// What a stranger sends ends up in logs.
std::string Printable(std::string_view text) {
  std::string printable(text);
  for (char& c : printable) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return printable;
}

// The reader of what follows the magic and the kind; kDataLoss if these are not there.
absl::StatusOr<ByteReader> Open(HandshakeKind expected, std::string_view message) {
  ByteReader reader(message);
  const bool magic = reader.TakeBytes(kMagic.size()) == kMagic;
  const auto kind = reader.Take<uint8_t>();
  if (!magic || message.size() > kMostHandshakeBytes || kind != static_cast<uint8_t>(expected)) {
    return absl::DataLossError("the peer does not speak this program's handshake");
  }
  return reader;
}

std::string EncodeRefusal(const absl::Status& why) {
  std::string message = Begin(HandshakeKind::kRefusal);
  AppendNumber(static_cast<uint8_t>(why.code()), message);
  AppendText(ToStd(why.message()).substr(0, kMostHandshakeBytes / 2), message);
  return message;
}

// OK if the message is none.
absl::Status RefusalIn(const std::string& message) {
  absl::StatusOr<ByteReader> reader = Open(HandshakeKind::kRefusal, message);
  if (!reader.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(reader->Take<uint8_t>());
  const std::string text = Printable(reader->TakeBytes(reader->Take<uint16_t>()));
  switch (code) {
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kUnavailable:
      return absl::Status(code, text);
    default:
      return absl::DataLossError(absl::StrCat("refused by the peer: ", text));
  }
}

// Whether the two can talk at all; else which of them lacks what.
absl::Status Agree(const Hello& own, const Hello& peer) {
  if (peer.oldest > own.newest || peer.newest < own.oldest) {
    return absl::FailedPreconditionError(absl::StrCat(
        peer.node, " speaks versions ", peer.oldest, " to ", peer.newest, " of the protocol, ",
        own.node, " versions ", own.oldest, " to ", own.newest, ": run the same release on both"));
  }
  for (const Feature& feature : peer.features) {
    const bool known =
        std::ranges::find(own.features, feature.name, &Feature::name) != own.features.end();
    if (feature.required && !known) {
      return absl::FailedPreconditionError(
          absl::StrCat(peer.node, " requires the feature \"", feature.name, "\", which ", own.node,
                       " does not know: run the newer release on both"));
    }
  }
  if (own.authenticates && !peer.authenticates) {
    return absl::PermissionDeniedError(absl::StrCat(
        peer.node, " has no secret, ", own.node, " has one: start both with the same secret file"));
  }
  if (!own.authenticates && peer.authenticates) {
    return absl::PermissionDeniedError(absl::StrCat(
        own.node, " has no secret, ", peer.node, " has one: start both with the same secret file"));
  }
  if (peer.nonce == own.nonce || (peer.node == own.node && peer.incarnation == own.incarnation)) {
    return absl::PermissionDeniedError(
        absl::StrCat("a connection of ", own.node, " to itself, or of one who mirrors it"));
  }
  return absl::OkStatus();
}

absl::Status WrongProof(const Hello& peer) {
  return absl::PermissionDeniedError(absl::StrCat(
      peer.node, " does not know the cluster's secret: start it with the same secret file"));
}

Session Outcome(const Hello& own, Hello peer) {
  Session session;
  session.version = std::min(own.newest, peer.newest);
  session.node = std::move(peer.node);
  session.incarnation = peer.incarnation;
  for (const Feature& feature : peer.features) {
    if (std::ranges::find(own.features, feature.name, &Feature::name) != own.features.end()) {
      session.features.push_back(feature.name);
    }
  }
  return session;
}

// One end, while it lasts.
class Greeting {
 public:
  Greeting(Connection& connection, Credentials credentials, std::string nonce)
      : connection_(connection), secret_(std::move(credentials.secret)), own_(credentials.hello) {
    WT_CHECK(nonce.size() == kNonceBytes);
    own_.nonce = std::move(nonce);
    own_.authenticates = !secret_.empty();
  }
  Greeting(const Greeting&) = delete;
  Greeting& operator=(const Greeting&) = delete;

  Task<absl::StatusOr<Session>> AsClient() {
    client_hello_ = EncodeHello(HandshakeKind::kClientHello, own_);
    WT_CO_RETURN_IF_ERROR(co_await Say(client_hello_));
    WT_CO_ASSIGN_OR_RETURN(server_hello_, co_await Hear());
    Hello peer;
    WT_CO_RETURN_IF_ERROR(co_await Judge(Meet(HandshakeKind::kServerHello, server_hello_, peer)));
    WT_CO_RETURN_IF_ERROR(
        co_await Say(EncodeProof(HandshakeKind::kProof, Proof(HandshakeKind::kProof))));
    WT_CO_ASSIGN_OR_RETURN(const std::string welcome, co_await Hear());
    WT_CO_RETURN_IF_ERROR(co_await Judge(Check(HandshakeKind::kWelcome, welcome, peer)));
    co_return Outcome(own_, std::move(peer));
  }

  Task<absl::StatusOr<Session>> AsServer() {
    WT_CO_ASSIGN_OR_RETURN(client_hello_, co_await Hear());
    Hello peer;
    WT_CO_RETURN_IF_ERROR(co_await Judge(Meet(HandshakeKind::kClientHello, client_hello_, peer)));
    server_hello_ = EncodeHello(HandshakeKind::kServerHello, own_);
    WT_CO_RETURN_IF_ERROR(co_await Say(server_hello_));
    WT_CO_ASSIGN_OR_RETURN(const std::string proof, co_await Hear());
    WT_CO_RETURN_IF_ERROR(co_await Judge(Check(HandshakeKind::kProof, proof, peer)));
    WT_CO_RETURN_IF_ERROR(
        co_await Say(EncodeProof(HandshakeKind::kWelcome, Proof(HandshakeKind::kWelcome))));
    co_return Outcome(own_, std::move(peer));
  }

 private:
  Task<absl::Status> Say(std::string text) {
    Message message;
    message.body = std::move(text);
    co_return co_await connection_.Send(std::move(message));
  }
  // The peer's next message, or why it refused.
  Task<absl::StatusOr<std::string>> Hear() {
    WT_CO_ASSIGN_OR_RETURN(Message message, co_await connection_.Receive());
    WT_CO_RETURN_IF_ERROR(RefusalIn(message.body));
    co_return std::move(message.body);
  }
  // Tells the peer of what is not OK.
  Task<absl::Status> Judge(absl::Status verdict) {
    if (!verdict.ok()) co_await Refuse(connection_, verdict);
    co_return verdict;
  }
  absl::Status Meet(HandshakeKind kind, const std::string& message, Hello& peer) const {
    WT_ASSIGN_OR_RETURN(peer, DecodeHello(kind, message));
    return Agree(own_, peer);
  }
  std::string Proof(HandshakeKind kind) const {
    return ProofOf(kind, secret_, client_hello_, server_hello_);
  }
  absl::Status Check(HandshakeKind kind, const std::string& message, const Hello& peer) const {
    WT_RETURN_IF_ERROR(Open(kind, message).status());
    return SameProof(message, EncodeProof(kind, Proof(kind))) ? absl::OkStatus() : WrongProof(peer);
  }

  Connection& connection_;
  const std::string secret_;
  Hello own_;
  std::string client_hello_;
  std::string server_hello_;
};

}  // namespace

std::string Session::Peer() const { return absl::StrCat(node, "#", absl::Hex(incarnation)); }

Credentials Credentials::Of(Node& node) {
  Credentials credentials;
  credentials.secret = node.secret();
  credentials.hello.node = node.id();
  credentials.hello.incarnation = static_cast<uint64_t>(node.incarnation().value());
  for (const std::string_view name : kFeatures) {
    credentials.hello.features.push_back({std::string(name), /*required=*/false});
  }
  return credentials;
}

std::string EncodeHello(HandshakeKind kind, const Hello& hello) {
  std::string message = Begin(kind);
  AppendNumber(hello.oldest, message);
  AppendNumber(hello.newest, message);
  AppendNumber(hello.authenticates ? kHmacSha256 : kNoProof, message);
  message += hello.nonce;
  AppendNumber(hello.incarnation, message);
  AppendText(hello.node, message);
  AppendNumber(static_cast<uint16_t>(hello.features.size()), message);
  for (const Feature& feature : hello.features) {
    AppendNumber(feature.required ? kRequired : uint8_t{0}, message);
    AppendText(feature.name, message);
  }
  WT_CHECK(message.size() <= kMostHandshakeBytes, "the names of a node are short");
  return message;
}

absl::StatusOr<Hello> DecodeHello(HandshakeKind kind, const std::string& message) {
  WT_ASSIGN_OR_RETURN(ByteReader reader, Open(kind, message));
  Hello hello;
  hello.oldest = reader.Take<uint16_t>();
  hello.newest = reader.Take<uint16_t>();
  // The rest of another version's hello may look otherwise.
  if (reader.ok() && (hello.oldest > kNewestProtocol || hello.newest < kOldestProtocol)) {
    hello.node = "the peer";
    return hello;
  }
  const auto authentication = reader.Take<uint8_t>();
  hello.authenticates = authentication == kHmacSha256;
  hello.nonce = reader.TakeBytes(kNonceBytes);
  hello.incarnation = reader.Take<uint64_t>();
  hello.node = Printable(reader.TakeBytes(reader.Take<uint16_t>()));
  for (uint16_t left = reader.Take<uint16_t>(); left > 0 && reader.ok(); --left) {
    Feature feature;
    feature.required = (reader.Take<uint8_t>() & kRequired) != 0;
    feature.name = Printable(reader.TakeBytes(reader.Take<uint16_t>()));
    hello.features.push_back(std::move(feature));
  }
  // What follows is of a newer version, and nothing that must be understood.
  if (!reader.ok() || authentication > kHmacSha256) {
    return absl::DataLossError("the peer's hello is cut short, or of no known form");
  }
  return hello;
}

std::string EncodeProof(HandshakeKind kind, const std::string& proof) {
  return Begin(kind) + proof;
}

std::string ProofOf(HandshakeKind kind, const std::string& secret, const std::string& client_hello,
                    const std::string& server_hello) {
  if (secret.empty()) return "";
  std::string covered = kind == HandshakeKind::kProof ? "wavetank client" : "wavetank server";
  for (const std::string* hello : {&client_hello, &server_hello}) {
    AppendNumber(static_cast<uint32_t>(hello->size()), covered);
    covered += *hello;
  }
  return HmacSha256(secret, covered);
}

Task<void> Refuse(Connection& connection, absl::Status why) {
  Message message;
  message.body = EncodeRefusal(why);
  // A peer that is gone need not hear of it.
  (co_await connection.Send(std::move(message))).IgnoreError();
  connection.Close();
}

Task<absl::StatusOr<Session>> GreetAsClient(Connection& connection, Credentials credentials,
                                            std::string nonce) {
  Greeting greeting(connection, std::move(credentials), std::move(nonce));
  co_return co_await greeting.AsClient();
}

Task<absl::StatusOr<Session>> GreetAsServer(Connection& connection, Credentials credentials,
                                            std::string nonce) {
  Greeting greeting(connection, std::move(credentials), std::move(nonce));
  co_return co_await greeting.AsServer();
}

}  // namespace wavetank::platform
