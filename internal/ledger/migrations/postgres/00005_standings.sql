-- +goose Up
-- Who watches counts deliveries by state every few seconds: without reading the stored mails, which lie in between.
CREATE INDEX delivery_standing ON drumbeat_state.delivery (updated_at, state, not_before, created_at, schedule, period, recipient);
