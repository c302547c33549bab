-- q18, find last bid: that of each bidder on each auction, by its time. The benchmark's own form
-- numbers rows by ROW_NUMBER() OVER, which is refused on a stream; here a row is replaced by a
-- later one of the same bidder and auction.
CREATE TABLE bid (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'bid', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q18 USING csv OPTIONS (path 'q18', outputMode 'update');

INSERT INTO q18
SELECT bidder, auction, max_by(price, dateTime) AS price, max_by(channel, dateTime) AS channel,
       max(dateTime) AS at
FROM bid GROUP BY bidder, auction;
