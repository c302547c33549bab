#include "runtime/connectors/staged_rows.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/crc32c.h"
#include "checkpoint/paths.h"
#include "platform/status_macros.h"

namespace wavetank::runtime {
namespace {

class StagedRowsWriter final : public SinkWriter {
 public:
  StagedRowsWriter(checkpoint::Store& store, std::string directory, std::string name)
      : store_(store), directory_(std::move(directory)) {
    rows_.set_file(std::move(name));
  }

  Task<absl::Status> Write(RecordBatch rows) override {
    for (const Field& field : rows.schema().fields()) {
      if (field.type.is_storable()) continue;
      co_return absl::InvalidArgumentError(
          absl::StrCat("a batch function is given no column of type ", DataTypeName(field.type)));
    }
    if (file_ == nullptr) {
      WT_CO_ASSIGN_OR_RETURN(file_,
                             co_await store_.Stage(checkpoint::JoinPath(directory_, rows_.file())));
    }
    std::string bytes = rows.Encode();
    StagedBlock& block = *rows_.add_blocks();
    block.set_size_bytes(bytes.size());
    block.set_crc32c(checkpoint::Crc32c(bytes));
    co_return co_await file_->Append(std::move(bytes));
  }

  Task<absl::StatusOr<std::string>> Finish() override {
    if (file_ == nullptr) co_return std::string();
    const absl::Status published = co_await file_->Publish();
    // Nobody else has the name: it was done before its reply was lost.
    if (!absl::IsAlreadyExists(published)) WT_CO_RETURN_IF_ERROR(published);
    co_return rows_.SerializeAsString();
  }

 private:
  checkpoint::Store& store_;
  const std::string directory_;
  StagedRows rows_;
  std::unique_ptr<checkpoint::StagedFile> file_;
};

// Of "<batch>-<unique>"; nullopt: no such name.
std::optional<int64_t> BatchOfName(const std::string& name) {
  int64_t batch = 0;
  const size_t end = name.find('-');
  if (end == std::string::npos || !absl::SimpleAtoi(name.substr(0, end), &batch)) return {};
  return batch;
}

class Committer final : public TransactionalSink {
 public:
  Committer(checkpoint::Store& store, std::string directory,
            std::function<Task<absl::Status>(StagedBatch)> apply)
      : store_(store), directory_(std::move(directory)), apply_(std::move(apply)) {}

  bool remembers() const override { return false; }

  // Whoever applies a batch late applies what everybody applies: there is nobody to keep away.
  Task<absl::StatusOr<std::optional<CommittedBatch>>> Fence(FencingToken) override {
    co_return std::nullopt;
  }

  Task<absl::StatusOr<std::string>> Prepare(SinkBatch batch) override {
    StagedBatch staged;
    staged.set_batch(batch.batch);
    staged.set_definition_hash(batch.definition_hash);
    for (const std::string& part : batch.parts) {
      if (part.empty()) continue;
      if (!staged.add_parts()->ParseFromString(part)) {
        co_return absl::InternalError("a worker's part is none of a batch function's");
      }
    }
    WT_CO_RETURN_IF_ERROR(co_await RemoveBefore(batch.batch));
    co_return staged.SerializeAsString();
  }

  Task<absl::Status> Commit(std::string committable) override {
    StagedBatch batch;
    if (!batch.ParseFromString(committable)) co_return UnreadableBatch();
    co_return co_await apply_(std::move(batch));
  }

  Task<absl::StatusOr<CommittableState>> Ask(std::string) override {
    co_return CommittableState::kPending;
  }

  Task<absl::StatusOr<std::vector<std::string>>> Uncommitted() override {
    WT_CO_ASSIGN_OR_RETURN(std::vector<std::string> names, co_await store_.ListNames(directory_));
    std::erase_if(names, [](const std::string& name) { return !BatchOfName(name); });
    for (std::string& name : names) name = checkpoint::JoinPath(directory_, name);
    co_return names;
  }

  Task<absl::Status> RemoveUncommitted(std::vector<std::string> paths,
                                       std::string prepared) override {
    StagedBatch kept;
    if (!kept.ParseFromString(prepared)) co_return UnreadableBatch();
    for (const StagedRows& part : kept.parts()) {
      std::erase(paths, checkpoint::JoinPath(directory_, part.file()));
    }
    co_return co_await RemoveAll(std::move(paths));
  }

