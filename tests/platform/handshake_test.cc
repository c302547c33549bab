// The handshake, between two who know each other, and with strangers at either end.
#include "platform/handshake.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/channel.h"
#include "platform/hmac.h"
#include "platform/task_scope.h"
#include "tests/platform/loop_host.h"

namespace wavetank::platform {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Hmac, GivesTheDigestsOfRfc4231) {
  EXPECT_EQ(absl::BytesToHexString(HmacSha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(absl::BytesToHexString(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

// Two ends of a wire. `tap`, if there is one, sees and may change what is sent from an end.
struct Wire {
  Channel<Message> to[2] = {Channel<Message>(100), Channel<Message>(100)};
  std::function<void(int from, std::string& body)> tap;
};
class WireEnd final : public Connection {
 public:
  WireEnd(Wire& wire, int end) : wire_(wire), end_(end) {}
  ~WireEnd() override { Close(); }
  Task<absl::Status> Send(Message message) override {
    if (wire_.tap) wire_.tap(end_, message.body);
    const bool sent = co_await wire_.to[1 - end_].Send(std::move(message));
    co_return sent ? absl::OkStatus() : absl::UnavailableError("closed");
  }
  Task<absl::StatusOr<Message>> Receive() override {
    std::optional<Message> message = co_await wire_.to[end_].Receive();
    if (!message.has_value()) co_return absl::UnavailableError("closed");
    co_return *std::move(message);
  }
  void Close() override {
    wire_.to[0].Close();
    wire_.to[1].Close();
  }
  bool hands_over() const override { return false; }
  std::string peer() const override { return "the other end"; }

 private:
  Wire& wire_;
  const int end_;
};

std::string NonceOf(char c) { return std::string(kNonceBytes, c); }

Credentials Holder(const std::string& name, const std::string& secret = "sixteen bytes...") {
  Credentials credentials;
  credentials.secret = secret;
  credentials.hello.node = name;
  credentials.hello.incarnation = 7;
  credentials.hello.features = {{"common", false}};
  return credentials;
}

struct Shaken {
  absl::StatusOr<Session> client = absl::UnknownError("not over");
  absl::StatusOr<Session> server = absl::UnknownError("not over");
};

Task<void> ShakeAsClient(Connection& end, Credentials credentials, Shaken& outcome) {
  outcome.client = co_await GreetAsClient(end, std::move(credentials), NonceOf('c'));
  if (!outcome.client.ok()) end.Close();
}
Task<void> ShakeAsServer(Connection& end, Credentials credentials, std::string nonce,
                         Shaken& outcome) {
  outcome.server = co_await GreetAsServer(end, std::move(credentials), std::move(nonce));
  if (!outcome.server.ok()) end.Close();
}

Shaken Shake(Credentials client, Credentials server,
             std::function<void(int from, std::string& body)> tap = nullptr) {
  Shaken outcome;
  LoopHost host;
  Wire wire;
  wire.tap = std::move(tap);
  WireEnd ends[2] = {WireEnd(wire, 0), WireEnd(wire, 1)};
  TaskScope scope(host.executor);
  scope.Spawn("client", ShakeAsClient(ends[0], std::move(client), outcome));
  scope.Spawn("server", ShakeAsServer(ends[1], std::move(server), NonceOf('s'), outcome));
  host.RunUntilIdle();
  return outcome;
}

// One who sends these messages to a server, whatever it answers; the answers.
Task<void> SayTo(Connection& end, std::vector<std::string> said, std::vector<std::string>& heard) {
  for (const std::string& body : said) {
    Message message;
    message.body = body;
    (co_await end.Send(std::move(message))).IgnoreError();
  }
  while (true) {
    const absl::StatusOr<Message> message = co_await end.Receive();
    if (!message.ok()) break;
    heard.push_back(message->body);
  }
}
absl::Status ServeStranger(std::vector<std::string> said, std::string nonce,
                           std::vector<std::string>* heard = nullptr) {
  Shaken outcome;
  std::vector<std::string> answers;
  LoopHost host;
  Wire wire;
  WireEnd ends[2] = {WireEnd(wire, 0), WireEnd(wire, 1)};
  TaskScope scope(host.executor);
  scope.Spawn("server", ShakeAsServer(ends[1], Holder("server"), std::move(nonce), outcome));
  scope.Spawn("stranger", SayTo(ends[0], std::move(said), answers));
  host.RunUntilIdle();
  if (heard != nullptr) *heard = answers;
  return outcome.server.status();
}
// One who answers a client with what `answer` makes of each of its messages.
Task<void> AnswerWith(Connection& end, std::function<std::string(const std::string&)> answer) {
  while (true) {
    const absl::StatusOr<Message> message = co_await end.Receive();
    if (!message.ok()) break;
    Message reply;
    reply.body = answer(message->body);
    (co_await end.Send(std::move(reply))).IgnoreError();
  }
}
absl::Status MeetStranger(std::function<std::string(const std::string&)> answer) {
  Shaken outcome;
  LoopHost host;
  Wire wire;
  WireEnd ends[2] = {WireEnd(wire, 0), WireEnd(wire, 1)};
  TaskScope scope(host.executor);
  scope.Spawn("client", ShakeAsClient(ends[0], Holder("client"), outcome));
  scope.Spawn("stranger", AnswerWith(ends[1], std::move(answer)));
  host.RunUntilIdle();
  return outcome.client.status();
}

TEST(Handshake, EachLearnsWhoTheOtherIsAndWhatBothCanDo) {
  Credentials server = Holder("server");
  server.hello.features.push_back({"of the server alone", false});
  const Shaken outcome = Shake(Holder("client"), server);
  ASSERT_TRUE(outcome.client.ok() && outcome.server.ok())
      << outcome.client.status() << outcome.server.status();
  EXPECT_EQ(outcome.client->Peer(), "server#7");
  EXPECT_EQ(outcome.server->Peer(), "client#7");
  EXPECT_THAT(outcome.client->features, ElementsAre("common"));
  EXPECT_THAT(outcome.server->features, ElementsAre("common"));
  EXPECT_EQ(outcome.client->version, kNewestProtocol);
}

TEST(Handshake, NeedsNoSecretWhereNeitherHasOne) {
  const Shaken outcome = Shake(Holder("client", ""), Holder("server", ""));
  EXPECT_TRUE(outcome.client.ok() && outcome.server.ok());
}

TEST(Handshake, WhoHasAnotherSecretOrNoneIsRefusedByName) {
  for (const auto& [client, server] :
       {std::pair("the secret of one", "the secret of two"), std::pair("", "sixteen bytes..."),
        std::pair("sixteen bytes...", "")}) {
    const Shaken outcome = Shake(Holder("client", client), Holder("server", server));
    for (const absl::Status& status : {outcome.client.status(), outcome.server.status()}) {
      EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
      EXPECT_THAT(status.ToString(), HasSubstr("the same secret file"));
    }
  }
}

TEST(Handshake, AnUnknownRequiredFeatureIsRefusedByNameAndOthersAreIgnored) {
  Credentials client = Holder("client");
  client.hello.features.push_back({"nobody knows this", false});
  EXPECT_TRUE(Shake(client, Holder("server")).server.ok());
  client.hello.features.push_back({"teleport", true});
  const Shaken refused = Shake(client, Holder("server"));
  for (const absl::Status& status : {refused.client.status(), refused.server.status()}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(status.ToString(), HasSubstr("client requires the feature \"teleport\""));
  }
  Credentials server = Holder("server");
  server.hello.features.push_back({"levitate", true});
  const absl::Status other_way = Shake(Holder("client"), server).client.status();
  EXPECT_TRUE(absl::IsFailedPrecondition(other_way)) << other_way;
  EXPECT_THAT(other_way.ToString(), HasSubstr("server requires the feature \"levitate\""));
}

TEST(Handshake, VersionsThatDoNotMeetAreRefusedByNumberAndTheNewestOfBothIsSpoken) {
  Credentials newer = Holder("client");
  newer.hello.newest = kNewestProtocol + 3;
  EXPECT_EQ(Shake(newer, Holder("server")).server->version, kNewestProtocol);
  newer.hello.oldest = kNewestProtocol + 1;
  const Shaken refused = Shake(newer, Holder("server"));
  for (const absl::Status& status : {refused.client.status(), refused.server.status()}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(status.ToString(), HasSubstr("speaks versions 3 to 5"));
  }
  // All but the versions may look otherwise there.
  std::string foreign = EncodeHello(HandshakeKind::kClientHello, newer.hello).substr(0, 9);
  const absl::Status status = ServeStranger({foreign + "!"}, NonceOf('s'));
  EXPECT_THAT(status.ToString(), HasSubstr("speaks versions 3 to 5"));
}

TEST(Handshake, WhatFollowsInAHelloIsOfALaterReleaseAndCovered) {
  const auto longer = [](int, std::string& body) {
    if (body[4] == static_cast<char>(HandshakeKind::kClientHello)) body += "more";
  };
  const Shaken altered = Shake(Holder("client"), Holder("server"), longer);
  EXPECT_FALSE(altered.server.ok()) << "the client has not said that";
  Hello hello = Holder("client").hello;
  hello.nonce = NonceOf('c');
  const std::string later = EncodeHello(HandshakeKind::kClientHello, hello) + "more";
  EXPECT_TRUE(DecodeHello(HandshakeKind::kClientHello, later).ok());
}

TEST(Handshake, ABitThatIsChangedOnTheWayIsNoticed) {
  for (int message = 0; message < 4; ++message) {
    std::vector<size_t> sizes(4);
    int count = 0;
    Shake(Holder("client"), Holder("server"), [&](int, std::string& body) {
      if (count < 4) sizes[count++] = body.size();
    });
    for (size_t bit = 0; bit < 8 * sizes[message]; ++bit) {
      int seen = 0;
      const Shaken outcome = Shake(Holder("client"), Holder("server"), [&](int, std::string& body) {
        if (seen++ == message) body[bit / 8] ^= static_cast<char>(1 << (bit % 8));
      });
      // The last message is the client's to judge.
      EXPECT_FALSE(message == 3 ? outcome.client.ok() : outcome.server.ok())
          << "bit " << bit << " of message " << message;
    }
  }
}

TEST(Handshake, WhatWasSaidOnceIsOfNoUseAgain) {
  std::vector<std::string> said;
  const Shaken recorded =
      Shake(Holder("client"), Holder("server"), [&](int from, std::string& body) {
        if (from == 0) said.push_back(body);
      });
  ASSERT_TRUE(recorded.server.ok());
  EXPECT_TRUE(ServeStranger(said, NonceOf('s')).ok()) << "under the same nonce it would be";
  EXPECT_TRUE(absl::IsPermissionDenied(ServeStranger(said, NonceOf('t'))));
}

TEST(Handshake, WhatOneEndSaidCannotBeMirroredToIt) {
  // A client hears its own words, as they are and made into a server's.
  EXPECT_TRUE(absl::IsDataLoss(MeetStranger([](const std::string& said) { return said; })));
  const auto as_server = [](std::string said) {
    said[4] = static_cast<char>(said[4] == 1 ? 2 : 4);
    return said;
  };
  const absl::Status mirrored = MeetStranger(as_server);
  EXPECT_TRUE(absl::IsPermissionDenied(mirrored)) << mirrored;
  // Another name and nonce: then its own proof comes back as the server's.
  std::string hello;
  const absl::Status own_proof = MeetStranger([&](const std::string& said) {
    if (!hello.empty()) return as_server(said);
    Hello other = Holder("server").hello;
    other.authenticates = true;
    other.nonce = NonceOf('x');
    hello = EncodeHello(HandshakeKind::kServerHello, other);
    return hello;
  });
  EXPECT_TRUE(absl::IsPermissionDenied(own_proof)) << own_proof;
  EXPECT_THAT(own_proof.ToString(), HasSubstr("does not know the cluster's secret"));
  // A node that is led to itself.
  EXPECT_TRUE(absl::IsPermissionDenied(Shake(Holder("one"), Holder("one")).server.status()));
}

TEST(Handshake, WhoDoesNotProveAnythingLearnsNothingMadeWithTheSecret) {
  Hello hello = Holder("stranger").hello;
  hello.authenticates = true;
  hello.nonce = NonceOf('x');
  const std::string first = EncodeHello(HandshakeKind::kClientHello, hello);
  std::vector<std::string> heard;
  for (const std::string& proof :
       {std::string(), std::string(kHmacBytes, '\0'), std::string(kHmacBytes + 1, 'x')}) {
    const absl::Status status =
        ServeStranger({first, EncodeProof(HandshakeKind::kProof, proof)}, NonceOf('s'), &heard);
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
    ASSERT_EQ(heard.size(), 2u);
    EXPECT_EQ(heard[0][4], static_cast<char>(HandshakeKind::kServerHello));
    EXPECT_EQ(heard[1][4], static_cast<char>(HandshakeKind::kRefusal));
  }
}

TEST(Handshake, NoBeginningOfAMessageAndNoOverlongOneIsWelcome) {
  Hello hello = Holder("stranger").hello;
  hello.authenticates = true;
  hello.nonce = NonceOf('x');
  const std::string whole = EncodeHello(HandshakeKind::kClientHello, hello);
  for (size_t size = 0; size < whole.size(); ++size) {
    const absl::Status status = ServeStranger({whole.substr(0, size)}, NonceOf('s'));
    EXPECT_TRUE(absl::IsDataLoss(status)) << size << ": " << status;
  }
  const absl::Status overlong =
      ServeStranger({whole + std::string(kMostHandshakeBytes, 'x')}, NonceOf('s'));
  EXPECT_TRUE(absl::IsDataLoss(overlong)) << overlong;
  EXPECT_TRUE(absl::IsDataLoss(ServeStranger({"GET / HTTP/1.1\r\n"}, NonceOf('s'))));
}

TEST(Handshake, WhatAStrangerCallsItselfBreaksNoLineOfALog) {
  Hello hello = Holder("stranger\nerror: all is lost").hello;
  hello.nonce = NonceOf('x');
  const absl::Status status =
      ServeStranger({EncodeHello(HandshakeKind::kClientHello, hello)}, NonceOf('s'));
  EXPECT_THAT(status.ToString(), HasSubstr("stranger?error"));
}

}  // namespace
}  // namespace wavetank::platform
