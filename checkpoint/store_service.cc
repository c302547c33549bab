#include "checkpoint/store_service.h"

#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/crc32c.h"
#include "checkpoint/local_store.h"
#include "checkpoint/steps.h"
#include "checkpoint/store.pb.h"
#include "checkpoint/store_identity.h"
#include "platform/event.h"
#include "platform/planted.h"
#include "platform/status_macros.h"

namespace wavetank::checkpoint {

using platform::RpcPayload;

namespace {

template <typename Message>
absl::StatusOr<Message> Parse(const std::string& bytes) {
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

Task<absl::StatusOr<EpochFence::Pass>> Unfenced() { co_return EpochFence::Pass(); }

RpcPayload Payload(std::string bytes) {
  RpcPayload payload;
  payload.body = std::move(bytes);
  return payload;
}

}  // namespace

Task<absl::StatusOr<std::unique_ptr<StoreService>>> StoreService::Start(
    platform::Node& node, std::string address, Store& store, StoreServiceOptions options) {
  std::unique_ptr<StoreService> service(new StoreService(node, store, options));
  StoreService* self = service.get();
  platform::RpcHandler handler = [self](std::string method, RpcPayload request,
                                        uint64_t connection) {
    return self->Handle(std::move(method), std::move(request), connection);
  };
  platform::RpcServerOptions server;
  server.on_disconnect = [self](uint64_t connection) { self->Forget(connection); };
  WT_CO_ASSIGN_OR_RETURN(
      service->server_,
      co_await platform::RpcServer::Start(node, std::move(address), std::move(handler), server));
  co_return service;
}

struct StoreService::Request {
  std::string method;
  std::string body;
  uint64_t connection = 0;
  platform::Event answered;
  Reply reply = RpcPayload();
};

Task<StoreService::Reply> StoreService::Handle(std::string method, RpcPayload request,
                                               uint64_t connection) {
  const auto accepted = std::make_shared<Request>();
  accepted->method = std::move(method);
  accepted->body = std::move(request.body);
  accepted->connection = connection;
  scope_.Spawn("store request", Answer(accepted));
  co_await accepted->answered.Wait();
  co_return std::move(accepted->reply);
}

Task<void> StoreService::Answer(std::shared_ptr<Request> request) {
  request->reply =
      co_await Dispatch(request->method, std::move(request->body), request->connection);
  request->answered.Set();
}

Task<StoreService::Reply> StoreService::Dispatch(std::string method, std::string body,
                                                 uint64_t connection) {
  if (method == "store.identity") {
    WT_CO_ASSIGN_OR_RETURN(std::string identity, co_await IdentityOf(store_));
    co_return Payload(std::move(identity));
  }
  if (method == "store.stage") co_return Stage(body, connection);
  if (method == "store.create") co_return co_await Create(std::move(body), connection);
  if (method == "store.append") co_return co_await Append(std::move(body));
  if (method == "store.read") co_return co_await Read(std::move(body));
  if (method == "store.list") co_return co_await List(std::move(body));
  if (method == "store.identify") co_return co_await Identify(std::move(body));
  if (method == "store.link") co_return co_await Link(std::move(body));
  if (method == "store.remove") co_return co_await Remove(std::move(body));
  co_return absl::UnimplementedError(absl::StrCat("the store service has no method ", method));
}

StoreService::Reply StoreService::Stage(const std::string& request, uint64_t connection) {
  WT_ASSIGN_OR_RETURN(StageRequest stage, Parse<StageRequest>(request));
  const platform::MonotonicTime now = node_.clock().Now();
  for (auto upload = uploads_.begin(); upload != uploads_.end();) {
    const bool idle = now - upload->second.touched >= options_.upload_idle;
    upload = idle ? Drop(upload) : std::next(upload);
  }
  const auto upload = uploads_.try_emplace({connection, stage.upload()}).first;
  upload->second.touched = now;
  const absl::Status added = AddPart(std::move(stage), upload->second);
  if (added.ok()) return RpcPayload();
  // The client begins anew, with another upload.
  Drop(upload);
  return added;
}

absl::Status StoreService::AddPart(StageRequest stage, Upload& upload) {
  WT_ASSIGN_OR_RETURN(const std::string part, Checked(std::move(*stage.mutable_part())));
  if (staged_bytes_ + part.size() > options_.max_staged_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("long files are being written to the store, ", staged_bytes_,
                     " bytes of them so far: of more than ", options_.max_staged_bytes,
                     " together the store service refuses one"));
  }
  if (upload.content.size() != stage.offset()) {
    return absl::FailedPreconditionError(
        absl::StrCat("a part at ", stage.offset(), " follows ", upload.content.size(), " bytes"));
  }
  upload.content += part;
  staged_bytes_ += part.size();
  return absl::OkStatus();
}

StoreService::Uploads::iterator StoreService::Drop(Uploads::iterator upload) {
  staged_bytes_ -= upload->second.content.size();
  return uploads_.erase(upload);
}

Task<StoreService::Reply> StoreService::Create(std::string request, uint64_t connection) {
  WT_CO_ASSIGN_OR_RETURN(CreateRequest create, Parse<CreateRequest>(request));
  std::string content;
  if (create.has_whole()) {
    WT_CO_ASSIGN_OR_RETURN(content, Checked(std::move(*create.mutable_whole())));
  } else {
    const auto upload = uploads_.find({connection, create.upload()});
    if (upload == uploads_.end()) {
      co_return absl::UnavailableError("the parts of the file are not here");
    }
    staged_bytes_ -= upload->second.content.size();
    content = std::move(upload->second.content);
    uploads_.erase(upload);
  }
  const bool creates_epoch = EpochFence::IsEpochFile(create.path());
  std::optional<EpochFence::Pass> held;
  {
    WT_CO_ASSIGN_OR_RETURN(EpochFence::Pass pass, co_await Enter(create));
    // An epoch's creation waits for all requests, so it is none.
    if (!creates_epoch) held.emplace(std::move(pass));
  }
  if (creates_epoch) held.emplace(co_await fence_.EnterCreation(create.path()));
  const uint64_t size = content.size();
  const absl::Status created = co_await store_.CreateIfAbsent(create.path(), std::move(content));
  co_return co_await Done(created, size);
}

Task<StoreService::Reply> StoreService::Append(std::string request) {
  WT_CO_ASSIGN_OR_RETURN(AppendRequest append, Parse<AppendRequest>(request));
  WT_CO_ASSIGN_OR_RETURN(std::string bytes, Checked(std::move(*append.mutable_bytes())));
  WT_CO_ASSIGN_OR_RETURN(const EpochFence::Pass pass, co_await Enter(append));
  const uint64_t size = bytes.size();
  const absl::Status appended =
      co_await store_.Append(append.path(), append.offset(), std::move(bytes));
  co_return co_await Done(appended, size);
}

Task<StoreService::Reply> StoreService::Read(std::string request) {
  WT_CO_ASSIGN_OR_RETURN(const ReadRequest read, Parse<ReadRequest>(request));
  if (read.length() > kMaxPartBytes) {
    co_return absl::InvalidArgumentError(absl::StrCat("a read of the store asks for at most ",
                                                      kMaxPartBytes, " bytes, this one for ",
                                                      read.length(), ": read in parts"));
  }
  WT_CO_ASSIGN_OR_RETURN(std::string bytes,
                         co_await store_.Read(read.path(), read.offset(), read.length()));
  StoreBytes reply;
  reply.set_crc32c(Crc32c(bytes));
  *reply.mutable_bytes() = std::move(bytes);
  co_return Payload(reply.SerializeAsString());
}

Task<StoreService::Reply> StoreService::List(std::string request) {
  WT_CO_ASSIGN_OR_RETURN(const ListRequest list, Parse<ListRequest>(request));
  if (list.names_only()) {
    WT_CO_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           co_await store_.ListNames(list.directory()));
    ListReply reply;
    for (const std::string& name : names) reply.add_files()->set_name(name);
    co_return Payload(reply.SerializeAsString());
  }
  WT_CO_ASSIGN_OR_RETURN(const std::vector<StoredFile> files,
                         co_await store_.List(list.directory()));
  ListReply reply;
  for (const StoredFile& file : files) {
    ListReply::File* sent = reply.add_files();
    sent->set_name(file.name);
    sent->set_directory(file.kind == platform::FileKind::kDirectory);
    sent->set_other(file.kind == platform::FileKind::kOther);
    sent->set_size_bytes(file.size_bytes);
    sent->set_modified_ns(absl::ToUnixNanos(file.modified));
  }
  co_return Payload(reply.SerializeAsString());
}

