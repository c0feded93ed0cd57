-- Odoo 17 as it lays out its own database, with the rows that make reading it hard. Times are UTC without a zone.
CREATE TABLE res_partner (id serial PRIMARY KEY, name varchar, email varchar, tz varchar);
INSERT INTO res_partner VALUES
    (2, 'OdooBot', 'odoobot@example.com', NULL), (3, 'Mitchell Admin', 'admin@example.com', 'Europe/Brussels'),
    (4, 'Default User Template', NULL, NULL), (5, 'Public user', NULL, NULL),
    (10, 'Ann Abel', 'ann@example.com', 'America/New_York'), (11, 'Ben Boos', 'ben@example.com', 'Europe/Berlin'),
    (12, 'Cleo Carr', NULL, NULL), (13, 'Mia Moss', 'mia@example.com', 'Europe/Berlin'), (14, 'Paul of the portal', 'paul@example.org', NULL),
    (15, 'Dan Dorn', 'dan@example.com', NULL), (20, 'A buyer', 'buyer@example.org', NULL);

CREATE TABLE res_users (id serial PRIMARY KEY, partner_id int NOT NULL, login varchar NOT NULL, active boolean, share boolean, sale_team_id int);
INSERT INTO res_users VALUES
    (1, 2, '__system__', false, false, NULL),      -- OdooBot: an internal user to the tables, and nobody
    (2, 3, 'admin', true, false, NULL),            -- a person, of no team
    (3, 4, 'default', false, false, NULL),         -- the template of new users
    (4, 5, 'public', false, true, NULL),           -- whoever visits the web site
    (6, 10, 'ann@example.com', true, false, 1),
    (7, 11, 'ben@example.com', true, false, 1),
    (8, 12, 'cleo@example.com', false, false, NULL),   -- left
    (9, 13, 'mia@example.com', true, false, NULL),
    (10, 15, 'dan@example.com', true, false, 2),
    (11, 14, 'paul@example.org', true, true, NULL);    -- a customer with access to the portal

CREATE TABLE crm_team (id serial PRIMARY KEY, name jsonb NOT NULL, user_id int, active boolean);
INSERT INTO crm_team VALUES
    (1, '{"en_US": "North", "de_DE": "Nord"}', 9, true),   -- whose leader is no member
    (2, '{"en_US": "South"}', 10, true),                   -- whose leader is one: Dan has no manager
    (3, '{"en_US": "Old"}', 2, false),                     -- archived: nobody's team, its leader's neither
    (4, '{"fr_FR": "Est", "de_DE": "Ost"}', NULL, true);   -- without a name in English: the first of the others

CREATE TABLE crm_team_member (id serial PRIMARY KEY, user_id int NOT NULL, crm_team_id int NOT NULL, active boolean);
INSERT INTO crm_team_member VALUES
    (1, 7, 3, true), (2, 7, 1, true), (3, 6, 1, true),
    (4, 8, 1, false),                                      -- archived with its user
    (7, 10, 1, true), (5, 10, 2, true);                    -- in two teams: the first membership says it

CREATE TABLE crm_stage (id serial PRIMARY KEY, name jsonb NOT NULL, sequence int, is_won boolean, team_id int);
INSERT INTO crm_stage VALUES
    (1, '{"en_US": "New", "de_DE": "Neu"}', 0, false, NULL),
    (2, '{"en_US": "Scoping", "de_DE": "Klärung"}', 1, false, NULL),   -- was called Qualified
    (3, '{"en_US": "Proposition"}', 2, NULL, NULL),
    (4, '{"en_US": "Won"}', 3, true, NULL),
    (6, '{"en_US": "Proposition"}', 4, false, 2);                      -- South's own; stage 5 was deleted

CREATE TABLE crm_lost_reason (id serial PRIMARY KEY, name jsonb NOT NULL, active boolean);
INSERT INTO crm_lost_reason VALUES (1, '{"en_US": "Too expensive"}', true), (2, '{"en_US": "Chose a rival"}', false);

CREATE TABLE res_currency (id serial PRIMARY KEY, name varchar NOT NULL);
INSERT INTO res_currency VALUES (1, 'EUR'), (2, 'USD');
CREATE TABLE res_company (id serial PRIMARY KEY, currency_id int NOT NULL);
INSERT INTO res_company VALUES (1, 1), (2, 2);

CREATE TABLE crm_lead (id serial PRIMARY KEY, name varchar NOT NULL, type varchar NOT NULL, active boolean, user_id int, create_uid int,
    team_id int, company_id int, stage_id int, expected_revenue numeric, probability double precision, date_deadline date,
    create_date timestamp, date_conversion timestamp, date_last_stage_update timestamp, date_closed timestamp, lost_reason_id int);
