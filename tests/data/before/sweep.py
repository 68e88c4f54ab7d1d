# Repeats run d6fd080297a2 of kdviz and prints the test accuracy of what was chosen: the same as before on the same kind of machine.
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
  "teacher": "784-30-30-10",
  "student": "cnn-8-16",
  "epochs": 1,
  "teacher_labels": null,
  "teacher_augmentation": "none",
  "labels": null,
  "augmentation": "none",
  "batch_size": 64,
  "optimizer": "adam",
  "learning_rate": 0.001,
  "schedule": "constant",
  "study": "sweep",
  "teacher_epochs": 2,
  "temperatures": [
    2.0,
    8.0
  ],
  "alphas": [
    0.0,
    0.9
  ],
  "learning_rates": [],
  "students": [],
  "label_counts": [],
  "seeds": [
    0,
    1
  ],
  "search": "grid",
  "draws": 25,
  "select": "validation",
  "folds": null
}
'''

recipe = RECIPES.validate_json(RECIPE)
if recipe.id != "d6fd080297a2":
    print("This version of kdviz trains in another way: the accuracy may differ.", file=sys.stderr)
torch.set_num_threads(1)  # as many as the run had

for event in work.study(recipe, finished=[]):
    if isinstance(event, Ending):
        ending = event
    elif hasattr(event, "seconds_left"):
        print(f"\r{event.seconds_left:6.0f} s left", end="", file=sys.stderr)
print(file=sys.stderr)

if ending.choice is None:
    sys.exit("Every student diverged; nothing was chosen.")
cell = ending.choice.cell  # the mean over the seeds
print(f"T = {cell.temperature:g}, alpha = {cell.alpha:g}: {ending.choice.test_accuracy.mean}")