Task<StoreService::Reply> StoreService::Identify(std::string request) {
  WT_CO_ASSIGN_OR_RETURN(const IdentifyRequest identify, Parse<IdentifyRequest>(request));
  IdentifyReply reply;
  WT_CO_ASSIGN_OR_RETURN(*reply.mutable_identity(), co_await store_.Identify(identify.directory()));
  co_return Payload(reply.SerializeAsString());
}

Task<StoreService::Reply> StoreService::Link(std::string request) {
  WT_CO_ASSIGN_OR_RETURN(const LinkRequest link, Parse<LinkRequest>(request));
  WT_CO_ASSIGN_OR_RETURN(const EpochFence::Pass pass, co_await Enter(link));
  const absl::Status linked = co_await store_.Link(link.from(), link.to());
  co_return co_await Done(linked, 0);
}

Task<StoreService::Reply> StoreService::Remove(std::string request) {
  WT_CO_ASSIGN_OR_RETURN(const RemoveRequest remove, Parse<RemoveRequest>(request));
  WT_CO_ASSIGN_OR_RETURN(const EpochFence::Pass pass, co_await Enter(remove));
  const absl::Status removed = co_await store_.Remove(remove.path());
  co_return co_await Done(removed, 0);
}

template <typename Request>
Task<absl::StatusOr<EpochFence::Pass>> StoreService::Enter(const Request& request) {
  if (!request.has_fence()) return Unfenced();
  if (platform::Planted(node_, "late_owner_not_refused")) return Unfenced();
  return fence_.Enter({request.fence().directory(), request.fence().epoch()});
}

