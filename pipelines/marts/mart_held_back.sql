-- Counties whose raw folder was refused: since when, what is shown instead, and why. Every page shows them.
SELECT county_code, name_zh, name_en, since, input_hash, used_input_hash, files, problems, message_zh, message_en
FROM held_back
