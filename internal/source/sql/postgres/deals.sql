CREATE TABLE drumbeat.deals (
    id                text COLLATE "C" PRIMARY KEY,
    name              text NOT NULL,
    rep_id            text COLLATE "C",
    pipeline          text,
    amount            numeric,
    currency          text,
    created_at        timestamptz NOT NULL,
    closed_at         timestamptz,
    outcome           text NOT NULL CHECK (outcome IN ('open', 'won', 'lost')),
    stage             text,
    expected_close    date,
    probability       numeric CHECK (probability BETWEEN 0 AND 1),
    forecast_category text,
    loss_reason       text
);
COMMENT ON TABLE drumbeat.deals IS 'drumbeat canonical rows, version 2';
