// StoreService: a Store, served to other nodes over rpc. Its clients are ServedStores.
//
// It keeps nothing of its own but what it has of long contents that come in parts, as files without
// a name, which are removed when no more parts come. A client that lost a reply asks again. What it
// had asked for first is carried through all the same, if it had begun, and the second waits for
// its answer, or gets it if it is there already; if it had not begun, it is forgotten with the one
// who waited for it.
//
// Memory: everything that requests hold is counted (rpc.h), and so many at a time are at the disk.
// Beyond either, callers wait.
//
// What a directory cannot do, it can: a request under a fencing token is refused once a newer epoch
// exists, also one that was on its way for long, and the directory of a fenced log takes no change
// without a token of it (epoch_fence.h).
#ifndef WAVETANK_CHECKPOINT_STORE_SERVICE_H_
#define WAVETANK_CHECKPOINT_STORE_SERVICE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "checkpoint/epoch_fence.h"
#include "checkpoint/store.h"
#include "platform/budget.h"
#include "platform/node.h"
#include "platform/rpc.h"
#include "platform/task_scope.h"

namespace wavetank::checkpoint {

// The most that one request may carry or ask for: kInvalidArgument beyond it.
inline constexpr uint64_t kMaxPartBytes = uint64_t{16} << 20;
// The most paths that one request may name.
inline constexpr size_t kMaxPathsAtOnce = 4096;
inline constexpr int64_t kLeastStoreMemoryBytes = int64_t{32} << 20;

// NetworkOptions::buffer_bytes of a process that serves a store: it has many connections.
inline constexpr int64_t kStoreBufferBytes = int64_t{64} << 10;

struct StoreServiceOptions {
  // What the process that serves may have in memory: requests and replies, connections, itself.
  // At least kLeastStoreMemoryBytes.
  int64_t memory_bytes = int64_t{512} << 20;
  // At the disk; more wait.
  int requests_at_once = 32;
  // Logs of which the newest epoch is remembered, besides those in use; of others it is looked up.
  size_t logs_remembered = EpochFence::kMostScopes;
  // A client that stops in the middle of a long content says nothing: its parts are let go of after
  // so long.
  absl::Duration upload_idle = absl::Minutes(1);
};

class StoreService {
 public:
  // Serves `store` at `address` until destroyed. `node` and `store` must outlive the service.
  static Task<absl::StatusOr<std::unique_ptr<StoreService>>> Start(
      platform::Node& node, std::string address, Store& store, StoreServiceOptions options = {});
  // The address with the port that was picked.
  std::string address() const { return server_->address(); }

 private:
  using Reply = absl::StatusOr<platform::RpcPayload>;
  // Who asks, and the number that all attempts at one request have in common.
  using RequestKey = std::pair<std::string, uint64_t>;
  struct Request;
  using RequestPtr = std::shared_ptr<Request>;
  // A long content, as far as it has come.
  struct Upload {
    std::unique_ptr<StagedFile> file;
    uint64_t size = 0;
    bool writing = false;
    platform::MonotonicTime touched;
  };
  using UploadPtr = std::shared_ptr<Upload>;
  using UploadKey = std::pair<std::string, uint64_t>;  // who sends it, and its number there

  StoreService(platform::Node& node, Store& store, StoreServiceOptions options);

  // Waits for the answer. Once a request has begun it goes on when nobody waits any more: it would
  // otherwise be dropped between two calls of the disk, one of them still under way.
  Task<Reply> Handle(std::string method, platform::RpcPayload payload, platform::RpcCall call);
  // The same request under way, if there is one.
  RequestPtr Repeated(const Request& request) const;
  // Of the last that succeeded: their clients may ask again, who did not hear of it.
  bool WasDone(const Request& request) const;
  void RememberDone(const Request& request);
  Task<void> Answer(RequestPtr request, std::string body);
  Task<Reply> Dispatch(Request& request, std::string body);

  Task<Reply> Stage(std::string body, std::string peer);
  Task<absl::Status> AddPart(UploadPtr upload, uint64_t offset, std::string part);
  // No more of it is wanted.
  Task<void> Drop(UploadKey key);
  Task<void> DropIdleUploads();

  Task<Reply> Create(std::string body, std::string peer);
  // Makes the file, under passes that the caller holds.
  Task<absl::Status> CreateStaged(UploadKey key, std::string path);
  Task<Reply> Append(std::string body);
  // Memory for a reply of so many bytes.
  Task<void> Reserve(Request& request, int64_t bytes);
  Task<Reply> Read(std::string body, Request& request);
  Task<Reply> List(std::string body, Request& request);
  Task<Reply> Stat(std::string body);
  Task<Reply> Identify(std::string body);
  Task<Reply> Link(std::string body);
  Task<Reply> Remove(std::string body);

  using Passes = std::vector<EpochFence::Pass>;
  // The right of a request to change these paths.
  template <typename Request>
  Task<absl::StatusOr<Passes>> Enter(const Request& request, std::vector<std::string> paths);
  Task<absl::StatusOr<Passes>> EnterAll(std::optional<StoreFence> token,
                                        std::vector<std::string> paths);
  // The reply to a request that changes the store.
  Task<Reply> Done(absl::Status outcome, uint64_t bytes);

  platform::Node& node_;
  Store& store_;
  const StoreServiceOptions options_;
  EpochFence fence_;
  platform::Budget places_;
  std::map<RequestKey, RequestPtr> under_way_;  // those that change the store
  std::map<RequestKey, std::string> done_;      // what they were
  std::deque<RequestKey> done_order_;           // the oldest first
  std::map<UploadKey, UploadPtr> uploads_;
  bool dropping_idle_ = false;
  platform::TaskScope scope_;
  std::unique_ptr<platform::RpcServer> server_;
};

// The main of a node that serves the directory `root` of its machine's disk. Only one can at a
// time: another waits until that one has ended. What will not pass it logs, and exits with
// status 2.
Task<void> RunStoreService(platform::Node& node, std::string address, std::string root,
                           StoreServiceOptions options = {});

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STORE_SERVICE_H_
