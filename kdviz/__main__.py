"""`python -m kdviz`."""

import os

from kdviz.cli.main import main
from kdviz.jobs.cluster import PATIENT
from kdviz.reports.spelling import spelled_out

os.environ.update(PATIENT)  # before torch is imported, which reads it once
spelled_out()

main(prog_name="python -m kdviz")
