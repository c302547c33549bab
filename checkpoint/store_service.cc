#include "checkpoint/store_service.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/crc32c.h"
#include "checkpoint/field_count.h"
#include "checkpoint/local_store.h"
#include "checkpoint/paths.h"
#include "checkpoint/steps.h"
#include "checkpoint/store.pb.h"
#include "checkpoint/store_identity.h"
#include "platform/check.h"
#include "platform/event.h"
#include "platform/planted.h"
#include "platform/status_macros.h"

namespace wavetank::checkpoint {

using platform::RpcCall;
using platform::RpcPayload;

namespace {

void Encode(const StoredFile& file, ListReply::File& to) {
  to.set_name(file.name);
  to.set_directory(file.kind == platform::FileKind::kDirectory);
  to.set_other(file.kind == platform::FileKind::kOther);
  to.set_size_bytes(file.size_bytes);
  to.set_modified_ns(absl::ToUnixNanos(file.modified));
}

// By value: a request's bytes go when they have been taken apart.
template <typename Message>
absl::StatusOr<Message> Parse(std::string bytes) {
  constexpr size_t kOthers = 64;
  if (HasMoreFieldsThan(kMaxPathsAtOnce + kOthers, bytes)) {
    return absl::InvalidArgumentError(absl::StrCat("a request of ", bytes.size(),
                                                   " bytes has more fields than the store service "
                                                   "takes: name at most ",
                                                   kMaxPathsAtOnce, " paths"));
  }
  Message message;
  if (!message.ParseFromString(bytes)) {
    return absl::InvalidArgumentError("the store service cannot read the request");
  }
  return message;
}

absl::StatusOr<std::string> Checked(StoreBytes sent) {
  if (sent.bytes().size() > kMaxPartBytes) {
    return absl::InvalidArgumentError(absl::StrCat("a request to the store carries at most ",
                                                   kMaxPartBytes, " bytes, this one ",
                                                   sent.bytes().size(), ": send it in parts"));
  }
  if (Crc32c(sent.bytes()) != sent.crc32c()) {
    return absl::UnavailableError("bytes were damaged on their way to the store service");
  }
  return std::move(*sent.mutable_bytes());
}

RpcPayload Payload(std::string bytes) {
  RpcPayload payload;
  payload.body = std::move(bytes);
  return payload;
}

absl::Status NoParts() {
  return absl::NotFoundError("the parts of the file before this are not here");
}

// What the requests may have of what the process may have: the rest is the process's own, what
// the allocator keeps, and what is on its way through the disk's threads.
int64_t RequestMemory(int64_t memory_bytes) { return memory_bytes / 2; }

// A connection's buffers both ways, and a message beyond each.
constexpr int64_t kConnectionBytes = 4 * kStoreBufferBytes;

}  // namespace

StoreService::StoreService(platform::Node& node, Store& store, StoreServiceOptions options)
    : node_(node),
      store_(store),
      options_(options),
      fence_(store, options.logs_remembered),
      places_(options.requests_at_once),
      scope_(node.executor()) {
  WT_CHECK(options.memory_bytes >= kLeastStoreMemoryBytes);
}

Task<absl::StatusOr<std::unique_ptr<StoreService>>> StoreService::Start(
    platform::Node& node, std::string address, Store& store, StoreServiceOptions options) {
  std::unique_ptr<StoreService> service(new StoreService(node, store, options));
  StoreService* self = service.get();
  platform::RpcHandler handler = [self](std::string method, RpcPayload request, RpcCall call) {
    return self->Handle(std::move(method), std::move(request), std::move(call));
  };
  platform::RpcServerOptions server;
  server.memory_bytes = RequestMemory(options.memory_bytes);
  server.connection_bytes = kConnectionBytes;
  WT_CO_ASSIGN_OR_RETURN(
      service->server_,
      co_await platform::RpcServer::Start(node, std::move(address), std::move(handler), server));
  co_return service;
}

struct StoreService::Request {
  Request(std::string m, RpcCall c) : method(std::move(m)), call(std::move(c)) {}
  std::string peer() const { return call.session().Peer(); }
  RequestKey key() const { return {peer(), call.trace()}; }
  bool changes() const {
    return method == "store.stage" || method == "store.create" || method == "store.append" ||
           method == "store.link" || method == "store.remove";
  }
  // The same for repeats, and for nothing else of the same key.
  std::string what() const { return absl::StrCat(method, " ", size, " ", checksum); }

