// Statements, as they were written: what whoever runs them is to do (structured/sql_session.h).
#ifndef WAVETANK_RUNTIME_SQL_STATEMENT_H_
#define WAVETANK_RUNTIME_SQL_STATEMENT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/columnar/schema.h"
#include "runtime/plan/logical_plan.h"
#include "runtime/sql/places.h"

namespace wavetank::runtime::sql {

struct TableOption {
  std::string key;
  std::string value;
  size_t offset = 0;
};

struct Watermark {
  std::string column;
  absl::Duration delay;
  size_t offset = 0;
};

// CREATE [OR REPLACE] TABLE [IF NOT EXISTS] name (...) USING format OPTIONS (...).
struct CreateTable {
  std::string name;
  size_t offset = 0;
  bool replace = false;
  bool if_not_exists = false;
  std::vector<Field> columns;
  std::string ddl;  // the same as text; "": none are given
  std::string format;
  size_t format_offset = 0;
  std::vector<TableOption> options;
  std::optional<Watermark> watermark;
};

struct CreateView {
  std::string name;
  size_t offset = 0;
  bool replace = false;
  bool if_not_exists = false;
  LogicalPlanPtr plan;
};

// INSERT INTO name SELECT ...: a streaming query.
struct Insert {
  std::string table;
  size_t offset = 0;  // of its name
  std::vector<std::string> columns;
  LogicalPlanPtr plan;
};

// A SELECT that shows its rows.
struct Query {
  LogicalPlanPtr plan;
};

struct Explain {
  bool formatted = false;  // all forms of the plan
  std::variant<Query, Insert> what;
};

struct Show {
  enum class What : uint8_t { kTables, kViews, kFunctions };
  What what = What::kTables;
  std::string like;  // a pattern in which * is any text; "": all
};

struct Describe {
  enum class What : uint8_t { kTable, kFunction, kQuery };
  What what = What::kTable;
  std::string name;
  LogicalPlanPtr plan;  // of a query
};

struct Drop {
  bool view = false;
  bool if_exists = false;
  std::string name;
  size_t offset = 0;
};

struct Statement {
  std::variant<CreateTable, CreateView, Insert, Query, Explain, Show, Describe, Drop> what;
  size_t begin = 0;  // in the text
  size_t end = 0;
  Places places;
};

}  // namespace wavetank::runtime::sql

#endif  // WAVETANK_RUNTIME_SQL_STATEMENT_H_
