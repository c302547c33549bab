// What keeps the rows of an operator that has rows of type T.
#ifndef WAVETANK_RUNTIME_DSTREAM_ROW_KEEPER_H_
#define WAVETANK_RUNTIME_DSTREAM_ROW_KEEPER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"

#include "runtime/cluster/storage_level.h"
#include "runtime/dstream/graph.h"
#include "runtime/dstream/operator.h"
#include "runtime/dstream/shuffle_operators.h"

namespace wavetank::runtime::internal {

template <typename T>
class TypedRowKeeper final : public RowKeeper {
 public:
  ShuffleTail OpenTail(const StreamOperator& of) const override {
    const auto into_one = [](const T&, int64_t, int) { return size_t{0}; };
    return DealTail<T>(of, into_one, 1);
  }
  absl::Status Give(const std::vector<BlockView>& blocks, RowSink& sink) const override {
    return PassOn<T>(blocks, sink);
  }
};

// The rows of an operator with state, which its job has not asked to be kept.
template <typename T>
void KeepStateRows(StreamingGraph& graph, OperatorId state) {
  graph.Persist(state, std::make_unique<TypedRowKeeper<T>>(), StorageLevel::kMemoryAndDisk);
}

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_ROW_KEEPER_H_