  const std::string method;
  const RpcCall call;
  size_t size = 0;
  uint32_t checksum = 0;
  platform::Budget::Share place;
  platform::Event answered;
  Reply reply = RpcPayload();
};

Task<StoreService::Reply> StoreService::Handle(std::string method, RpcPayload payload,
                                               RpcCall call) {
  auto request = std::make_shared<Request>(std::move(method), std::move(call));
  request->size = payload.body.size();
  if (request->changes()) request->checksum = Crc32c(payload.body);
  RequestPtr first = Repeated(*request);
  if (first == nullptr) {
    request->place = co_await places_.Take(1);
    first = Repeated(*request);  // its repeat may have been quicker
  }
  if (WasDone(*request)) co_return RpcPayload();
  if (first == nullptr) {
    if (request->changes()) under_way_.try_emplace(request->key(), request);
    scope_.Spawn("store request", Answer(request, std::move(payload.body)));
    first = std::move(request);
  } else {
    payload.body = {};
    request = nullptr;
  }
  co_await first->answered.Wait();
  if (first->changes()) co_return first->reply;  // others may wait for it
  co_return std::move(first->reply);
}

StoreService::RequestPtr StoreService::Repeated(const Request& request) const {
  if (!request.changes()) return nullptr;
  const auto found = under_way_.find(request.key());
  if (found == under_way_.end()) return nullptr;
  return found->second->what() == request.what() ? found->second : nullptr;
}

bool StoreService::WasDone(const Request& request) const {
  const auto found = done_.find(request.key());
  return found != done_.end() && found->second == request.what();
}

void StoreService::RememberDone(const Request& request) {
  constexpr size_t kMost = 4096;
  if (!done_.try_emplace(request.key(), request.what()).second) return;
  done_order_.push_back(request.key());
  if (done_order_.size() <= kMost) return;
  done_.erase(done_order_.front());
  done_order_.pop_front();
}

Task<void> StoreService::Answer(RequestPtr request, std::string body) {
  request->reply = co_await Dispatch(*request, std::move(body));
  const auto found = under_way_.find(request->key());
  if (found != under_way_.end() && found->second == request) under_way_.erase(found);
  if (request->reply.ok() && request->changes()) RememberDone(*request);
  request->place = {};
  request->answered.Set();
}

Task<StoreService::Reply> StoreService::Dispatch(Request& request, std::string body) {
  const std::string& method = request.method;
  if (method == "store.identity") {
    WT_CO_ASSIGN_OR_RETURN(std::string identity, co_await IdentityOf(store_));
    co_return Payload(std::move(identity));
  }
  if (method == "store.stage") co_return co_await Stage(std::move(body), request.peer());
  if (method == "store.create") co_return co_await Create(std::move(body), request.peer());
  if (method == "store.append") co_return co_await Append(std::move(body));
  if (method == "store.read") co_return co_await Read(std::move(body), request);
  if (method == "store.list") co_return co_await List(std::move(body), request);
  if (method == "store.stat") co_return co_await Stat(std::move(body));
  if (method == "store.identify") co_return co_await Identify(std::move(body));
  if (method == "store.link") co_return co_await Link(std::move(body));
  if (method == "store.remove") co_return co_await Remove(std::move(body));
  co_return absl::UnimplementedError(absl::StrCat("the store service has no method ", method));
}

Task<StoreService::Reply> StoreService::Stage(std::string body, std::string peer) {
  WT_CO_ASSIGN_OR_RETURN(StageRequest stage, Parse<StageRequest>(std::move(body)));
  WT_CO_ASSIGN_OR_RETURN(std::string part, Checked(std::move(*stage.mutable_part())));
  const UploadKey key(std::move(peer), stage.upload());
  if (stage.offset() == 0 && !uploads_.contains(key)) {
    WT_CO_ASSIGN_OR_RETURN(std::unique_ptr<StagedFile> file, co_await store_.Stage(stage.path()));
    auto begun = std::make_shared<Upload>();
    begun->file = std::move(file);
    begun->touched = node_.clock().Now();
    uploads_.try_emplace(key, std::move(begun));
    if (!std::exchange(dropping_idle_, true)) scope_.Spawn("idle uploads", DropIdleUploads());
  }
  const auto found = uploads_.find(key);
  if (found == uploads_.end()) co_return NoParts();
  const absl::Status added = co_await AddPart(found->second, stage.offset(), std::move(part));
  // Of a file that failed once no part counts; the client begins anew, with another.
  if (!added.ok() && !absl::IsUnavailable(added)) co_await Drop(key);
  WT_CO_RETURN_IF_ERROR(added);
  co_return RpcPayload();
}

Task<absl::Status> StoreService::AddPart(UploadPtr upload, uint64_t offset, std::string part) {
  upload->touched = node_.clock().Now();
  if (upload->writing) co_return absl::UnavailableError("another part is being written");
  if (offset <= upload->size && part.size() <= upload->size - offset) {
    co_return absl::OkStatus();  // it came before
  }
  if (offset != upload->size) co_return NoParts();
  const uint64_t size = part.size();
  upload->writing = true;
  absl::Status written = co_await upload->file->Append(std::move(part));
  upload->writing = false;
  upload->touched = node_.clock().Now();
  if (!written.ok()) {
    // Not kUnavailable, which would keep the file.
    const bool passes = absl::IsUnavailable(written);
    co_return passes ? absl::NotFoundError(written.message()) : written;
  }
  upload->size += size;
  co_return absl::OkStatus();
}

Task<void> StoreService::Drop(UploadKey key) {
  const auto found = uploads_.find(key);
  if (found == uploads_.end()) co_return;
  const UploadPtr upload = std::move(found->second);
  uploads_.erase(found);
  co_await upload->file->Discard();
}

Task<void> StoreService::DropIdleUploads() {
  while (!uploads_.empty()) {
    co_await node_.clock().Sleep(options_.upload_idle / 2);
    const auto is_idle = [this](const UploadPtr& upload) {
      return !upload->writing && node_.clock().Now() - upload->touched >= options_.upload_idle;
    };
    std::vector<UploadKey> idle;
    for (const auto& [key, upload] : uploads_) {
      if (is_idle(upload)) idle.push_back(key);
    }
    for (UploadKey& key : idle) {
      // Others were dropped meanwhile, and this may have gone on.
      const auto found = uploads_.find(key);
      if (found != uploads_.end() && is_idle(found->second)) co_await Drop(std::move(key));
    }
  }
  dropping_idle_ = false;
}

Task<StoreService::Reply> StoreService::Create(std::string body, std::string peer) {
  WT_CO_ASSIGN_OR_RETURN(CreateRequest create, Parse<CreateRequest>(std::move(body)));
  std::string content;
  if (create.has_whole()) {
    WT_CO_ASSIGN_OR_RETURN(content, Checked(std::move(*create.mutable_whole())));
  }
  const bool creates_epoch = EpochFence::IsEpochFile(create.path());
  Passes held;
  {
    std::vector<std::string> paths;
    if (!creates_epoch) paths.push_back(create.path());
    WT_CO_ASSIGN_OR_RETURN(Passes passes, co_await Enter(create, std::move(paths)));
    // An epoch's creation waits for all requests, so it is none.
    if (!creates_epoch) held = std::move(passes);
  }
  if (!platform::Planted(node_, "newest_epoch_remembered_for_good")) {
    if (creates_epoch) held.push_back(co_await fence_.EnterCreation(create.path()));
  }
  const uint64_t size = content.size();
  absl::Status created;
  if (create.has_whole()) {
    created = co_await store_.CreateIfAbsent(create.path(), std::move(content));
  } else {
    created = co_await CreateStaged({std::move(peer), create.upload()}, create.path());
  }
  co_return co_await Done(created, size);
}

Task<absl::Status> StoreService::CreateStaged(UploadKey key, std::string path) {
  const auto found = uploads_.find(key);
  if (found == uploads_.end()) {
    // A repeat, perhaps, of what was done: then no part need come again.
    const absl::StatusOr<std::string> there = co_await store_.Read(std::move(path), 0, 0);
    co_return there.ok() ? absl::AlreadyExistsError("the file exists") : NoParts();
  }
  const UploadPtr upload = found->second;
  if (upload->writing) co_return absl::UnavailableError("a part is being written");
  uploads_.erase(found);
  co_return co_await upload->file->Publish();
}

Task<StoreService::Reply> StoreService::Append(std::string body) {
  WT_CO_ASSIGN_OR_RETURN(AppendRequest append, Parse<AppendRequest>(std::move(body)));
  WT_CO_ASSIGN_OR_RETURN(std::string bytes, Checked(std::move(*append.mutable_bytes())));
  std::vector<std::string> paths = {append.path()};
  WT_CO_ASSIGN_OR_RETURN(const Passes passes, co_await Enter(append, std::move(paths)));
  const uint64_t size = bytes.size();
  const absl::Status appended =
      co_await store_.Append(append.path(), append.offset(), std::move(bytes));
  co_return co_await Done(appended, size);
}

// Those that have memory wait for places, so who waits for memory has none.
Task<void> StoreService::Reserve(Request& request, int64_t bytes) {
  request.place = {};
  co_await request.call.Reserve(bytes);
  request.place = co_await places_.Take(1);
}

Task<StoreService::Reply> StoreService::Read(std::string body, Request& request) {
  WT_CO_ASSIGN_OR_RETURN(const ReadRequest read, Parse<ReadRequest>(std::move(body)));
  const uint64_t most = std::min(kMaxPartBytes, static_cast<uint64_t>(options_.memory_bytes) / 16);
  if (read.length() > most) {
    co_return absl::InvalidArgumentError(absl::StrCat("a read of the store asks for at most ", most,
                                                      " bytes, this one for ", read.length(),
                                                      ": read in parts"));
  }
  co_await Reserve(request, 2 * static_cast<int64_t>(read.length()));  // and the reply's encoding
  WT_CO_ASSIGN_OR_RETURN(std::string bytes,
                         co_await store_.Read(read.path(), read.offset(), read.length()));
  StoreBytes reply;
  reply.set_crc32c(Crc32c(bytes));
  *reply.mutable_bytes() = std::move(bytes);
  co_return Payload(reply.SerializeAsString());
}

Task<StoreService::Reply> StoreService::List(std::string body, Request& request) {
  WT_CO_ASSIGN_OR_RETURN(const ListRequest list, Parse<ListRequest>(std::move(body)));
  if (list.names_only()) {
    WT_CO_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           co_await store_.ListNames(list.directory()));
    ListReply reply;
    for (const std::string& name : names) reply.add_files()->set_name(name);
    co_await Reserve(request, static_cast<int64_t>(reply.ByteSizeLong()));
    co_return Payload(reply.SerializeAsString());
  }
  WT_CO_ASSIGN_OR_RETURN(const std::vector<StoredFile> files,
                         co_await store_.List(list.directory()));
  ListReply reply;
  for (const StoredFile& file : files) Encode(file, *reply.add_files());
  co_await Reserve(request, static_cast<int64_t>(reply.ByteSizeLong()));
  co_return Payload(reply.SerializeAsString());
}

