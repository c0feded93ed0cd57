-- Pipedrive as dlt leaves it, with the rows that make reading it hard.
CREATE SCHEMA pipedrive;
SET search_path = pipedrive;

CREATE TABLE users (id bigint PRIMARY KEY, name text, email text, active_flag boolean, timezone_name text, timezone_offset text);
INSERT INTO users VALUES
    (1, 'Ann Abel', 'ann@example.com', true, 'Europe/Tallinn', '+02:00'),
    (2, 'Ben Boos', 'ben@example.com', false, 'America/New_York', '-05:00'),      -- left
    (3, '', NULL, NULL, NULL, NULL);
CREATE TABLE pipelines (id bigint PRIMARY KEY, name text, deal_probability boolean);
INSERT INTO pipelines VALUES (1, 'New business', true), (2, 'Renewals', false);
CREATE TABLE stages (id bigint PRIMARY KEY, name text, pipeline_id bigint, deal_probability bigint, active_flag boolean);
INSERT INTO stages VALUES (1, 'Lead', 1, 10, true), (2, 'Demo', 1, 50, true), (3, 'Offer', 1, 80, true),
    (4, 'Offer', 2, 30, true),                                                    -- a name that another pipeline has
    (5, 'Old', 2, 30, false);                                                     -- deleted

CREATE TABLE deals (id bigint PRIMARY KEY, title text, user_id bigint, pipeline_id bigint, stage_id bigint, value bigint, value__v_double double precision, currency text,
    add_time timestamp, status text, won_time timestamptz, lost_time timestamptz, close_time timestamptz, expected_close_date date, probability double precision, lost_reason text,
    deleted boolean, is_deleted boolean, is_archived boolean, last_incoming_mail_time timestamptz, last_outgoing_mail_time timestamptz, _dlt_load_id text);
INSERT INTO deals VALUES
    -- won after it had been lost once, and reopened
    (11, 'Eleven', 1, 1, 3, 1000, NULL, 'EUR', '2026-01-05 09:00', 'won', '2026-04-11 16:00+00', '2026-03-01 00:00+00', '2026-04-11 16:00:05+00', '2026-05-01', NULL, 'price', false, NULL, false, NULL, NULL, '1762070400.1'),
    -- open again after it had been won; no value was given
    (12, 'Twelve', 2, 1, 2, 0, NULL, 'USD', '2026-03-01 08:30', 'open', '2026-05-01 00:00+00', NULL, '2026-05-01 00:00+00', '2026-12-31', 40, NULL, false, NULL, NULL, '2026-03-03 07:00+00', '2026-03-03 08:00+00', '1762070400.1'),
    -- older than the log; a value with a fraction; no such probability
    (13, 'Thirteen', 3, 2, 4, NULL, 99.5, NULL, '2025-06-01 00:00', 'lost', NULL, NULL, '2026-02-02 12:00+00', NULL, 150, 'budget', false, false, false, NULL, NULL, '1762070400.1'),
    (14, 'Deleted', 1, 1, 1, NULL, NULL, NULL, '2026-02-01 00:00', 'deleted', NULL, NULL, NULL, NULL, NULL, NULL, true, NULL, NULL, NULL, NULL, '1762070400.1'),
    (15, 'Deleted while open', 1, 1, 1, NULL, NULL, NULL, '2026-02-01 00:00', 'open', NULL, NULL, NULL, NULL, NULL, NULL, true, NULL, NULL, NULL, NULL, '1762070400.1'),
    (16, 'Archived while open', 1, 1, 1, NULL, NULL, NULL, '2026-02-01 00:00', 'open', NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, true, NULL, NULL, '1762070400.1'),
    (17, '', NULL, 9, 99, NULL, NULL, NULL, '2026-04-01 00:00', 'won', NULL, NULL, NULL, NULL, 150, NULL, false, NULL, true, NULL, NULL, '1762070400.1'),        -- archived after it was won
    (18, 'Deleted, in the new way', 1, 1, 1, NULL, NULL, NULL, '2026-02-01 00:00', 'open', NULL, NULL, NULL, NULL, NULL, NULL, NULL, true, NULL, NULL, NULL, '1762070400.1'),
    (19, 'Nineteen', 1, 2, 77, NULL, NULL, NULL, '2026-05-01 00:00', 'open', NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, '1762070400.1'),
    (20, 'Twenty', 1, 2, 4, NULL, NULL, NULL, '2026-07-01 00:00', 'open', NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, '1762070400.1'),       -- a pipeline that works without probabilities
    -- merged with a deal that was older
    (21, 'Merged', 1, 1, 3, 30, NULL, NULL, '2026-07-01 00:00', 'open', NULL, NULL, NULL, '2026-12-31', 70, NULL, false, NULL, NULL, NULL, NULL, '1762070400.1'),
    (5, 'Five', 1, 1, 1, 70, NULL, NULL, '2026-06-01 00:00', 'open', NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, '1762070400.1');      -- ids are text: after 19

