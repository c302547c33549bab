-- q22, get url directories: the parts of the bids' addresses.
CREATE TABLE bid (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'bid', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q22 USING csv OPTIONS (path 'q22');

INSERT INTO q22
SELECT auction, bidder, price, channel, split_part(url, '/', 4) AS dir1,
       split_part(url, '/', 5) AS dir2, split_part(url, '/', 6) AS dir3
FROM bid;
