-- q3, local item suggestion: who sells in category 10, and lives in Oregon, Idaho or California.
-- Nothing bounds how much later an auction may come than its seller, so both are kept for ever.
CREATE TABLE auction (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'auction', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');
CREATE TABLE person (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'person', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q3 USING csv OPTIONS (path 'q3');

INSERT INTO q3
SELECT p.name, p.city, p.state, a.id
FROM auction a JOIN person p ON a.seller = p.id
WHERE a.category = 10 AND p.state IN ('OR', 'ID', 'CA');
