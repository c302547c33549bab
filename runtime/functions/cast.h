// Casts, the one conversion that is written out in a plan: its target is a type. They follow
// Cast of Spark 3.5 without ANSI mode, but for what is named below.
//
//   to \ from     bool  integers  float, double  string  binary  date            timestamp
//   bool          =     not 0     not 0          parsed  -       -               -
//   integers      0, 1  wrap      cut            parsed  -       -               seconds, wrap
//   float, double 0, 1  nearest   nearest        parsed  -       -               seconds
//   string        text  text      text           =       bytes   text            text
//   binary        -     bytes     -              bytes   =       -               -
//   date          -     -         -              parsed  -       =               day in UTC
//   timestamp     -     seconds   seconds        parsed  -       midnight, UTC   =
//
// wrap: the lower bytes. cut: towards zero, NaN is 0, ends at the ends of int64 for int64, else at
// those of int32, whose lower bytes are taken then. The bytes of an integer: the highest first.
// Arrays become arrays, and structs those with the same names, part by part. Null, of the type
// null, is null of any type. "-" is refused when a query is analysed; where Spark has a value it is
// null for every row (of dates), or is one that nobody means (between bool and timestamp).
//
// Otherwise than in Spark: whole numbers as text are timestamps, too (timestamp.h), and times of
// text are of the years 0 to 9999; times beyond int64 microseconds are null instead of its ends (as
// a row of such a time would make every later one late).
#ifndef WAVETANK_RUNTIME_FUNCTIONS_CAST_H_
#define WAVETANK_RUNTIME_FUNCTIONS_CAST_H_

#include "runtime/columnar/column.h"
#include "runtime/types/data_type.h"

namespace wavetank::runtime {

// Anything but an interval becomes text; null becomes anything but that.
bool CanCast(const DataType& from, const DataType& to);
// What has no value of the type is null: text that does not parse, times beyond int64.
//
// Text, without spaces and control characters around, is a bool as true, t, yes, y or 1, or false,
// f, no, n or 0, in any case; an integer by its digits with or without a sign, where a fraction is
// cut ("-2.9" is -2, ".5" is 0) and what is beyond the type is null; a float or double by its
// digits, with or without d or f behind, where what is beyond is infinite. Dates: date.h.
// Timestamps: timestamp.h. As text, floats and doubles are as Java writes them ("1.0", "1.0E7",
// "Infinity"), timestamps "2026-01-31 00:00:00.5", in UTC.
// REQUIRES: CanCast.
Column CastColumn(const Column& from, const DataType& to);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_CAST_H_
