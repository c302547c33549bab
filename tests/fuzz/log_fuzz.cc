#include <string>
#include <string_view>

#include "checkpoint/epoch_log.h"
#include "checkpoint/framing.h"
#include "platform/check.h"
#include "tests/fuzz/fuzz_seeds.h"

namespace wavetank {
namespace {

using namespace checkpoint;  // NOLINT(google-build-using-namespace): all of it is judged

const LogFile kFile{.path = "log/log-3", .id = 0, .epoch = 3};

Group MakeGroup(GroupKind kind, uint64_t sequence, uint64_t offset, std::string payload) {
  Group group;
  group.kind = kind;
  group.sequence = sequence;
  group.epoch = kFile.epoch;
  group.durable_bytes = offset;
  group.offset = offset;
  group.payload = std::move(payload);
  return group;
}

}  // namespace

std::vector<std::string> fuzz::Seeds() {
  const std::string seal = EncodeSeal({{.kind = SealItem::Kind::kBase,
                                        .segment = {Epoch(1), 0},
                                        .length = 99,
                                        .owner = "m1/driver/driver/1/4"},
                                       {.kind = SealItem::Kind::kInPlace,
                                        .segment = {Epoch(2), 4},
                                        .length = 70,
                                        .owner = "m2/driver/driver/1/4"},
                                       {.records = {"a", "bc"}}});
  std::string log = EncodeGroup(kFile, MakeGroup(GroupKind::kSeal, 0, 0, seal));
  for (uint64_t sequence = 1; sequence <= 3; ++sequence) {
    const std::string payload = EncodeRecords({"record", std::string(20, 'x')});
    log += EncodeGroup(kFile, MakeGroup(GroupKind::kRecords, sequence, log.size(), payload));
  }
  return {log, log.substr(0, log.size() - 7), EncodeEpochFile("m1/driver/driver/1/5"), seal};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto log = DecodeLog(kFile, bytes, 0);
  if (log.ok()) {
    std::string again;
    for (const Group& group : log->groups) {
      again += EncodeGroup(kFile, group);
      (void)DecodeSeal(kFile, group).ok();
      (void)DecodeRecords(kFile, group).ok();
    }
    WT_CHECK(again == bytes.substr(0, log->extent.valid_bytes), "what is read was written");
    WT_CHECK(log->extent.valid_bytes + log->extent.torn_bytes == bytes.size());
  }
  const auto owner = DecodeEpochFile("log/epoch-3", bytes);
  if (owner.ok()) WT_CHECK(EncodeEpochFile(*owner).size() == bytes.size());
  if (!bytes.empty()) {
    for (const GroupKind kind : {GroupKind::kSeal, GroupKind::kRecords}) {
      const Group group = MakeGroup(kind, 0, 0, bytes);
      (void)DecodeSeal(kFile, group).ok();
      (void)DecodeRecords(kFile, group).ok();
    }
  }
  return 0;
}

}  // namespace wavetank
