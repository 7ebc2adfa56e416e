-- Once, as a PostgreSQL administrator: the role and the database of deploy/dagster.yaml.
CREATE ROLE minzheng LOGIN PASSWORD 'change-me';
CREATE DATABASE minzheng_dagster OWNER minzheng;
