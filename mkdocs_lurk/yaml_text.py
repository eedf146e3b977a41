"""Read YAML that somebody else wrote (cards, fences) in bounded time, into values that do not hold each other."""

from __future__ import annotations

import yaml

from mkdocs_lurk.limits import MOST_YAML_NESTING


class YamlTextError(Exception):
    """YAML that cannot be read, and why.

    Args:
        problem: Why, for the end of a message.
        line: The line, counted from 0; None if it is not known.
    """

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.line = line


def read_yaml(text: str) -> object:
    """Return the value that YAML says; None for an empty text.

    Aliases (``*name``) are refused: a few lines of them say more values than fit into any memory. So is deep nesting,
    which takes PyYAML the square of its depth.

    Raises:
        YamlTextError: It is no YAML, too deep, has aliases, or says a number or date that cannot be.
    """
    try:
        _check_events(text)
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        raise YamlTextError(str(problem), mark.line if mark is not None else None) from error
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        # PyYAML's own constructors raise these for numbers of thousands of digits, the 40th of May and the like
        raise YamlTextError("a number, a date or a tag that cannot be") from error


def _check_events(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        line = None if event.start_mark is None else event.start_mark.line
        if isinstance(event, yaml.AliasEvent):
            raise YamlTextError("'*' repeats another value; write it out, or put text that begins so in quotes", line)
        if depth > MOST_YAML_NESTING:
            raise YamlTextError(f"lists and mappings are more than {MOST_YAML_NESTING} deep", line)
