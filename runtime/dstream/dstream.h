// DStream<T>: a stream cut into batches, after Spark Streaming's discretized streams (Zaharia et
// al., SOSP 2013). A light handle onto one operator of a plan; copying it copies the handle.
//
// What a user function must be: callable as const (its calls may run in any order, on any node,
// more than once), and deterministic where outputs must not change when a batch runs again. A
// function that throws fails its task, which is tried again; a task that fails for good fails the
// batch, with batch, operator, partition and record in the message.
#ifndef WAVETANK_RUNTIME_DSTREAM_DSTREAM_H_
#define WAVETANK_RUNTIME_DSTREAM_DSTREAM_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "runtime/dstream/cogroup_operator.h"
#include "runtime/dstream/graph.h"
#include "runtime/dstream/input_operators.h"
#include "runtime/dstream/map_with_state_operator.h"
#include "runtime/dstream/narrow_operators.h"
#include "runtime/dstream/partitioner.h"
#include "runtime/dstream/row_keeper.h"
#include "runtime/dstream/row_types.h"
#include "runtime/dstream/row_view.h"
#include "runtime/dstream/run_map_operator.h"
#include "runtime/dstream/shuffle_operators.h"
#include "runtime/dstream/state_operator.h"
#include "runtime/dstream/state_spec.h"
#include "runtime/dstream/stream_outputs.h"
#include "runtime/dstream/update_state_operator.h"
#include "runtime/dstream/window_state_operator.h"

namespace wavetank::runtime {

template <typename K, typename S, typename U>
class MapWithStateDStream;

template <typename T>
class DStream : public StreamOutputs<T> {
 public:
  using Row = T;
  // Of rows that are std::pair<K, V>: what is for them alone has K and V for its key and value.
  using K = typename internal::PairOf<T>::Key;
  using V = typename internal::PairOf<T>::Value;
  static constexpr bool kIsPair = internal::PairOf<T>::value;

  // For the context and for operators.
  DStream(StreamingGraph& graph, OperatorId op) : StreamOutputs<T>(graph, op) {}
  using StreamOutputs<T>::id;

  // function(row) gives the new row. One that takes std::string_view is given views of the block
  // that holds the row; so is one of Filter, FlatMap, MapValues. A view of the row's own text that
  // it gives becomes text of its own where that is needed.
  template <typename F, typename U = internal::MapResult<F, T>>
  DStream<U> Map(F function) const {
    static_assert(internal::kHasCodec<U> || !internal::kHasCodec<T>, WT_NO_CODEC);
    return Then<U>(std::make_unique<internal::MapOperator<T, U, F>>(std::move(function)));
  }

  // function(row, time) gives the new row; `time` is that of the batch that made the row, also
  // behind a window (TaskRun in operator.h).
  template <typename F, typename U = std::decay_t<std::invoke_result_t<const F&, T, absl::Time>>>
  DStream<U> MapWithTime(F function) const {
    static_assert(internal::kHasCodec<U> || !internal::kHasCodec<T>, WT_NO_CODEC);
    return Then<U>(internal::MapOfRun<T, U>("MapWithTime", true,
                                            [f = std::move(function)](T row, const TaskRun& run) {
                                              return f(std::move(row), run.row_time);
                                            }));
  }

  // Keeps the rows for which predicate(row) holds.
  template <typename F>
    requires std::predicate<const F&, const T&>
  DStream<T> Filter(F predicate) const {
    return Then<T>(std::make_unique<internal::FilterOperator<T, F>>(std::move(predicate)));
  }

  // function(row) gives a range of new rows. A range of string_views gives strings.
  template <typename F, typename U = internal::FlatMapResult<F, T>>
  DStream<U> FlatMap(F function) const {
    static_assert(internal::kHasCodec<U> || !internal::kHasCodec<T>, WT_NO_CODEC);
    return Then<U>(std::make_unique<internal::FlatMapOperator<T, U, F>>(std::move(function)));
  }

