-- q4, average price for a category: of the highest bid on each auction while it was open.
-- A row is shown once, when it is final: an auction's highest bid once no bid can come any more
-- (none is open for a minute), and the average of those that began in ten seconds. The benchmark's
-- own form, the average since the beginning, shows other rows for the same category again and
-- again, of an aggregate that does so, too: that is refused.
CREATE TABLE auction (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'auction', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');
CREATE TABLE bid (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'bid', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q4 USING csv OPTIONS (path 'q4');

INSERT INTO q4
SELECT window.start, category, avg(final) AS average
FROM (
  SELECT a.id, a.category, a.dateTime, max(b.price) AS final
  FROM auction a JOIN bid b
    ON a.id = b.auction AND b.dateTime >= a.dateTime
       AND b.dateTime <= a.dateTime + INTERVAL '1' MINUTE
  WHERE b.dateTime <= a.expires
  GROUP BY a.id, a.category, a.dateTime
)
GROUP BY window(dateTime, '10 seconds'), category;
