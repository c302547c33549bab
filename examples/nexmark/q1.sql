-- q1, currency conversion: prices in euros.
CREATE TABLE bid (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'bid', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q1 USING csv OPTIONS (path 'q1');

INSERT INTO q1
SELECT auction, bidder, 0.908 * price AS price, dateTime, extra FROM bid;
