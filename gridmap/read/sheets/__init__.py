"""The register as Excel workbooks that are edited and come back: what stands in them, and how they are written."""
