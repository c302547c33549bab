-- q2, selection: bids on some of the auctions.
CREATE TABLE bid (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'bid', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q2 USING csv OPTIONS (path 'q2');

INSERT INTO q2
SELECT auction, price FROM bid WHERE auction % 123 = 0;
