-- Plan targets as judged by evaluate/.
SELECT * FROM evaluation_target
