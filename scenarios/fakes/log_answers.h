// What a log server reads of a request, and what it answers to those that change nothing, from what
// it holds alone.
#ifndef WAVETANK_SCENARIOS_FAKES_LOG_ANSWERS_H_
#define WAVETANK_SCENARIOS_FAKES_LOG_ANSWERS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "scenarios/fakes/log_state.h"

namespace wavetank::scenarios::fakes {

template <typename Request>
absl::StatusOr<Request> ParseRequest(const std::string& body) {
  Request request;
  if (request.ParseFromString(body)) return request;
  return absl::InvalidArgumentError("the request cannot be read");
}

// The request, if it is for this log. kDataLoss: it is for another.
template <typename Request>
absl::StatusOr<Request> AskedOf(const LogState& state, const std::string& body) {
  WT_ASSIGN_OR_RETURN(Request request, ParseRequest<Request>(body));
  if (request.log_id().empty() || request.log_id() == state.id()) return request;
  return absl::DataLossError(
      absl::StrCat("it is the log ", state.id(), ", and not the log ", request.log_id()));
}

absl::Status NoSuchPartition(const std::string& topic, int32_t partition);

absl::StatusOr<std::string> TellMetadata(const LogState& state, const std::string& body);
absl::StatusOr<std::string> TellMeasure(const LogState& state, const std::string& body);
absl::StatusOr<std::string> TellRecords(const LogState& state, const std::string& body,
                                        int64_t most_bytes);
absl::StatusOr<std::string> TellProducer(const LogState& state, const std::string& body);
absl::StatusOr<std::string> TellNewestOffset(const LogState& state, const std::string& body);

}  // namespace wavetank::scenarios::fakes

#endif  // WAVETANK_SCENARIOS_FAKES_LOG_ANSWERS_H_
