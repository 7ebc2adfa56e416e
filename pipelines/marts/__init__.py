"""Tables for people: joins, aggregates and ratios of core, forecast and verdicts. SQL only, one file per table."""
