"""The store: cells of earlier days in one file, so that a nightly check reads only the new rows."""
