// Which store a node has, and what is said when somebody removes files under the one who writes
// them.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "checkpoint/served_store.h"
#include "checkpoint/store_service.h"
#include "simulator/sim_world.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::RunEnd;
using simulator::SimWorld;
using testing::HasSubstr;

using Main = std::function<Task<void>(Node&)>;

class StoreIdentity : public testing::Test {
 protected:
  StoreIdentity() : world_({.seed = 3}) {
    for (const char* machine : {"a", "b", "client"}) world_.AddMachine(machine);
  }
  void Run(const std::string& machine, const Main& main) {
    const std::string name = absl::StrCat("p", ++runs_);
    world_.Start(machine, {name, {{"node", [&main](Node& node) { return main(node); }}}});
    EXPECT_EQ(world_.RunUntil([&] { return !world_.process(name).alive(); }), RunEnd::kDone);
  }
  void Serve(const std::string& machine) {
    world_.Start(machine, {"store-" + machine, {{"node", [machine](Node& node) {
                                                   return RunStoreService(node, machine + ":7000",
                                                                          "root");
                                                 }}}});
  }
  std::string Served(const std::string& address) {
    std::string identity;
    Run("client", [&](Node& node) { return Ask(node, address, identity); });
    return identity;
  }
  static Task<void> Ask(Node& node, std::string address, std::string& identity) {
    ServedStore store(node, address);
    const absl::StatusOr<std::string> found = co_await store.Identity();
    EXPECT_TRUE(found.ok()) << found.status();
    identity = found.value_or("");
  }

  SimWorld world_;
  int runs_ = 0;
};

TEST_F(StoreIdentity, OfAServiceIsItsRootsForEverAndNoOther) {
  Serve("a");
  Serve("b");
  const std::string first = Served("a:7000");
  EXPECT_EQ(first.size(), 32U);
  EXPECT_EQ(Served("a:7000"), first);
  EXPECT_NE(Served("b:7000"), first);
  world_.LosePower("a");
  world_.PowerOn("a");
  world_.Restart("store-a");
  EXPECT_EQ(Served("a:7000"), first);
}

Task<void> AskLocal(Node& node, std::string root, std::string& identity) {
  LocalStore store(node, root);
  identity = (co_await store.Identity()).value_or("");
}

TEST_F(StoreIdentity, OfADiskIsItsMachinesAndItsRoots) {
  const auto local = [this](const std::string& machine, const std::string& root) {
    std::string identity;
    Run(machine, [&](Node& node) { return AskLocal(node, root, identity); });
    return identity;
  };
  EXPECT_EQ(local("a", ""), local("a", ""));
  EXPECT_NE(local("a", ""), local("b", ""));
  EXPECT_NE(local("a", ""), local("a", "root"));
}

Task<void> AskDamaged(Node& node, absl::Status& asked) {
  const auto store = co_await LocalStore::OpenExclusive(node, "root");
  asked = (co_await (*store)->Identity()).status();
}

TEST_F(StoreIdentity, ThatIsDamagedIsNotMadeAnew) {
  world_.machine("a").disk().Put("root/_wavetank_store", "12");
  absl::Status asked;
  Run("a", [&](Node& node) { return AskDamaged(node, asked); });
  EXPECT_TRUE(absl::IsDataLoss(asked)) << asked;
  EXPECT_THAT(asked.ToString(), HasSubstr("root/_wavetank_store does not hold the identity"));
}

// --- files that go under their writer ---

class RemovedUnderTheWriter : public StoreIdentity {
 protected:
  void RemoveAll(const std::string& directory) {
    simulator::SimDisk& disk = world_.machine("a").disk();
    for (const std::string& file : disk.image().Files(directory)) disk.LoseFile(file);
  }
};

Task<void> AppendAround(Node& node, std::function<void()> between,
                        std::vector<absl::Status>& done) {
  LocalStore store(node, "root");
  done.push_back(co_await store.CreateIfAbsent("ck/log/log-1", "abc"));
  done.push_back(co_await store.Append("ck/log/log-1", 3, "def"));
  between();
  done.push_back(co_await store.Append("ck/log/log-1", 6, "ghi"));
  done.push_back(co_await store.Append("ck/log/log-1", 6, "ghi"));
}

TEST_F(RemovedUnderTheWriter, NoAppendIsAcknowledgedOnceTheFileIsGone) {
  std::vector<absl::Status> done;
  Run("a", [&](Node& node) { return AppendAround(node, [this] { RemoveAll("root/ck"); }, done); });
  ASSERT_EQ(done.size(), 4U);
  EXPECT_TRUE(done[1].ok()) << done[1];
  EXPECT_TRUE(absl::IsDataLoss(done[2])) << done[2];
  EXPECT_THAT(done[2].ToString(), HasSubstr("root/ck/log/log-1 was removed while it was being "
                                            "written"));
  EXPECT_TRUE(absl::IsNotFound(done[3])) << done[3];
}

TEST_F(RemovedUnderTheWriter, NorIsOneOnceAnotherFileStandsThere) {
  std::vector<absl::Status> done;
  Run("a", [&](Node& node) {
    return AppendAround(
        node,
        [this] {
          RemoveAll("root/ck");
          world_.machine("a").disk().Put("root/ck/log/log-1", "abc");
        },
        done);
  });
  ASSERT_EQ(done.size(), 4U);
  EXPECT_TRUE(absl::IsDataLoss(done[2])) << done[2];
  EXPECT_THAT(done[2].ToString(), HasSubstr("was replaced while it was being written"));
}

}  // namespace
}  // namespace wavetank::checkpoint