CREATE TABLE deals_flow_deal_change (id bigint, item_id bigint, user_id bigint, field_key text, old_value text, new_value text, log_time timestamptz, change_source text);
INSERT INTO deals_flow_deal_change VALUES
    (100, 9999, 1, 'stage_id', '1', '2', '2025-12-01 00:00+00', 'app'),                    -- of a deal that is not here; the log begins
    (101, 9999, 1, 'value', '1', '2', '2025-12-02 00:00+00', 'app'),
    (1, 11, 1, 'add_time', NULL, '2026-01-05 09:00:00', '2026-01-05 09:00+00', 'app'),
    (2, 11, 1, 'stage_id', '1', '2', '2026-01-10 00:00+00', 'app'),
    (3, 11, 2, 'stage_id', '2', '3', '2026-01-20 00:00+00', 'app'),
    (5, 11, 1, 'stage_id', '2', '3', '2026-02-01 10:00+00', 'app'),                        -- two in one second: by id
    (4, 11, 1, 'stage_id', '3', '2', '2026-02-01 10:00+00', 'app'),
    (6, 11, 1, 'expected_close_date', '2026-03-31', '2026-05-01', '2026-02-05 00:00+00', 'app'),
    (7, 11, 1, 'value', '0', '1000', '2026-02-06 00:00+00', 'app'),                        -- none was given before
    (12, 12, 2, 'stage_id', '1', '2', '2026-03-04 00:00+00', 'automation'),                -- nobody's
    (8, 12, 2, 'probability', '20', '40', '2026-03-05 00:00+00', 'app'),
    (9, 12, 2, 'value', '500', '0', '2026-03-06 00:00+00', 'app'),                         -- somebody's act
    (10, 12, 2, 'expected_close_date', '2026-12-31', NULL, '2026-03-07 00:00+00', 'app'),  -- emptied
    (13, 12, 2, 'expected_close_date', NULL, '2026-12-31', '2026-03-08 00:00+00', 'app'),
    (19, 19, 1, 'stage_id', '9', '', '2026-05-02 00:00+00', 'app'),                        -- into nothing
    (20, 19, 1, 'stage_id', '3', '4', '2026-05-05 00:00+00', 'app'),                       -- into another pipeline, under the same name
    (21, 19, 1, 'stage_id', '4', '5', '2026-05-10 00:00+00', 'app'),
    (22, 19, 1, 'stage_id', '5', '77', '2026-05-11 00:00+00', 'app'),                      -- in no dictionary
    (40, 21, 1, 'stage_id', '1', '2', '2026-05-01 00:00+00', 'app'),
    (41, 21, 1, 'stage_id', '2', '3', '2026-07-02 00:00+00', 'app'),
    (42, 21, 1, 'value', '10', '20', '2026-05-01 00:00+00', 'app'),
    (43, 21, 1, 'expected_close_date', '2026-09-30', '2026-12-31', '2026-05-02 00:00+00', 'app'),
    (44, 21, 1, 'value', '20', '30', '2026-07-02 00:00+00', 'app'),
    (30, 5, 1, 'stage_id', NULL, '1', '2026-06-01 00:00+00', 'app'),                       -- the making itself is in the log
    (31, 5, 1, 'stage_id', '1', '1', '2026-06-02 00:00+00', 'api'),                        -- no change
    (32, 5, 1, 'value', NULL, '70', '2026-06-03 00:00+00', 'app');                         -- before, there was none

CREATE TABLE activities (id bigint, deal_id bigint, user_id bigint, type text, done boolean, marked_as_done_time timestamptz, due_date date, due_time text, active_flag boolean);
INSERT INTO activities VALUES
    (1, 11, 1, 'call', true, '2026-01-06 10:00+00', '2026-01-05', '08:00', true),
    (2, 11, 1, 'meeting', true, NULL, '2026-01-07', '09:30', true),
    (3, 11, 1, 'lunch', true, NULL, '2026-01-08', '', true),
    (4, 11, 1, 'task', false, NULL, '2026-01-08', '', true),                               -- not done
    (5, 11, 1, 'task', true, '2026-01-08 00:00+00', NULL, NULL, false),                    -- deleted
    (6, NULL, 1, 'task', true, '2026-01-08 00:00+00', NULL, NULL, true),                   -- of no deal
    (7, 12, 2, NULL, true, '2026-03-02 00:00+00', NULL, NULL, NULL),
    (8, 12, 2, 'call', true, NULL, NULL, NULL, true),                                      -- nobody knows when
    (9, 9999, 2, 'call', true, '2026-03-02 00:00+00', NULL, NULL, true);
