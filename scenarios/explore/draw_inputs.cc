#include "scenarios/explore/draw_inputs.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace wavetank::scenarios {
namespace {

using properties::Choices;

class InputDrawing {
 public:
  InputDrawing(const Choices& choices, const InputsFor& inputs_for, Scenario& scenario)
      : choices_(choices), for_(inputs_for), scenario_(scenario) {}

  void Draw() {
    for (const std::string& name : for_.names) {
      Input& input = *scenario_.add_input();
      input.set_name(name);
      // The choices of the first have no name before them, as those of an only one.
      const std::string of = name == for_.names.front() ? "" : name + " ";
      const auto schema = for_.schemas.find(name);
      if (schema != for_.schemas.end()) {
        *input.mutable_records() = schema->second;
        if (schema->second.count() == 0) input.mutable_records()->set_count(DrawCount(of));
        DrawArrival(of, *input.mutable_arrival());
      } else if (for_.records) {
        DrawRecords(of, *input.mutable_records());
        DrawArrival(of, *input.mutable_arrival());
      } else if (for_.log && choices_.OneIn("transactions", 2)) {
        DrawWrites(*input.mutable_topic());
      } else {
        DrawGenerator(input);
        DrawArrival("", *input.mutable_arrival());
      }
    }
  }

 private:
  int32_t DrawCount(const std::string& of) {
    return static_cast<int32_t>(choices_.Between(of + "records", 1, 60));
  }