  // function(rows) gives a range of new rows, of each partition's rows at once: a std::vector<T>,
  // which may be empty.
  template <typename F, typename U = internal::RangeResult<F, T>>
  DStream<U> MapPartitions(F function) const {
    static_assert(internal::kHasCodec<U> || !internal::kHasCodec<T>, WT_NO_CODEC);
    return Then<U>(std::make_unique<internal::MapPartitionsOperator<T, U, F>>("MapPartitions",
                                                                              std::move(function)));
  }

  // Each partition as one row.
  DStream<std::vector<T>> Glom() const {
    using Operator = internal::MapPartitionsOperator<T, std::vector<T>, internal::AsOneRow>;
    return Then<std::vector<T>>(std::make_unique<Operator>("Glom", internal::AsOneRow()));
  }

  // Its rows, then those of the others. REQUIRES: they are of one context.
  DStream<T> Union(const DStream<T>& other) const { return Union(std::vector<DStream<T>>{other}); }
  DStream<T> Union(const std::vector<DStream<T>>& others) const {
    std::vector<OperatorId> parents = {id_};
    for (const DStream<T>& other : others) {
      if (Shares(other, "Union")) parents.push_back(other.id());
    }
    return DStream<T>(*graph_, graph_->Add(std::move(parents),
                                           std::make_unique<UnionOperator>(Codec<T>::Name())));
  }

  // The rows of the batches of a window that ends with each batch, oldest first, every `slide`
  // (each batch, if it is not said). Both are multiples of how often this stream has rows. What is
  // before the first batch has none. What its batches have written for a shuffle behind it stays
  // with the workers; otherwise its rows are made anew from their input each time, unless they are
  // kept by Persist(). Files must stay there for as long as a window reaches, blocks do.
  DStream<T> Window(absl::Duration window, absl::Duration slide) const {
    return Then<T>(std::make_unique<WindowOperator>(window, slide, Codec<T>::Name()));
  }
  DStream<T> Window(absl::Duration window) const { return Window(window, graph_->batch_interval); }

  // The batches of such a window apart: for each that has rows its time and its rows, oldest first
  // within a partition. What DStream.slice(from, to) is for in Spark.
  DStream<std::pair<absl::Time, std::vector<T>>> Slice(
      absl::Duration length, absl::Duration slide,
      Partitioner<absl::Time> partitioner = Partitioner<absl::Time>(1)) const {
    return MapWithTime([](T row, absl::Time time) { return std::pair(time, std::move(row)); })
        .GroupByKeyAndWindow(length, slide, std::move(partitioner));
  }
  DStream<std::pair<absl::Time, std::vector<T>>> Slice(absl::Duration length) const {
    return Slice(length, graph_->batch_interval);
  }

  // The rows of a window, combined as by Reduce; how many there are; how often each is there.
  template <typename F>
  DStream<T> ReduceByWindow(F function, absl::Duration window, absl::Duration slide) const {
    return Window(window, slide).Reduce(std::move(function));
  }
  DStream<int64_t> CountByWindow(absl::Duration window, absl::Duration slide) const {
    return Window(window, slide).Count();
  }
  DStream<std::pair<T, int64_t>> CountByValueAndWindow(absl::Duration window, absl::Duration slide,
                                                       Partitioner<T> partitioner = {}) const {
    return Window(window, slide).CountByValue(std::move(partitioner));
  }

  // Keeps the rows of each batch with the workers: made once a batch, however many read them, and
  // once for all windows that they are in. What is lost is made again. Returns this stream. The
  // default is Spark's of DStreams, but that rows are objects here, never encoded in memory.
  const DStream& Persist(StorageLevel level = StorageLevel::kMemoryOnly) const {
    graph_->Persist(id_, std::make_unique<internal::TypedRowKeeper<T>>(), level);
    return *this;
  }
  const DStream& Cache() const { return Persist(); }

