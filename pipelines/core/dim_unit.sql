-- Units of measure with their sensible range.
SELECT code, name_zh, name_en, canonical, CAST(factor AS DOUBLE) AS factor,
       CAST(NULLIF(minimum, '') AS DOUBLE) AS minimum, CAST(NULLIF(maximum, '') AS DOUBLE) AS maximum
FROM reg_units
