"""The arms of each study, one file a study; words and measures: `assets/studies.toml`, training: `runners.studies`."""
