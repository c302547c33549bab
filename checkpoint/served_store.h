// ServedStore: the Store of another machine, reached through its StoreService.
//
// Every request may be repeated, so a lost reply, a broken connection or a service that is down is
// tried again, with growing pauses, until the call has taken `give_up_after`; then kUnavailable,
// and the outcome is unknown. Long contents travel in parts: a new file still appears whole; an
// append may end after any part, as any append may.
//
// A peer that does not know the secret, or speaks another protocol, is no store that may come back:
// its error is given at once (platform/handshake.h).
//
// Memory: what the caller hands over or gets, and two copies of one part. At the service: two
// copies of one part for each request under way (store_service.h).
#ifndef WAVETANK_CHECKPOINT_SERVED_STORE_H_
#define WAVETANK_CHECKPOINT_SERVED_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "checkpoint/store.h"
#include "checkpoint/store_identity.h"
#include "platform/event.h"
#include "platform/node.h"
#include "platform/rpc.h"
#include "platform/wait_notice.h"

namespace wavetank::checkpoint {

struct ServedStoreOptions {
  absl::Duration request_timeout = absl::Seconds(5);
  absl::Duration give_up_after = absl::Seconds(30);
  absl::Duration first_pause = absl::Milliseconds(20);
  absl::Duration longest_pause = absl::Seconds(2);
  // At most kMaxPartBytes (store_service.h).
  uint64_t part_bytes = uint64_t{1} << 20;
};

class ServedStore final : public Store, public IdentifiedStore {
 public:
  // Connects when first used. `node` must outlive the store.
  ServedStore(platform::Node& node, std::string address, ServedStoreOptions options = {});

  std::unique_ptr<Store> Under(StoreFence fence) override;
  Task<absl::StatusOr<std::string>> Identity() override;
  Task<absl::Status> CreateIfAbsent(std::string path, std::string content) override;
  Task<absl::Status> Append(std::string path, uint64_t offset, std::string bytes) override;
  Task<absl::StatusOr<std::string>> Read(std::string path, uint64_t offset,
                                         uint64_t length) override;
  Task<absl::StatusOr<std::vector<StoredFile>>> List(std::string directory) override;
  Task<absl::StatusOr<std::vector<std::string>>> ListNames(std::string directory) override;
  Task<absl::StatusOr<StoredFile>> Stat(std::string path) override;
  Task<absl::StatusOr<std::string>> Identify(std::string directory) override;
  Task<absl::Status> Link(std::string from, std::string to) override;
  Task<absl::Status> Remove(std::string path) override;
  Task<absl::Status> RemoveAll(std::vector<std::string> paths) override;

 private:
  using Client = std::shared_ptr<platform::RpcClient>;
  class UnderFence;

  // The changing calls, with the token they are made under, if any.
  using Token = std::optional<StoreFence>;
  Task<absl::Status> Create(std::string path, std::string content, Token token);
  Task<absl::Status> AppendAt(std::string path, uint64_t offset, std::string bytes, Token token);
  Task<absl::Status> LinkAs(std::string from, std::string to, Token token);
  Task<absl::Status> RemoveFiles(std::vector<std::string> paths, Token token);

  // One attempt at a call. All attempts at one have the same number.
  Task<absl::StatusOr<std::string>> Try(std::string method, std::string request, uint64_t number);
  // Attempts until one has an answer, which is `intact`, if that is asked.
  using Intact = std::function<bool(const std::string& reply)>;
  Task<absl::StatusOr<std::string>> Call(std::string method, std::string request,
                                         Intact intact = nullptr);
  // A new file whose content goes ahead in parts. kNotFound: the service has forgotten those that
  // it had.
  Task<absl::Status> Upload(std::string path, const std::string& content, const Token& token);
  Task<absl::StatusOr<Client>> Connected();
  // Waits before the next attempt; false once it is time to give up.
  struct Patience;
  Task<bool> Pause(Patience& patience);
  // Says that the store does not answer, when that is due.
  void SayWaiting(const absl::Status& last);
  absl::Status GivenUp(const std::string& what, const absl::Status& last) const;

  platform::Node& node_;
  const std::string address_;
  const ServedStoreOptions options_;
  platform::Random random_;
  Client client_;
  bool connecting_ = false;
  std::optional<platform::WaitNotice> unanswered_;  // since the first attempt after the last answer
  platform::Event connect_ended_;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_SERVED_STORE_H_
