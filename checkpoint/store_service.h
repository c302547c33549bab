// StoreService: a Store, served to other nodes over rpc. Its clients are ServedStores.
//
// It keeps nothing of its own but parts of long contents, which are forgotten with the connection
// they came on, when one of them is refused, or when no more come. A client that lost a reply asks
// again; what it had asked for first is carried through all the same.
//
// What a directory cannot do, it can: a request under a fencing token is refused once a newer epoch
// exists, also one that was on its way for long (epoch_fence.h). Requests without one are not.
#ifndef WAVETANK_CHECKPOINT_STORE_SERVICE_H_
#define WAVETANK_CHECKPOINT_STORE_SERVICE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "checkpoint/epoch_fence.h"
#include "checkpoint/store.h"
#include "platform/node.h"
#include "platform/rpc.h"
#include "platform/task_scope.h"

namespace wavetank::checkpoint {

// The most that one request may carry or ask for: kInvalidArgument beyond it.
inline constexpr uint64_t kMaxPartBytes = uint64_t{16} << 20;

struct StoreServiceOptions {
  // Of the long contents that are being sent in parts, all together; what would be more is refused
  // with kResourceExhausted.
  uint64_t max_staged_bytes = uint64_t{1} << 30;
  // A client that stops in the middle says nothing: its parts are let go of after so long.
  absl::Duration upload_idle = absl::Minutes(1);
};

class StageRequest;

class StoreService {
 public:
  // Serves `store` at `address` until destroyed. `node` and `store` must outlive the service.
  static Task<absl::StatusOr<std::unique_ptr<StoreService>>> Start(
      platform::Node& node, std::string address, Store& store, StoreServiceOptions options = {});

 private:
  using Reply = absl::StatusOr<platform::RpcPayload>;
  struct Request;
  // A long content, part by part.
  struct Upload {
    std::string content;
    platform::MonotonicTime touched;
  };
  using Uploads = std::map<std::pair<uint64_t, uint64_t>, Upload>;  // by connection and number

  StoreService(platform::Node& node, Store& store, StoreServiceOptions options)
      : node_(node), store_(store), options_(options), fence_(store), scope_(node.executor()) {}

  // Waits for the answer. The request goes on when its connection breaks: it would otherwise be
  // dropped between two calls of the disk, one of them still under way.
  Task<Reply> Handle(std::string method, platform::RpcPayload request, uint64_t connection);
  Task<void> Answer(std::shared_ptr<Request> request);
  Task<Reply> Dispatch(std::string method, std::string body, uint64_t connection);
  Reply Stage(const std::string& request, uint64_t connection);
  absl::Status AddPart(StageRequest stage, Upload& upload);
  Uploads::iterator Drop(Uploads::iterator upload);
  Task<Reply> Create(std::string request, uint64_t connection);
  Task<Reply> Append(std::string request);
  Task<Reply> Read(std::string request);
  Task<Reply> List(std::string request);
  Task<Reply> Identify(std::string request);
  Task<Reply> Link(std::string request);
  Task<Reply> Remove(std::string request);
  // Of a request with a token: the right to go on.
  template <typename Request>
  Task<absl::StatusOr<EpochFence::Pass>> Enter(const Request& request);
  // The reply to a request that changes the store.
  Task<Reply> Done(absl::Status outcome, uint64_t bytes);
  void Forget(uint64_t connection);

  platform::Node& node_;
  Store& store_;
  const StoreServiceOptions options_;
  EpochFence fence_;
  Uploads uploads_;
  uint64_t staged_bytes_ = 0;  // of all of them
  platform::TaskScope scope_;
  std::unique_ptr<platform::RpcServer> server_;
};

// The main of a node that serves the directory `root` of its machine's disk. Only one can at a
// time: another waits until that one has ended. What will not pass it logs, and exits with
// status 1.
Task<void> RunStoreService(platform::Node& node, std::string address, std::string root);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STORE_SERVICE_H_
