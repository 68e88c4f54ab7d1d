"""What the seeds of a run allow to say: intervals and verdicts; the statistics, not the sentences."""