INSERT INTO crm_lead VALUES
    (1, 'Acme', 'opportunity', true, 6, 6, 1, 1, 4, 1200.50, 100, '2026-05-01', '2026-01-05 09:00', NULL, '2026-04-11 16:00', '2026-04-11 16:00', NULL),
    -- of the web site's form; today's date says nothing of the earlier ones
    (2, 'Bolt', 'opportunity', true, 7, 1, 1, 2, 3, 800, 60, '2026-12-31', '2026-03-01 08:30', NULL, '2026-03-10 08:30', NULL, NULL),
    -- lost: archived, with a probability of 0
    (3, 'Cone', 'opportunity', false, 8, 8, NULL, 1, 3, 500, 0, NULL, '2026-02-01', NULL, '2026-02-01', '2026-04-12 08:00', 1),
    (4, 'No deal yet', 'lead', true, 6, 6, 1, 1, 1, 10, 10, NULL, '2025-12-01', NULL, '2025-12-01', NULL, NULL),
    -- archived and not lost: put away
    (5, 'Dusk', 'opportunity', false, 6, 6, 1, 1, 2, 70, 35, NULL, '2026-02-01', NULL, '2026-02-01', '2026-03-01', NULL),
    -- archived by a program that left the probability, but gave a reason; a portal user's
    (6, 'Echo', 'opportunity', false, 11, 11, NULL, 1, 2, NULL, 35, '2026-06-30', '2026-04-01', NULL, '2026-04-01', '2026-05-02', 2),
    -- lost once and restored: Odoo leaves the date of closing; OdooBot's; an amount that nobody gave; of no company
    (7, 'Fern', 'opportunity', true, 1, 6, NULL, NULL, 1, 0, 10, NULL, '2026-08-01', NULL, '2026-08-01', '2026-08-15', 1),
    -- archived in the stage that is won: lost, says Odoo
    (8, 'Gale', 'opportunity', false, 6, 6, 1, 1, 4, 90, 0, NULL, '2026-01-02', NULL, '2026-02-02', '2026-09-01', NULL),
    -- a lead for a month
    (9, 'Hill', 'opportunity', true, 7, 6, 1, 1, 2, NULL, 25, NULL, '2026-02-01', '2026-03-01 12:00', '2026-03-02', NULL, NULL),
    (10, 'Juno', 'opportunity', true, 6, 6, 4, 1, 3, NULL, 20, NULL, '2026-07-01 08:00', NULL, '2026-07-04 08:00', NULL, NULL),
    -- moved while it was a lead
    (11, 'Iron', 'opportunity', true, 7, 6, NULL, 1, 2, NULL, NULL, NULL, '2026-02-01', '2026-03-01 12:00', '2026-02-10', NULL, NULL),
    -- merged with a deal that was older
    (12, 'Jade', 'opportunity', true, 6, 6, 1, 1, 3, 50, 50, NULL, '2026-05-01', NULL, '2026-05-10', NULL, NULL),
    -- won without a date of closing, as after an import
    (13, 'Kite', 'opportunity', true, 10, 4, 2, 2, 4, NULL, 100, NULL, '2026-06-01', NULL, '2026-06-20 11:00', NULL, NULL);

CREATE TABLE mail_message_subtype (id serial PRIMARY KEY, name jsonb, internal boolean);
INSERT INTO mail_message_subtype VALUES (1, '{"en_US": "Discussions"}', NULL), (2, '{"en_US": "Note"}', true), (3, '{"en_US": "Activities"}', true);
CREATE TABLE mail_activity_type (id serial PRIMARY KEY, name jsonb NOT NULL, category varchar);
INSERT INTO mail_activity_type VALUES (1, '{"en_US": "Email", "fr_FR": "Courriel"}', 'default'), (2, '{"en_US": "Phone them"}', 'phonecall'),
    (3, '{"en_US": "Meeting"}', 'meeting'), (4, '{"en_US": "To-Do"}', NULL);

CREATE TABLE mail_message (id serial PRIMARY KEY, model varchar, res_id int, message_type varchar NOT NULL, date timestamp, author_id int,
    subtype_id int, is_internal boolean, mail_activity_type_id int);