  // Of a stream that has state: keeps that durably no more often than every `interval`, a multiple
  // of how often it goes on (the least one that is 10 s, if it is not said: Spark's default). In
  // between it is with the workers, in memory; what is lost is made again from the batches since,
  // whose files must stay there for as long. A state that comes of another's rows is kept at each
  // batch. The last that is said of a state counts, also of streams that give its rows on. Returns
  // this stream.
  const DStream& Checkpoint(absl::Duration interval) const {
    const absl::Status status = graph_->KeepStateEvery(id_, interval);
    if (!status.ok()) graph_->AddError(status);
    return *this;
  }

  // transformation(stream) gives another stream, and is called once, while the plan is built (in
  // Spark it is called for each batch, with that batch's rows).
  template <typename F>
  auto Transform(const F& transformation) const {
    return transformation(*this);
  }
  // The same with transformation(stream, other). REQUIRES: both are of one context.
  template <typename W, typename F>
  auto TransformWith(const DStream<W>& other, const F& transformation) const {
    static_cast<void>(Shares(other, "TransformWith"));
    return transformation(*this, other);
  }

  // The rows dealt out in turn to so many partitions.
  DStream<T> Repartition(int partitions) const {
    CheckPartitions(partitions > 0 && partitions <= kMostPartitions, "Repartition");
    return Then<T>(std::make_unique<internal::RepartitionOperator<T>>(std::max(partitions, 1)));
  }

  // One row a batch: how many there are, 0 where there are none.
  DStream<int64_t> Count() const {
    const auto none = std::vector<std::pair<bool, int64_t>>{{false, 0}};
    const DStream<std::pair<bool, int64_t>> zero(
        *graph_,
        graph_->Add(
            {}, std::make_unique<internal::TypedConstantInput<std::pair<bool, int64_t>>>(none)));
    return Map([](const internal::RowView<T>&) { return std::pair(false, int64_t{1}); })
        .Union(zero)
        .ReduceByKey(std::plus<>(), 1)
        .Map([](const std::pair<bool, int64_t>& count) { return count.second; });
  }

  // The rows of a batch, combined by function(row, row), which is associative: one, or none where
  // there are none.
  template <typename F>
  DStream<T> Reduce(F function) const {
    return Map([](T row) { return std::pair(false, std::move(row)); })
        .ReduceByKey(std::move(function), 1)
        .Map([](std::pair<bool, T> row) { return std::move(row.second); });
  }

  // How often each row is in a batch.
  DStream<std::pair<T, int64_t>> CountByValue(Partitioner<T> partitioner = {}) const {
    return Map([](internal::RowView<T> row) { return std::pair(std::move(row), int64_t{1}); })
        .ReduceByKey(std::plus<>(), std::move(partitioner));
  }

  // --- of rows that are std::pair<K, V> ---

  // function(value) gives the new value; keys stay.
  template <typename F, typename W = internal::MapResult<F, V>>
  DStream<std::pair<K, W>> MapValues(F function) const
    requires(kIsPair)
  {
    constexpr bool kViews =
        internal::kTakesViews<F, V> || internal::kHasView<T> > internal::kHasView<V>;
    using From = std::conditional_t<kViews, internal::RowView<T>, T>;
    using To = std::conditional_t<kViews, std::decay_t<std::invoke_result_t<const F&, V>>, W>;
    return Map([function = std::move(function)](From row) {
      return std::pair<typename From::first_type, To>(std::move(row.first),
                                                      function(std::move(row.second)));
    });
  }

  // function(value) gives a range of new values of the key.
  template <typename F, typename W = internal::FlatMapResult<F, V>>
  DStream<std::pair<K, W>> FlatMapValues(F function) const
    requires(kIsPair)
  {
    return FlatMap([function = std::move(function)](const T& row) {
      std::vector<std::pair<K, W>> rows;
      for (auto&& value : function(row.second)) rows.emplace_back(row.first, W(std::move(value)));
      return rows;
    });
  }

