-- HubSpot as Fivetran leaves it, with the rows that make reading it hard.
CREATE SCHEMA hubspot;
SET search_path = hubspot;

CREATE TABLE owner (owner_id bigint PRIMARY KEY, email varchar(256), first_name text, last_name text, type text, active_user_id bigint, _fivetran_synced timestamptz);
INSERT INTO owner VALUES
    (101, 'ann@example.com', 'Ann', 'Abel', 'PERSON', 9001, '2026-11-02'),
    (102, 'ben@example.com', '', NULL, 'PERSON', 9002, '2026-11-02'),             -- no name: the email; the team is the user's
    (103, 'cleo@example.com', 'Cleo', 'Carr', 'PERSON', NULL, '2026-11-02'),      -- left
    (104, 'dee@example.com', 'Dee', 'Dorn', 'PERSON', 9004, '2026-11-02'),        -- one user, two owners
    (105, 'dee2@example.com', 'Dee', 'Dorn', 'PERSON', 9004, '2026-11-02'),
    (106, NULL, 'Leads', NULL, 'QUEUE', NULL, '2026-11-02'),                      -- nobody
    (107, NULL, NULL, NULL, NULL, NULL, '2026-11-02');                            -- nothing but an id
CREATE TABLE users (id bigint PRIMARY KEY, email text, primary_team_id bigint);
INSERT INTO users VALUES (9001, 'ann@example.com', 2), (9002, 'ben@example.com', 2), (9003, 'Cleo@example.com', NULL);
CREATE TABLE team (id bigint PRIMARY KEY, name text);
INSERT INTO team VALUES (1, 'West'), (2, 'East');
CREATE TABLE owner_team (owner_id bigint, team_id bigint, is_team_primary boolean);
INSERT INTO owner_team VALUES (101, 2, false), (101, 1, true);

CREATE TABLE deal_pipeline (pipeline_id text PRIMARY KEY, label text, active boolean, _fivetran_deleted boolean);
INSERT INTO deal_pipeline VALUES ('default', 'Sales', true, false), ('p2', 'Renewals', false, true);   -- archived, with deals
CREATE TABLE deal_pipeline_stage (stage_id text, pipeline_id text, label text, probability double precision, is_closed boolean, closed_won boolean, active boolean, _fivetran_deleted boolean);
INSERT INTO deal_pipeline_stage VALUES
    ('appt', 'default', 'Appointment', 0.2, false, NULL, true, false),
    ('prop', 'default', 'Proposal', 0.6, false, NULL, true, false),
    ('zero', 'default', 'On hold', 0, false, NULL, true, NULL),                   -- no chance, yet not closed: no loss
    ('gone', 'default', 'Demo', 0.4, false, NULL, false, true),                   -- deleted
    ('closedwon', 'default', 'Closed won', 1, true, NULL, true, false),           -- is_closed says nothing of which
    ('closedlost', 'default', 'Closed lost', 0, true, NULL, true, false),
    ('prop', 'p2', 'Offer', 0.5, false, NULL, true, false),                       -- an id that another pipeline has
    ('77', 'p2', 'Proposal', 0.5, false, NULL, true, false),                      -- a label that another pipeline has
    ('78', 'p2', 'Won', 1, NULL, true, true, false),                              -- of the time before is_closed
    ('79', 'p2', 'Lost (old)', 0, NULL, false, true, false);

CREATE TABLE deal (deal_id bigint PRIMARY KEY, deal_pipeline_id text, deal_pipeline_stage_id text, owner_id bigint, property_dealname text,
    property_amount double precision, property_deal_currency_code text, property_createdate timestamptz, property_closedate timestamptz,
    property_hs_deal_stage_probability double precision, property_hs_manual_forecast_category text, property_closed_lost_reason text,
    property_hs_is_closed boolean, property_hs_is_closed_won boolean, is_deleted boolean, _fivetran_deleted boolean, _fivetran_synced timestamptz DEFAULT '2026-11-02 05:00+00');
