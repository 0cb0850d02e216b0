"""The benchmark page: filters, table, charts, cases, loading, running."""
