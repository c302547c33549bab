// SocketStream<T>: rows of any type from the bytes that a TCP server sends, cut by a function of
// the job's own, as Spark's socketStream.
//
//   // Messages of a length, four bytes, and so much text.
//   ssc.SocketStream<std::string>("host", 9999, [](std::string_view bytes,
//                                                  std::vector<std::string>& rows) -> size_t {
//     uint32_t length = 0;
//     if (bytes.size() < sizeof length) return 0;
//     std::memcpy(&length, bytes.data(), sizeof length);
//     if (bytes.size() - sizeof length < length) return 0;
//     rows.emplace_back(bytes.substr(sizeof length, length));
//     return sizeof length + length;
//   });
//
// The function is given what has come and was not taken yet, from where the connection, or what it
// took before, ended. It adds the rows that these bytes begin with, one or several, and gives how
// many bytes they were; 0: there is no whole row yet, ask again when more has come. As long as it
// takes some it is asked again, for the rest. In Spark it blocks on an InputStream, a thread each;
// here nothing waits in it. One that also takes a bool is told whether the server has ended the
// connection, behind these bytes: what the last row is may depend on that.
//
// Lossy, as SocketTextStream: a plain socket cannot be asked to send again. What is reported, after
// which the connection is made anew, and what had come and was not taken is gone:
//   - the function throws, or says that it took more than there was, or nothing and adds rows: the
//     rows that it added in that call are dropped
//   - it takes nothing of as many bytes as a line may have (DStreamOptions::line_bytes_max)
//   - the server ends the connection, and it leaves bytes of it
// A row whose encoding, as a line of a block (received_rows.h: with its line ends escaped), is
// longer than a line may be is dropped, and reported. The function runs on
// a worker, as part of a receiver: not in a batch, so it adds to no accumulator.
#ifndef WAVETANK_RUNTIME_DSTREAM_SOCKET_STREAM_H_
#define WAVETANK_RUNTIME_DSTREAM_SOCKET_STREAM_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "runtime/dstream/codec.h"
#include "runtime/dstream/received_rows.h"
#include "runtime/dstream/receiver_input.h"

namespace wavetank::runtime::internal {

// The user's function, without its type: adds rows as lines of a block.
using CutRows =
    std::function<size_t(std::string_view bytes, bool at_end, std::vector<std::string>& lines)>;

class CutSocketInput : public ReceiverInput {
 public:
  CutSocketInput(std::string host, int port, std::string codec, CutRows cut)
      : ReceiverInput("SocketStream", absl::StrCat(host, ":", port), std::move(codec)),
        cut_(std::move(cut)) {}
  std::unique_ptr<RawReceiver> MakeReceiver(const ReceiverTask& task) const override;
  std::string source() const override { return detail(); }
  bool is_reliable() const override { return false; }

 private:
  const CutRows cut_;
};

template <typename T>
class TypedCutSocketInput final : public CutSocketInput {
 public:
  template <typename F>
  TypedCutSocketInput(std::string host, int port, F converter)
      : CutSocketInput(std::move(host), port, Codec<T>::Name(), Cut(std::move(converter))) {}
  std::unique_ptr<ByteFeed> OpenFeed(RowSink& sink) const override {
    return std::make_unique<ReceivedFeed<T>>(sink);
  }

 private:
  template <typename F>
  static CutRows Cut(F converter) {
    return [converter = std::move(converter)](std::string_view bytes, bool at_end,
                                              std::vector<std::string>& lines) -> size_t {
      std::vector<T> rows;
      size_t taken = 0;
      if constexpr (std::is_invocable_r_v<size_t, const F&, std::string_view, bool,
                                          std::vector<T>&>) {
        taken = converter(bytes, at_end, rows);
      } else {
        taken = converter(bytes, rows);
      }
      for (const T& row : rows) lines.push_back(LineOf(row));
      return taken;
    };
  }
};

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_SOCKET_STREAM_H_
