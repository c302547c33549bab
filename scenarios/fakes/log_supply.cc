#include "scenarios/fakes/log_supply.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace wavetank::scenarios::fakes {

namespace {

// How long what the world leaves open stays so.
constexpr int64_t kOpenForMs = 5'000;

}  // namespace

std::vector<JournalEntry> EntriesOf(const LogWrite& write, int64_t number, int64_t producer_id) {
  std::vector<JournalEntry> entries;
  JournalEntry made;
  Appended& appended = *made.mutable_appended();
  appended.set_topic(write.topic);
  appended.set_partition(write.partition);
  appended.set_supplied(number);
  for (const std::string& value : write.values) {
    runtime::logs::LogRecord& record = *appended.add_records();
    if (write.key) record.set_key(*write.key);
    record.set_value(value);
    record.set_timestamp_ms(write.timestamp_ms);
  }
  if (write.end != LogWrite::End::kNone) {
    JournalEntry entry;
    entry.mutable_producer()->set_producer_id(producer_id);
    entry.mutable_producer()->set_transactional_id(absl::StrCat("supplier-", number));
    entry.mutable_producer()->set_transaction_timeout_ms(kOpenForMs);
    entries.push_back(std::move(entry));
    appended.set_producer_id(producer_id);
    appended.set_transactional(true);
  }
  entries.push_back(std::move(made));
  if (write.end == LogWrite::End::kCommit || write.end == LogWrite::End::kAbort) {
    JournalEntry entry;
    entry.mutable_ended()->set_producer_id(producer_id);
    entry.mutable_ended()->set_commit(write.end == LogWrite::End::kCommit);
    entries.push_back(std::move(entry));
  }
  if (write.trim > 0) {
    JournalEntry entry;
    entry.mutable_trimmed()->set_topic(write.topic);
    entry.mutable_trimmed()->set_partition(write.partition);
    entry.mutable_trimmed()->set_start(write.trim);
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace wavetank::scenarios::fakes
