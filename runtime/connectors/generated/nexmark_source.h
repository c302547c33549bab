// The source format "nexmark": persons, auctions and bids of an online auction, by the published
// model of the Nexmark benchmark (Tucker et al., "NEXMark: A Benchmark for Queries over Data
// Streams", 2002), with the proportions that Apache Beam documents: of 50 events that follow one
// another the first is a person, three are auctions, 46 are bids. The option `table` says which of
// the three is read: person, auction or bid.
//
//   person   id, name, emailAddress, creditCard, city, state, dateTime, extra
//   auction  id, itemName, description, initialBid, reserve, dateTime, expires, seller, category,
//            extra
//   bid      auction, bidder, price, channel, url, dateTime, extra
//
// Ids count up from 1000, categories are 10 to 14, prices are in cents. Three of four auctions are
// of one seller, and of four bids of one bidder, that changes with every 100 persons; every other
// bid is on the first of each 100 auctions. The others are of the last 1000 persons and the last
// 100 auctions, and sometimes of one of ten that are still to come. An auction ends so much later
// that some 100 are open at once.
//
// Every value follows from the seed and the event's number (event_stream.h), by whole numbers
// alone: prices are spread over six decades, evenly within each (in Beam evenly by their
// logarithm). Names, letters and prices are this library's own, so they are not those of Beam.
#ifndef WAVETANK_RUNTIME_CONNECTORS_GENERATED_NEXMARK_SOURCE_H_
#define WAVETANK_RUNTIME_CONNECTORS_GENERATED_NEXMARK_SOURCE_H_

#include "runtime/connectors/source_format.h"

namespace wavetank::runtime {

SourceFormat NexmarkSource();

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_GENERATED_NEXMARK_SOURCE_H_
