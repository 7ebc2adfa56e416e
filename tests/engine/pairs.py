"""What SQL means: expressions of the portable subset and the value that every engine must give for them.

`DIFFERENCES` are the known silent ones: the naive form, which is refused, and the portable form with its value. `STOPS` must
stop on every engine, with nothing wrapped round, cut off or made NULL. `PAIRS` and `QUERIES` hold the rest of the subset.
Columns: `ONE` (table one, a single row), `MANY` (table many) and `ODD` (a Parquet file odd, which alone can hold NaN)."""

from datetime import date

import polars as pl

ONE = pl.DataFrame(
    {
        "seven": [7], "three": [3], "zero": [0], "half": [2.5], "minus": [-2.5], "big": [1e7], "tenth": [0.1],
        "digits": ["12.50"], "name": ["易门县"], "nothing": [None], "yes": [True], "day": [date(2024, 2, 29)],
        "later": [date(2025, 1, 1)], "sunday": [date(2024, 3, 3)], "price": [1.005], "most": [2**63 - 1],
    },
    schema_overrides={"nothing": pl.String},
)  # fmt: skip

MANY = pl.DataFrame(
    {
        "k": ["a", "a", "a", "b", "b", "b", "b"],
        "n": [1, 2, 3, 1, 2, 3, 4],
        "v": [0.1, None, 0.2, 2.0, 2.0, 5.0, 7.0],
        "s": ["易", None, "Z", "寻", "a", "a", "B"],
    }
)

ODD = pl.DataFrame({"n": [1, 2, 3, 4], "x": [float("nan"), None, -1.0, float("inf")], "zh": ["￥", "𠮷", "寻甸", "一"]})

DIFFERENCES = {
    "a double to an integer": ("CAST(half AS INTEGER)", "CAST(CAST(half AS DECIMAL(18, 0)) AS INTEGER)", 3),
    "a negative double to an integer": ("CAST(minus AS INTEGER)", "CAST(CAST(minus AS DECIMAL(18, 0)) AS INTEGER)", -3),
    "a double to text": ("CAST(big AS VARCHAR)", "CAST(CAST(big AS DECIMAL(12, 0)) AS VARCHAR)", "10000000"),
    "places of a double": ("CAST(price AS DECIMAL(9, 2))", "CAST(price * 100 AS DECIMAL(18, 0)) / 100", 1.0),
    "the median of decimals": (
        "(SELECT median(CAST(n AS DECIMAL(9, 0))) FROM many)",
        "(SELECT median(n) FROM many WHERE k = 'b')",
        2.5,
    ),
    "a moment": ("CAST(day AS TIMESTAMP) < later", "day < later", True),
    "a day later": ("day + INTERVAL 1 DAY = later", "date_diff('day', day, later) = 1", False),
    "the time zone": (
        "CAST('2024-02-29 23:30:00+08:00' AS TIMESTAMPTZ) > day",
        "CAST('2024-02-29' AS DATE) = day",
        True,
    ),
    "a whole number to text": ("CAST(seven AS VARCHAR)", "CAST(CAST(seven AS DECIMAL(4, 0)) AS VARCHAR)", "7"),
    "division by zero": ("seven / zero", "seven / NULLIF(zero, 0)", None),
    "division of a double by zero": ("half / zero", "half / NULLIF(zero, 0)", None),
    "integer division": ("seven // three", "floor(seven / NULLIF(three, 0))", 2),
    "integer division below zero": ("-seven // three", "floor(-seven / NULLIF(three, 0))", -3),
    "years between days": ("date_diff('year', day, later)", "year(later) - year(day)", 1),
    "months between days": ("date_diff('month', day, later)", "date_diff('day', day, later)", 307),
    "the day of the week": ("dayofweek(sunday)", "isodow(sunday)", 7),
    "characters from the start": ("substr(name, 0, 2)", "substr(name, 1, 2)", "易门"),
    "characters from the end": ("substr(name, -1)", "substr(name, 3)", "县"),
    "a regular expression": ("regexp_matches(name, '^易.')", "starts_with(name, '易')", True),
    "a regular expression within": ("regexp_matches(name, '门')", "contains(name, '门')", True),
    "a quantile": ("quantile_cont(half, 0.5)", "(SELECT median(half) FROM one)", 2.5),
}

