#include "runtime/cluster/block_exchange.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/planted.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"
#include "runtime/cluster/block_steps.h"
#include "runtime/steps.h"

namespace wavetank::runtime {

using platform::RpcPayload;

namespace {

// For a worker that is there and busy: one that is gone breaks its connections long before.
constexpr absl::Duration kFetchTimeout = absl::Minutes(2);
// A task waits for its replica, which it can do without.
constexpr absl::Duration kKeepTimeout = absl::Seconds(10);

}  // namespace

Task<absl::StatusOr<std::unique_ptr<BlockExchange>>> BlockExchange::Start(platform::Node& node,
                                                                          std::string address,
                                                                          BlockBounds bounds) {
  std::unique_ptr<BlockExchange> exchange(new BlockExchange(node, address, std::move(bounds)));
  platform::RpcHandler handler = [served = exchange.get()](std::string method, RpcPayload request,
                                                           platform::RpcCall) {
    return served->Serve(std::move(method), std::move(request));
  };
  WT_CO_ASSIGN_OR_RETURN(exchange->server_, co_await platform::RpcServer::Start(
                                                node, std::move(address), std::move(handler)));
  // Nobody else has the address, so nobody the scratch directory that is named by it.
  co_await exchange->blocks_.Start();
  co_return exchange;
}

Task<absl::StatusOr<RpcPayload>> BlockExchange::Serve(std::string method, RpcPayload payload) {
  if (method == "keep") co_return co_await Keep(std::move(payload));
  cluster::FetchRequest request;
  if (method != "fetch" || !ParseMessage(payload.body, request)) {
    co_return absl::InvalidArgumentError("workers answer requests for blocks only");
  }
  std::vector<BlockPointer> found;
  for (const cluster::TaskName& source : request.sources()) {
    absl::StatusOr<BlockPointer> block = blocks_.Find(FromName(source), request.target());
    if (block.ok() && AsSpilled(*block) != nullptr) {
      block = co_await blocks_.ReadBack(FromName(source), request.target(), *block);
    }
    WT_CO_RETURN_IF_ERROR(block.status());
    found.push_back(*std::move(block));
  }
  co_await node_.Step(steps::kShuffleServed, {{"batch", request.batch()},
                                              {"stage", request.reader().stage()},
                                              {"partition", request.reader().partition()}});
  RpcPayload reply;
  reply.attachment = std::make_shared<ShuffleBundle>(std::move(found));
  co_return reply;
}

Task<absl::StatusOr<RpcPayload>> BlockExchange::Keep(RpcPayload payload) {
  cluster::KeepRequest request;
  const bool parses = ParseMessage(payload.body, request);
  const auto level = static_cast<StorageLevel>(request.storage_level());
  if (!parses || !CheckLevel(level).ok()) {
    co_return absl::InvalidArgumentError("keep: not a worker of this program");
  }
  WT_CO_ASSIGN_OR_RETURN(std::vector<ShuffleBlock> came,
                         ShuffleBundle::Open(payload, static_cast<size_t>(request.targets_size())));
  std::map<int, BlockPointer> blocks;
  for (int i = 0; i < request.targets_size(); ++i) {
    ShuffleBlock& block = came[static_cast<size_t>(i)];
    blocks[request.targets(i)] = block.object != nullptr
                                     ? std::move(block.object)
                                     : std::make_shared<const EncodedBlock>(std::move(block.bytes));
  }
  const TaskId task = FromName(request.task());
  WT_CO_RETURN_IF_ERROR(blocks_.PutReplica(task, request.worker(), std::move(blocks), level));
  const absl::Status room = co_await blocks_.MakeRoom(task.Unique());
  if (!room.ok()) blocks_.Drop(task);
  WT_CO_RETURN_IF_ERROR(room);
  co_return RpcPayload();
}

Task<absl::Status> BlockExchange::Replicate(TaskId task, std::map<int, BlockPointer> blocks,
                                            StorageLevel level, std::string address, int64_t id) {
  cluster::KeepRequest request;
  *request.mutable_task() = ToName(task);
  request.set_worker(id);
  request.set_storage_level(static_cast<int32_t>(level));
  std::vector<BlockPointer> sent;
  for (auto& [target, block] : blocks) {
    request.add_targets(target);
    sent.push_back(std::move(block));
  }
  RpcPayload payload;
  payload.body = request.SerializeAsString();
  payload.attachment = std::make_shared<ShuffleBundle>(std::move(sent));
  const absl::StatusOr<RpcPayload> kept =
      co_await Ask(std::move(address), "keep", std::move(payload), kKeepTimeout);
  co_return kept.status();
}

// One worker's part of a fetch.
struct BlockExchange::FromOne {
  std::string address;
  bool of_replica = false;
  cluster::FetchRequest request;
  std::vector<size_t> places;  // of the request's sources, among those of the fetch
  absl::Status status;
  std::vector<ShuffleBlock> blocks;  // in the order of the request's sources
};

Task<std::vector<BlockExchange::FromOne>> BlockExchange::FetchAll(
    TaskId reader, int64_t batch, int target, const std::vector<Source>& sources,
    std::vector<Wanted> wanted) {
  std::map<std::pair<std::string, bool>, size_t> known;  // in `parts`, by address
  const bool shifts = platform::Planted(node_, "replica_read_for_another_partition");
  std::vector<FromOne> parts;
  for (const Wanted& one : wanted) {
    const auto [place, added] = known.emplace(std::pair(one.address, one.of_replica), parts.size());
    if (added) {
      FromOne& part = parts.emplace_back();
      part.address = one.address;
      part.request.set_batch(batch);
      part.of_replica = one.of_replica;
      part.request.set_target(target + (shifts && one.of_replica ? 1 : 0));
      *part.request.mutable_reader() = ToName(reader);
    }
    FromOne& part = parts[place->second];
    part.places.push_back(one.place);
    *part.request.add_sources() = ToName(sources[one.place].id);
  }
  platform::TaskScope scope(node_.executor());
  for (FromOne& part : parts) scope.Spawn("fetch", FetchFromOne(part));
  co_await scope.Join();
  co_return parts;
}

Task<BlockExchange::Fetched> BlockExchange::Fetch(const TaskId& reader, int64_t batch, int target,
                                                  const std::vector<Source>& sources) {
  std::erase_if(clients_, [](const auto& entry) {
    return entry.second == nullptr || entry.second->broken();
  });
  Fetched fetched;
  fetched.blocks.resize(sources.size());
  std::vector<Wanted> wanted;
  for (size_t i = 0; i < sources.size(); ++i) {
    const bool is_here = !sources[i].replica.empty() && sources[i].replica == address();
    wanted.push_back({.place = i,
                      .address = is_here ? sources[i].replica : sources[i].address,
                      .of_replica = is_here});
  }
  std::map<size_t, absl::Status> failed;  // by place
  std::vector<FromOne> parts = co_await FetchAll(reader, batch, target, sources, wanted);
  wanted.clear();
  for (FromOne& part : parts) {
    for (size_t i = 0; i < part.places.size(); ++i) {
      const size_t place = part.places[i];
      if (part.status.ok()) {
        fetched.blocks[place] = std::move(part.blocks[i]);
        if (part.of_replica) co_await ReplicaRead(sources[place].id);
        continue;
      }
      failed[place] = part.status;
      // (One that is not there has the whole request refused: they are made again together, since
      // whoever has read one reads all of them again.)
      const Source& source = sources[place];
      if (source.replica.empty()) continue;
      wanted.push_back({.place = place,
                        .address = part.of_replica ? source.address : source.replica,
                        .of_replica = !part.of_replica});
    }
  }
  if (!wanted.empty()) {
    parts = co_await FetchAll(reader, batch, target, sources, std::move(wanted));
    for (FromOne& part : parts) {
      for (size_t i = 0; i < part.places.size(); ++i) {
        const size_t place = part.places[i];
        if (!part.status.ok()) {
          // What the first of the two says counts.
          if (!part.of_replica) failed[place] = part.status;
          continue;
        }
        fetched.blocks[place] = std::move(part.blocks[i]);
        failed.erase(place);
        if (part.of_replica) co_await ReplicaRead(sources[place].id);
      }
    }
  }
  for (const auto& [place, status] : failed) {
    auto& into = absl::IsNotFound(status) ? fetched.missing : fetched.unreachable;
    into.push_back(ToName(sources[place].id));
    fetched.status = absl::UnavailableError(
        absl::StrCat("task ", reader.Unique(), " cannot fetch its blocks from ",
                     sources[place].address, ": ", status.message()));
  }
  co_return fetched;
}

platform::StepAwaiter BlockExchange::ReplicaRead(const TaskId& source) {
  return node_.Step(
      steps::kReplicaRead,
      {{"graph", source.graph}, {"stage", source.stage}, {"partition", source.partition}});
}

Task<void> BlockExchange::FetchFromOne(FromOne& from) {
  if (from.address == address()) {
    for (const cluster::TaskName& source : from.request.sources()) {
      absl::StatusOr<BlockPointer> block = blocks_.Find(FromName(source), from.request.target());
      if (block.ok() && AsSpilled(*block) != nullptr) {
        block = co_await blocks_.ReadBack(FromName(source), from.request.target(), *block);
      }
      if (!block.ok()) {
        from.status = block.status();
        co_return;
      }
      from.blocks.push_back(ToShuffleBlock(*block));
    }
    co_return;
  }
  RpcPayload payload;
  payload.body = from.request.SerializeAsString();
  const absl::StatusOr<RpcPayload> reply =
      co_await Ask(from.address, "fetch", std::move(payload), kFetchTimeout);
  absl::StatusOr<std::vector<ShuffleBlock>> blocks =
      reply.ok() ? ShuffleBundle::Open(*reply, static_cast<size_t>(from.request.sources_size()))
                 : reply.status();
  from.status = blocks.status();
  if (blocks.ok()) from.blocks = *std::move(blocks);
}

// A connection that was there before may have broken unnoticed: then once more, on a new one.
Task<absl::StatusOr<RpcPayload>> BlockExchange::Ask(std::string address, std::string method,
                                                    RpcPayload request, absl::Duration timeout) {
  const auto known = clients_.find(address);
  std::shared_ptr<platform::RpcClient> client = known == clients_.end() ? nullptr : known->second;
  while (true) {
    const bool fresh = client == nullptr || client->broken();
    if (fresh) {
      WT_CO_ASSIGN_OR_RETURN(client, co_await platform::RpcClient::Connect(node_, address));
      clients_[address] = client;
    }
    RpcPayload payload = request;
    absl::StatusOr<RpcPayload> reply = co_await client->Call(method, std::move(payload), timeout);
    if (reply.ok() || fresh || !client->broken()) co_return reply;
  }
}

}  // namespace wavetank::runtime
