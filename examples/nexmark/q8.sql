-- q8, monitor new users: who began to sell in the ten seconds in which he came.
CREATE TABLE person (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'person', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');
CREATE TABLE auction (WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECONDS)
USING nexmark OPTIONS (table 'auction', events 10000, maxEventsPerTrigger 1000,
               eventInterval '10ms', outOfOrder '4s');

CREATE TABLE q8 USING csv OPTIONS (path 'q8');

INSERT INTO q8
SELECT p.id, p.name, p.start
FROM (SELECT id, name, window.start AS start FROM person
      GROUP BY id, name, window(dateTime, '10 seconds')) p
JOIN (SELECT seller, window.start AS start FROM auction
      GROUP BY seller, window(dateTime, '10 seconds')) a
  ON p.id = a.seller AND p.start = a.start;
