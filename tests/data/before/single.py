# Repeats run 6be74a3ed3cd of kdviz and prints the distilled student's test accuracy: the same as before on the same kind of machine.
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
  "epochs": 2,
  "teacher_labels": null,
  "teacher_augmentation": "none",
  "labels": null,
  "augmentation": "none",
  "batch_size": 64,
  "optimizer": "adam",
  "learning_rate": 0.001,
  "schedule": "constant",
  "temperature": 5.0,
  "alpha": 0.7,
  "loss": "kl",
  "pretrained": false,
  "teacher_epochs": 2,
  "seed": 3
}
'''

recipe = RECIPES.validate_json(RECIPE)
if recipe.id != "6be74a3ed3cd":
    print("This version of kdviz trains in another way: the accuracy may differ.", file=sys.stderr)
torch.set_num_threads(1)  # as many as the run had

for event in work.study(recipe, finished=[]):
    if isinstance(event, Ending):
        ending = event
    elif hasattr(event, "seconds_left"):
        print(f"\r{event.seconds_left:6.0f} s left", end="", file=sys.stderr)
print(file=sys.stderr)

print(f"distilled: {ending.distilled.test_accuracy}")
