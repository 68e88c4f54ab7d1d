"""The training of each study, one file a study; its question and measures stand in `recipes.study_facts`."""
