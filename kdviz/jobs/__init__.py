"""Run recipes in workers: queue, job, connection, cluster, worker; the only place that knows Dask."""
