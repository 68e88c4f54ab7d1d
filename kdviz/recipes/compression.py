"""What makes a trained student smaller: pruning, low rank, quantisation; and what it learns from afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from kdviz.recipes.base import parsed
from kdviz.recipes.number_lists import with_point

Scheme = Literal["none", "int8", "int8-static", "int8-weights", "int4"]
FineTuning = Literal["none", "labels", "soft"]


class Compression(BaseModel):
    """How a student is compressed: units or weights go, its first layer is factored, it learns again, it is quantised.

    In this order. `epochs` are those of each time it learns again, of which there is one after every step of pruning.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    prune: float = Field(0.0, description="share of the weights, or units, that go")
    structured: bool = Field(False, description="whole units, or channels, go instead of single weights")
    steps: int = Field(1, ge=1, le=20, description="steps in which the weights go (Zhu, Gupta 2017)")
    rank: int | None = Field(None, ge=1, le=784, description="rank of the first layer, factored by SVD")
    quantize: Scheme = Field("none", description="whole numbers of so many bits")
    finetune: FineTuning = Field("none", description="what it learns from afterwards")
    quantization_aware: bool = Field(False, description="it learns with the rounding of its quantisation")
    epochs: int = Field(1, ge=1, le=500, description="epochs for which it learns again")

    @field_validator("prune", mode="before")
    @classmethod
    def _with_point(cls, given: Any) -> Any:
        return with_point(given)

    @field_validator("prune")
    @classmethod
    def _share(cls, share: float) -> float:
        if not 0 <= share < 1:
            raise ValueError("it takes a number from 0 to below 1.")
        return share + 0.0

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.quantization_aware and (self.finetune == "none" or self.quantize == "none"):
            raise ValueError(
                "quantization_aware is on without something to learn from or without bits; "
                "it takes finetune labels or soft, and quantize."
            )
        if self.structured and not self.prune:
            raise ValueError("structured is on and prune is 0; it takes a share of the units above 0.")
        return self

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """From the command line or JSON; `RecipeError` says in one sentence what is off."""
        return parsed(cls, values)

    @property
    def called(self) -> str:
        """A short name, of the parts that do something: "units-50-soft-int8"."""
        parts = [f"{'units' if self.structured else 'weights'}-{100 * self.prune:g}"] if self.prune else []
        parts += [f"in-{self.steps}"] if self.prune and self.steps > 1 else []
        parts += [f"rank-{self.rank}"] if self.rank else []
        parts += [f"{self.finetune}-{self.epochs}"] if self.finetune != "none" else []
        parts += ["aware"] if self.quantization_aware else []
        parts += [self.quantize] if self.quantize != "none" else []
        return "-".join(parts) or "as-it-was"
