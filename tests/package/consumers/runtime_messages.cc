#include "runtime/cluster/messages.pb.h"

int main() {
  wavetank::runtime::cluster::RegisterRequest request;
  request.set_slots(2);
  return request.SerializeAsString().empty() ? 1 : 0;
}
