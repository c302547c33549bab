// The job `sql`: statements of SQL, as `wavetank sql` runs them. A scenario names their text, or
// the file that they stand in; tables' paths are those of the simulated store:
//
//   job { name: "sql" parameter { name: "text" file: "../../examples/sql/clicks.sql" } }
#ifndef WAVETANK_SCENARIOS_SQL_JOB_H_
#define WAVETANK_SCENARIOS_SQL_JOB_H_

#include "scenarios/oracle.h"

namespace wavetank::scenarios {

// What it must answer is worked out from its plans, as of any job.
void AddSqlJob(ScenarioJobs& jobs);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_SQL_JOB_H_