INSERT INTO mail_message VALUES
    (11, 'crm.lead', 1, 'email', '2026-01-06 10:00', 20, 1, false, NULL),          -- from the buyer
    (12, 'crm.lead', 1, 'email', '2026-01-07', NULL, 1, false, NULL),              -- from an address that no partner has
    (13, 'crm.lead', 1, 'email', '2026-01-08', 10, 1, false, NULL),                -- by Ann, who answered a notification
    (14, 'crm.lead', 1, 'comment', '2026-01-09', 10, 1, false, NULL),
    (15, 'crm.lead', 1, 'comment', '2026-01-10', 10, 2, false, NULL),              -- a note
    (16, 'crm.lead', 1, 'comment', '2026-01-11', 13, 1, true, NULL),               -- for employees only
    (17, 'crm.lead', 1, 'comment', '2026-01-12', 14, 1, false, NULL),              -- written in the portal
    (18, 'crm.lead', 1, 'notification', '2026-01-13', 10, 3, false, 2),            -- a call that was marked as done
    (19, 'crm.lead', 1, 'comment', '2026-01-14', 10, 3, false, 1),
    (20, 'crm.lead', 1, 'notification', '2026-01-17 15:00', 10, 3, false, 3),      -- a meeting marked as done: its event counts
    (21, 'crm.lead', 1, 'notification', '2026-01-18', 10, 1, false, NULL),
    (22, 'crm.lead', 1, 'email_outgoing', '2026-01-18', 10, 1, false, NULL),       -- a mass mailing
    (23, 'crm.lead', 1, 'auto_comment', '2026-01-18', 10, 1, false, NULL),
    (24, 'crm.lead', 1, 'comment', '2026-01-18', 2, 2, false, NULL),               -- by OdooBot
    (25, 'crm.lead', 1, 'comment', '2026-01-15', NULL, 1, false, NULL),            -- whose author was deleted
    (26, 'res.partner', 1, 'email', '2026-01-06', 20, 1, false, NULL),             -- of a contact that has the deal's id
    (27, 'crm.lead', 1, 'notification', '2026-01-16', 20, 3, false, 4),            -- done by somebody who is no user any more
    (28, 'crm.lead', 3, 'comment', '2026-02-05', 12, 1, false, NULL),              -- by somebody who has left
    (29, 'crm.lead', 4, 'email', '2026-02-05', 20, 1, false, NULL),
    (30, 'crm.lead', 5, 'email', '2026-02-05', 20, 1, false, NULL),
    (31, 'crm.lead', 1, 'email', NULL, 20, 1, false, NULL),
    (101, 'crm.lead', 1, 'notification', '2026-01-20 09:00', 10, 3, false, NULL),
    (102, 'crm.lead', 1, 'notification', '2026-02-01 10:00', 13, 3, false, NULL),
    (103, 'crm.lead', 1, 'notification', '2026-02-01 10:00', 13, 3, false, NULL),
    (104, 'crm.lead', 1, 'notification', '2026-03-01', 10, 3, false, NULL),
    (105, 'crm.lead', 1, 'notification', '2026-03-05', 10, 3, false, NULL),
    (106, 'crm.lead', 1, 'notification', '2026-04-11 16:00', 2, 3, false, NULL),
    (107, 'crm.lead', 1, 'notification', '2026-03-15', 10, 3, false, NULL),
    (108, 'project.task', 1, 'notification', '2026-01-15', 10, 3, false, NULL),
    (201, 'crm.lead', 2, 'notification', '2026-03-05', 11, 3, false, NULL),
    (202, 'crm.lead', 2, 'notification', '2026-03-10 08:30', 20, 3, false, NULL),
    (203, 'crm.lead', 2, 'notification', '2026-05-01', 11, 3, false, NULL),
    (401, 'crm.lead', 4, 'notification', '2025-12-02', 10, 3, false, NULL),
    (801, 'crm.lead', 8, 'notification', '2026-02-02', 10, 3, false, NULL),
    (901, 'crm.lead', 9, 'notification', '2026-03-02', 11, 3, false, NULL),
    (1001, 'crm.lead', 10, 'notification', '2026-07-02 08:00', 10, 3, false, NULL),
    (1101, 'crm.lead', 11, 'notification', '2026-02-10', 14, 3, false, NULL),      -- by Paul, in the portal
    (1201, 'crm.lead', 12, 'notification', '2026-04-01', 11, 3, false, NULL),
    (1202, 'crm.lead', 12, 'notification', '2026-05-10', 10, 3, false, NULL),
    (1301, 'crm.lead', 13, 'notification', '2026-06-20 11:00', 15, 3, false, NULL);

CREATE TABLE ir_model_fields (id serial PRIMARY KEY, model varchar NOT NULL, name varchar NOT NULL);
INSERT INTO ir_model_fields VALUES (100, 'crm.lead', 'stage_id'), (101, 'crm.lead', 'expected_revenue'), (102, 'crm.lead', 'date_deadline'),
    (103, 'crm.lead', 'probability'), (104, 'crm.lead', 'user_id'), (200, 'project.task', 'stage_id'), (202, 'project.task', 'date_deadline');