Task<StoreService::Reply> StoreService::Stat(std::string body) {
  WT_CO_ASSIGN_OR_RETURN(const StatRequest stat, Parse<StatRequest>(std::move(body)));
  WT_CO_ASSIGN_OR_RETURN(const StoredFile file, co_await store_.Stat(stat.path()));
  ListReply::File reply;
  Encode(file, reply);
  co_return Payload(reply.SerializeAsString());
}

Task<StoreService::Reply> StoreService::Identify(std::string body) {
  WT_CO_ASSIGN_OR_RETURN(const IdentifyRequest identify, Parse<IdentifyRequest>(std::move(body)));
  IdentifyReply reply;
  WT_CO_ASSIGN_OR_RETURN(*reply.mutable_identity(), co_await store_.Identify(identify.directory()));
  co_return Payload(reply.SerializeAsString());
}

Task<StoreService::Reply> StoreService::Link(std::string body) {
  WT_CO_ASSIGN_OR_RETURN(const LinkRequest link, Parse<LinkRequest>(std::move(body)));
  // Both: what has another name can be changed under that.
  std::vector<std::string> paths = {link.from(), link.to()};
  WT_CO_ASSIGN_OR_RETURN(const Passes passes, co_await Enter(link, std::move(paths)));
  const absl::Status linked = co_await store_.Link(link.from(), link.to());
  co_return co_await Done(linked, 0);
}

