"""The training of each study, one file a study; its arms stand in `recipes.study_facts`."""
