#include "scenarios/fakes/log_answers.h"

namespace wavetank::scenarios::fakes {

namespace logs = runtime::logs;

absl::Status NoSuchPartition(const std::string& topic, int32_t partition) {
  return absl::NotFoundError(
      absl::StrCat("there is no partition ", partition, " of topic ", topic));
}

absl::StatusOr<std::string> TellMetadata(const LogState& state, const std::string& body) {
  WT_RETURN_IF_ERROR(AskedOf<logs::MetadataRequest>(state, body).status());
  logs::MetadataReply reply;
  reply.set_log_id(state.id());
  return reply.SerializeAsString();
}

absl::StatusOr<std::string> TellMeasure(const LogState& state, const std::string& body) {
  WT_ASSIGN_OR_RETURN(const auto request, AskedOf<logs::MeasureRequest>(state, body));
  for (const logs::OffsetRange& range : request.ranges()) {
    if (state.Find(request.topic(), range.partition()) == nullptr) {
      return NoSuchPartition(request.topic(), range.partition());
    }
  }
  return state.Measure(request).SerializeAsString();
}

absl::StatusOr<std::string> TellRecords(const LogState& state, const std::string& body,
                                        int64_t most_bytes) {
  WT_ASSIGN_OR_RETURN(const auto request, AskedOf<logs::FetchRequest>(state, body));
  if (state.Find(request.topic(), request.partition()) == nullptr) {
    return NoSuchPartition(request.topic(), request.partition());
  }
  WT_ASSIGN_OR_RETURN(const logs::FetchReply reply, state.Fetch(request, most_bytes));
  return reply.SerializeAsString();
}

absl::StatusOr<std::string> TellProducer(const LogState& state, const std::string& body) {
  WT_ASSIGN_OR_RETURN(const auto request, AskedOf<logs::DescribeRequest>(state, body));
  const LogState::Producer* const producer = state.OfTransactionalId(request.transactional_id());
  if (producer == nullptr) return absl::NotFoundError("nobody has that transactional id");
  logs::InitReply reply;
  reply.set_producer_id(producer->id);
  reply.set_epoch(producer->epoch);
  return reply.SerializeAsString();
}

absl::StatusOr<std::string> TellNewestOffset(const LogState& state, const std::string& body) {
  WT_ASSIGN_OR_RETURN(const auto request, AskedOf<logs::GroupOffsetRequest>(state, body));
  logs::GroupOffsetReply reply;
  const logs::GroupOffset* const offset = state.FindOffset(request.group());
  if (offset != nullptr) *reply.mutable_offset() = *offset;
  return reply.SerializeAsString();
}

}  // namespace wavetank::scenarios::fakes