  // Of a million.
  int32_t Share(const std::string& name, int64_t times) const {
    return choices_.OneIn(name, times)
               ? static_cast<int32_t>(choices_.Between(name + " share", 1, 300'000))
               : 0;
  }

  void AddNumber(const std::string& of, Column& number) {
    number.set_name("number");
    number.set_type(for_.structured ? Column::DOUBLE : Column::INT64);
    number.mutable_uniform()->set_distinct(1'000);
    number.set_first(choices_.Between(of + "first number", -1'000, 1'000));
    number.set_step(choices_.Between(of + "number step", -100, 100));
    number.set_empty_ppm(Share(of + "no number", 4));
    number.set_malformed_ppm(Share(of + "odd number", 4));
  }

  // Lines for any of the replayed jobs.
  void DrawRecords(const std::string& of, Records& records) {
    const auto share = [&](const std::string& name, int64_t times) {
      return Share(of + name, times);
    };
    records.set_count(DrawCount(of));
    if (for_.timed) {
      Column& time = *records.add_column();
      time.set_name("time");
      time.set_type(Column::TIMESTAMP);
      EventTime& event = *time.mutable_event_time();
      event.set_step_ms(choices_.Between("event step", 1, 5'000));
      event.set_jitter_ms(choices_.Between("jitter", 0, 20'000));
      event.set_late_ppm(share("late", 2));
      event.set_late_by_ms(choices_.Between("late by", 0, 60'000));
      const auto format =
          choices_.Between("times", Generator::TimeFormat_MIN, Generator::TimeFormat_MAX);
      event.set_format(static_cast<Generator::TimeFormat>(format));
      time.set_empty_ppm(share("no time", 4));
      time.set_malformed_ppm(share("odd time", 4));
    }
    Column& key = *records.add_column();
    key.set_name("key");
    const auto distinct = static_cast<int32_t>(choices_.Between(of + "vocabulary", 1, 20));
    enum { kUniform, kZipf, kSequential };
    switch (choices_.Between(of + "keys", kUniform, kSequential)) {
      case kUniform:
        key.mutable_uniform()->set_distinct(distinct);
        break;
      case kZipf:
        key.mutable_zipf()->set_distinct(distinct);
        break;
      default:
        key.mutable_sequential()->set_distinct(distinct);
    }
    if (choices_.OneIn(of + "long keys", 4)) {
      key.set_max_bytes(static_cast<int32_t>(choices_.Between(of + "key bytes", 1, 200)));
    }
    key.set_empty_ppm(share("no key", 4));
    if (for_.numbers) AddNumber(of, *records.add_column());
    if (choices_.OneIn(of + "disorder", 4)) {
      records.set_disorder_ppm(static_cast<int32_t>(choices_.Between(of + "moved", 1, 300'000)));
      records.set_disorder_by(static_cast<int32_t>(choices_.Between(of + "disorder by", 1, 10)));
    }
    if (choices_.OneIn(of + "duplicates", 4)) {
      records.set_duplicate_ppm(
          static_cast<int32_t>(choices_.Between(of + "duplicate", 1, 300'000)));
      records.set_duplicate_by(static_cast<int32_t>(choices_.Between(of + "duplicate by", 1, 20)));
    }
    records.set_empty_ppm(share("empty lines", 4));
    records.set_malformed_ppm(share("malformed", 4));
    const auto ends =
        choices_.Between(of + "line ends", Generator::LineEnds_MIN, Generator::LineEnds_MAX);
    records.set_line_ends(static_cast<Generator::LineEnds>(ends));
  }

  // Of several producers, some of which use transactions.
  void DrawWrites(Topic& topic) {
    const int64_t writes = choices_.Between("writes", 1, 12);
    int64_t at_ms = choices_.Between("first", 500, 2'000);
    int64_t record = 0;
    for (int64_t number = 1; number <= writes; ++number) {
      const std::string of = absl::StrCat("write ", number, " ");
      Write& write = *topic.add_write();
      write.set_at_ms(at_ms);
      at_ms += choices_.Between(of + "next in", 0, 1'500);
      write.set_partition(static_cast<int32_t>(choices_.Between(of + "partition", 0, 2)));
      write.set_end(
          static_cast<Write::End>(choices_.Between(of + "end", Write::End_MIN, Write::End_MAX)));
      if (choices_.OneIn(of + "has a key", 2)) {
        write.set_key(absl::StrCat("key", choices_.Between(of + "key", 1, 5)));
      }
      const int64_t lines = choices_.Between(of + "records", 1, 8);
      for (int64_t line = 0; line < lines; ++line) {
        write.add_line(choices_.OneIn(absl::StrCat(of, "skipped ", line), 8)
                           ? "skip"
                           : absl::StrCat("r", ++record, " of ", number));
      }
    }
  }

  void DrawGenerator(Input& input) {
    Generator& generator = *input.mutable_generator();
    generator.set_records(static_cast<int32_t>(choices_.Between("records", 1, 60)));
    generator.set_vocabulary(static_cast<int32_t>(choices_.Between("vocabulary", 1, 20)));
    if (for_.timed) {
      generator.set_event_step_ms(choices_.Between("event step", 1, 5'000));
      generator.set_late_ppm(static_cast<int32_t>(choices_.Between("late", 0, 300'000)));
      generator.set_late_by_ms(choices_.Between("late by", 0, 60'000));
      generator.set_disorder_ppm(static_cast<int32_t>(choices_.Between("disorder", 0, 300'000)));
      generator.set_disorder_by(static_cast<int32_t>(choices_.Between("disorder by", 1, 10)));
    } else {
      generator.set_words_per_line(static_cast<int32_t>(choices_.Between("words a line", 1, 6)));
    }
    DrawOddRecords(generator);
  }

  void DrawArrival(const std::string& of, Arrival& arrival) {
    arrival.set_records_each(static_cast<int32_t>(choices_.Between(of + "records each", 1, 20)));
    arrival.set_first_ms(choices_.Between(of + "first", 500, 2'000));
    arrival.set_every_ms(choices_.Between(of + "every", 20, 1'500));
    DrawOddArrival(of, arrival);
  }

  // What a source should not do, or what its records should not be, and are.
  void DrawOddRecords(Generator& generator) {
    if (choices_.OneIn("duplicates", 4)) {
      generator.set_duplicate_ppm(static_cast<int32_t>(choices_.Between("duplicate", 0, 300'000)));
      generator.set_duplicate_by(static_cast<int32_t>(choices_.Between("duplicate by", 1, 20)));
    }
    if (choices_.OneIn("malformed", 4)) {
      generator.set_malformed_ppm(static_cast<int32_t>(choices_.Between("odd lines", 0, 300'000)));
    }
    if (choices_.OneIn("other line ends", 4)) {
      const auto ends =
          choices_.Between("line ends", Generator::LineEnds_MIN, Generator::LineEnds_MAX);
      generator.set_line_ends(static_cast<Generator::LineEnds>(ends));
    }
    if (for_.timed && choices_.OneIn("other times", 4)) {
      const auto format =
          choices_.Between("times", Generator::TimeFormat_MIN, Generator::TimeFormat_MAX);
      generator.set_time_format(static_cast<Generator::TimeFormat>(format));
    }
  }

  void DrawOddArrival(const std::string& of, Arrival& arrival) {
    if (choices_.OneIn(of + "bursts", 4)) {
      arrival.set_burst(static_cast<int32_t>(choices_.Between(of + "burst", 1, 10)));
    }
    if (choices_.OneIn(of + "stalls", 4)) {
      arrival.set_stall_after(static_cast<int32_t>(choices_.Between(of + "stall after", 0, 10)));
      arrival.set_stall_ms(choices_.Between(of + "stall", 100, 10'000));
    }
    // A query that misses a file of its batch stops, and where it is one of several nobody starts
    // it again while the others run.
    if (for_.names.size() == 1 && !for_.log && choices_.OneIn(of + "rewinds", 4)) {
      arrival.set_rewind_after(static_cast<int32_t>(choices_.Between(of + "rewind after", 1, 6)));
      arrival.set_rewind_files(static_cast<int32_t>(choices_.Between(of + "rewind", 1, 3)));
      arrival.set_rewind_ms(choices_.Between(of + "rewind in", 100, 5'000));
      if (!for_.socket && for_.forgets) {
        Parameter& parameter = *scenario_.mutable_job()->add_parameter();
        parameter.set_name("forget-after");
        parameter.set_value(absl::StrCat(choices_.Between("forget after", 500, 4'000), "ms"));
      }
    }
  }

  const Choices& choices_;
  const InputsFor& for_;
  Scenario& scenario_;
};

}  // namespace

void DrawInputs(const Choices& choices, const InputsFor& inputs_for, Scenario& scenario) {
  InputDrawing(choices, inputs_for, scenario).Draw();
}

}  // namespace wavetank::scenarios
