#include "runtime/connectors/memory_stream.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "platform/status_macros.h"
#include "runtime/columnar/take.h"

namespace wavetank::runtime {
namespace {

const ConnectorOption& MaxRows() {
  static const auto* const option =
      new ConnectorOption{.name = "maxRowsPerTrigger",
                          .takes = "a whole number above 0",
                          .default_value = "",
                          .meaning = "how many rows a batch reads at most; all, if not given",
                          .no_limit = "9223372036854775807"};
  return *option;
}

struct MemoryOffset {
  std::string incarnation;
  int64_t row = 0;

  std::string ToText() const { return absl::StrCat(incarnation, ":", row); }
};

absl::StatusOr<MemoryOffset> ParseOffset(const std::string& text) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  MemoryOffset offset{.incarnation = parts.first};
  if (absl::SimpleAtoi(parts.second, &offset.row) && offset.row >= 0) return offset;
  return absl::DataLossError(absl::StrCat("'", text, "' is no offset of a stream in memory"));
}

class OfMemory final : public Source {
 public:
  OfMemory(MemoryStream& stream, int64_t max_rows) : stream_(stream), max_rows_(max_rows) {}

  Task<absl::StatusOr<std::string>> Begin() override { co_return At(stream_.extent().released); }

  Task<absl::StatusOr<SourceInput>> Define(std::string after) override {
    WT_CO_ASSIGN_OR_RETURN(const MemoryOffset offset, ParseOffset(after));
    // What a process before had is behind us.
    const int64_t begin = offset.incarnation == stream_.incarnation() ? offset.row : 0;
    const int64_t there = std::max(begin, std::min(stream_.extent().end, stop_at_));
    const int64_t end = there - begin > max_rows_ ? begin + max_rows_ : there;
    SourceInput input;
    input.range.set_end_offset(end == begin ? after : At(end));
    input.range.set_start_offset(std::move(after));
    co_return input;
  }

  Task<absl::StatusOr<std::string>> Freeze() override { co_return At(stream_.extent().end); }

  absl::Status StopAt(const std::string& frozen) override {
    WT_ASSIGN_OR_RETURN(const MemoryOffset offset, ParseOffset(frozen));
    stop_at_ = offset.row;
    return absl::OkStatus();
  }

  Task<absl::Status> Committed(std::string end) override {
    WT_CO_ASSIGN_OR_RETURN(const MemoryOffset offset, ParseOffset(end));
    if (offset.incarnation == stream_.incarnation()) stream_.Release(offset.row);
    co_return absl::OkStatus();
  }

 private:
  std::string At(int64_t row) const {
    return MemoryOffset{.incarnation = stream_.incarnation(), .row = row}.ToText();
  }

  MemoryStream& stream_;
  const int64_t max_rows_;
  int64_t stop_at_ = std::numeric_limits<int64_t>::max();
};

class MemoryRows final : public SplitReader {
 public:
  explicit MemoryRows(std::vector<RecordBatch> rows) : rows_(std::move(rows)) {}

  Task<absl::StatusOr<std::optional<RecordBatch>>> Next() override {
    if (next_ == rows_.size()) co_return std::nullopt;
    co_return std::move(rows_[next_++]);
  }

 private:
  std::vector<RecordBatch> rows_;
  size_t next_ = 0;
};

absl::StatusOr<std::unique_ptr<SplitReader>> ReadMemory(const MemoryStream& stream,
                                                        const std::string& split) {
  checkpoint::SourceRange range;
  if (!range.ParseFromString(split)) return absl::DataLossError("no split of a stream in memory");
  WT_ASSIGN_OR_RETURN(const MemoryOffset begin, ParseOffset(range.start_offset()));
  WT_ASSIGN_OR_RETURN(const MemoryOffset end, ParseOffset(range.end_offset()));
  if (end.incarnation != stream.incarnation()) {
    return absl::DataLossError(
        absl::StrCat("the rows up to ", range.end_offset(),
                     " were in the memory of a process that has ended: they are lost; begin the "
                     "query anew, with a new checkpoint and a new sink"));
  }
  const bool goes_on = begin.incarnation == stream.incarnation();
  WT_ASSIGN_OR_RETURN(std::vector<RecordBatch> rows, stream.Read(goes_on ? begin.row : 0, end.row));
  return std::make_unique<MemoryRows>(std::move(rows));
}

}  // namespace

