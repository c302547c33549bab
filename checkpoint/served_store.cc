#include "checkpoint/served_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/crc32c.h"
#include "checkpoint/store.pb.h"
#include "checkpoint/store_service.h"
#include "platform/check.h"
#include "platform/planted.h"
#include "platform/status_macros.h"

namespace wavetank::checkpoint {

using platform::RpcClient;
using platform::RpcPayload;

namespace {

StoredFile Decode(const ListReply::File& sent) {
  const bool plain = !sent.directory() && !sent.other();
  return {.name = sent.name(),
          .kind = plain              ? platform::FileKind::kFile
                  : sent.directory() ? platform::FileKind::kDirectory
                                     : platform::FileKind::kOther,
          .size_bytes = sent.size_bytes(),
          .modified = absl::FromUnixNanos(sent.modified_ns())};
}

bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

template <typename Request>
void Stamp(const std::optional<StoreFence>& token, Request& request) {
  if (!token.has_value()) return;
  request.mutable_fence()->set_directory(token->directory);
  request.mutable_fence()->set_epoch(token->epoch);
}

void Fill(StoreBytes* to, std::string bytes) {
  to->set_crc32c(Crc32c(bytes));
  to->set_bytes(std::move(bytes));
}

}  // namespace

struct ServedStore::Patience {
  platform::MonotonicTime deadline;
  absl::Duration pause;
};

ServedStore::ServedStore(platform::Node& node, std::string address, ServedStoreOptions options)
    : node_(node),
      address_(std::move(address)),
      options_(options),
      // Its requests and uploads have numbers that no other store of this node draws.
      random_(node.random().Fork(absl::StrCat("served store ", node.random().Next()))) {
  WT_CHECK(options_.part_bytes > 0 && options_.part_bytes <= kMaxPartBytes,
           "a part is at most that");
}

class ServedStore::UnderFence final : public Store {
 public:
  UnderFence(ServedStore& store, StoreFence fence) : store_(store), fence_(std::move(fence)) {}

  std::unique_ptr<Store> Under(StoreFence fence) override { return store_.Under(std::move(fence)); }
  Task<absl::Status> CreateIfAbsent(std::string path, std::string content) override {
    return store_.Create(std::move(path), std::move(content), fence_);
  }
  Task<absl::Status> Append(std::string path, uint64_t offset, std::string bytes) override {
    return store_.AppendAt(std::move(path), offset, std::move(bytes), fence_);
  }
  Task<absl::StatusOr<std::string>> Read(std::string path, uint64_t offset,
                                         uint64_t length) override {
    return store_.Read(std::move(path), offset, length);
  }
  Task<absl::StatusOr<std::vector<StoredFile>>> List(std::string directory) override {
    return store_.List(std::move(directory));
  }
  Task<absl::StatusOr<std::vector<std::string>>> ListNames(std::string directory) override {
    return store_.ListNames(std::move(directory));
  }
  Task<absl::StatusOr<StoredFile>> Stat(std::string path) override {
    return store_.Stat(std::move(path));
  }
  Task<absl::StatusOr<std::string>> Identify(std::string directory) override {
    return store_.Identify(std::move(directory));
  }
  Task<absl::Status> Link(std::string from, std::string to) override {
    return store_.LinkAs(std::move(from), std::move(to), fence_);
  }
  Task<absl::Status> Remove(std::string path) override {
    return store_.RemoveFiles({std::move(path)}, fence_);
  }
  Task<absl::Status> RemoveAll(std::vector<std::string> paths) override {
    return store_.RemoveFiles(std::move(paths), fence_);
  }

