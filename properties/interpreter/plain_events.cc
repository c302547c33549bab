#include "properties/interpreter/plain_events.h"

#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace wavetank::properties {
namespace {

uint64_t Scrambled(uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
  return bits ^ (bits >> 31);
}

constexpr uint64_t kGolden = 0x9E3779B97F4A7C15;

// What stands in an offset behind the second: event, seed, first, interval, disorder.
using OffsetNumbers = std::vector<int64_t>;
OffsetNumbers NumbersOf(const std::string& offset) {
  OffsetNumbers numbers;
  for (const auto part : absl::StrSplit(offset, ':')) {
    if (!absl::SimpleAtoi(part, &numbers.emplace_back())) return {};
  }
  if (numbers.size() != 6) return {};
  numbers.erase(numbers.begin());
  return numbers;
}

// One event, and what is drawn for it.
class PlainEvent {
 public:
  PlainEvent(const OffsetNumbers& model, int64_t number) : number_(number) {
    interval_ = model[3];
    bits_ = Scrambled(Scrambled(static_cast<uint64_t>(model[1]) + kGolden) ^
                      static_cast<uint64_t>(number));
    time_ = model[2] + number * interval_ - Below(model[4] + 1);
  }

  int64_t number() const { return number_; }
  int64_t interval() const { return interval_; }
  int64_t time() const { return time_; }

  int64_t Below(int64_t bound) {
    return static_cast<int64_t>(Drawn() % static_cast<uint64_t>(bound));
  }
  std::string Of(const std::vector<std::string>& words) {
    return words[static_cast<size_t>(Below(static_cast<int64_t>(words.size())))];
  }
  std::string Letters(int64_t count) {
    std::string letters;
    while (static_cast<int64_t>(letters.size()) < count) {
      uint64_t dozen = Drawn();
      for (int i = 0; i < 12 && static_cast<int64_t>(letters.size()) < count; ++i) {
        letters += static_cast<char>('a' + dozen % 26);
        dozen /= 26;
      }
    }
    return letters;
  }

 private:
  uint64_t Drawn() {
    bits_ += kGolden;
    return Scrambled(bits_);
  }

