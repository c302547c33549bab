// Stores against a model of the contract, by sequences of calls that RapidCheck makes up and
// shrinks, each of which may meet a crash, a power loss, a failed call of the disk or a reset.
//
// RC_PARAMS="max_success=5000" build/release/bin/checkpoint_test --gtest_filter='StoreModel*'
// searches longer.
#include "tests/checkpoint/store_model.h"

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "rapidcheck.h"
#include "rapidcheck/gtest.h"
#include "rapidcheck/state.h"

#include "checkpoint/local_store.h"
#include "checkpoint/served_store.h"
#include "checkpoint/store_service.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/sim_chaos.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::Fault;
using simulator::FaultKind;
using simulator::SimWorld;

enum class ModelledStore { kLocal, kExclusive, kServed };

enum class StoreCall { kCreate, kAppend, kRead, kList, kLink, kRemove };
constexpr const char* kCallNames[] = {"create", "append", "read", "list", "link", "remove"};

// What befalls a call, at some call of the seam on its way.
enum class Trouble {
  kNone,
  kClientCrash,
  kServiceCrash,  // where there is none, of the client
  kPowerLoss,
  kReset,
  kWriteError,
  kNoSpace,
  kSyncLoss,
  kReadError,
  kSyncRevert,
};
constexpr const char* kTroubleNames[] = {
    "nothing",     "client crash", "service crash", "power loss", "reset",
    "write error", "no space",     "sync loss",     "read error", "sync revert"};

struct CallMade {
  StoreCall call = StoreCall::kCreate;
  std::string path;
  std::string other;  // of a link
  uint64_t offset = 0;
  std::string bytes;
};

struct Answer {
  absl::Status status;
  std::string bytes;
  std::vector<StoredFile> files;
};

// Where the test puts a call, and the client its answer.
struct Desk {
  std::optional<CallMade> call;
  std::optional<Answer> answer;
};

Task<absl::Status> Make(Store& store, CallMade made, Answer& answer) {
  switch (made.call) {
    case StoreCall::kCreate:
      co_return co_await store.CreateIfAbsent(made.path, made.bytes);
    case StoreCall::kAppend:
      co_return co_await store.Append(made.path, made.offset, made.bytes);
    case StoreCall::kRead: {
      absl::StatusOr<std::string> read = co_await store.ReadAll(made.path);
      if (read.ok()) answer.bytes = *std::move(read);
      co_return read.status();
    }
    case StoreCall::kList: {
      absl::StatusOr<std::vector<StoredFile>> listed = co_await store.List(made.path);
      if (listed.ok()) answer.files = *std::move(listed);
      co_return listed.status();
    }
    case StoreCall::kLink:
      co_return co_await store.Link(made.path, made.other);
    case StoreCall::kRemove:
      co_return co_await store.Remove(made.path);
  }
  co_return absl::OkStatus();
}

Task<void> ModelClient(Node& node, ModelledStore kind, Desk& desk) {
  std::unique_ptr<Store> store;
  while (store == nullptr) {
    if (kind == ModelledStore::kLocal) store = std::make_unique<LocalStore>(node, "root");
    if (kind == ModelledStore::kServed) {
      ServedStoreOptions options;
      options.part_bytes = 300;
      options.request_timeout = absl::Milliseconds(500);
      store = std::make_unique<ServedStore>(node, "store:7000", options);
    }
    if (store != nullptr) break;
    absl::StatusOr<std::unique_ptr<LocalStore>> opened =
        co_await LocalStore::OpenExclusive(node, "root");
    if (opened.ok()) store = *std::move(opened);
    co_await node.clock().Sleep(absl::Milliseconds(10));
  }
  while (true) {
    if (desk.call.has_value() && !desk.answer.has_value()) {
      Answer answer;
      answer.status = co_await Make(*store, *desk.call, answer);
      desk.answer = std::move(answer);
    }
    co_await node.clock().Sleep(absl::Milliseconds(1));
  }
}

// A store, its client, and the model of what it may hold.
class ModelRun {
 public:
  ModelRun(ModelledStore kind, uint64_t seed) : kind_(kind), world_({.seed = seed}) {
    world_.AddMachine("store");
    world_.AddMachine("client");
    StartWhatIsDown();
  }

