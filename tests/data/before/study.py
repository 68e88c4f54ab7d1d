# Repeats run 8b038d376a01 of kdviz and prints each arm's mean of test_accuracy: the same as before on the same kind of machine.
#
# Run it where Python finds the package: in the project's folder, or from anywhere with
#     PYTHONPATH=<the project's folder> python <this file>
# KDVIZ_DATA_DIR says where the data sets are. The app's runs are not touched.

import sys

import torch
from kdviz import work
from kdviz.kinds import RECIPES, Ending

RECIPE = r'''
{
  "data": "digits",
  "study": "all-labels",
  "seeds": [
    0,
    1
  ],
  "quick": true,
  "arms": []
}
'''

recipe = RECIPES.validate_json(RECIPE)
if recipe.id != "8b038d376a01":
    print("This version of kdviz trains in another way: the accuracy may differ.", file=sys.stderr)
torch.set_num_threads(1)  # as many as the run had

for event in work.study(recipe, finished=[]):
    if isinstance(event, Ending):
        ending = event
    elif hasattr(event, "seconds_left"):
        print(f"\r{event.seconds_left:6.0f} s left", end="", file=sys.stderr)
print(file=sys.stderr)

measure = recipe.facts.measures[0].name
for summary in ending.summaries:  # the mean over the seeds
    if measure in summary.means:
        print(f"{summary.arm}: {summary.means[measure].mean}")
