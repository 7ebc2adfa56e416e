"""Names that readers' SQL depends on (mart contract, version 1). Adding is free; renaming or removing one fails here."""

import pytest

from pipelines import registry

CONTRACT = {
    "dim_county": "county_code name_zh name_en prefecture_zh province_zh kind valid_from",
    "dim_source": "source_id county_code title_zh issuer_zh document_number file_name sha256 line_count period_start period_end licence quality_grade",
    "dim_indicator": "indicator_id domain name_zh name_en unit better nature additivity definition_zh definition_en denominator",
    "dim_unit": "code name_zh name_en factor",
    "dim_domain": "code name_zh name_en",
    "fct_observation": "observation_id county_code indicator_id domain project_id period_start period_end period_inferred measure value unit qualifier target_kind target_level breakdown status value_as_printed source_id source_line restates",
    "fct_project": "project_id county_code domain name_zh name_en construction_type start_year end_year total_investment_wan total_investment_wan_as_printed responsible_body location commitment spend_kind in_annex source_id source_line",
    "fct_project_mention": "project_id mention source_line total_investment_wan_as_printed",
    "fct_project_funding": "funding_id project_id funder amount_wan certainty position value_as_printed source_line",
    "fct_project_output": "output_id project_id output label quantity unit increment bed_class mention counted value_as_printed source_line",
    "fct_project_progress": "project_id as_of stage funds_arrived_wan invested_wan outputs_completed source_id",
    "fct_population": "county_code year basis sex age_from age_to persons source_id",
    "fct_source_figure": "county_code source_id source_line occurrence printed status reason",
    "fct_figure_fact": "county_code source_line occurrence fact_table fact_id column_name",
    "fct_correction": "correction_id table_name row_key column_name printed corrected reason_code reason_zh reason_en evidence",
    "fct_discrepancy": "discrepancy_id county_code rule_id severity domain description_zh description_en left_line left_value right_line right_value lines computation resolution review_status reviewed_by reviewed_on review_note",
    "mart_target": "county_code indicator_id target_level target_kind qualifier baseline_year baseline target_year target latest_year latest_actual target_type verdict pace required_yearly_change probability_met demand_consistency in_conflict responsible_unit plan_period source_line",
    "mart_county_comparison": "county_code indicator_id year measure value value_normalised normalised_by basis comparable_group peers_median rank higher_level_target",
    "mart_investment": "county_code domain funder year allocation amount_wan per_resident_yuan per_60plus_yuan in_printed_total",
    "mart_bed_supply": "county_code year status bed_type beds per_1000_60plus basis",
    "mart_elderly_outlook": "county_code year age_band sex p2_5 p10 p50 p90 p97_5 method_version",
    "mart_bed_outlook": "county_code year scenario estimator bed_type definition demand_p10 demand_p50 demand_p90 supply shortage_p50 idle_p50 probability_short",
    "mart_cemetery_outlook": "county_code year scenario deaths_p50 interments_p50 capacity remaining_p10 remaining_p50 remaining_p90 depletion_year_p10 depletion_year_p50 depletion_year_p90 years_of_supply_p50",
    "mart_cemetery_class_outlook": "county_code year scenario capacity_class capacity capacity_classes remaining_p50 depletion_year_p50",
    "mart_cemetery_capacity": "capacity_id county_code ownership form status places places_status urns cemeteries in_capacity source_line",
    "mart_quality": "suite table_name expectation severity passed failing_rows message_zh message_en",
    "meta_release": "release_id",
    "meta_table": "table_name",
    "meta_column": "table_name column_name",
}


@pytest.mark.parametrize("name", CONTRACT)
def test_contract_names_are_there(name: str) -> None:
    assert registry.table(name).published
    assert set(CONTRACT[name].split()) <= {c.name for c in registry.table(name).columns}


def test_references_of_the_registry_resolve() -> None:
    for table in registry.tables().values():
        for column in table.columns:
            if column.codelist:
                assert column.codelist in registry.codes(), f"{table.name}.{column.name}"
            elif column.foreign and column.foreign[0] in registry.tables():
                assert registry.table(column.foreign[0]).column(column.foreign[1])