 private:
  // Those of batches that are committed, whoever has staged them.
  Task<absl::Status> RemoveBefore(int64_t batch) {
    WT_CO_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           co_await store_.ListNames(directory_));
    std::vector<std::string> old;
    for (const std::string& name : names) {
      const std::optional<int64_t> of = BatchOfName(name);
      if (of && *of < batch) old.push_back(checkpoint::JoinPath(directory_, name));
    }
    co_return co_await RemoveAll(std::move(old));
  }

  Task<absl::Status> RemoveAll(std::vector<std::string> paths) {
    if (paths.empty()) co_return absl::OkStatus();
    co_return co_await store_.RemoveAll(std::move(paths));
  }
  static absl::Status UnreadableBatch() {
    return absl::DataLossError("the log names a prepared batch that cannot be read");
  }

  checkpoint::Store& store_;
  const std::string directory_;
  const std::function<Task<absl::Status>(StagedBatch)> apply_;
};

class StagedRowsOfBatch final : public PreparedBatch {
 public:
  StagedRowsOfBatch(platform::Node& node, checkpoint::Store& store, std::string directory,
                    StagedBatch batch, OptionMap options, BatchQuery query)
      : node_(node),
        store_(store),
        directory_(std::move(directory)),
        batch_(std::move(batch)),
        options_(std::move(options)),
        query_(std::move(query)) {}

  int64_t id() const override { return batch_.batch(); }
  uint64_t definition_hash() const override { return batch_.definition_hash(); }
  const BatchQuery& query() const override { return query_; }
  const OptionMap& options() const override { return options_; }
  platform::Node& node() override { return node_; }
  checkpoint::Store& store() override { return store_; }

  Task<absl::StatusOr<std::optional<RecordBatch>>> Next() override {
    while (part_ < batch_.parts_size() && block_ == batch_.parts(part_).blocks_size()) {
      ++part_;
      block_ = 0;
      offset_ = 0;
    }
    if (part_ == batch_.parts_size()) co_return std::nullopt;
    const StagedRows& part = batch_.parts(part_);
    const StagedBlock& block = part.blocks(block_++);
    const std::string path = checkpoint::JoinPath(directory_, part.file());
    WT_CO_ASSIGN_OR_RETURN(const std::string bytes,
                           co_await store_.Read(path, offset_, block.size_bytes()));
    if (bytes.size() != block.size_bytes() || checkpoint::Crc32c(bytes) != block.crc32c()) {
      co_return absl::DataLossError(absl::StrCat(
          path, ": the prepared rows at byte ", offset_,
          " are damaged, and may have been applied in part: put the file back as it was"));
    }
    offset_ += block.size_bytes();
    WT_CO_ASSIGN_OR_RETURN(RecordBatch rows, RecordBatch::Decode(bytes));
    co_return rows;
  }

 private:
  platform::Node& node_;
  checkpoint::Store& store_;
  const std::string directory_;
  const StagedBatch batch_;
  const OptionMap options_;
  const BatchQuery query_;
  int part_ = 0;
  int block_ = 0;
  uint64_t offset_ = 0;
};

}  // namespace

std::string StagedRowsDirectory(const std::string& checkpoint_directory) {
  return checkpoint::JoinPath(checkpoint_directory, "prepared");
}

std::unique_ptr<SinkWriter> StageRows(checkpoint::Store& store, std::string directory,
                                      int64_t batch, const std::string& unique) {
  return std::make_unique<StagedRowsWriter>(store, std::move(directory),
                                            absl::StrCat(batch, "-", unique));
}

std::unique_ptr<TransactionalSink> BatchFunctionSink(
    checkpoint::Store& store, std::string directory,
    std::function<Task<absl::Status>(StagedBatch batch)> apply) {
  return std::make_unique<Committer>(store, std::move(directory), std::move(apply));
}

Task<absl::Status> ApplyStagedBatch(platform::Node& node, checkpoint::Store& store,
                                    std::string directory, StagedBatch batch, OptionMap options,
                                    BatchFunction function, BatchQuery query) {
  StagedRowsOfBatch rows(node, store, std::move(directory), std::move(batch), std::move(options),
                         std::move(query));
  co_return co_await function(rows);
}

}  // namespace wavetank::runtime
