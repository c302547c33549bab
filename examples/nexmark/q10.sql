-- q10, log to file system: bids with their day, hour and minute. The benchmark's own form writes a
-- directory of each minute (PARTITIONED BY), which is refused: here they are columns.
CREATE TABLE bid (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'bid', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q10 USING csv OPTIONS (path 'q10');

INSERT INTO q10
SELECT auction, bidder, price, dateTime, extra, CAST(dateTime AS DATE) AS day,
       hour(dateTime) AS hour, minute(dateTime) AS minute
FROM bid;