INSERT INTO deal VALUES
    (1001, 'default', 'closedwon', 101, 'Acme', 1200.5, 'USD', '2026-01-05 09:00+00', '2026-04-11 16:00+00', 1, 'CLOSED', NULL, true, true, false, false),
    (1002, 'default', 'prop', 102, 'Bolt', 800, 'EUR', '2026-03-01 08:30+00', '2026-12-31 00:00+00', 0.6, 'COMMIT', NULL, false, false, NULL, NULL),
    (1003, 'default', 'closedlost', 103, 'Cone', NULL, NULL, '2026-02-01 00:00+00', '2026-04-12 10:00+00', 0, NULL, 'price', true, false, false, false),
    (1004, 'default', 'zero', NULL, 'Dust', NULL, NULL, '2026-02-03 00:00+00', NULL, NULL, 'BEST_CASE', NULL, NULL, NULL, false, false),
    (1005, 'default', 'prop', 101, 'Deleted', 1, NULL, '2026-02-03 00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, true, false),
    (1006, 'default', 'prop', 101, 'Deleted, says the loader', 1, NULL, '2026-02-03 00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, true),
    (1007, 'p2', 'prop', 101, 'Merged away', 50, NULL, '2026-04-01 00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, false, false),
    (1008, 'p2', 'prop', 101, 'Merged away too', 50, NULL, '2026-04-03 00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, false, false),
    (1009, 'p2', 'prop', 101, 'Merged', 50, NULL, '2026-06-01 00:00+00', NULL, NULL, 'PIPELINE', NULL, NULL, NULL, false, false),
    (1010, 'p2', '78', 101, 'Old win', NULL, NULL, '2025-03-01 00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, false, false),
    (1011, 'p2', '79', 101, 'Old loss', NULL, NULL, '2025-03-01 00:00+00', '2025-09-01 00:00+00', NULL, NULL, NULL, true, false, false, false),
    (1012, 'p2', '79', 101, 'Old riddle', NULL, NULL, '2025-03-01 00:00+00', '2025-09-01 00:00+00', NULL, NULL, NULL, NULL, NULL, false, false),   -- nothing says that it is closed
    (1013, 'default', 'gone', 106, 'Dark', NULL, NULL, '2026-04-01 00:00+00', NULL, 1.7, 'MOST_LIKELY', NULL, NULL, NULL, false, false),            -- a queue's; a stand-in for a probability
    (1014, 'ghostpipe', 'ghost', 999, NULL, NULL, NULL, '2026-04-02 00:00+00', NULL, NULL, 'OMIT', NULL, NULL, NULL, false, false),               -- in no dictionary; an owner that is not here
    (9, 'default', 'appt', 101, 'Nine', NULL, NULL, '2026-05-01 00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, false, false),                     -- ids are text: after 1014
    (10, 'default', 'appt', 101, 'Ten', NULL, NULL, '2026-05-02 00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, false, false);
CREATE TABLE merged_deal (deal_id bigint, merged_deal_id bigint);
INSERT INTO merged_deal VALUES (1009, 1007), (1009, 1008), (1009, NULL);

CREATE TABLE deal_stage (deal_id bigint, value text, date_entered timestamptz, _fivetran_start timestamptz, _fivetran_end timestamptz, _fivetran_active boolean, source text, source_id text);
INSERT INTO deal_stage VALUES
    (1001, 'closedwon', '2026-04-11 16:00+00', '2026-04-11 16:00+00', '2050-01-01 00:00+00', true, 'CRM_UI', 'userId:9003'),                  -- by someone who left
    (1001, 'appt', '2026-01-05 09:00+00', '2026-01-05 09:00+00', '2026-02-01 10:00+00', false, 'CRM_UI', 'userId:9001'),
    (1001, 'appt', '2026-01-05 09:00+00', '2026-01-05 09:00+00', '2026-02-01 10:00+00', false, 'CRM_UI', 'userId:9001'),                      -- twice
    (1001, 'prop', '2026-02-01 10:00+00', '2026-02-01 10:00+00', '2026-04-11 16:00+00', false, 'AUTOMATION_PLATFORM', 'userId:9001'),         -- in a user's name, but not by them
    (1002, 'appt', '2026-03-01 08:30+00', '2026-03-01 08:30:00.002+00', NULL, false, 'CRM_UI', 'userId:9004'),                                -- one of two owners
    (1002, 'prop', '2026-03-01 08:30+00', '2026-03-01 08:30:00.001+00', NULL, false, 'CRM_UI', 'userId:9002'),                                -- at the same instant, before it
    (1002, '77', '2026-03-05 00:00+00', '2026-03-05 00:00+00', NULL, false, 'INTEGRATION', 'enrollmentId:196802085532;actionExecutionIndex:1'),   -- in another pipeline
    (1002, 'prop', '2026-03-10 00:00+00', '2026-03-10 00:00+00', NULL, false, 'CRM_UI', 'userId:9002'),                                       -- back, and the name stays: no change
    (1002, 'gone', '2026-03-12 00:00+00', '2026-03-12 00:00+00', NULL, false, 'CRM_UI', 'userId:5'),
    (1002, 'prop', '2026-03-13 00:00+00', '2026-03-13 00:00+00', '2050-01-01 00:00+00', true, NULL, NULL),
    (1007, 'prop', '2026-05-20 00:00+00', '2026-05-20 00:00+00', NULL, true, NULL, NULL),
    (1009, 'prop', '2026-05-20 00:00+00', '2026-06-01 00:00+00', NULL, false, NULL, NULL),                                                   -- what was merged, in any order
    (1009, 'appt', '2026-04-03 00:00+00', '2026-06-01 00:00+00', NULL, false, NULL, NULL),
    (1009, 'appt', '2026-04-01 00:00+00', '2026-06-01 00:00+00', NULL, false, NULL, NULL),
    (1009, '77', '2026-06-01 00:00+00', '2026-06-01 00:00+00', NULL, false, NULL, NULL),
    (1009, 'prop', '2026-06-02 00:00+00', '2026-06-02 00:00+00', NULL, true, NULL, NULL),
    (1013, NULL, '2026-04-01 00:00+00', '2026-04-01 00:00+00', NULL, true, NULL, NULL),
    (1013, 'appt', NULL, '2026-04-01 00:00+00', NULL, true, NULL, NULL),
    (1013, '', '2026-04-02 00:00+00', '2026-04-02 00:00+00', NULL, true, NULL, NULL),
    (1014, 'prop', '2026-04-02 00:00+00', '2026-04-02 00:00+00', NULL, false, NULL, NULL),                                                   -- one of two names
    (1014, 'ghost', '2026-04-03 00:00+00', '2026-04-03 00:00+00', NULL, true, NULL, NULL),
    (5555, 'appt', '2026-04-02 00:00+00', '2026-04-02 00:00+00', NULL, true, NULL, NULL);                                                    -- of a deal that is not here

CREATE TABLE deal_property_history (deal_id bigint, name text, "timestamp" timestamptz, value text, source text, source_id text);
INSERT INTO deal_property_history VALUES
    (1001, 'closedate', '2026-01-05 09:00+00', '1774915200000', 'CRM_UI', NULL),           -- 31 March, in milliseconds
    (1001, 'amount', '2026-01-05 09:00+00', '1000', 'CRM_UI', NULL),
    (1001, 'closedate', '2026-01-20 00:00+00', '2026-04-30T21:59:59.999Z', 'CRM_UI', NULL),
    (1001, 'closedate', '2026-01-21 00:00+00', '', 'CRM_UI', NULL),                        -- emptied
    (1001, 'hs_deal_stage_probability', '2026-02-01 00:00+00', '0.600000000000000033', 'CALCULATED', NULL),
    (1001, 'hs_manual_forecast_category', '2026-02-02 00:00+00', 'COMMIT', 'CRM_UI', NULL),
    (1001, 'hs_manual_forecast_category', '2026-02-03 00:00+00', 'CLOSED', 'CRM_UI', NULL),   -- no forecast
    (1001, 'amount', '2026-02-04 00:00+00', '1.2E3', 'API', NULL),
    (1001, 'dealname', '2026-02-05 00:00+00', '77', 'CRM_UI', NULL),
    (1001, 'amount', '2026-02-06 00:00+00', 'n/a', 'API', NULL),
    (1001, 'hs_deal_probability', '2026-02-07 00:00+00', '20', 'API', NULL),               -- no share
    (1001, 'hs_manual_forecast_category', '2026-02-08 00:00+00', 'OMIT', 'CRM_UI', NULL),
    (1001, 'dealstage', '2026-01-05 09:00+00', 'appt', 'CRM_UI', 'userId:9001'),
    (1001, 'dealstage', '2026-02-09 00:00+00', 'prop', 'WORKFLOWS', 'userId:9001'),
    (1001, 'dealstage', '2026-02-10 00:00+00', 'prop', 'CRM_UI', 'userId:9001'),
    (1001, 'dealstage', '2026-02-11 00:00+00', '', 'CRM_UI', 'userId:9001'),
    (1002, 'closedate', '2026-03-01 00:00+00', '2026-12-31', 'IMPORT', NULL),
    (1002, 'closedate', '2026-03-02 00:00+00', 'next quarter', 'IMPORT', NULL),            -- no date, as long as one
    (5555, 'amount', '2026-03-01 00:00+00', '5', 'IMPORT', NULL);

CREATE TABLE engagement_deal (deal_id bigint, engagement_id bigint, engagement_type text, category text, _fivetran_deleted boolean);
INSERT INTO engagement_deal VALUES
    (1001, 1, 'CALL', 'HUBSPOT_DEFINED', NULL), (1001, 1, 'CALL', 'USER_DEFINED', NULL),                              -- tied twice
    (1001, 2, 'EMAIL', '', NULL), (1001, 3, 'EMAIL', '', NULL), (1001, 4, 'EMAIL', '', NULL), (1001, 5, 'MEETING', '', NULL), (1001, 6, 'MEETING', '', NULL),
    (1001, 7, 'NOTE', '', NULL), (1001, 8, 'TASK', '', NULL), (1001, 9, 'TASK', '', NULL), (1001, 10, 'COMMUNICATION', '', NULL), (1001, 11, 'CALL', '', NULL),
    (1001, 12, 'CALL', '', NULL), (1001, 13, 'TASK', '', NULL), (1002, 14, 'MEETING', '', NULL), (1002, 15, 'CALL', '', true), (1002, 16, 'CALL', '', NULL),
    (1002, 1, 'CALL', '', NULL), (5555, 3, 'EMAIL', '', NULL);
CREATE TABLE engagement_call (engagement_id bigint PRIMARY KEY, property_hs_timestamp timestamptz, property_hs_createdate timestamptz, property_hs_call_direction text, _fivetran_deleted boolean);
INSERT INTO engagement_call VALUES (1, '2026-01-06 10:00+00', '2026-01-06 11:00+00', 'INBOUND', false), (11, '2026-01-06 10:00+00', NULL, 'INBOUND', true),
    (12, '2026-01-14 00:00+00', NULL, 'OUTBOUND', NULL), (15, '2026-01-15 00:00+00', NULL, 'OUTBOUND', NULL);
CREATE TABLE engagement_email (engagement_id bigint PRIMARY KEY, property_hs_timestamp timestamptz, property_hs_createdate timestamptz, property_hs_email_direction text, _fivetran_deleted boolean);
INSERT INTO engagement_email VALUES (2, NULL, '2026-01-07 00:00+00', 'INCOMING_EMAIL', false), (3, '2026-01-08 00:00+00', NULL, 'EMAIL', false), (4, '2026-01-08 00:00+00', NULL, 'DRAFT_EMAIL', false);
CREATE TABLE engagement_meeting (engagement_id bigint PRIMARY KEY, property_hs_timestamp timestamptz, property_hs_createdate timestamptz, property_hs_meeting_start_time timestamptz, property_hs_meeting_outcome text, _fivetran_deleted boolean);
INSERT INTO engagement_meeting VALUES (5, '2026-01-01 00:00+00', NULL, '2026-01-09 14:00+00', 'COMPLETED', false), (6, '2026-01-09 14:00+00', NULL, NULL, 'CANCELED', false), (14, '2026-01-09 14:00+00', NULL, NULL, 'NO_SHOW', false);
CREATE TABLE engagement_note (engagement_id bigint PRIMARY KEY, property_hs_timestamp timestamptz, property_hs_createdate timestamptz, _fivetran_deleted boolean);
INSERT INTO engagement_note VALUES (7, '2026-01-10 00:00+00', NULL, false);
CREATE TABLE engagement_task (engagement_id bigint PRIMARY KEY, property_hs_timestamp timestamptz, property_hs_task_completion_date timestamptz, property_hs_task_status text, _fivetran_deleted boolean);
INSERT INTO engagement_task VALUES (8, '2026-01-20 00:00+00', '2026-01-11 00:00+00', 'COMPLETED', false), (9, '2026-01-12 00:00+00', NULL, 'NOT_STARTED', false), (13, '2026-01-15 00:00+00', NULL, 'COMPLETED', false);
CREATE TABLE engagement_communication (engagement_id bigint PRIMARY KEY, property_hs_timestamp timestamptz, property_hs_createdate timestamptz, _fivetran_deleted boolean);
INSERT INTO engagement_communication VALUES (10, '2026-01-13 00:00+00', NULL, false);
