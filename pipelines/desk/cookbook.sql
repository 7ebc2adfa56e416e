-- Twenty questions people ask of the marts, each with one plain query. Copy any of them into `minzheng sql` or `make sql`.
-- Codes, years and thresholds are examples: change them.

-- id: annex_totals
-- zh: 各县项目表合计是多少？印出的合计漏了什么？
-- en: What do the project tables add up to, and what does a printed total leave out?
SELECT c.county_code, c.name_zh, c.name_en, string_agg(DISTINCT p.commitment, ' / ' ORDER BY p.commitment) AS commitment,
       count(*) FILTER (WHERE p.in_annex) AS annex_projects,
       sum(p.total_investment_wan) FILTER (WHERE p.in_annex) AS annex_wan,
       sum(p.total_investment_wan) FILTER (WHERE p.in_annex AND NOT p.in_printed_total) AS left_out_wan,
       string_agg(p.name_zh, '、' ORDER BY p.project_id) FILTER (WHERE p.in_annex AND NOT p.in_printed_total) AS left_out_zh,
       string_agg(p.name_en, '; ' ORDER BY p.project_id) FILTER (WHERE p.in_annex AND NOT p.in_printed_total) AS left_out_en,
       sum(p.total_investment_wan) FILTER (WHERE NOT p.in_annex) AS outside_annex_wan
FROM fct_project p JOIN dim_county c USING (county_code)
GROUP BY c.county_code, c.name_zh, c.name_en
ORDER BY c.county_code;

-- id: targets_without_baseline
-- zh: 哪些县级目标没有基数？
-- en: Which county targets have no baseline?
SELECT t.county_code, i.name_zh, i.name_en, t.breakdown, t.qualifier, t.target, t.target_as_printed, t.unit, t.target_year, t.source_line
FROM mart_target t JOIN dim_indicator i USING (indicator_id)
WHERE t.target_level = 'county' AND t.baseline IS NULL AND coalesce(t.flags, '') NOT LIKE '%previous_plan%'
ORDER BY t.county_code, t.source_line, t.target_id;

-- id: binding_targets
-- zh: 约束性目标有哪些？
-- en: Which targets are binding?
-- The label may stand only where the indicator table repeats a target of the text.
SELECT t.county_code, i.name_zh, i.name_en, t.breakdown, t.baseline, t.qualifier, t.target, t.unit, t.target_year, t.verdict, t.source_line
FROM mart_target t JOIN dim_indicator i USING (indicator_id)
WHERE t.target_level = 'county'
  AND coalesce(t.target_kind, (SELECT max(o.target_kind) FROM fct_observation o WHERE o.restates = t.target_id)) = 'binding'
ORDER BY t.county_code, t.source_line, t.target_id;

-- id: nursing_share
-- zh: 护理型床位占比离目标多远？
-- en: How far is the nursing-bed share from its target?
-- Nursing-type beds over institution beds, never over all beds. A milestone and a final target are two rows.
SELECT county_code, target_level, baseline_year, baseline, latest_year, latest_actual, qualifier, target, target_year,
       round(target - coalesce(latest_actual, baseline), 1) AS points_to_go, required_yearly_change, flags, source_line
FROM mart_target
WHERE indicator_id = 'nursing_bed_share'
ORDER BY county_code, target_level <> 'county', target_year, target_id;

-- id: large_projects
-- zh: 总投资5,000万元以上的项目有哪些？
-- en: Which projects cost 50 million CNY or more?
SELECT county_code, project_id, name_zh, name_en, domain, commitment, spend_kind, start_year, end_year, total_investment_wan, source_line
FROM fct_project
WHERE total_investment_wan >= 5000
ORDER BY county_code, total_investment_wan DESC, project_id;

-- id: money_by_domain
-- zh: 各领域投入多少，人均多少？
-- en: How much money goes to each domain, and how much per head?
-- A reserve list is no promise: commitment stays in the answer.
SELECT m.county_code, d.name_zh, d.name_en, m.commitment, sum(m.amount_wan) AS amount_wan,
       round(sum(m.per_resident_yuan), 1) AS per_resident_yuan, round(sum(m.per_60plus_yuan), 1) AS per_60plus_yuan
FROM mart_investment m JOIN dim_domain d ON d.code = m.domain
GROUP BY m.county_code, m.domain, d.name_zh, d.name_en, m.commitment
ORDER BY m.county_code, sum(m.amount_wan) DESC, m.domain, m.commitment;

