"""What the document says in words: the formats of its texts."""

import os
from datetime import date

import schemathesis
from hypothesis import strategies as st

TERMS = st.sampled_from(
    ["level=error", "level>=warn", "status=5xx", "status!=404", "duration_ms>12.5", "route=/vms/{id}", "service=billing", "no.such-field=1"]
)

schemathesis.openapi.format(
    "cupola-query",
    st.recursive(
        TERMS | st.sampled_from(['"quoted text"', "word", "message~conn.*"]),
        lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or", "and not"]), inner),
        max_leaves=4,
    ),
)
schemathesis.openapi.format(
    "cupola-time",
    st.sampled_from(["now", "15m", "2h ago", "yesterday", "30d ago"])
    | st.dates(min_value=date(2025, 1, 1), max_value=date(2028, 1, 1)).map(str),
)
schemathesis.openapi.format("cupola-span", st.sampled_from(["24h", "168h", "90000s", "4000m"]))
schemathesis.openapi.format("cupola-shares", st.lists(st.sampled_from(["0", "0.5", "0.99", "1"]), min_size=1, max_size=5).map(",".join))
schemathesis.openapi.format("cupola-how", st.sampled_from(["mean", "last", "least", "most"]))
# One that fires, and one that nobody knows.
schemathesis.openapi.format("cupola-alert", st.sampled_from([os.environ["CUPOLA_ALERT"], "no such rule/0123456789abcdef"]))
