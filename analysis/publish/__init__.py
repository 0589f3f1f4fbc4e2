"""From chapters to a site: papermill runs, staging, the Jupyter Book build."""