-- id: unresolved_funding
-- zh: 多少资金还说不清由谁出？
-- en: How much money has no settled funder?
SELECT county_code, sum(amount_wan) AS amount_wan,
       coalesce(sum(amount_wan) FILTER (WHERE funder = 'unresolved'), 0) AS unresolved_wan,
       coalesce(sum(amount_wan) FILTER (WHERE funder = 'not_reported'), 0) AS funder_not_reported_wan,
       round(100 * coalesce(sum(amount_wan) FILTER (WHERE funder IN ('unresolved', 'not_reported')), 0) / sum(amount_wan), 1) AS unsettled_pct
FROM mart_investment
GROUP BY county_code
ORDER BY county_code;

-- id: net_new_beds
-- zh: 各年建成净新增养老床位多少？
-- en: How many net-new elderly beds, by the year they are to be finished?
-- Purchases, relocations, conversions, psychiatric and children's beds are no net-new elderly beds; restatements are not counted.
-- Nursing beds are a part of the beds.
SELECT p.county_code, p.commitment, p.end_year, sum(o.quantity) FILTER (WHERE o.output = 'beds') AS beds,
       sum(o.quantity) FILTER (WHERE o.output = 'nursing_beds') AS of_them_nursing, count(DISTINCT p.project_id) AS projects
FROM fct_project_output o JOIN fct_project p USING (project_id)
WHERE o.output IN ('beds', 'nursing_beds') AND o.counted AND o.increment = 'new' AND o.bed_class = 'elderly'
GROUP BY p.county_code, p.commitment, p.end_year
ORDER BY p.county_code, p.end_year, p.commitment;

-- id: elderly_to_2035
-- zh: 到2035年60岁、80岁及以上各有多少人？
-- en: How many people aged 60+ and 80+ by 2035?
-- p10 to p90 is the 80 % interval.
SELECT county_code, age_band, year, round(p10) AS p10, round(p50) AS p50, round(p90) AS p90
FROM mart_elderly_outlook
WHERE sex = 'both' AND age_band IN ('60+', '80+') AND year IN (2020, 2025, 2030, 2035)
ORDER BY county_code, age_band, year;

-- id: beds_in_2035
-- zh: 2035年缺多少床位、闲置多少床位？
-- en: How many beds are short or idle in 2035, by each method of need?
-- Methods stand side by side and are not averaged; a county that reports no beds has no balance.
SELECT county_code, bed_type, estimator, definition, scenario, round(demand_p50) AS demand_p50, supply,
       round(shortage_p50) AS shortage_p50, round(idle_p50) AS idle_p50, round(probability_short, 2) AS probability_short
FROM mart_bed_outlook
WHERE year = 2035 AND supply IS NOT NULL
ORDER BY county_code, bed_type, estimator, definition, scenario;

-- id: first_year_short
-- zh: 从哪一年开始缺床？
-- en: In which year do beds first run short?
-- The median need first exceeds the beds; p10 and p90: a shortage becomes 10 % and 90 % probable. The year stands in every row
-- of the outlook. Without one the status says why: none up to 2035, or no beds are reported.
SELECT county_code, bed_type, estimator, definition, scenario, first_year_short, first_year_short_p10, first_year_short_p90,
       first_year_short_status, first_year_idle, last_year_idle
FROM mart_bed_outlook
WHERE year = 2035 AND first_year_short_status IS DISTINCT FROM 'not_reported'
ORDER BY county_code, bed_type, estimator, definition, scenario;

-- id: graves
-- zh: 墓穴够用吗，何时用完？
-- en: Will the graves suffice, and when do they run out?
-- Where used graves are not reported nothing remains to be computed: break_even is what must be free at the start to last to 2035.
-- A depletion year after 2035 is carried on at the use of 2035 (depletion_status: extrapolated): early or late, not a year to quote.
-- mart_cemetery_capacity lists the classes behind the capacity; mart_cemetery_class_outlook has public-benefit places alone.
SELECT county_code, scenario, round(deaths_p50) AS deaths_p50, round(interments_p50) AS interments_p50, capacity, capacity_status,
       round(remaining_p50) AS remaining_p50, depletion_year_p10, depletion_year_p50, depletion_year_p90,
       round(years_of_supply_p50) AS years_of_supply_p50, depletion_status,
       round(break_even_p10) AS break_even_p10, round(break_even_p50) AS break_even_p50, round(break_even_p90) AS break_even_p90
FROM mart_cemetery_outlook
WHERE year = 2035
ORDER BY county_code, scenario;

