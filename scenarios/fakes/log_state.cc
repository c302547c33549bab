#include "scenarios/fakes/log_state.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace wavetank::scenarios::fakes {

namespace {

// So many appends can be told from new ones when they come again.
constexpr size_t kSequencesKept = 5;

}  // namespace

int64_t LogState::Partition::last_stable() const {
  int64_t stable = end();
  for (const auto& [transaction, begin] : open) stable = std::min(stable, begin);
  return stable;
}

int64_t LogState::Partition::BytesBefore(int64_t offset) const {
  if (stored.empty()) return 0;
  const int64_t at = std::min(offset - start, static_cast<int64_t>(stored.size()));
  if (at > 0) return stored[static_cast<size_t>(at - 1)].bytes_so_far;
  return stored.front().bytes_so_far - static_cast<int64_t>(stored.front().record.ByteSizeLong());
}

int64_t LogState::Partition::EndWithin(int64_t begin, int64_t end, int64_t most_bytes) const {
  const int64_t first = std::clamp<int64_t>(begin - start, 0, std::ssize(stored));
  const int64_t last = std::clamp<int64_t>(end - start, first, std::ssize(stored));
  const auto beyond = std::upper_bound(
      stored.begin() + first, stored.begin() + last, BytesBefore(begin) + most_bytes,
      [](int64_t most, const Stored& record) { return most < record.bytes_so_far; });
  return std::max(begin, start + (beyond - stored.begin()));
}

void LogState::Partition::Store(Stored record) {
  const int64_t before = stored.empty() ? 0 : stored.back().bytes_so_far;
  record.bytes_so_far = before + static_cast<int64_t>(record.record.ByteSizeLong());
  stored.push_back(std::move(record));
}

absl::Status LogState::Add(std::string_view record) {
  JournalEntry entry;
  if (!entry.ParseFromArray(record.data(), static_cast<int>(record.size()))) {
    return absl::DataLossError("the journal of a log server has what is no entry");
  }
  switch (entry.kind_case()) {
    case JournalEntry::kTopic:
      Make(entry.topic());
      break;
    case JournalEntry::kProducer:
      Make(entry.producer());
      break;
    case JournalEntry::kAppended:
      Append(entry.appended());
      break;
    case JournalEntry::kOffset: {
      const int64_t transaction = OpenTransactionOf(entry.offset().producer_id());
      transactions_[static_cast<size_t>(transaction)].offsets.emplace_back(entry.offset().group(),
                                                                           entry.offset().offset());
      break;
    }
    case JournalEntry::kEnded:
      End(entry.ended());
      break;
    case JournalEntry::kTrimmed:
      Trim(entry.trimmed());
      break;
    case JournalEntry::kMade:
      id_ = entry.made().log_id();
      break;
    case JournalEntry::KIND_NOT_SET:
      return absl::DataLossError("the journal of a log server has an entry of no known kind");
  }
  return absl::OkStatus();
}

void LogState::Make(const TopicMade& made) {
  Topic& topic = topics_[made.topic()];
  topic.resize(std::max(topic.size(), static_cast<size_t>(made.partitions())));
}

void LogState::Make(const ProducerMade& made) {
  Producer& producer = producers_[made.producer_id()];
  producer.id = made.producer_id();
  producer.epoch = made.epoch();
  producer.transactional_id = made.transactional_id();
  producer.timeout_ms = made.transaction_timeout_ms();
  // Who is new has ended nothing.
  producer.last_was_commit.reset();
  if (!producer.transactional_id.empty()) {
    transactional_ids_[producer.transactional_id] = producer.id;
  }
  next_producer_id_ = std::max(next_producer_id_, producer.id + 1);
}

int64_t LogState::OpenTransactionOf(int64_t id) {
  Producer& producer = producers_[id];
  if (producer.transaction < 0) {
    producer.transaction = static_cast<int64_t>(transactions_.size());
    transactions_.emplace_back();
  }
  return producer.transaction;
}

void LogState::Append(const Appended& appended) {
  const std::pair<std::string, int32_t> where = {appended.topic(), appended.partition()};
  Partition& partition = topics_[where.first][static_cast<size_t>(where.second)];
  const int64_t base = partition.end();
  int64_t transaction = -1;
  if (appended.transactional()) {
    transaction = OpenTransactionOf(appended.producer_id());
    if (partition.open.emplace(transaction, base).second) {
      transactions_[static_cast<size_t>(transaction)].partitions.push_back(where);
    }
  }
  for (const runtime::logs::LogRecord& record : appended.records()) {
    partition.Store({.record = record, .transaction = transaction});
  }
  if (appended.has_first_sequence()) {
    Producer& producer = producers_[appended.producer_id()];
    Sequences& sequences = producer.sequences[where];
    if (sequences.epoch != producer.epoch) sequences = {.epoch = producer.epoch};
    sequences.next = appended.first_sequence() + appended.records_size();
    sequences.newest.emplace_back(appended.first_sequence(), base);
    if (sequences.newest.size() > kSequencesKept) sequences.newest.pop_front();
  }
  supplied_ = std::max(supplied_, appended.supplied());
}