  StoreModel& model() { return model_; }

  // "" or what is broken.
  std::string Do(const CallMade& made, Trouble trouble, int64_t at) {
    desk_.answer.reset();
    desk_.call = made;
    const bool struck = RunWith(trouble, at);
    const bool heard = desk_.answer.has_value();
    const Answer answer = heard ? *desk_.answer : Answer{absl::UnavailableError("dead"), {}, {}};
    desk_.call.reset();
    // What a dead client had asked of the service is carried through by then.
    world_.RunFor(absl::Seconds(2));
    const auto befell = struck ? StoreModel::Befell::kTrouble : StoreModel::Befell::kNothing;
    return Judge(made, answer, befell);
  }

  void LosePower() {
    world_.LosePower("store");
    world_.RunFor(absl::Milliseconds(10));
    StartWhatIsDown();
  }

 private:
  std::string ClientMachine() const { return kind_ == ModelledStore::kServed ? "client" : "store"; }

  void StartWhatIsDown() {
    if (!world_.machine("store").on()) world_.PowerOn("store");
    const auto down = [this](const char* name) {
      return !world_.HasProcess(name) || !world_.process(name).alive();
    };
    if (kind_ == ModelledStore::kServed && down("service")) {
      world_.Start("store", {"service", {{"node", [](Node& node) {
                                            return RunStoreService(node, "store:7000", "root");
                                          }}}});
    }
    if (down("client")) {
      // A call that died with its client is not made again.
      desk_.call.reset();
      world_.Start(
          ClientMachine(),
          {"client", {{"node", [this](Node& node) { return ModelClient(node, kind_, desk_); }}}});
    }
  }

  void Crash(const std::string& process) {
    if (world_.HasProcess(process)) world_.Crash(world_.process(process));
  }

  // Until the call is answered or its client is dead; whether the trouble came.
  bool RunWith(Trouble trouble, int64_t at) {
    const auto until_answered = [this](const auto& struck) {
      for (int i = 0; i < 4'000 && !desk_.answer.has_value(); ++i) {
        world_.RunFor(absl::Milliseconds(20));
        if (!desk_.call.has_value()) break;
        const bool dead = !world_.process("client").alive();
        StartWhatIsDown();
        if (dead) break;
      }
      return struck();
    };
    const auto act = [&](std::function<void()> what) {
      const StrikeOnce strike(world_, at, [&](simulator::SimProcess&) { what(); });
      return until_answered([&] { return strike.struck(); });
    };
    const auto fail = [&](FaultKind kind) {
      // Of each such kind a call makes but a few.
      const FailOnce failing(world_, at / 8, Fault{.kind = kind, .amount = at % 8});
      return until_answered([&] { return failing.struck(); });
    };
    switch (trouble) {
      case Trouble::kNone:
        return until_answered([] { return false; });
      case Trouble::kClientCrash:
        return act([this] { Crash("client"); });
      case Trouble::kServiceCrash:
        return act([this] { Crash(kind_ == ModelledStore::kServed ? "service" : "client"); });
      case Trouble::kPowerLoss:
        return act([this] { world_.LosePower("store"); });
      case Trouble::kReset:
        return fail(FaultKind::kReset);
      case Trouble::kWriteError:
        return fail(FaultKind::kWriteError);
      case Trouble::kNoSpace:
        return fail(FaultKind::kNoSpace);
      case Trouble::kSyncLoss:
        return fail(FaultKind::kSyncLoss);
      case Trouble::kReadError:
        return fail(FaultKind::kReadError);
      case Trouble::kSyncRevert:
        return fail(FaultKind::kSyncRevert);
    }
    return false;
  }

  std::string Judge(const CallMade& made, const Answer& answer, StoreModel::Befell befell) {
    switch (made.call) {
      case StoreCall::kCreate:
        return model_.Created(made.path, made.bytes, answer.status, befell);
      case StoreCall::kAppend:
        return model_.Appended(made.path, made.offset, made.bytes, answer.status, befell);
      case StoreCall::kRead:
        if (!answer.status.ok()) return model_.Read(made.path, answer.status, befell);
        return model_.Read(made.path, answer.bytes, befell);
      case StoreCall::kList:
        if (!answer.status.ok()) return model_.Listed(made.path, answer.status, befell);
        return model_.Listed(made.path, answer.files, befell);
      case StoreCall::kLink:
        return model_.Linked(made.path, made.other, answer.status, befell);
      case StoreCall::kRemove:
        return model_.Removed(made.path, answer.status, befell);
    }
    return "";
  }

