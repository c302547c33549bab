-- q12, processing time windows: how many bids of each bidder came in ten seconds of the clock. A
-- bid comes when its batch is defined: that time is logged, so a batch that is run again, also by
-- another process, has the same. The count of a window is replaced by a later one.
CREATE TABLE bid (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'bid', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q12 USING csv OPTIONS (path 'q12', outputMode 'update');

INSERT INTO q12
SELECT bidder, window.start, count(*) AS bids
FROM (SELECT bidder, current_timestamp() AS came FROM bid)
GROUP BY bidder, window(came, '10 seconds');