-- id: contradictions
-- zh: 规划哪里前后不一致（最严重的30条）？
-- en: Where does a plan contradict itself (the 30 worst)?
SELECT county_code, severity, description_zh, description_en, left_line, left_value, right_line, right_value, computation, review_status
FROM fct_discrepancy
ORDER BY list_position(['high', 'medium', 'low'], severity), county_code, left_line, discrepancy_id
LIMIT 30;

-- id: printed_number
-- zh: 一个印出的数字（如1136）在哪里，成了哪条数据？
-- en: Where is a number printed (say 1136), and which fact did it become?
-- `minzheng trace` with the fact_id tells the rest.
SELECT f.county_code, f.source_line, f.occurrence, f.printed, f.status, k.fact_table, k.fact_id, k.column_name
FROM fct_source_figure f LEFT JOIN fct_figure_fact k USING (county_code, source_line, occurrence)
WHERE f.printed = '1136'
ORDER BY f.county_code, f.source_line, f.occurrence, k.fact_id, k.column_name;

-- id: numerals_of_line
-- zh: 一行原文里的数字都去了哪里？
-- en: What became of every numeral of one line?
SELECT f.source_line, f.occurrence, f.printed, f.status, f.reason, string_agg(k.fact_id || '.' || k.column_name, ' ' ORDER BY k.fact_id, k.column_name) AS facts
FROM fct_source_figure f LEFT JOIN fct_figure_fact k USING (county_code, source_line, occurrence)
WHERE f.county_code = '530425' AND f.source_line = 18
GROUP BY f.source_line, f.occurrence, f.printed, f.status, f.reason
ORDER BY f.occurrence;

-- id: shared_indicators
-- zh: 哪些指标至少两个县都有？
-- en: Which indicators do at least two counties state?
SELECT indicator_id, domain, name_zh, name_en, unit, len(string_split(comparable_counties, ';')) AS counties, comparable_counties
FROM dim_indicator
WHERE comparable_counties LIKE '%;%'
ORDER BY counties DESC, domain, indicator_id;

-- id: side_by_side
-- zh: 可比的数值并列是多少？
-- en: What are the comparable values, side by side?
-- One row per group inside which values may be compared; the order of counties is that of their codes, no ranking.
SELECT i.name_zh, i.name_en, v.breakdown, v.measure, v.year, max(v.normalised_by) AS normalised_by, any_value(v.unit_normalised) AS unit,
       string_agg(c.name_zh || ' ' || coalesce(nullif(v.qualifier_normalised, '='), '') || format('{:.10g}', round(coalesce(v.value_normalised, v.value), 2)), '；' ORDER BY v.county_code, v.row_id) AS values_zh,
       string_agg(c.name_en || ' ' || coalesce(nullif(v.qualifier_normalised, '='), '') || format('{:.10g}', round(coalesce(v.value_normalised, v.value), 2)), '; ' ORDER BY v.county_code, v.row_id) AS values_en,
       round(any_value(v.peers_median), 2) AS median
FROM mart_county_comparison v JOIN dim_indicator k USING (indicator_id) JOIN dim_county c USING (county_code)
JOIN dim_indicator i ON i.indicator_id = k.compared_as
WHERE v.peers >= 2
GROUP BY v.comparable_group, i.domain, i.indicator_id, i.name_zh, i.name_en, v.breakdown, v.measure, v.year
ORDER BY i.domain, i.indicator_id, v.measure, v.year, v.comparable_group, v.breakdown;

-- id: corrections
-- zh: 对原文做了哪些修正？
-- en: Which repairs were applied to what is printed?
SELECT county_code, table_name, row_key, column_name, printed, corrected, reason_zh, reason_en, evidence
FROM fct_correction
ORDER BY county_code, correction_id;

-- id: failed_checks
-- zh: 哪些检查没有通过？
-- en: Which checks failed?
-- A release with a failed critical check is never published, so these are warnings.
SELECT severity, table_name, expectation, failing_rows, message_zh, message_en
FROM mart_quality
WHERE NOT passed
ORDER BY severity, table_name, expectation;

-- id: what_changed
-- zh: 这是哪个版本，哪些表变了？
-- en: Which release is this, and which tables changed?
-- Run it on two releases (--release ID): tables whose hash differs have changed. `minzheng release diff` lists the rows.
SELECT r.release_id, r.built_at, r.method_version, t.table_name, t.row_count, left(t.content_hash, 12) AS content
FROM meta_release r CROSS JOIN meta_table t
ORDER BY t.table_name;