  // One row a key of each batch: the key's values, combined by function(value, value), which is
  // associative.
  template <typename F>
  DStream<T> ReduceByKey(F function, Partitioner<K> partitioner = {}) const
    requires(kIsPair)
  {
    static_assert(std::is_invocable_r_v<V, const F&, V, V>,
                  "ReduceByKey takes a function of two values that gives one");
    return Combine<V>(
        "ReduceByKey", [](V&& value) { return std::move(value); }, function, function,
        std::move(partitioner));
  }

  // One row a key of each batch: create(value) makes a combiner of the key's first value, in the
  // order of the rows, merge_value(combiner, value) takes in the next, merge_combiners(combiner,
  // combiner) puts together what several partitions have made, in their order.
  template <typename Create, typename MergeValue, typename MergeCombiners,
            typename C = internal::MapResult<Create, V>>
  DStream<std::pair<K, C>> CombineByKey(Create create, MergeValue merge_value,
                                        MergeCombiners merge_combiners,
                                        Partitioner<K> partitioner = {}) const
    requires(kIsPair)
  {
    static_assert(std::is_invocable_r_v<C, const MergeValue&, C, V> &&
                      std::is_invocable_r_v<C, const MergeCombiners&, C, C>,
                  "CombineByKey takes create(V) -> C, merge_value(C, V) -> C and "
                  "merge_combiners(C, C) -> C");
    return Combine<C>("CombineByKey", std::move(create), std::move(merge_value),
                      std::move(merge_combiners), std::move(partitioner));
  }

  // One row a key of each batch: all its values, in order.
  DStream<std::pair<K, std::vector<V>>> GroupByKey(Partitioner<K> partitioner = {}) const
    requires(kIsPair)
  {
    const auto first = [](V&& value) {
      std::vector<V> values;
      values.push_back(std::move(value));
      return values;
    };
    return Combine<std::vector<V>>("GroupByKey", first, internal::AppendTo<V>(),
                                   internal::AppendAll<V>(), std::move(partitioner));
  }

  // The same of the rows of a window.
  template <typename F>
  DStream<T> ReduceByKeyAndWindow(F function, absl::Duration window, absl::Duration slide,
                                  Partitioner<K> partitioner = {}) const
    requires(kIsPair)
  {
    return Window(window, slide).ReduceByKey(std::move(function), std::move(partitioner));
  }
  DStream<std::pair<K, std::vector<V>>> GroupByKeyAndWindow(absl::Duration window,
                                                            absl::Duration slide,
                                                            Partitioner<K> partitioner = {}) const
    requires(kIsPair)
  {
    return Window(window, slide).GroupByKey(std::move(partitioner));
  }

  // The same rows, and what the window holds is kept, and moved on by what comes in and what
  // leaves: inverse(value, left) gives what `function` made of it without what has left. A window
  // costs what changes, however long it is; its input is read twice, and must stay there for as
  // long. Needs a checkpoint. keep(row): which rows are given. (In Spark a key of which nothing is
  // left stays, until it says otherwise.)
  template <typename F, typename G>
    requires(kIsPair && std::is_invocable_r_v<V, const G&, V, V>)
  DStream<T> ReduceByKeyAndWindow(F function, G inverse, absl::Duration window,
                                  absl::Duration slide, Partitioner<K> partitioner = {}) const {
    static_assert(std::is_invocable_r_v<V, const F&, V, V>,
                  "ReduceByKeyAndWindow takes functions of two values that give one");
    using Operator = internal::WindowStateOperator<K, V, F, G>;
    CheckPartitions(partitioner.valid(), "ReduceByKeyAndWindow");
    return StateRows<T>(graph_->Add(
        {id_, id_},
        std::make_unique<Operator>(std::move(function), std::move(inverse),
                                   StateOperator::Window{window, slide}, std::move(partitioner))));
  }
  template <typename F, typename G, typename Keep>
    requires(kIsPair && std::is_invocable_r_v<V, const G&, V, V> &&
             std::predicate<const Keep&, const T&>)
  DStream<T> ReduceByKeyAndWindow(F function, G inverse, absl::Duration window,
                                  absl::Duration slide, Keep keep,
                                  Partitioner<K> partitioner = {}) const {
    return ReduceByKeyAndWindow(std::move(function), std::move(inverse), window, slide,
                                std::move(partitioner))
        .Filter(std::move(keep));
  }

