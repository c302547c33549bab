#include "runtime/columnar/record_batch.h"

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "tests/runtime/columnar/random_batch.h"

namespace wavetank::runtime {
namespace {

RC_GTEST_PROP(RecordBatch, DecodeGivesBackWhatWasEncoded, (uint64_t seed)) {
  platform::Random random(seed);
  const RecordBatch batch = RandomBatch(random);
  const auto decoded = RecordBatch::Decode(batch.Encode());
  RC_ASSERT(decoded.ok());
  RC_ASSERT(*decoded == batch);
  RC_ASSERT(decoded->Encode() == batch.Encode());
}

RC_GTEST_PROP(RecordBatch, EncodingOfASliceIsThatOfItsRows, (uint64_t seed)) {
  platform::Random random(seed);
  const RecordBatch batch = RandomBatch(random, {DataType::kBool, DataType::kString}, 150);
  const RecordBatch slice = batch.Slice(64, random.Between(0, 86));
  RC_ASSERT(slice.Encode() == Concatenate(slice.schema_ptr(), {slice}).Encode());
}

RC_GTEST_PROP(RecordBatch, EveryPrefixOfAnEncodingIsDataLoss, (uint64_t seed)) {
  platform::Random random(seed);
  const std::string bytes = RandomBatch(random).Encode();
  const auto decoded = RecordBatch::Decode(bytes.substr(0, random.Below(bytes.size())));
  RC_ASSERT(decoded.status().code() == absl::StatusCode::kDataLoss);
}

// Under the sanitisers this is the proof that no damage leads to undefined behaviour.
TEST(RecordBatch, AValueBeyondItsTypeIsDataLoss) {
  const auto schema = std::make_shared<const Schema>(std::vector<Field>{{"n", DataType::kInt8}});
  const RecordBatch batch(schema, {ColumnBuilder(DataType::kInt8).Fixed(int8_t{7}).Finish()}, 1);
  std::string bytes = batch.Encode();
  const std::string base(1, '\x07');
  const size_t at = bytes.find(base + std::string(7, '\0'));  // an int64, of which 0 is packed
  ASSERT_NE(at, std::string::npos);
  bytes[at + 1] = 1;
  const auto decoded = RecordBatch::Decode(bytes);
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(decoded.status().message().find("beyond its type"), absl::string_view::npos);
}

RC_GTEST_PROP(RecordBatch, DamagedBytesAreDataLossOrAnotherBatch, (uint64_t seed)) {
  platform::Random random(seed);
  std::string bytes = RandomBatch(random).Encode();
  for (uint64_t damages = random.Below(4); damages <= 4; ++damages) {
    const uint64_t at = random.Below(bytes.size());
    bytes[at] = static_cast<char>(random.Below(256));
  }
  const auto decoded = RecordBatch::Decode(bytes);
  if (!decoded.ok()) {
    RC_ASSERT(decoded.status().code() == absl::StatusCode::kDataLoss);
    return;
  }
  for (int64_t row = 0; row < decoded->num_rows() && !decoded->columns().empty(); ++row) {
    decoded->RowText(row);
  }
}

TEST(RecordBatch, DecodeRefusesWhatNoBatchEncodesTo) {
  const RecordBatch batch(
      std::make_shared<const Schema>(std::vector<Field>{{"n", DataType::kInt64}}),
      {ColumnBuilder(DataType::kInt64).Int64(7).Finish()}, 1);
  const std::string good = batch.Encode();
  const auto message = [](std::string bytes) {
    return std::string(RecordBatch::Decode(bytes).status().message());
  };
  EXPECT_EQ(message(""), "record batch: cut short at byte 0 of 0");
  EXPECT_EQ(message("XXXX" + good.substr(4)), "record batch: not a record batch at byte 4 of 33");
  EXPECT_EQ(message(good + "x"), "record batch: bytes behind the last column at byte 33 of 34");
  std::string type = good;
  type[16] = 99;
  EXPECT_EQ(message(type), "record batch: no such data type at byte 17 of 33");
  std::string width = good;
  width[23] = 3;
  EXPECT_EQ(message(width), "record batch: bad integer width at byte 24 of 33");
  std::string rows = good;
  rows[11] = 1;
  EXPECT_EQ(message(rows), "record batch: cut short at byte 32 of 33");
}

// Only between processes of one build, but each type has its own bytes.
TEST(RecordBatch, HoldsEachTypeByItsNumberAndWidth) {
  const auto encoded = [](const Column& column) {
    const auto schema = std::make_shared<const Schema>(std::vector<Field>{{"", column.type()}});
    return RecordBatch(schema, {column}, column.size()).Encode().substr(16);
  };
  const auto integers = [&](auto value, DataType type) {
    return encoded(ColumnBuilder(type).Fixed(value).Finish());
  };
  using std::string_literals::operator""s;
  const std::string minus_two = "\1\xfe\xff\xff\xff\xff\xff\xff\xff\0"s;
  EXPECT_EQ(integers(int8_t{-2}, DataType::kInt8), "\x8\0\0\0\0\0"s + minus_two);
  EXPECT_EQ(integers(int16_t{-2}, DataType::kInt16), "\x9\0\0\0\0\0"s + minus_two);
  EXPECT_EQ(integers(int32_t{-2}, DataType::kInt32), "\xa\0\0\0\0\0"s + minus_two);
  EXPECT_EQ(integers(int32_t{-2}, DataType::kDate), "\xd\0\0\0\0\0"s + minus_two);
  EXPECT_EQ(integers(1.5f, DataType::kFloat), "\xb\0\0\0\0\0\0\0\xc0\x3f"s);
  EXPECT_EQ(encoded(ColumnBuilder(DataType::kBinary).String("ab").Finish()),
            "\xc\0\0\0\0\0\1\2\0\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0ab"s);
}

TEST(RecordBatch, SmallNumbersTakeOneByteEach) {
  ColumnBuilder builder(DataType::kTimestamp);
  for (int64_t i = 0; i < 200; ++i) builder.Int64(1'700'000'000'000'000 + i);
  const RecordBatch batch(
      std::make_shared<const Schema>(std::vector<Field>{{"t", DataType::kTimestamp}}),
      {builder.Finish()}, 200);
  EXPECT_LT(batch.Encode().size(), 240U);
}

class NoBatch : public platform::Attachment {
 public:
  std::string Encode() const override { return ""; }
};

TEST(RecordBatch, ReceiveTakesTheObjectOrItsEncoding) {
  platform::Random random(1);
  const auto batch = std::make_shared<const RecordBatch>(RandomBatch(random));
  EXPECT_EQ(*RecordBatch::Receive(batch, ""), *batch);
  EXPECT_EQ(*RecordBatch::Receive(nullptr, batch->Encode()), *batch);
  EXPECT_EQ(RecordBatch::Receive(std::make_shared<const NoBatch>(), "").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(RecordBatch, ConcatenateKeepsOrder) {
  const auto schema = std::make_shared<const Schema>(std::vector<Field>{{"n", DataType::kInt64}});
  const auto one = [&](int64_t n) {
    return RecordBatch(schema, {ColumnBuilder(DataType::kInt64).Int64(n).Finish()}, 1);
  };
  const RecordBatch all = Concatenate(schema, {one(2), one(1), one(3)});
  EXPECT_EQ(all.RowText(0) + all.RowText(1) + all.RowText(2), "213");
  EXPECT_EQ(Concatenate(schema, {}).num_rows(), 0);
}

}  // namespace
}  // namespace wavetank::runtime
