-- q23, all of a bid: who made it, and on what, for category 10. Nothing bounds how much later a
-- bid may come than its auction and its bidder, so all three are kept for ever.
CREATE TABLE bid (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'bid', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');
CREATE TABLE auction (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'auction', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');
CREATE TABLE person (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'person', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q23 USING csv OPTIONS (path 'q23');

INSERT INTO q23
SELECT b.auction, b.price, b.dateTime, a.itemName, a.seller, p.id AS bidder, p.name, p.city
FROM bid b
JOIN auction a ON b.auction = a.id
JOIN person p ON b.bidder = p.id
WHERE a.category = 10;