CREATE TABLE mail_tracking_value (id serial PRIMARY KEY, field_id int, old_value_integer int, old_value_char varchar, new_value_integer int,
    new_value_char varchar, old_value_float double precision, new_value_float double precision, old_value_datetime timestamp,
    new_value_datetime timestamp, mail_message_id int NOT NULL, create_date timestamp);
INSERT INTO mail_tracking_value (id, mail_message_id, field_id, old_value_integer, old_value_char, new_value_integer, new_value_char, create_date) VALUES
    (11, 101, 100, 1, 'Neu', 2, 'Qualifiziert', '2026-01-20 09:00'),               -- in German, before the stage was renamed
    (14, 103, 100, 5, 'Angebot', 3, 'Proposition', '2026-02-01 10:00'),            -- two in one transaction: by id
    (13, 102, 100, 2, 'Qualified', 5, 'Angebot', '2026-02-01 10:00'),              -- a stage that was deleted: by its text
    (15, 104, 104, 6, 'Ann Abel', 2, 'Mitchell Admin', '2026-03-01'),              -- of the salesperson
    (16, 105, 100, 3, 'Proposition', 6, 'Proposition', '2026-03-05'),              -- another team's stage of that name: no move
    (17, 106, 100, 6, 'Proposition', 4, 'Won', '2026-04-11 16:00:00.123456'),      -- by OdooBot: nobody's
    (18, 108, 200, 1, 'To do', 2, 'Doing', '2026-01-15'),                          -- of the task that has the deal's id
    (21, 202, 100, 1, 'New', 3, 'Proposition', '2026-03-10 08:30'),                -- by the buyer, who accepted an offer
    (41, 401, 100, 1, 'New', 2, 'Qualified', '2025-12-02'),
    (81, 801, 100, 1, 'New', 4, 'Won', '2026-02-02'),
    (91, 901, 100, 1, 'New', 2, 'Qualified', '2026-03-02'),
    (1001, 1001, 100, 0, '', 1, 'New', '2026-07-02 08:00'),                        -- created without a stage
    (1002, 1001, 100, 1, 'New', 0, '', '2026-07-03 08:00'),
    (1003, 1001, 100, 0, '', 3, 'Proposition', '2026-07-04 08:00'),
    (1101, 1101, 100, 1, 'New', 2, 'Qualified', '2026-02-10'),
    (1201, 1201, 100, 1, 'New', 2, 'Qualified', '2026-04-01'),                     -- of the deal that was merged into this one
    (1202, 1202, 100, 2, 'Qualified', 3, 'Proposition', '2026-05-10'),
    (1203, 1201, 100, 2, 'Qualified', 3, 'Proposition', '2026-05-11'),             -- both went there
    (1301, 1301, 100, 1, 'New', 4, 'Won', '2026-06-20 11:00');
INSERT INTO mail_tracking_value (id, mail_message_id, field_id, old_value_float, new_value_float, create_date) VALUES
    (51, 101, 101, 1000, 1200.5, '2026-01-20 09:00'),
    (52, 201, 101, 0, 700, '2026-03-05'),                                          -- nobody had said anything before
    (53, 201, 101, 700, 0, '2026-03-06'),                                          -- taken back
    (54, 203, 101, 0, 800, '2026-06-01'),
    (55, 401, 101, 5, 10, '2025-12-01'),
    (56, 1201, 101, 40, 50, '2026-04-02');
INSERT INTO mail_tracking_value (id, mail_message_id, field_id, old_value_datetime, new_value_datetime, create_date) VALUES
    (61, 102, 102, '2026-03-31', '2026-04-30', '2026-02-01 10:00'),                -- the first of all: Expected Closing is tracked since then
    (62, 107, 102, '2026-04-30', '2026-05-01', '2026-03-15'),
    (63, 202, 102, NULL, '2026-09-30', '2026-03-10 08:30'),
    (64, 203, 102, '2026-09-30', NULL, '2026-05-01'),                              -- taken back: there is no word for it
    (65, 203, 102, NULL, '2026-12-31', '2026-06-01'),
    (66, 108, 202, '2026-01-01', '2026-01-02', '2025-01-01');                      -- a task's deadline

CREATE TABLE calendar_event (id serial PRIMARY KEY, name varchar, start timestamp, active boolean, opportunity_id int);
INSERT INTO calendar_event VALUES
    (1, 'Demo', '2026-01-17 14:00', true, 1),
    (2, 'Cancelled', '2026-01-19 14:00', false, 1),
    (3, 'Team lunch', '2026-01-19 14:00', true, NULL),
    (4, 'With a lead', '2026-01-19 14:00', true, 4),
    (5, 'Without a time', NULL, true, 1);
