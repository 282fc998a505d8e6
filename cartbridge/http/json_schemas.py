"""JSON Schemas of our models: strict where callers send, open to new fields where we answer."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema

COMPONENTS: Final = "#/components/schemas/{model}"

Wanted = tuple[type[BaseModel], JsonSchemaMode]


class OurSchemas(GenerateJsonSchema):
    """JSON Schema 2020-12 without the noise of titles that only repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """No field has a title: its name is one."""
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> dict[str, Any]:
        """A model; what we answer may gain fields later, so its readers must let them pass."""
        told = super().model_schema(schema)
        if self.mode == "serialization":
            told.pop("additionalProperties", None)
        return told


def components(
    wanted: Iterable[Wanted],
) -> tuple[Mapping[Wanted, dict[str, Any]], dict[str, Any]]:
    """A reference for each model as it is sent or answered, and all definitions by name."""
    models = list(dict.fromkeys(wanted))
    references, found = models_json_schema(
        models, ref_template=COMPONENTS, schema_generator=OurSchemas
    )
    return {model: references[model] for model in models}, found["$defs"]


def standalone(model: type[BaseModel], identifier: str) -> dict[str, Any]:
    """The schema of what we answer as a document of its own, known by this address."""
    told = model.model_json_schema(mode="serialization", schema_generator=OurSchemas)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": identifier, **told}
