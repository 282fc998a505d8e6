"""The files of a new connector, made from the templates beside this module."""

from pathlib import Path
from typing import Final, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

Kind = Literal["shop", "pos"]
TEMPLATES: Final = Path(__file__).parent
SUFFIX: Final = ".jinja"
PLACEHOLDER: Final = "NAME"  # in the paths of templates, where braces would be hard to read


def distribution(name: str, kind: Kind) -> dict[str, str]:
    """The text of every file, by its path in the connector's folder."""
    # What is made is Python, TOML and JSON: there is no markup in which anything is to be escaped.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True
    )
    made = {}
    for folder in ("both", kind):
        for template in sorted((TEMPLATES / folder).rglob(f"*{SUFFIX}")):
            path = template.relative_to(TEMPLATES / folder).as_posix().removesuffix(SUFFIX)
            found = environment.get_template(template.relative_to(TEMPLATES).as_posix())
            made[path.replace(PLACEHOLDER, name)] = found.render(name=name, Name=class_name(name))
    return made


def class_name(name: str) -> str:
    """What the connector's class is called."""
    return name.capitalize()