  // Of each key a state, from batch to batch: update(values, state) gives the new one of the values
  // that came in this batch, in order, and of the one before, or std::nullopt: the key has none any
  // more. It is called for every key that has a state or values. The rows of a batch are all keys'
  // states. S is the state's type: stream.UpdateStateByKey<int64_t>(update). Needs a checkpoint.
  //
  // update(batch_time, key, values, state) does, too. `initial`: what is there before the first
  // batch; a checkpoint that has begun goes on from its own. How many partitions there are is
  // settled when the stream first starts.
  template <typename S, typename F>
  DStream<std::pair<K, S>> UpdateStateByKey(F update, Partitioner<K> partitioner = {},
                                            std::vector<std::pair<K, S>> initial = {}) const
    requires(kIsPair)
  {
    using Operator = internal::UpdateStateOperator<K, V, S, F>;
    static_assert(Operator::kIsTimed || Operator::kIsPlain,
                  "UpdateStateByKey<S> takes update(std::vector<V>, std::optional<S>) that gives a "
                  "std::optional<S>");
    CheckPartitions(partitioner.valid(), "UpdateStateByKey");
    return StateRows<std::pair<K, S>>(graph_->Add(
        {id_},
        std::make_unique<Operator>(std::move(update), std::move(initial), std::move(partitioner))));
  }

  // Each row meets its key's state: state_spec.h. The rows are what the function gives. Needs a
  // checkpoint.
  template <typename S, typename F>
  MapWithStateDStream<K, S, internal::WithStateResult<K, V, S, F>> MapWithState(
      StateFunctionSpec<K, S, F> spec) const
    requires(kIsPair)
  {
    using U = internal::WithStateResult<K, V, S, F>;
    using Operator = internal::MapWithStateOperator<K, V, S, U, F>;
    CheckPartitions(spec.partitioner().valid(), "MapWithState");
    if (spec.timeout().value_or(absl::Seconds(1)) <= absl::ZeroDuration()) {
      graph_->AddError(absl::InvalidArgumentError(
          absl::StrCat("MapWithState of ", title(), ": give it a timeout above 0")));
    }
    const auto snapshots = std::make_shared<bool>(false);
    const auto rows = StateRows<typename Operator::Row>(
        graph_->Add({id_}, std::make_unique<Operator>(std::move(spec), snapshots)));
    return {rows, snapshots};
  }

  // The rows as they are, those of a key in one partition.
  DStream<T> PartitionBy(Partitioner<K> partitioner) const
    requires(kIsPair)
  {
    CheckPartitions(partitioner.valid(), "PartitionBy");
    return Then<T>(std::make_unique<internal::PartitionByOperator<K, V>>(std::move(partitioner)));
  }

  // A row for each key of either: its values here and there. REQUIRES: both are of one context.
  template <typename W>
  DStream<std::pair<K, std::pair<std::vector<V>, std::vector<W>>>> Cogroup(
      const DStream<std::pair<K, W>>& other, Partitioner<K> partitioner = {}) const
    requires(kIsPair)
  {
    CheckPartitions(partitioner.valid(), "Cogroup");
    const OperatorId with = Shares(other, "Cogroup") ? other.id() : id_;
    return {*graph_, graph_->Add({id_, with}, std::make_unique<internal::CogroupOperator<K, V, W>>(
                                                  std::move(partitioner)))};
  }

