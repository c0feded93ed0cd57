CREATE TABLE drumbeat.reps (
    id         text COLLATE "C" PRIMARY KEY,
    name       text NOT NULL,
    email      text,
    manager_id text COLLATE "C",
    team       text,
    time_zone  text,
    active     boolean NOT NULL
);
COMMENT ON TABLE drumbeat.reps IS 'drumbeat canonical rows, version 2';
