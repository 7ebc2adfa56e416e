"""Checks a candidate release before anyone may read it, and shows what was found. Great Expectations lives only here."""
