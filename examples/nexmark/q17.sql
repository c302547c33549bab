-- q17, auction statistics of a day: how many bids there were on each auction, in three ranges of
-- price, and their prices. A row is replaced by a later one of the same auction and day.
CREATE TABLE bid (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'bid', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q17 USING csv OPTIONS (path 'q17', outputMode 'update');

INSERT INTO q17
SELECT auction, CAST(dateTime AS DATE) AS day, count(*) AS total_bids,
       count(*) FILTER (WHERE price < 10000) AS rank1_bids,
       count(*) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_bids,
       count(*) FILTER (WHERE price >= 1000000) AS rank3_bids,
       min(price) AS min_price, max(price) AS max_price, sum(price) AS sum_price
FROM bid GROUP BY auction, CAST(dateTime AS DATE);
