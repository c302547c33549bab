#include "runtime/structured/plan_cache.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/status_macros.h"

namespace wavetank::runtime {
namespace {

// The driver answers at once, or is gone.
constexpr absl::Duration kAskTimeout = absl::Seconds(30);
// A query runs one plan at a time; that of the driver before may still have attempts.
constexpr size_t kPlansKept = 2;

std::string MethodOf(const std::string& query) { return absl::StrCat("structured.plan:", query); }

Task<absl::StatusOr<std::string>> Answer(std::string hash, std::string physical,
                                         std::string asked) {
  if (asked == hash) co_return physical;
  co_return absl::NotFoundError(
      absl::StrCat("the driver runs plan ", hash, ", not ", asked, ", which the task names"));
}

}  // namespace

void PublishPlan(const std::string& query, const CompiledQuery& compiled, Cluster& cluster) {
  cluster.Handle(MethodOf(query),
                 [hash = compiled.plan->hash, physical = compiled.physical](std::string asked) {
                   return Answer(hash, physical, std::move(asked));
                 });
}

PlanCache::PlanCache(std::string query, std::shared_ptr<const FunctionRegistry> functions,
                     std::shared_ptr<const CompiledQueries> compiled)
    : query_(std::move(query)), functions_(std::move(functions)), compiled_(std::move(compiled)) {}

Task<absl::StatusOr<std::shared_ptr<const StreamingQueryPlan>>> PlanCache::Get(TaskContext& context,
                                                                               std::string hash) {
  for (const std::shared_ptr<const StreamingQueryPlan>& plan : plans_) {
    if (plan->hash == hash) co_return plan;
  }
  WT_CO_ASSIGN_OR_RETURN(const std::string physical,
                         co_await context.CallDriver(MethodOf(query_), hash, kAskTimeout));
  if (PlanHash(physical) != hash) {
    co_return absl::DataLossError(
        absl::StrCat("the driver's plan ", hash, " came as ", PlanHash(physical)));
  }
  std::shared_ptr<const StreamingQueryPlan> plan =
      compiled_ == nullptr ? nullptr : compiled_->Find(physical, functions_);
  if (plan == nullptr) {
    WT_CO_ASSIGN_OR_RETURN(
        plan,
        LoadPlan(physical, functions_ == nullptr ? FunctionRegistry::BuiltIn() : *functions_));
  }
  // Several tasks may have asked at once.
  for (const std::shared_ptr<const StreamingQueryPlan>& known : plans_) {
    if (known->hash == hash) co_return known;
  }
  plans_.push_front(plan);
  if (plans_.size() > kPlansKept) plans_.pop_back();
  co_return plan;
}

}  // namespace wavetank::runtime
