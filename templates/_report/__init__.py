"""The parts of the report page: its template, style and scripts."""