Task<StoreService::Reply> StoreService::Done(absl::Status outcome, uint64_t bytes) {
  WT_CO_RETURN_IF_ERROR(outcome);
  co_await node_.Step(steps::kStoreRequestDone, {{"bytes", static_cast<int64_t>(bytes)}});
  co_return RpcPayload();
}

void StoreService::Forget(uint64_t connection) {
  auto upload = uploads_.lower_bound({connection, 0});
  while (upload != uploads_.end() && upload->first.first == connection) upload = Drop(upload);
}

namespace {

// Returns only with an error.
Task<absl::Status> Serve(platform::Node& node, std::string address, std::string root) {
  WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<LocalStore> store,
                         co_await LocalStore::OpenExclusive(node, root));
  WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<StoreService> service,
                         co_await StoreService::Start(node, address, *store));
  node.Log(platform::LogLevel::kInfo, absl::StrCat("serving the store ", root, " at ", address));
  platform::Event never;
  co_await never.Wait();
  co_return absl::OkStatus();
}

}  // namespace

Task<void> RunStoreService(platform::Node& node, std::string address, std::string root) {
  constexpr absl::Duration kPause = absl::Milliseconds(500);
  // How long root and address may still belong to the process that this one replaces.
  constexpr absl::Duration kPatience = absl::Seconds(3);
  constexpr int kRefused = 2;  // nothing was served
  const platform::MonotonicTime patient_until = node.clock().Now() + kPatience;
  absl::Status failed = co_await Serve(node, address, root);
  while (node.clock().Now() < patient_until &&
         (absl::IsFailedPrecondition(failed) || absl::IsAlreadyExists(failed) ||
          absl::IsUnavailable(failed))) {
    co_await node.clock().Sleep(kPause);
    failed = co_await Serve(node, address, root);
  }
  node.Log(platform::LogLevel::kError,
           absl::StrCat("cannot serve the store ", root, " at ", address, ": ", failed.message()));
  node.Exit(kRefused);
}

}  // namespace wavetank::checkpoint
