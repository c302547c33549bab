-- q0, pass-through: bids as they are, to measure what it costs to have them.
CREATE TABLE bid (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'bid', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q0 USING csv OPTIONS (path 'q0');

INSERT INTO q0
SELECT auction, bidder, price, dateTime, extra FROM bid;