  int64_t number_;
  int64_t interval_ = 0;
  int64_t time_ = 0;
  uint64_t bits_ = 0;
};

using PlainTable = bool (*)(PlainEvent& event, PlainRow& row);

int64_t Persons(int64_t event) { return event / 50 + 1; }
int64_t Auctions(int64_t event) {
  const int64_t place = event % 50;
  return event / 50 * 3 + (place < 3 ? place : 3);
}

int64_t Cents(PlainEvent& event) {
  const int64_t tens[] = {100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000};
  const int64_t from = tens[event.Below(6)];
  return from + event.Below(10 * from - from);
}

// The last thousand, and ten to come.
int64_t AnyPerson(PlainEvent& event) {
  const int64_t persons = Persons(event.number());
  const int64_t oldest = persons > 1000 ? persons - 1000 : 0;
  return 1000 + oldest + event.Below(persons - oldest + 10);
}

// The first of the hundred that the newest person is of.
int64_t FirstOfHundred(int64_t newest) { return 1000 + newest / 100 * 100; }

bool Person(PlainEvent& event, PlainRow& row) {
  if (event.number() % 50 != 0) return false;
  const std::string first = event.Of({"Ada", "Alan", "Barbara", "Edsger", "Grace", "John", "Kurt",
                                      "Leslie", "Niklaus", "Noor", "Radia"});
  const std::string last = event.Of(
      {"Berg", "Castillo", "Dahl", "Fischer", "Hassan", "Ivanov", "Moreau", "Okafor", "Silva"});
  const std::string host = event.Letters(6);
  char digits[17];
  const int64_t left = event.Below(100'000'000);
  std::snprintf(digits, sizeof digits, "%08d%08d", static_cast<int>(left),
                static_cast<int>(event.Below(100'000'000)));
  const std::string card = digits;
  const std::vector<std::string> home = absl::StrSplit(
      event.Of({"Phoenix/AZ", "Los Angeles/CA", "San Francisco/CA", "Boise/ID", "Portland/OR",
                "Bend/OR", "Redmond/WA", "Seattle/WA", "Kent/WA", "Cheyenne/WY"}),
      '/');
  const std::string extra = event.Letters(event.Below(100));
  row = {
      1000 + event.number() / 50,
      first + " " + last,
      first + "." + last + "@" + host + ".example",
      card.substr(0, 4) + " " + card.substr(4, 4) + " " + card.substr(8, 4) + " " + card.substr(12),
      home[0],
      home[1],
      event.time(),
      extra};
  return true;
}

bool Auction(PlainEvent& event, PlainRow& row) {
  const int64_t place = event.number() % 50;
  if (place < 1 || place > 3) return false;
  const std::string item = event.Letters(3 + event.Below(17));
  const std::string description = event.Letters(event.Below(100));
  const int64_t initial = Cents(event);
  const int64_t reserve = initial + Cents(event);
  const int64_t expires = event.time() + event.interval() * (1 + event.Below(3333));
  int64_t seller = 0;
  if (event.Below(4) == 0) {
    seller = AnyPerson(event);
  } else {
    seller = FirstOfHundred(Persons(event.number()) - 1);
  }
  const int64_t category = 10 + event.Below(5);
  const std::string extra = event.Letters(event.Below(200));
  row = {1000 + event.number() / 50 * 3 + place - 1,
         item,
         description,
         initial,
         reserve,
         event.time(),
         expires,
         seller,
         category,
         extra};
  return true;
}

bool Bid(PlainEvent& event, PlainRow& row) {
  if (event.number() % 50 < 4) return false;
  const int64_t auctions = Auctions(event.number());
  int64_t auction = 0;
  if (event.Below(2) == 0) {
    const int64_t oldest = auctions > 100 ? auctions - 100 : 0;
    auction = 1000 + oldest + event.Below(auctions - oldest + 10);
  } else {
    auction = FirstOfHundred(auctions - 1);
  }
  const int64_t bidder =
      event.Below(4) == 0 ? AnyPerson(event) : FirstOfHundred(Persons(event.number()) - 1) + 1;
  const int64_t price = Cents(event);
  std::string number;
  std::string channel;
  if (event.Below(2) == 0) {
    number = absl::StrCat(event.Below(10'000));
    channel = "channel-" + number;
  } else {
    channel = event.Of({"Google", "Facebook", "Baidu", "Apple"});
  }
  std::string url = "https://auctions.example";
  for (int i = 0; i < 3; ++i) url += "/" + event.Letters(5);
  url += "/item.htm?query=1";
  if (!number.empty() && event.Below(10) != 0) url += "&channel_id=" + number;
  const std::string extra = event.Letters(event.Below(64));
  row = {auction, bidder, price, channel, url, event.time(), extra};
  return true;
}

bool AdEvent(PlainEvent& event, PlainRow& row) {
  row.emplace_back(absl::StrCat("user-", event.Below(100'000)));
  row.emplace_back(absl::StrCat("page-", event.Below(1'000)));
  const int64_t ad = event.Below(100);
  row.emplace_back(absl::StrCat("ad-", ad / 10, ad % 10));
  row.emplace_back(event.Of({"banner", "modal", "sponsored-search", "mail", "mobile"}));
  row.emplace_back(event.Of({"view", "click", "purchase"}));
  row.emplace_back(event.time());
  const int64_t address = event.Below(256 * 256 * 256);
  row.emplace_back(
      absl::StrCat("10.", address / 65'536, ".", address / 256 % 256, ".", address % 256));
  return true;
}

PlainTable TableOf(const std::string& format, const std::string& table) {
  if (format == "ad_events") return AdEvent;
  return table == "person" ? Person : table == "auction" ? Auction : table == "bid" ? Bid : nullptr;
}

}  // namespace

bool IsOfEvents(const std::string& format) { return format == "nexmark" || format == "ad_events"; }

absl::StatusOr<PlainFiles> RowsOfEvents(const std::string& format, const std::string& table) {
  const PlainTable add = TableOf(format, table);
  if (add == nullptr) {
    return absl::UnimplementedError(
        absl::StrCat("no check reads the table \"", table, "\" of a source of format ", format));
  }
  return [add](const NaiveInput& input) {
    std::vector<PlainFile> files(1);
    const OffsetNumbers from = NumbersOf(input.from);
    const OffsetNumbers to = NumbersOf(input.to);
    if (from.empty() || to.empty()) return files;
    for (int64_t number = from[0]; number < to[0]; ++number) {
      PlainEvent event(to, number);
      PlainRow row;
      if (add(event, row)) files[0].rows.push_back(std::move(row));
    }
    return files;
  };
}

}  // namespace wavetank::properties
