-- q11, user sessions: how many bids each bidder made without a pause of ten seconds.
CREATE TABLE bid (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'bid', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q11 USING csv OPTIONS (path 'q11');

INSERT INTO q11
SELECT bidder, session_window.start, session_window.end, count(*) AS bids
FROM bid GROUP BY bidder, session_window(dateTime, '10 seconds');
