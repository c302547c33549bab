// ReceiverInput: a stream that a receiver brings in, as a part of the plan.
#ifndef WAVETANK_RUNTIME_DSTREAM_RECEIVER_INPUT_H_
#define WAVETANK_RUNTIME_DSTREAM_RECEIVER_INPUT_H_

#include <memory>
#include <string>

#include "runtime/dstream/operator.h"

namespace wavetank::runtime {

class RawReceiver;
struct ReceiverTask;

class ReceiverInput : public InputOperator {
 public:
  using InputOperator::InputOperator;
  // A run of its own for each task.
  virtual std::unique_ptr<RawReceiver> MakeReceiver(const ReceiverTask& task) const = 0;
  // What it connects to, "host:port"; "": nothing that others could know.
  virtual std::string source() const = 0;
  // Whether the source keeps what it has sent until it is told that it is input: then it is told so
  // by this stream alone, which needs a checkpoint.
  virtual bool is_reliable() const = 0;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_RECEIVER_INPUT_H_