PAIRS = {
    "seven / NULLIF(three, 0)": 7 / 3,
    "CAST(seven AS DECIMAL(9, 0)) / NULLIF(CAST(three AS DECIMAL(9, 0)), 0)": 7 / 3,
    "seven * 10000.0 / NULLIF(three, 0)": 70_000 / 3,
    "0.1 + 0.2 = 0.3": True,
    "tenth + tenth + tenth = 0.3": False,
    "abs(tenth * 3 - 0.3) < 0.005": True,
    "ceil(half) - floor(minus)": 6,
    "abs(minus)": 2.5,
    "-half": -2.5,
    "(seven + three) * 2": 20,
    "CAST('2024-02-29' AS DATE) = day": True,
    "day < later": True,
    "coalesce(nothing, name)": "易门县",
    "nothing || name": None,
    "name || '|' || coalesce(nothing, '')": "易门县|",
    "nothing = 'x'": None,
    "nothing <> 'x' OR yes": True,
    "nothing = 'x' AND NOT yes": False,
    "nothing IS NULL": True,
    "half BETWEEN 2 AND 2.5": True,
    "name IN ('易门', '易门县')": True,
    "seven NOT IN (1, 3)": True,
    "CASE WHEN nothing = 'x' THEN 1 ELSE 2 END": 2,
    "CASE name WHEN '易门县' THEN 'here' END": "here",
    "seven > 6 AND seven >= 7 AND zero < 1 AND zero <= 0": True,
    "'Z' < 'a' AND 'a' < '寻'": True,
    "'一' < '丁' AND '丁' < '七' AND '县' < '寻' AND '寻' < '易'": True,
    "'￥' < '𠮷'": True,
    "substr('𠮷野', 2)": "野",
    "'易门 ' = '易门'": False,
    "'ａ' = 'a' OR 'A' = 'a'": False,
    "CAST('1.005' AS DECIMAL(9, 2)) = 1.01": True,
    "CAST(2.5 AS DECIMAL(9, 0)) + CAST(-2.5 AS DECIMAL(9, 0)) = 0": True,
    "CAST(half AS DECIMAL(9, 0)) * CAST(0.15 AS DECIMAL(9, 2)) = 0.45": True,
    "CAST(1 AS DECIMAL(18, 0)) / 3 * 3 = 1": True,
    "most - 1 > 9223372036854775805": True,
    "coalesce(nothing IN ('x', NULL), TRUE)": True,
    "'x' NOT IN ('y', NULL) IS NULL": True,
}

STOPS = (
    "SELECT most + 1 AS a FROM one",
    "SELECT -most - 2 AS a FROM one",
    "SELECT most * 2 AS a FROM one",
    "SELECT CAST(CAST(3000000000.0 AS DECIMAL(18, 0)) AS INTEGER) AS a FROM one",
    "SELECT CAST(big AS DECIMAL(4, 0)) AS a FROM one",
    "SELECT CAST('2023-02-29' AS DATE) AS a FROM one",
    "SELECT CAST(half * 1e300 * 1e300 AS DECIMAL(18, 0)) AS a FROM one",
    "SELECT CAST(x AS DECIMAL(18, 0)) AS a FROM odd WHERE n = 1",
    "SELECT n, CASE WHEN n = 4 THEN CAST(-x AS DECIMAL(9, 0)) * 2 END AS a FROM odd",
    "SELECT sum(CAST(x / 2 AS DECIMAL(18, 0))) AS a FROM odd",
)

