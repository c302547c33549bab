-- q14, calculation: the higher bids with the time of day, and how often a c stands in their text.
CREATE TABLE bid (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'bid', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q14 USING csv OPTIONS (path 'q14');

INSERT INTO q14
SELECT auction, bidder, 0.908 * price AS price,
       CASE WHEN hour(dateTime) >= 8 AND hour(dateTime) <= 18 THEN 'dayTime'
            WHEN hour(dateTime) <= 6 OR hour(dateTime) >= 20 THEN 'nightTime'
            ELSE 'otherTime' END AS bidTimeType,
       dateTime, extra, length(extra) - length(replace(extra, 'c', '')) AS c_counts
FROM bid
WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000;
