-- q5, hot items: the auctions with the most bids in ten seconds, every two seconds.
-- They are counted twice, for themselves and for their maximum: what an aggregate gives is read in
-- one place.
CREATE TABLE bid (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'bid', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q5 USING csv OPTIONS (path 'q5');

INSERT INTO q5
SELECT c.start, c.auction, c.bids
FROM (SELECT window.start AS start, auction, count(*) AS bids
      FROM bid GROUP BY window(dateTime, '10 seconds', '2 seconds'), auction) c
JOIN (SELECT start, max(bids) AS most
      FROM (SELECT window.start AS start, auction, count(*) AS bids
            FROM bid GROUP BY window(dateTime, '10 seconds', '2 seconds'), auction)
      GROUP BY start) m
  ON c.start = m.start AND c.bids = m.most;
