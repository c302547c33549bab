#include "runtime/connectors/log/protocol/log_protocol.pb.h"

int main() {
  wavetank::runtime::logs::FetchRequest request;
  request.set_topic("t");
  return request.SerializeAsString().empty() ? 1 : 0;
}
