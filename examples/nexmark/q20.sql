-- q20, expand bid with auction: bids beside what is bid on, of category 10.
CREATE TABLE bid (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'bid', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');
CREATE TABLE auction (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'auction', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q20 USING csv OPTIONS (path 'q20');

INSERT INTO q20
SELECT b.auction, b.bidder, b.price, b.channel, b.url, b.dateTime, b.extra,
       a.itemName, a.description, a.initialBid, a.reserve, a.dateTime AS opened, a.expires,
       a.seller, a.category, a.extra AS auctionExtra
FROM bid b JOIN auction a ON b.auction = a.id
WHERE a.category = 10;
