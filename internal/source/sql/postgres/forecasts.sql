CREATE TABLE drumbeat.forecasts (
    deal_id        text COLLATE "C" NOT NULL,
    at             timestamptz NOT NULL,
    expected_close date,
    amount         numeric,
    probability    numeric CHECK (probability BETWEEN 0 AND 1),
    category       text,
    seq            bigint,
    file_row       bigint NOT NULL,
    PRIMARY KEY (deal_id, at, file_row) INCLUDE (expected_close, amount, probability, category, seq)
);
COMMENT ON TABLE drumbeat.forecasts IS 'drumbeat canonical rows, version 2';