Task<StoreService::Reply> StoreService::Remove(std::string body) {
  WT_CO_ASSIGN_OR_RETURN(const RemoveRequest remove, Parse<RemoveRequest>(std::move(body)));
  std::vector<std::string> paths(remove.path().begin(), remove.path().end());
  WT_CO_ASSIGN_OR_RETURN(const Passes passes, co_await Enter(remove, paths));
  const absl::Status removed = co_await store_.RemoveAll(std::move(paths));
  co_return co_await Done(removed, 0);
}

template <typename Request>
Task<absl::StatusOr<StoreService::Passes>> StoreService::Enter(const Request& request,
                                                               std::vector<std::string> paths) {
  std::optional<StoreFence> token;
  if (request.has_fence()) {
    token = StoreFence{request.fence().directory(), request.fence().epoch()};
  }
  return EnterAll(std::move(token), std::move(paths));
}

Task<absl::StatusOr<StoreService::Passes>> StoreService::EnterAll(std::optional<StoreFence> token,
                                                                  std::vector<std::string> paths) {
  // In the order of their names (epoch_fence.h).
  std::map<std::string, std::optional<int64_t>> scopes;
  for (const std::string& path : paths) scopes.try_emplace(ParentPath(path), std::nullopt);
  if (token.has_value()) scopes[token->directory] = token->epoch;
  Passes passes;
  if (platform::Planted(node_, "late_owner_not_refused")) co_return passes;
  for (const auto& [directory, epoch] : scopes) {
    Task<absl::StatusOr<EpochFence::Pass>> entering =
        epoch.has_value() ? fence_.Enter({directory, *epoch}) : fence_.EnterUnowned(directory);
    WT_CO_ASSIGN_OR_RETURN(EpochFence::Pass pass, co_await entering);
    passes.push_back(std::move(pass));
  }
  co_return passes;
}

