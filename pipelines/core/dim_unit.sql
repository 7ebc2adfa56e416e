-- Units of measure with their sensible range.
SELECT code, name_zh, name_en, canonical, factor, minimum, maximum
FROM reg_units