  const ModelledStore kind_;
  Desk desk_;
  StoreModel model_;
  SimWorld world_;
};

// What the store may hold depends on its answers, so the model stands beside the store;
// RapidCheck's own model is empty.
struct NoModel {};

constexpr const char* kPaths[] = {"d/a", "d/b", "d/e/c"};

// In the order of its draws, so that what shrinks becomes simpler.
class StoreCommand final : public rc::state::Command<NoModel, ModelRun> {
 public:
  StoreCommand() {
    call_ = static_cast<StoreCall>(*rc::gen::inRange(0, 6));
    path_ = kPaths[*rc::gen::inRange(0, 3)];
    other_ = kPaths[*rc::gen::inRange(0, 3)];
    const std::string letter(1, static_cast<char>(*rc::gen::inRange<int>('a', 'e')));
    for (int size = *rc::gen::element(1, 100, 700, 1500); size > 0; --size) bytes_ += letter;
    from_end_ = *rc::gen::element(0, 0, 0, 1, -1, -100);
    if (*rc::gen::inRange(0, 2) == 1) {
      trouble_ = static_cast<Trouble>(*rc::gen::inRange(1, 10));
      at_ = *rc::gen::inRange(0, 30);
    }
  }

  void run(const NoModel&, ModelRun& run) const override {
    CallMade made{call_, path_, other_, 0, bytes_};
    if (call_ == StoreCall::kList) made.path = path_.substr(0, path_.rfind('/'));
    if (call_ == StoreCall::kLink && path_ == other_) return;
    if (call_ == StoreCall::kAppend) {
      if (!run.model().MayAppend(path_)) return;
      const int64_t offset = static_cast<int64_t>(run.model().SizeOf(path_)) + from_end_;
      made.offset = offset < 0 ? 0 : static_cast<uint64_t>(offset);
    }
    const std::string broken = run.Do(made, trouble_, at_);
    if (!broken.empty()) RC_FAIL(broken);
  }

  void show(std::ostream& out) const override {
    out << kCallNames[static_cast<int>(call_)] << " " << path_;
    if (call_ == StoreCall::kLink) out << " to " << other_;
    if (call_ == StoreCall::kAppend) out << " at its end " << from_end_;
    if (call_ <= StoreCall::kAppend) out << ", " << bytes_.size() << " times " << bytes_[0];
    if (trouble_ == Trouble::kNone) return;
    out << ", " << kTroubleNames[static_cast<int>(trouble_)] << " at call " << at_;
  }

 private:
  StoreCall call_ = StoreCall::kCreate;
  std::string path_;
  std::string other_;
  std::string bytes_;
  int64_t from_end_ = 0;
  Trouble trouble_ = Trouble::kNone;
  int64_t at_ = 0;
};

void CheckAgainstModel(ModelledStore kind) {
  ModelRun run(kind, *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<uint64_t>(1, 1'000'000)));
  rc::state::check(NoModel(), run, rc::state::gen::execOneOfWithArgs<StoreCommand>());
  // What was acknowledged or shown outlives a power loss, and what is shown then another.
  for (int loss = 0; loss < 2; ++loss) {
    run.LosePower();
    for (const char* path : kPaths) {
      const std::string broken = run.Do({StoreCall::kRead, path, {}, 0, {}}, Trouble::kNone, 0);
      if (!broken.empty()) RC_FAIL("after the last power loss: " + broken);
    }
  }
}

RC_GTEST_PROP(StoreModel, LocalStoreKeepsTheContract, ()) {
  CheckAgainstModel(ModelledStore::kLocal);
}
RC_GTEST_PROP(StoreModel, ExclusiveStoreKeepsTheContract, ()) {
  CheckAgainstModel(ModelledStore::kExclusive);
}
RC_GTEST_PROP(StoreModel, ServedStoreKeepsTheContract, ()) {
  CheckAgainstModel(ModelledStore::kServed);
}

}  // namespace
}  // namespace wavetank::checkpoint
