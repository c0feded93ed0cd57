-- Salesforce as Fivetran leaves it, with the rows that make reading it hard.
CREATE SCHEMA salesforce;
SET search_path = salesforce;

CREATE TABLE "user" (id varchar(18) PRIMARY KEY, name text, email text, manager_id varchar(18), user_role_id varchar(18),
    time_zone_sid_key text, is_active boolean, user_type text, _fivetran_deleted boolean, _fivetran_synced timestamptz);
INSERT INTO "user" VALUES
    ('005A', 'Ann Abel', 'ann@example.com', '005M', '00EREP', 'America/Los_Angeles', true, 'Standard', false, '2026-11-02'),
    ('005B', 'Ben Boos', 'ben@example.com', NULL, '00EREP', 'Europe/Berlin', true, 'Standard', NULL, '2026-11-02'), -- the manager by the role above
    ('005C', 'Cleo Carr', NULL, '005GONE', NULL, NULL, false, 'Standard', NULL, '2026-11-02'),                       -- left; a manager that is not here
    ('005D', 'Deb Dorn', 'deb@example.com', '005M', NULL, NULL, true, 'Standard', true, '2026-11-02'),               -- deleted
    ('005M', 'Mia Moss', 'mia@example.com', NULL, '00EMAN', 'Europe/Berlin', true, 'Standard', false, '2026-11-02'),
    ('005P', 'A customer', 'p@example.org', NULL, NULL, NULL, true, 'PowerCustomerSuccess', false, '2026-11-02'),    -- of a portal
    ('005X', 'Automated Process', NULL, NULL, NULL, NULL, true, 'AutomatedProcess', false, '2026-11-02');

CREATE TABLE user_role (id text PRIMARY KEY, name text, parent_role_id text, _fivetran_deleted boolean);
INSERT INTO user_role VALUES ('00EREP', 'Sales North', '00EMAN', NULL), ('00EMAN', 'Head of Sales', NULL, NULL);

CREATE TABLE record_type (id text PRIMARY KEY, name text);
INSERT INTO record_type VALUES ('012N', 'New business'), ('012R', 'Renewal');

CREATE TABLE opportunity (id varchar(18) PRIMARY KEY, name text, owner_id varchar(18), record_type_id text, stage_name text,
    amount double precision, currency_iso_code text, created_date timestamp, close_date timestamp, is_closed boolean, is_won boolean,
    probability double precision, forecast_category text, forecast_category_name text, is_deleted boolean, _fivetran_synced timestamptz);
INSERT INTO opportunity VALUES
    -- won; closed when it came into its stage, not on the date that was typed
    ('006A', 'Acme', '005A', '012N', 'Closed Won', 1200.5, 'EUR', '2026-01-05 09:00', '2026-05-01', true, true, 100, 'Closed', 'Closed', false, '2026-11-02 05:00+00'),
    -- open, its forecast called Commit on the screen; a date is midnight UTC and no other day
    ('006B', 'Bolt', '005B', '012N', 'Proposal', 800, 'USD', '2026-03-01 08:30', '2026-12-31', false, false, 60, 'Forecast', 'Commit', NULL, '2026-11-02 05:00+00'),
    -- lost, without any history: the typed date is all there is
    ('006C', 'Cone', '005C', NULL, 'Closed Lost', NULL, NULL, '2026-02-01', '2026-04-11', true, false, 0, 'Omitted', 'Omitted', false, '2026-11-02 05:00+00'),
    ('006D', 'In the bin', '005A', '012N', 'Proposal', 1, 'EUR', '2026-02-01', '2026-04-11', false, false, 10, 'Pipeline', 'Pipeline', true, '2026-11-02 05:00+00'),
    -- a queue's; a stand-in for a probability
    ('006E', 'Echo', '00G1', '012R', 'Discovery', 50, 'EUR', '2026-10-01', NULL, false, false, 1000, 'BestCase', 'Best Case', false, '2026-11-02 05:00+00'),
    -- won, says the deal, of which the history does not know yet, nor of what was before; and a row of it that was deleted does
    ('006F', 'Fern', '005B', '012N', 'Closed Won', 70, 'EUR', '2025-01-05', '2026-09-01', true, true, 100, 'Closed', 'Closed', false, '2026-11-02 05:00+00');

CREATE TABLE opportunity_history (id text COLLATE "und-x-icu" PRIMARY KEY, opportunity_id varchar(18), stage_name text, amount double precision, close_date timestamp,
    probability double precision, forecast_category text, created_by_id varchar(18), created_date timestamp, system_modstamp timestamp, is_deleted boolean);