QUERIES = {
    "SELECT sum(v) AS a, sum(n) AS b FROM many GROUP BY k ORDER BY k": [(0.1 + 0.2, 6), (16.0, 10)],
    "SELECT sum(v) AS a, max(v) AS b, count(*) AS c, median(v) AS d FROM many WHERE k = 'x'": [(None, None, 0, None)],
    "SELECT count(v) AS a, count(DISTINCT v) AS b, count(DISTINCT s) AS c FROM many": [(6, 5, 5)],
    "SELECT k, median(v) AS a FROM many GROUP BY k ORDER BY k": [("a", 0.15000000000000002), ("b", 3.5)],
    "SELECT k, bool_or(v > 5) AS a, bool_or(v > 0) AS b FROM many GROUP BY k ORDER BY k": [
        ("a", False, True), ("b", True, True),
    ],
    "SELECT min(s) AS a, max(s) AS b FROM many": [("B", "易")],
    "SELECT k, string_agg(DISTINCT s, ';' ORDER BY s) AS a FROM many GROUP BY k ORDER BY k": [
        ("a", "Z;易"), ("b", "B;a;寻"),
    ],
    "SELECT n FROM many WHERE k = 'a' ORDER BY v": [(1,), (3,), (2,)],
    "SELECT n FROM many WHERE k = 'a' ORDER BY v DESC": [(3,), (1,), (2,)],
    "SELECT n, row_number() OVER (PARTITION BY k ORDER BY v) AS a FROM many WHERE k = 'a' ORDER BY n": [
        (1, 1), (2, 3), (3, 2),
    ],
    "SELECT n FROM many WHERE k = 'a' ORDER BY v NULLS FIRST": [(2,), (1,), (3,)],
    "SELECT n FROM many WHERE k = 'a' ORDER BY v DESC NULLS FIRST": [(2,), (3,), (1,)],
    "SELECT s FROM many ORDER BY s, n": [("B",), ("Z",), ("a",), ("a",), ("寻",), ("易",), (None,)],
    "SELECT s FROM many ORDER BY s DESC, n": [("易",), ("寻",), ("a",), ("a",), ("Z",), ("B",), (None,)],
    "SELECT n, rank() OVER (ORDER BY v DESC) AS a, rank() OVER (ORDER BY v) AS b FROM many WHERE k = 'a' ORDER BY n": [
        (1, 2, 1), (2, 3, 3), (3, 1, 2),
    ],
    "SELECT k, row_number() OVER (ORDER BY max(v) DESC NULLS FIRST) AS a FROM many GROUP BY k ORDER BY k": [
        ("a", 2), ("b", 1),
    ],
    "SELECT s, count(*) AS a FROM many GROUP BY s HAVING count(*) > 1 OR s IS NULL ORDER BY s": [("a", 2), (None, 1)],
    "SELECT k, median(n) AS a FROM many GROUP BY k ORDER BY k": [("a", 2.0), ("b", 2.5)],
    "SELECT median(v) AS a FROM many WHERE v IS NULL OR v > 5": [(7.0,)],
    "SELECT n FROM odd ORDER BY x": [(3,), (4,), (1,), (2,)],
    "SELECT n FROM odd ORDER BY x DESC": [(1,), (4,), (3,), (2,)],
    "SELECT max(n) AS a, count(x) AS b, count(DISTINCT x) AS c FROM odd WHERE x > 0 OR x IS NULL": [(4, 2, 2)],
    "SELECT n FROM odd WHERE x = x AND x > 1e300 ORDER BY n": [(1,), (4,)],
    "SELECT min(x) AS a, max(x) > 1e300 AS b FROM odd": [(-1.0, True)],
    "SELECT sum(x) AS a, sum(x * n) AS b FROM odd": [(float("nan"), float("nan"))],
    "SELECT sum(x) AS a, sum(-x) AS b FROM odd WHERE n >= 3": [(float("inf"), float("-inf"))],
    "SELECT zh, sum(x) AS a, sum(-1 / NULLIF(x, 0)) AS b FROM odd WHERE n > 1 GROUP BY zh ORDER BY zh": [
        ("一", float("inf"), 0.0), ("寻甸", -1.0, 1.0), ("𠮷", None, None),
    ],
    "SELECT sum(floor(x)) AS a, sum(x) / NULLIF(sum(n), 0) AS b FROM odd WHERE n IN (2, 3)": [(-1.0, -0.2)],
    "SELECT n, floor(x) AS a, ceil(x / 2) AS b FROM odd ORDER BY n": [
        (1, float("nan"), float("nan")), (2, None, None), (3, -1.0, 0.0), (4, float("inf"), float("inf")),
    ],
    "SELECT n, floor(x * 1e19) AS a, ceil(n * 1e300) AS b FROM odd WHERE n = 3": [(3, -1e19, 3e300)],
    "SELECT floor(seven) AS a, ceil(CAST(half AS DECIMAL(9, 0)) - 0.5) AS b, floor(minus * 1e18) AS c FROM one": [
        (7, 3, -2500000000000000000),
    ],
    "SELECT zh FROM odd ORDER BY zh": [("一",), ("寻甸",), ("￥",), ("𠮷",)],
    "SELECT string_agg(zh, '' ORDER BY zh DESC) AS a FROM odd": [("𠮷￥寻甸一",)],
    "SELECT n, rank() OVER (ORDER BY v DESC) AS a FROM many WHERE k = 'b' ORDER BY n": [(1, 3), (2, 3), (3, 2), (4, 1)],
    "SELECT n, first_value(s IGNORE NULLS) OVER w AS a, first_value(s) OVER w AS b FROM many WHERE k = 'a' AND n > 1 "
    "WINDOW w AS (PARTITION BY k ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) ORDER BY n": [
        (2, "Z", None), (3, "Z", None),
    ],
    "SELECT k, n FROM many QUALIFY row_number() OVER (PARTITION BY k ORDER BY n DESC) = 1 ORDER BY k": [
        ("a", 3), ("b", 4),
    ],
}  # fmt: skip
