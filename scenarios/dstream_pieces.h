// DStreamPieces: what a DStream's source gave, as the pieces that its batch log names: files of a
// directory, or blocks of a socket's lines.
#ifndef WAVETANK_SCENARIOS_DSTREAM_PIECES_H_
#define WAVETANK_SCENARIOS_DSTREAM_PIECES_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "properties/at_least_once.h"
#include "properties/decode_log.h"
#include "properties/received_blocks.h"
#include "properties/verdict.h"
#include "scenarios/fakes/line_server.h"
#include "scenarios/input.h"

namespace wavetank::scenarios {

class DStreamPieces {
 public:
  virtual ~DStreamPieces() = default;

  // What is put into an input of the job, this one or another.
  virtual void Arrives(const ArrivingFile& piece) = 0;
  // Called with the log before that is judged, at each change of it or of what is beside it. Gives
  // what is newly wrong with the pieces alone.
  virtual std::vector<properties::Violation> Observe(int64_t now_ns,
                                                     const properties::DurableFiles& files,
                                                     const properties::BatchLogView& log) = 0;
  // As of a RunChecker.
  virtual std::vector<std::string> WatchesOutside() const { return {}; }
  virtual std::vector<properties::Violation> ObserveOutside(
      int64_t /*now_ns*/, const properties::ObservedFiles& /*observed*/) {
    return {};
  }
  // After each instant at which anything was observed.
  virtual void ObserveTime(int64_t /*now_ns*/) {}
  // As PieceLines has them.
  virtual std::vector<std::string> Lines(const std::string& piece) const = 0;
  // The line, of one that is encoded.
  virtual std::string TextOf(const std::string& line) const { return line; }
  // Those that must be in a batch, as far as is known.
  virtual std::vector<std::string> Owed() const = 0;
  // Whether no more will come.
  virtual bool Complete() const = 0;
  // What has arrived and is input by the source's rule; `times` says how many batches have a piece.
  virtual std::vector<std::string> Given(
      const std::function<int64_t(const std::string& piece)>& times) const = 0;
  // Whether the source gave what arrived in the order of Given().
  virtual bool InOrder() const { return true; }
  // How many batches may have the piece.
  virtual int64_t TimesInput(const std::string& piece) const = 0;
};

// A file is a piece, unless it was there before the streams first started.
class FilePieces final : public DStreamPieces {
 public:
  FilePieces(std::string directory, int64_t forget_after_ms)
      : directory_(std::move(directory)), forget_after_ms_(forget_after_ms) {}

  void Arrives(const ArrivingFile& piece) override;

  std::vector<properties::Violation> Observe(int64_t now_ns, const properties::DurableFiles& files,
                                             const properties::BatchLogView& log) override;
  std::vector<std::string> Lines(const std::string& piece) const override;
  std::vector<std::string> Owed() const override;
  bool Complete() const override { return true; }
  std::vector<std::string> Given(
      const std::function<int64_t(const std::string& piece)>& times) const override;
  bool InOrder() const override { return !IsRewound(input_); }
  int64_t TimesInput(const std::string& piece) const override;

 private:
  std::string PathOf(const ArrivingFile& file) const;
  // Below the directory; "" if it is not there.
  std::string_view NameOf(std::string_view piece) const;

  const std::string directory_;
  InputPlan input_;
  const int64_t forget_after_ms_;
  std::set<std::string> old_files_;
};

// A block that was stored is owed; a line that is in none is not, for a socket is not told what
// arrived. So nothing says that the last block has come but time: after the server has written all
// lines, no block for a while. Of a server that keeps its lines each is owed, and it may be told
// that a line is safe only when that is in a block that is logged.
class BlockPieces final : public DStreamPieces {
 public:
  BlockPieces(std::string server, std::string blocks_directory,
              std::shared_ptr<const fakes::LineFeed> feed, bool kept, bool escaped)
      : server_(std::move(server)),
        feed_(std::move(feed)),
        kept_(kept),
        escaped_(escaped),
        blocks_(std::move(blocks_directory)) {}

  void Arrives(const ArrivingFile& piece) override;
  std::vector<properties::Violation> Observe(int64_t now_ns, const properties::DurableFiles& files,
                                             const properties::BatchLogView& log) override;
  void ObserveTime(int64_t now_ns) override;
  std::vector<std::string> Lines(const std::string& piece) const override {
    return blocks_.Lines(piece);
  }
  std::string TextOf(const std::string& line) const override;
  std::vector<std::string> Owed() const override { return blocks_.Owed(); }
  bool Complete() const override;
  std::vector<std::string> Given(
      const std::function<int64_t(const std::string& piece)>&) const override {
    return given_;
  }
  int64_t TimesInput(const std::string&) const override { return 1; }

 private:
  const std::string server_;
  std::vector<std::string> given_;
  const std::shared_ptr<const fakes::LineFeed> feed_;
  const bool kept_;
  // Whether backslashes of a line stand in blocks as two: of a receiver of the job's own.
  const bool escaped_;
  bool told_too_much_ = false;  // and that was reported
  properties::ReceivedBlocks blocks_;
  int64_t now_ns_ = 0;
  int64_t last_news_ns_ = 0;  // when a line was written or a block logged, as far as was observed
  int64_t taken_ = 0;
  size_t logged_ = 0;
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_DSTREAM_PIECES_H_