INSERT INTO opportunity_history VALUES
    ('008A1', '006A', 'Discovery', 1000, '2026-03-31', 10, 'Pipeline', '005A', '2026-01-05 09:00', '2026-02-01', false),
    ('008A2', '006A', 'Discovery', 1200.5, '2026-03-31', 10, 'Pipeline', '005A', '2026-01-20 09:00', '2026-02-01', false),   -- of the amount: no move
    ('008Aa', '006A', 'Proposal', 1200.5, '2026-04-30', 50, 'MostLikely', '005M', '2026-02-01 10:00', '2026-04-01', false),  -- two in one second: by id, as bytes
    ('008AX', '006A', 'Scoping', 1200.5, '2026-04-30', 20, 'BestCase', '005M', '2026-02-01 10:00', '2026-02-01', false),
    ('008A5', '006A', 'Closed Won', 1200.5, '2026-05-01', 100, 'Closed', '005A', '2026-04-11 16:00', NULL, false),
    ('008A6', '006A', 'Closed Won', 1200.5, '2026-05-01', 100, 'Closed', '005A', '2026-04-20 16:00', NULL, false),           -- of the date, after the closing
    ('008A7', '006A', NULL, 1200.5, '2026-05-01', 100, 'Closed', '005A', '2026-04-25 16:00', NULL, false),                  -- says nothing of the stage
    ('008B1', '006B', 'Discovery', 700, '2026-09-30', 10, 'Pipeline', '005B', '2026-03-01 08:30', NULL, NULL),
    ('008B2', '006B', 'Proposal', 700, '2026-09-30', 60, 'Forecast', '005B', '2026-03-10 08:30', NULL, NULL),
    ('008B3', '006B', 'Discovery', 700, '2026-09-30', 10, 'Pipeline', '005B', '2026-03-12 08:30', NULL, true),               -- deleted
    ('008B4', '006B', 'Proposal', 800, '2026-12-31', 60, 'Forecast', '005B', '2026-06-01 08:30', NULL, NULL),                -- a push: no move
    ('008F1', '006F', 'Closed Won', 70, '2026-09-01', 100, 'Closed', '005B', '2025-01-05', NULL, false),                     -- won at first, by mistake
    ('008F2', '006F', 'Discovery', 70, '2026-09-01', 10, 'Pipeline', '005B', '2025-01-06', NULL, false),
    ('008F3', '006F', 'Closed Won', 70, '2026-09-01', 100, 'Closed', '005B', '2025-02-01', NULL, true),
    ('008F4', '006F', NULL, 70, '2026-09-01', NULL, NULL, '005B', '2025-03-01', NULL, false),
    ('008Z1', '006Z', 'Discovery', 1, '2026-09-30', 10, 'Pipeline', '005B', '2026-03-01', NULL, NULL);                       -- of a deal that is not here

CREATE TABLE task (id text, what_id text, owner_id text, completed_date_time timestamp, activity_date timestamp, created_date timestamp,
    is_closed boolean, task_subtype text, type text, call_type text, is_deleted boolean);
INSERT INTO task VALUES
    ('00T1', '006A', '005A', '2026-01-06 10:00', '2026-01-06', '2026-01-05', true, 'Call', 'Call', 'Inbound', false),
    ('00T2', '006A', '005A', NULL, '2026-01-07', '2026-01-05', true, 'Email', 'Email', NULL, NULL),
    ('00T3', '006A', '005A', NULL, '2026-01-08', '2026-01-05', false, 'Task', NULL, NULL, NULL),                             -- not done
    ('00T4', '006A', '005A', NULL, '2026-01-08', '2026-01-05', true, 'Task', NULL, NULL, true),                              -- deleted
    ('00T5', '001A', '005A', NULL, '2026-01-08', '2026-01-05', true, 'Task', NULL, NULL, NULL),                              -- of an account
    ('00T6', '006B', '005B', NULL, NULL, '2026-03-02 07:00', true, 'Task', NULL, NULL, NULL);

CREATE TABLE event (id text, what_id text, start_date_time timestamp, activity_date_time timestamp, is_child boolean, is_deleted boolean);
INSERT INTO event VALUES
    ('00U1', '006A', '2026-01-09 14:00', NULL, false, false),
    ('00U2', '006A', '2026-01-09 14:00', NULL, true, false),                                                                 -- the copy for an attendee
    ('00U3', '006B', NULL, '2026-03-03 09:00', NULL, NULL);
