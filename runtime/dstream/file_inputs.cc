#include "runtime/dstream/file_inputs.h"

#include "runtime/connectors/source_directory.h"

namespace wavetank::runtime {

uint64_t FileInput::shown_bytes() const { return kCompressionMarkBytes; }

absl::Status TextFileInput::Check(const std::string& path, uint64_t,
                                  std::string_view first_bytes) const {
  return RefuseCompressed(path, first_bytes);
}

absl::Status BinaryRecordsInput::Check(const std::string& path, uint64_t size_bytes,
                                       std::string_view) const {
  if (size_bytes % length_ == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "input file ", path, " has ", size_bytes, " bytes: ", size_bytes / length_,
      " records of the ", length_, " bytes that ", Title(), " says, and ", size_bytes % length_,
      " bytes more: take it out of the directory, or give the length of its records"));
}

uint64_t BinaryRecordsInput::part_bytes(uint64_t size_bytes) const {
  if (options.files.lost == LostFiles::kSkip) return size_bytes;
  const uint64_t records = size_bytes / length_;
  const uint64_t least = (records + kMostFileParts - 1) / kMostFileParts;
  return std::max({split_bytes_ / length_, least, uint64_t{1}}) * length_;
}

absl::Status ObjectFileInput::Check(const std::string& path, uint64_t,
                                    std::string_view first_bytes) const {
  const absl::Status is_such = internal::CheckObjectFileMark(first_bytes, codec());
  if (is_such.ok()) return is_such;
  return absl::FailedPreconditionError(absl::StrCat("input file ", path, " cannot be read by ",
                                                    Title(), ": ", is_such.message(),
                                                    "; take it out of the directory"));
}

namespace internal {

absl::Status RecordFeed::Push(std::string_view piece) {
  if (!begun_.empty()) {
    const size_t wanted = std::min(length_ - begun_.size(), piece.size());
    begun_.append(piece.substr(0, wanted));
    piece.remove_prefix(wanted);
    if (begun_.size() < length_) return absl::OkStatus();
    Give(begun_);
    Flush();
    begun_.clear();
  }
  for (; piece.size() >= length_; piece.remove_prefix(length_)) Give(piece.substr(0, length_));
  Flush();
  begun_.append(piece);
  return absl::OkStatus();
}

absl::Status RecordFeed::EndFile() {
  if (begun_.empty()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("it ends within a record, of which it has ",
                                          begun_.size(), " of ", length_, " bytes"));
}

void RecordFeed::Give(std::string_view record) {
  records_.push_back(record);
  if (records_.size() >= kChunkRows) Flush();
}

void RecordFeed::Flush() {
  if (!records_.empty()) sink_.TakeViews(records_);
  records_.clear();
}

}  // namespace internal

absl::Status CheckNotOfText(const char* call, const InputFileOptions& files) {
  const InputFileOptions unsaid;
  const char* what = nullptr;
  if (files.max_line_bytes != unsaid.max_line_bytes)
    what = "max_line_bytes: its files have no lines";
  if (files.ignore_corrupt) what = "ignore_corrupt: it is of structured queries alone";
  if (what == nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(call, " is given ", what, "; leave it out"));
}

}  // namespace wavetank::runtime
