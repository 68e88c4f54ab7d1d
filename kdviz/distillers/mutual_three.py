"""Online distillation among three peers (Zhang, Xiang, Hospedales, Lu 2018, section 3)."""

from functools import partial

from kdviz.distillers import mutual

stages = partial(mutual.stages, peers=2)
