// The source format "ad_events": what the Yahoo streaming benchmark (Chintapalli et al.,
// "Benchmarking Streaming Computation Engines", 2016) counts: that a user has seen an
// advertisement on a page, has clicked on it, or bought something, a third of the events each.
//
//   user_id, page_id, ad_id, ad_type, event_type, event_time, ip_address
//
// An ad_id is one of ad-00 to ad-99, event_type is view, click or purchase, ad_type one of five.
// (In the benchmark ads have random ids, ten of each of 100 campaigns; which campaign an ad is of
// stands in a table beside the events there, too.) Every value follows from the seed and the
// event's number (event_stream.h).
#ifndef WAVETANK_RUNTIME_CONNECTORS_GENERATED_AD_EVENTS_SOURCE_H_
#define WAVETANK_RUNTIME_CONNECTORS_GENERATED_AD_EVENTS_SOURCE_H_

#include "runtime/connectors/source_format.h"

namespace wavetank::runtime {

SourceFormat AdEventsSource();

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_GENERATED_AD_EVENTS_SOURCE_H_