  // A row for each pair of values that a key has here and there.
  template <typename W>
  DStream<std::pair<K, std::pair<V, W>>> Join(const DStream<std::pair<K, W>>& other,
                                              Partitioner<K> partitioner = {}) const
    requires(kIsPair)
  {
    return Joined<V, W, W>(other, std::move(partitioner), false, false);
  }
  // The same, and each value that has none on the other side.
  template <typename W>
  DStream<std::pair<K, std::pair<V, std::optional<W>>>> LeftOuterJoin(
      const DStream<std::pair<K, W>>& other, Partitioner<K> partitioner = {}) const
    requires(kIsPair)
  {
    return Joined<V, std::optional<W>, W>(other, std::move(partitioner), true, false);
  }
  template <typename W>
  DStream<std::pair<K, std::pair<std::optional<V>, W>>> RightOuterJoin(
      const DStream<std::pair<K, W>>& other, Partitioner<K> partitioner = {}) const
    requires(kIsPair)
  {
    return Joined<std::optional<V>, W, W>(other, std::move(partitioner), false, true);
  }
  template <typename W>
  DStream<std::pair<K, std::pair<std::optional<V>, std::optional<W>>>> FullOuterJoin(
      const DStream<std::pair<K, W>>& other, Partitioner<K> partitioner = {}) const
    requires(kIsPair)
  {
    return Joined<std::optional<V>, std::optional<W>, W>(other, std::move(partitioner), true, true);
  }

 private:
  template <typename>
  friend class DStream;

  template <typename C, typename Create, typename MergeValue, typename MergeCombiners>
  DStream<std::pair<K, C>> Combine(const char* name, Create create, MergeValue merge_value,
                                   MergeCombiners merge_combiners,
                                   Partitioner<K> partitioner) const {
    CheckPartitions(partitioner.valid(), name);
    static_assert(internal::kHasCodec<C> || !internal::kHasCodec<V>, WT_NO_CODEC);
    return Then<std::pair<K, C>>(
        std::make_unique<
            internal::CombineByKeyOperator<K, V, C, Create, MergeValue, MergeCombiners>>(
            name, std::move(create), std::move(merge_value), std::move(merge_combiners),
            std::move(partitioner)));
  }

  template <typename Left, typename Right, typename W>
  DStream<std::pair<K, std::pair<Left, Right>>> Joined(const DStream<std::pair<K, W>>& other,
                                                       Partitioner<K> partitioner, bool left_alone,
                                                       bool right_alone) const {
    using Groups = std::pair<K, std::pair<std::vector<V>, std::vector<W>>>;
    return Cogroup(other, std::move(partitioner))
        .FlatMap([left_alone, right_alone](const Groups& row) {
          return internal::JoinedRows<K, Left, Right>(row, left_alone, right_alone);
        });
  }

  // The rows of an operator with state, for all that read them: its state goes on once a batch, in
  // one task a partition, however many those are.
  template <typename U>
  DStream<U> StateRows(OperatorId state) const {
    static_assert(internal::kHasCodec<U> || !internal::kHasCodec<T>, WT_NO_CODEC);
    internal::KeepStateRows<U>(*graph_, state);
    return {*graph_,
            graph_->Add({state}, std::make_unique<UnionOperator>(Codec<U>::Name(), "StateRows"))};
  }

  template <typename U>
  bool Shares(const DStream<U>& other, const char* call) const {
    if (other.graph_ == graph_) return true;
    graph_->AddError(absl::InvalidArgumentError(
        absl::StrCat(call, " of ", title(), ": the other stream is of another context")));
    return false;
  }
  void CheckPartitions(bool valid, const char* call) const {
    if (valid) return;
    graph_->AddError(absl::InvalidArgumentError(
        absl::StrCat(call, " of ", title(), ": give it 1 to ", kMostPartitions, " partitions")));
  }

  template <typename U>
  DStream<U> Then(std::unique_ptr<StreamOperator> next) const {
    return DStream<U>(*graph_, graph_->Add({id_}, std::move(next)));
  }

  using StreamOutputs<T>::graph_;
  using StreamOutputs<T>::id_;
  using StreamOutputs<T>::title;
};

}  // namespace wavetank::runtime

#include "runtime/dstream/map_with_state_dstream.h"

#endif  // WAVETANK_RUNTIME_DSTREAM_DSTREAM_H_
