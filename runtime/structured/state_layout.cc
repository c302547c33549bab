#include "runtime/structured/state_layout.h"

#include <string>

#include "absl/strings/str_cat.h"

#include "runtime/columnar/row_key.h"

namespace wavetank::runtime {
namespace {

using checkpoint::OperatorLayout;
using checkpoint::StateLayout;

std::string NameOf(const OperatorLayout& op) {
  return absl::StrCat(op.kind(), " ", op.operator_id());
}

// "by keys of 8 bytes and any length; store left: int64, string"
std::string TextOf(const OperatorLayout& op) {
  std::string text = "by";
  for (const uint32_t width : op.partition_widths()) {
    absl::StrAppend(&text, " ", width == 0 ? "any" : absl::StrCat(width));
  }
  absl::StrAppend(&text, op.partition_widths().empty() ? " nothing" : " bytes");
  for (const checkpoint::StoreLayout& store : op.stores()) {
    absl::StrAppend(&text, "; ", store.name(), " of ", store.schema());
  }
  return text;
}

const OperatorLayout* Find(const StateLayout& layout, int operator_id) {
  for (const OperatorLayout& op : layout.operators()) {
    if (op.operator_id() == operator_id) return &op;
  }
  return nullptr;
}

absl::Status Differs(const OperatorLayout& op, const std::string& pinned, const std::string& now) {
  return absl::FailedPreconditionError(
      absl::StrCat("its checkpoint keeps the state of ", NameOf(op), " ", pinned, ", this job ",
                   now, ": run the job as it was, or start with a new checkpoint and a new sink"));
}

}  // namespace

StateLayout LayoutOf(const StreamingQueryPlan& plan, int64_t after_batch) {
  StateLayout layout;
  layout.set_after_batch(after_batch);
  layout.set_partitions(plan.shuffle_partitions);
  for (const StreamingQueryPlan::StateOperator& from : plan.state_operators) {
    OperatorLayout& op = *layout.add_operators();
    op.set_operator_id(from.id);
    op.set_kind(from.kind);
    for (const uint8_t width : RowKeyWidths(from.partition_types)) op.add_partition_widths(width);
    for (const checkpoint::NamedStore& named : from.stores) {
      checkpoint::StoreLayout& store = *op.add_stores();
      store.set_name(named.name);
      store.set_schema(named.schema_fingerprint);
    }
  }
  return layout;
}

absl::Status CheckLayout(const StateLayout& pinned, const StreamingQueryPlan& plan) {
  const StateLayout now = LayoutOf(plan, pinned.after_batch());
  for (const OperatorLayout& op : pinned.operators()) {
    const OperatorLayout* const same = Find(now, op.operator_id());
    if (same == nullptr) return Differs(op, TextOf(op), "has no such operator");
    if (op.SerializeAsString() != same->SerializeAsString()) {
      return Differs(op, TextOf(op), absl::StrCat("has ", NameOf(*same), " ", TextOf(*same)));
    }
  }
  for (const OperatorLayout& op : now.operators()) {
    if (Find(pinned, op.operator_id()) == nullptr) {
      return Differs(op, "not at all", absl::StrCat("has it ", TextOf(op)));
    }
  }
  return absl::OkStatus();
}

}  // namespace wavetank::runtime
