"""`python -m edge.access.credentials`: print docs/access.md."""

import sys

from edge.access.credentials.table import document

sys.stdout.write(document())