void LogState::End(const TransactionEnded& ended) {
  Producer& producer = producers_[ended.producer_id()];
  producer.epoch = ended.epoch();
  producer.last_was_commit = ended.commit();
  const int64_t number = std::exchange(producer.transaction, -1);
  if (number < 0) return;
  Transaction& transaction = transactions_[static_cast<size_t>(number)];
  transaction.ended = ended.commit() ? Ended::kCommitted : Ended::kAborted;
  for (const auto& [topic, at] : transaction.partitions) {
    Partition& partition = topics_[topic][static_cast<size_t>(at)];
    partition.open.erase(number);
    partition.Store({.record = {}, .transaction = number, .is_marker = true});
  }
  if (!ended.commit()) return;
  for (auto& [group, offset] : transaction.offsets) offsets_[group] = offset;
}

void LogState::Trim(const Trimmed& trimmed) {
  Partition& partition = topics_[trimmed.topic()][static_cast<size_t>(trimmed.partition())];
  while (partition.start < trimmed.start() && !partition.stored.empty()) {
    partition.stored.pop_front();
    ++partition.start;
  }
}

const LogState::Topic* LogState::FindTopic(const std::string& topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : &found->second;
}

const LogState::Partition* LogState::Find(const std::string& topic, int32_t partition) const {
  const Topic* const found = FindTopic(topic);
  if (found == nullptr || partition < 0 || partition >= std::ssize(*found)) return nullptr;
  return &(*found)[static_cast<size_t>(partition)];
}

runtime::logs::MeasureReply LogState::Measure(const runtime::logs::MeasureRequest& request) const {
  const auto bytes_of = [this, &request](const runtime::logs::OffsetRange& range) {
    const Partition& partition = *Find(request.topic(), range.partition());
    return partition.BytesBefore(range.end()) - partition.BytesBefore(range.begin());
  };
  int64_t all = 0;
  for (const runtime::logs::OffsetRange& range : request.ranges()) all += bytes_of(range);
  const double part =
      all == 0 ? 1
               : std::min(1.0, static_cast<double>(request.max_bytes()) / static_cast<double>(all));
  runtime::logs::MeasureReply reply;
  bool any = false;
  for (const runtime::logs::OffsetRange& range : request.ranges()) {
    const Partition& partition = *Find(request.topic(), range.partition());
    const auto share = static_cast<int64_t>(static_cast<double>(bytes_of(range)) * part);
    const int64_t end =
        part < 1 ? partition.EndWithin(range.begin(), range.end(), share) : range.end();
    any = any || end > range.begin();
    reply.add_ends(end);
  }
  for (int i = 0; i < request.ranges_size() && !any; ++i) {
    const runtime::logs::OffsetRange& range = request.ranges(i);
    any = range.end() > range.begin();
    if (any) reply.set_ends(i, range.begin() + 1);
  }
  return reply;
}

absl::StatusOr<runtime::logs::FetchReply> LogState::Fetch(
    const runtime::logs::FetchRequest& request, int64_t most_bytes) const {
  const Partition& partition = *Find(request.topic(), request.partition());
  if (request.offset() < partition.start || request.offset() > partition.end()) {
    return absl::OutOfRangeError(absl::StrCat("partition ", request.partition(), " of topic ",
                                              request.topic(), " holds offsets from ",
                                              partition.start, " to ", partition.end()));
  }
  const bool committed = !request.read_uncommitted();
  int64_t end = committed ? partition.last_stable() : partition.end();
  if (request.end() > 0) end = std::min(end, request.end());
  const int64_t most = std::clamp<int64_t>(request.max_bytes(), 1, most_bytes);
  runtime::logs::FetchReply reply;
  int64_t bytes = 0;
  int64_t at = request.offset();
  for (; at < end; ++at) {
    const Stored& stored = partition.stored[static_cast<size_t>(at - partition.start)];
    const bool aborted = stored.transaction >= 0 && StateOf(stored.transaction) == Ended::kAborted;
    if (stored.is_marker || (committed && aborted)) continue;
    bytes += static_cast<int64_t>(stored.record.ByteSizeLong());
    if (bytes > most && reply.records_size() > 0) break;
    runtime::logs::FetchedRecord& fetched = *reply.add_records();
    fetched.set_offset(at);
    *fetched.mutable_record() = stored.record;
  }
  reply.set_next_offset(at);
  return reply;
}

const LogState::Producer* LogState::FindProducer(int64_t id) const {
  const auto found = producers_.find(id);
  return found == producers_.end() ? nullptr : &found->second;
}

const LogState::Producer* LogState::OfTransactionalId(const std::string& id) const {
  const auto found = transactional_ids_.find(id);
  return found == transactional_ids_.end() ? nullptr : FindProducer(found->second);
}

const runtime::logs::GroupOffset* LogState::FindOffset(const std::string& group) const {
  const auto found = offsets_.find(group);
  return found == offsets_.end() ? nullptr : &found->second;
}

}  // namespace wavetank::scenarios::fakes
