"""The same job by other means: read, check, join and add up the raw folders of a synthetic country.

Three answers are asked for: statements and planned money by county and domain (after declared repairs, money per person
aged 60+), the median of every 2020 figure by province, and the projects whose funding parts miss their total. Checks: every
statement has a mapped indicator, every numeral of the ledger leads to a row, every funding part to a project.
"""
