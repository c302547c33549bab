#include "checkpoint/named_files.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::checkpoint {
namespace {

using testing::ElementsAre;

TEST(NamedFiles, StandInTheCheckpointThatIsReadWhereverTheyWereWritten) {
  OperatorState state;
  state.set_operator_id(2);
  state.set_partition(1);
  state.add_names("1-a.delta");
  state.add_names("2-b.delta");
  EXPECT_THAT(StateFiles("new/ck", state),
              ElementsAre("new/ck/state/2/1/1-a.delta", "new/ck/state/2/1/2-b.delta"));
  BlockAdded block;
  block.set_block_id("stream-0-x-1");
  EXPECT_EQ(BlockPath("new/ck/blocks", block), "new/ck/blocks/stream-0-x-1");
}

TEST(NamedFiles, OfOlderWritersDoToo) {
  OperatorState state;
  state.set_operator_id(2);
  state.set_partition(1);
  state.add_files("old/ck/state/2/1/1-a.delta");
  EXPECT_THAT(StateFiles("new/ck", state), ElementsAre("new/ck/state/2/1/1-a.delta"));
  BlockAdded block;
  block.set_block_id("stream-0-x-1");
  block.set_path("old/ck/blocks/stream-0-x-1");
  EXPECT_EQ(BlockPath("new/ck/blocks", block), "new/ck/blocks/stream-0-x-1");
}

}  // namespace
}  // namespace wavetank::checkpoint