Task<StoreService::Reply> StoreService::Done(absl::Status outcome, uint64_t bytes) {
  WT_CO_RETURN_IF_ERROR(outcome);
  co_await node_.Step(steps::kStoreRequestDone, {{"bytes", static_cast<int64_t>(bytes)}});
  co_return RpcPayload();
}

namespace {

// Returns only with an error.
Task<absl::Status> Serve(platform::Node& node, std::string address, std::string root,
                         StoreServiceOptions options) {
  WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<LocalStore> store,
                         co_await LocalStore::OpenExclusive(node, root));
  WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<StoreService> service,
                         co_await StoreService::Start(node, address, *store, options));
  node.Log(
      platform::LogLevel::kInfo,
      absl::StrCat("serving the store ", root, root.empty() ? "" : " ", "at ", service->address()));
  platform::Event never;
  co_await never.Wait();
  co_return absl::OkStatus();
}

}  // namespace

Task<void> RunStoreService(platform::Node& node, std::string address, std::string root,
                           StoreServiceOptions options) {
  constexpr absl::Duration kPause = absl::Milliseconds(500);
  // How long root and address may still belong to the process that this one replaces.
  constexpr absl::Duration kPatience = absl::Seconds(3);
  constexpr int kRefused = 2;
  const platform::MonotonicTime patient_until = node.clock().Now() + kPatience;
  absl::Status failed = co_await Serve(node, address, root, options);
  while (node.clock().Now() < patient_until &&
         (absl::IsFailedPrecondition(failed) || absl::IsAlreadyExists(failed) ||
          absl::IsUnavailable(failed))) {
    co_await node.clock().Sleep(kPause);
    failed = co_await Serve(node, address, root, options);
  }
  node.Log(platform::LogLevel::kError,
           absl::StrCat("cannot serve the store ", root, root.empty() ? "" : " ", "at ", address,
                        ": ", failed.message()));
  node.Exit(kRefused);
}

}  // namespace wavetank::checkpoint
