#include "runtime/cluster/block_exchange.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "platform/task_scope.h"
#include "runtime/steps.h"

namespace wavetank::runtime {

using platform::RpcPayload;

namespace {

// For a worker that is there and busy: one that is gone breaks its connections long before.
constexpr absl::Duration kFetchTimeout = absl::Minutes(2);

}  // namespace

Task<absl::StatusOr<std::unique_ptr<BlockExchange>>> BlockExchange::Start(platform::Node& node,
                                                                          std::string address) {
  std::unique_ptr<BlockExchange> exchange(new BlockExchange(node));
  platform::RpcHandler handler = [served = exchange.get()](std::string method, RpcPayload request,
                                                           platform::RpcCall) {
    return served->Serve(std::move(method), std::move(request));
  };
  WT_CO_ASSIGN_OR_RETURN(exchange->server_, co_await platform::RpcServer::Start(
                                                node, std::move(address), std::move(handler)));
  co_return exchange;
}

Task<absl::StatusOr<RpcPayload>> BlockExchange::Serve(std::string method, RpcPayload payload) {
  cluster::FetchRequest request;
  if (method != "fetch" || !ParseMessage(payload.body, request)) {
    co_return absl::InvalidArgumentError("workers answer fetches only");
  }
  std::vector<BlockPointer> found;
  for (const cluster::TaskName& source : request.sources()) {
    WT_CO_ASSIGN_OR_RETURN(BlockPointer block, blocks_.Find(FromName(source), request.target()));
    found.push_back(std::move(block));
  }
  co_await node_.Step(steps::kShuffleServed, {{"batch", request.batch()},
                                              {"stage", request.reader().stage()},
                                              {"partition", request.reader().partition()}});
  RpcPayload reply;
  reply.attachment = std::make_shared<ShuffleBundle>(std::move(found));
  co_return reply;
}

// One worker's part of a fetch.
struct BlockExchange::FromOne {
  std::string address;
  cluster::FetchRequest request;
  std::vector<size_t> places;  // of the request's sources, among those of the fetch
  absl::Status status;
  std::vector<ShuffleBlock> blocks;  // in the order of the request's sources
};

Task<BlockExchange::Fetched> BlockExchange::Fetch(const TaskId& reader, int64_t batch, int target,
                                                  const std::vector<Source>& sources) {
  std::erase_if(clients_, [](const auto& entry) {
    return entry.second == nullptr || entry.second->broken();
  });
  std::map<std::string, size_t> places;  // in `parts`, by address
  std::vector<FromOne> parts;
  for (size_t i = 0; i < sources.size(); ++i) {
    const auto [place, added] = places.emplace(sources[i].address, parts.size());
    if (added) {
      FromOne& part = parts.emplace_back();
      part.address = sources[i].address;
      part.request.set_batch(batch);
      part.request.set_target(target);
      *part.request.mutable_reader() = ToName(reader);
    }
    FromOne& part = parts[place->second];
    part.places.push_back(i);
    *part.request.add_sources() = ToName(sources[i].id);
  }
  {
    platform::TaskScope scope(node_.executor());
    for (FromOne& part : parts) scope.Spawn("fetch", FetchFromOne(part));
    co_await scope.Join();
  }
  Fetched fetched;
  fetched.blocks.resize(sources.size());
  for (FromOne& part : parts) {
    for (int i = 0; i < part.request.sources_size(); ++i) {
      const cluster::TaskName& source = part.request.sources(i);
      if (part.status.ok()) {
        fetched.blocks[part.places[i]] = std::move(part.blocks[i]);
      } else {
        (absl::IsNotFound(part.status) ? fetched.missing : fetched.unreachable).push_back(source);
      }
    }
    if (!part.status.ok()) {
      fetched.status = absl::UnavailableError(
          absl::StrCat("task ", reader.Unique(), " cannot fetch its blocks from ", part.address,
                       ": ", part.status.message()));
    }
  }
  co_return fetched;
}

Task<void> BlockExchange::FetchFromOne(FromOne& from) {
  if (from.address == address()) {
    for (const cluster::TaskName& source : from.request.sources()) {
      absl::StatusOr<BlockPointer> block = blocks_.Find(FromName(source), from.request.target());
      if (!block.ok()) {
        from.status = block.status();
        co_return;
      }
      from.blocks.push_back({*std::move(block), ""});
    }
    co_return;
  }
  const absl::StatusOr<RpcPayload> reply =
      co_await Ask(from.address, from.request.SerializeAsString());
  absl::StatusOr<std::vector<ShuffleBlock>> blocks =
      reply.ok() ? ShuffleBundle::Open(*reply, static_cast<size_t>(from.request.sources_size()))
                 : reply.status();
  from.status = blocks.status();
  if (blocks.ok()) from.blocks = *std::move(blocks);
}

// A connection that was there before may have broken unnoticed: then once more, on a new one.
Task<absl::StatusOr<RpcPayload>> BlockExchange::Ask(std::string address, std::string request) {
  const auto known = clients_.find(address);
  std::shared_ptr<platform::RpcClient> client = known == clients_.end() ? nullptr : known->second;
  while (true) {
    const bool fresh = client == nullptr || client->broken();
    if (fresh) {
      WT_CO_ASSIGN_OR_RETURN(client, co_await platform::RpcClient::Connect(node_, address));
      clients_[address] = client;
    }
    RpcPayload payload;
    payload.body = request;
    absl::StatusOr<RpcPayload> reply =
        co_await client->Call("fetch", std::move(payload), kFetchTimeout);
    if (reply.ok() || fresh || !client->broken()) co_return reply;
  }
}

}  // namespace wavetank::runtime