absl::Status MemoryStream::Append(RecordBatch rows) {
  if (rows.schema() != *schema_) {
    return absl::InvalidArgumentError("rows of other columns than the stream in memory has");
  }
  if (rows.num_rows() == 0) return absl::OkStatus();
  if (kept_bytes_ >= options_.max_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat("a stream in memory holds ", kept_bytes_,
                                                     " bytes that no batch has "
                                                     "committed, of at most ",
                                                     options_.max_bytes,
                                                     ": append again once a batch is"));
  }
  const uint64_t bytes = rows.Encode().size();
  const int64_t first = std::exchange(end_, end_ + rows.num_rows());
  kept_bytes_ += bytes;
  kept_.push_back({.first = first, .bytes = bytes, .rows = std::move(rows)});
  return absl::OkStatus();
}

MemoryStream::Extent MemoryStream::extent() const {
  return {.end = end_, .released = kept_.empty() ? end_ : kept_.front().first};
}

absl::StatusOr<std::vector<RecordBatch>> MemoryStream::Read(int64_t begin, int64_t end) const {
  std::vector<RecordBatch> rows;
  if (begin >= end) return rows;
  if (end > end_ || kept_.empty() || begin < kept_.front().first) {
    return absl::DataLossError(absl::StrCat("rows [", begin, ", ", end,
                                            ") of a stream in memory are not there: it has [",
                                            MemoryStream::extent().released, ", ", end_, ")"));
  }
  for (const Piece& piece : kept_) {
    const int64_t from = std::max(begin, piece.first) - piece.first;
    const int64_t to = std::min(end, piece.first + piece.rows.num_rows()) - piece.first;
    if (from >= to) continue;
    if (from == 0 && to == piece.rows.num_rows()) {
      rows.push_back(piece.rows);
      continue;
    }
    RowNumbers numbers;
    for (int64_t row = from; row < to; ++row) numbers.Append(static_cast<uint32_t>(row));
    rows.push_back(Take(piece.rows, Numbers(numbers)));
  }
  return rows;
}

// Pieces go whole.
void MemoryStream::Release(int64_t end) {
  while (!kept_.empty() && kept_.front().first + kept_.front().rows.num_rows() <= end) {
    kept_bytes_ -= kept_.front().bytes;
    kept_.pop_front();
  }
}

SourceFormat MemorySource(MemoryStream& stream, const std::string& name) {
  return {.name = name,
          .meaning = "rows that the embedding program appends",
          .options = {MaxRows()},
          .replayable = false,
          .schema = [&stream](const SourceDescription& source) -> absl::StatusOr<SchemaPtr> {
            WT_RETURN_IF_ERROR(NumberOption(source.options, MaxRows(), 1).status());
            for (const Field& field : stream.schema()->fields()) {
              if (field.type.is_storable()) continue;
              return absl::InvalidArgumentError(
                  absl::StrCat("a stream in memory has no columns of type ",
                               DataTypeName(field.type), ", as ", field.name));
            }
            return stream.schema();
          },
          .open = [&stream](const SourceDescription& source,
                            SourceContext) -> absl::StatusOr<std::unique_ptr<Source>> {
            WT_ASSIGN_OR_RETURN(const int64_t max_rows, NumberOption(source.options, MaxRows(), 1));
            return std::make_unique<OfMemory>(stream, max_rows);
          },
          .read = [&stream](const SourceDescription&, const std::string& split,
                            SplitContext) { return ReadMemory(stream, split); }};
}

}  // namespace wavetank::runtime
