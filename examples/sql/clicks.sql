-- How often each advertisement was clicked on within a minute of being seen, by the ten seconds in
-- which it was seen. Files of either directory may come late, and in any order: rows that are up to
-- ten seconds older than the newest one seen still count.
CREATE TABLE views (
  at TIMESTAMP,
  ad STRING,
  WATERMARK FOR at AS at - INTERVAL '10' SECONDS
) USING csv OPTIONS (path 'views');

CREATE TABLE clicks (
  at TIMESTAMP,
  ad STRING,
  WATERMARK FOR at AS at - INTERVAL '10' SECONDS
) USING csv OPTIONS (path 'clicks');

CREATE TABLE clicked (seen TIMESTAMP, ad STRING, clicks BIGINT, last TIMESTAMP)
USING csv OPTIONS (path 'clicked');

INSERT INTO clicked
SELECT window.start, v.ad, count(*), max(c.at)
FROM views v
JOIN clicks c
  ON c.ad = v.ad AND c.at >= v.at AND c.at <= v.at + INTERVAL '1' MINUTE
GROUP BY window(v.at, '10 seconds'), v.ad;
