-- q9, winning bids: the highest bid on each auction while it was open, the first of several. The
-- benchmark's own form numbers rows by ROW_NUMBER() OVER, which is refused on a stream; this asks
-- for the values of the row with the highest price, once no bid can come any more.
CREATE TABLE auction (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'auction', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');
CREATE TABLE bid (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'bid', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q9 USING csv OPTIONS (path 'q9');

INSERT INTO q9
SELECT a.id, a.itemName, a.seller, a.category, a.dateTime, max_by(b.bidder, b.price) AS bidder,
       max(b.price) AS price, max_by(b.dateTime, b.price) AS bidTime
FROM auction a JOIN bid b
  ON a.id = b.auction AND b.dateTime >= a.dateTime
     AND b.dateTime <= a.dateTime + INTERVAL '1' MINUTE
WHERE b.dateTime <= a.expires
GROUP BY a.id, a.itemName, a.seller, a.category, a.dateTime;
