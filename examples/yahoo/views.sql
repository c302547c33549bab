-- How often the advertisements of each campaign were seen, by ten seconds of event time. Which
-- campaign an advertisement is of stand in files: a row counts for events from its `since` on, so
-- a view waits for no row that comes later with an earlier one. That the views' watermark alone
-- decides what is final, though hardly any campaign ever comes, is what the policy "max" says.
CREATE TABLE ad_events (WATERMARK FOR event_time AS event_time - INTERVAL '1' SECOND)
USING ad_events OPTIONS (events 10000, maxEventsPerTrigger 1000,
                         eventInterval '10ms', outOfOrder '1s');
CREATE TABLE campaigns (ad_id STRING, campaign STRING, since TIMESTAMP, WATERMARK FOR since AS since)
USING csv OPTIONS (path 'campaigns');

CREATE TABLE campaign_views (start TIMESTAMP, campaign STRING, views BIGINT, last TIMESTAMP)
USING csv OPTIONS (path 'campaign_views', multipleWatermarkPolicy 'max');

INSERT INTO campaign_views
SELECT window.start, campaign, count(*), max(event_time)
FROM (SELECT ad_id, event_time FROM ad_events WHERE event_type = 'view') v
JOIN campaigns c ON v.ad_id = c.ad_id AND c.since <= v.event_time
GROUP BY window(event_time, '10 seconds'), campaign;
