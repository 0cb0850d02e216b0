"""X-rays and data sets in the app: pictures, the worked example, checks."""
