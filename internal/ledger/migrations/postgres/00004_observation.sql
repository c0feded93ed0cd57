-- +goose Up
-- What runs saw of the open deals, for sources that keep no history. A day on which somebody looked is kept even where
-- nothing had changed: between two looks nobody knows when something did. Until now nobody wrote to snapshot.
DROP TABLE drumbeat_state.snapshot;

CREATE TABLE drumbeat_state.observation (
    day text COLLATE "C" PRIMARY KEY, -- YYYY-MM-DD, in the config's zone
    at  timestamptz NOT NULL          -- when the source was read
);

-- A row where a deal differs from what was last seen of it.
CREATE TABLE drumbeat_state.snapshot (
    deal_id        text COLLATE "C" NOT NULL,
    day            text COLLATE "C" NOT NULL,
    stage          text NOT NULL,
    expected_close text, -- YYYY-MM-DD
    amount         double precision,
    currency       text NOT NULL,
    probability    double precision,
    category       text NOT NULL,
    PRIMARY KEY (deal_id, day)
);
