"""What each study asks, trains and measures, one file a study; how it is trained stands in `runners.studies`."""
