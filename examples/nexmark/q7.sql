-- q7, highest bid: that of each ten seconds, or several that are equal.
CREATE TABLE bid (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'bid', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q7 USING csv OPTIONS (path 'q7');

INSERT INTO q7
SELECT b.auction, b.price, b.bidder, b.dateTime
FROM bid b
JOIN (SELECT window.start AS start, max(price) AS highest
      FROM bid GROUP BY window(dateTime, '10 seconds')) m
  ON b.price = m.highest
     AND b.dateTime >= m.start AND b.dateTime < m.start + INTERVAL '10' SECONDS;
