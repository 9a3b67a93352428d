"""For schemathesis, which imports this: bodies of the formats that it can't make itself."""

import schemathesis
from hypothesis import strategies as st

from benchmarks.files.formats import docx_file, pdf

PROSE = "The delegations spoke of the harbour and of the railway, and asked for a report on each of them."

schemathesis.openapi.media_type("application/pdf", st.binary() | st.just(pdf([[PROSE]])))
schemathesis.openapi.media_type(
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    st.binary() | st.just(docx_file([PROSE], "Minutes")),
)