 private:
  ServedStore& store_;
  const StoreFence fence_;
};

std::unique_ptr<Store> ServedStore::Under(StoreFence fence) {
  return std::make_unique<UnderFence>(*this, std::move(fence));
}

Task<absl::StatusOr<std::string>> ServedStore::Identity() { return Call("store.identity", ""); }
Task<absl::Status> ServedStore::CreateIfAbsent(std::string path, std::string content) {
  return Create(std::move(path), std::move(content), std::nullopt);
}
Task<absl::Status> ServedStore::Append(std::string path, uint64_t offset, std::string bytes) {
  return AppendAt(std::move(path), offset, std::move(bytes), std::nullopt);
}
Task<absl::Status> ServedStore::Link(std::string from, std::string to) {
  return LinkAs(std::move(from), std::move(to), std::nullopt);
}
Task<absl::Status> ServedStore::Remove(std::string path) {
  return RemoveFiles({std::move(path)}, std::nullopt);
}
Task<absl::Status> ServedStore::RemoveAll(std::vector<std::string> paths) {
  return RemoveFiles(std::move(paths), std::nullopt);
}

Task<absl::Status> ServedStore::Create(std::string path, std::string content, Token token) {
  if (content.size() <= options_.part_bytes) {
    CreateRequest request;
    Stamp(token, request);
    request.set_path(path);
    Fill(request.mutable_whole(), std::move(content));
    co_return (co_await Call("store.create", request.SerializeAsString())).status();
  }
  Patience patience{node_.clock().Now() + options_.give_up_after, options_.first_pause};
  while (true) {
    const absl::Status uploaded = co_await Upload(path, content, token);
    if (!absl::IsNotFound(uploaded)) co_return uploaded;
    SayWaiting(uploaded);
    const bool again = co_await Pause(patience);
    if (!again) co_return GivenUp(absl::StrCat("store.create of ", path), uploaded);
  }
}

Task<absl::Status> ServedStore::Upload(std::string path, const std::string& content,
                                       const Token& token) {
  const uint64_t upload = random_.Next();
  for (uint64_t sent = 0; sent < content.size(); sent += options_.part_bytes) {
    StageRequest stage;
    stage.set_upload(upload);
    stage.set_path(path);
    stage.set_offset(sent);
    Fill(stage.mutable_part(), content.substr(sent, options_.part_bytes));
    const absl::StatusOr<std::string> staged =
        co_await Call("store.stage", stage.SerializeAsString());
    WT_CO_RETURN_IF_ERROR(staged.status());
  }
  CreateRequest request;
  Stamp(token, request);
  request.set_path(path);
  request.set_upload(upload);
  co_return (co_await Call("store.create", request.SerializeAsString())).status();
}

Task<absl::Status> ServedStore::AppendAt(std::string path, uint64_t offset, std::string bytes,
                                         Token token) {
  uint64_t sent = 0;
  do {  // also of nothing: whether the file is there, and ends there, is answered
    AppendRequest request;
    Stamp(token, request);
    request.set_path(path);
    request.set_offset(offset + sent);
    Fill(request.mutable_bytes(), bytes.substr(sent, options_.part_bytes));
    const absl::StatusOr<std::string> reply =
        co_await Call("store.append", request.SerializeAsString());
    WT_CO_RETURN_IF_ERROR(reply.status());
    sent += options_.part_bytes;
  } while (sent < bytes.size());
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::string>> ServedStore::Read(std::string path, uint64_t offset,
                                                    uint64_t length) {
  std::string bytes;
  while (true) {
    const uint64_t part = std::min(options_.part_bytes, length - bytes.size());
    ReadRequest request;
    request.set_path(path);
    request.set_offset(offset + bytes.size());
    request.set_length(part);
    StoreBytes read;
    const auto intact = [&read, part](const std::string& reply) {
      return read.ParseFromString(reply) && Crc32c(read.bytes()) == read.crc32c() &&
             read.bytes().size() <= part;
    };
    WT_CO_RETURN_IF_ERROR(
        (co_await Call("store.read", request.SerializeAsString(), intact)).status());
    bytes += read.bytes();
    if (read.bytes().size() < part || bytes.size() == length) co_return bytes;
  }
}

Task<absl::StatusOr<std::vector<StoredFile>>> ServedStore::List(std::string directory) {
  ListRequest request;
  request.set_directory(directory);
  ListReply list;
  const auto intact = [&list](const std::string& reply) { return list.ParseFromString(reply); };
  WT_CO_RETURN_IF_ERROR(
      (co_await Call("store.list", request.SerializeAsString(), intact)).status());
  std::vector<StoredFile> files;
  for (const ListReply::File& sent : list.files()) files.push_back(Decode(sent));
  co_return files;
}

Task<absl::StatusOr<std::vector<std::string>>> ServedStore::ListNames(std::string directory) {
  ListRequest request;
  request.set_directory(directory);
  request.set_names_only(true);
  ListReply list;
  const auto intact = [&list](const std::string& reply) { return list.ParseFromString(reply); };
  WT_CO_RETURN_IF_ERROR(
      (co_await Call("store.list", request.SerializeAsString(), intact)).status());
  std::vector<std::string> names;
  for (const ListReply::File& sent : list.files()) names.push_back(sent.name());
  co_return names;
}

Task<absl::StatusOr<StoredFile>> ServedStore::Stat(std::string path) {
  StatRequest request;
  request.set_path(path);
  ListReply::File file;
  const auto intact = [&file](const std::string& reply) { return file.ParseFromString(reply); };
  WT_CO_RETURN_IF_ERROR(
      (co_await Call("store.stat", request.SerializeAsString(), intact)).status());
  co_return Decode(file);
}

Task<absl::StatusOr<std::string>> ServedStore::Identify(std::string directory) {
  IdentifyRequest request;
  request.set_directory(directory);
  IdentifyReply identified;
  const auto intact = [&identified](const std::string& reply) {
    return identified.ParseFromString(reply);
  };
  WT_CO_RETURN_IF_ERROR(
      (co_await Call("store.identify", request.SerializeAsString(), intact)).status());
  co_return identified.identity();
}

Task<absl::Status> ServedStore::LinkAs(std::string from, std::string to, Token token) {
  LinkRequest request;
  Stamp(token, request);
  request.set_from(from);
  request.set_to(to);
  const absl::StatusOr<std::string> reply =
      co_await Call("store.link", request.SerializeAsString());
  co_return reply.status();
}

Task<absl::Status> ServedStore::RemoveFiles(std::vector<std::string> paths, Token token) {
  for (size_t begin = 0; begin < paths.size(); begin += kMaxPathsAtOnce) {
    RemoveRequest request;
    Stamp(token, request);
    const size_t end = std::min(begin + kMaxPathsAtOnce, paths.size());
    for (size_t i = begin; i < end; ++i) request.add_path(std::move(paths[i]));
    const absl::StatusOr<std::string> reply =
        co_await Call("store.remove", request.SerializeAsString());
    WT_CO_RETURN_IF_ERROR(reply.status());
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::string>> ServedStore::Call(std::string method, std::string request,
                                                    Intact intact) {
  Patience patience{node_.clock().Now() + options_.give_up_after, options_.first_pause};
  const uint64_t number = random_.Next();
  while (true) {
    absl::StatusOr<std::string> reply = co_await Try(method, request, number);
    if (reply.ok() && intact && !intact(*reply)) {
      reply = absl::UnavailableError("the reply was damaged on its way");
    }
    const bool unanswered = absl::IsDeadlineExceeded(reply.status());
    if (unanswered && !intact && method != "store.identity" &&
        platform::Planted(node_, "unanswered_change_taken_for_done")) {
      co_return std::string();
    }
    if (!MayPass(reply.status())) co_return reply;
    SayWaiting(reply.status());
    const bool again = co_await Pause(patience);
    if (!again) co_return GivenUp(method, reply.status());
  }
}

Task<absl::StatusOr<std::string>> ServedStore::Try(std::string method, std::string request,
                                                   uint64_t number) {
  WT_CO_ASSIGN_OR_RETURN(const Client client, co_await Connected());
  RpcPayload payload;
  payload.body = std::move(request);
  absl::StatusOr<RpcPayload> reply = co_await client->Call(std::move(method), std::move(payload),
                                                           options_.request_timeout, number);
  // A connection that lost a reply may be half dead: the next attempt makes a new one.
  if (absl::IsDeadlineExceeded(reply.status()) && client_ == client) client_ = nullptr;
  WT_CO_RETURN_IF_ERROR(reply.status());
  unanswered_.reset();
  co_return std::move(reply->body);
}

Task<absl::StatusOr<ServedStore::Client>> ServedStore::Connected() {
  while (connecting_) {
    connect_ended_.Reset();
    co_await connect_ended_.Wait();
  }
  if (client_ != nullptr && !client_->broken()) co_return client_;
  struct Connecting {
    explicit Connecting(ServedStore& s) : store(s) { store.connecting_ = true; }
    ~Connecting() {
      store.connecting_ = false;
      store.connect_ended_.Set();
    }
    ServedStore& store;
  };
  const Connecting connecting(*this);
  WT_CO_ASSIGN_OR_RETURN(std::unique_ptr<RpcClient> client,
                         co_await RpcClient::Connect(node_, address_));
  client_ = std::move(client);
  co_return client_;
}

void ServedStore::SayWaiting(const absl::Status& last) {
  const platform::MonotonicTime now = node_.clock().Now();
  if (!unanswered_) unanswered_.emplace(now);
  if (!unanswered_->Due(now)) return;
  node_.Log(platform::LogLevel::kWarning,
            absl::StrCat("waiting for the store at ", address_, " for ", unanswered_->Waited(now),
                         ": ", last.message()));
}

Task<bool> ServedStore::Pause(Patience& patience) {
  if (node_.clock().Now() >= patience.deadline) co_return false;
  // Between half and all of it, so that clients that failed together do not return together.
  const int64_t longest = absl::ToInt64Nanoseconds(patience.pause);
  const int64_t drawn = random_.Between(longest / 2, longest);
  co_await node_.clock().Sleep(absl::Nanoseconds(drawn));
  patience.pause = std::min(patience.pause * 2, options_.longest_pause);
  co_return true;
}

absl::Status ServedStore::GivenUp(const std::string& what, const absl::Status& last) const {
  return absl::UnavailableError(absl::StrCat(what, " at the store ", address_, " given up after ",
                                             absl::FormatDuration(options_.give_up_after),
                                             ", its outcome is unknown: ", last.message()));
}

}  // namespace wavetank::checkpoint
