"""Rules with the values of their variables, and the instances of rules that are repeated."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from order_audit.expectations import variables
from order_audit.expectations.error import SuiteError
from order_audit.expectations.for_each import VALUE, instance_id
from order_audit.expectations.rule import Rule
from order_audit.expectations.suite import Suite
from order_audit.expectations.variables import ENVIRONMENT, nearest

#: How many instances a rule may have.
MOST: Final = 1000


@dataclass(frozen=True)
class Given:
    """Values by name: of the command line, of the environment, of a configuration file. The first one counts."""

    variables: Mapping[str, str] = field(default_factory=dict)
    configured: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def value(self, name: str) -> str | None:
        """Return the value of a variable, if one is given."""
        in_environment = self.environment.get(f"{ENVIRONMENT}{name.upper()}")
        given = (self.variables.get(name), in_environment, self.configured.get(name))
        return next((value for value in given if value is not None), None)


def resolved(suite: Suite, wanted: Collection[str], given: Given) -> Suite:
    """Give the wanted rules of a suite the values of their variables, and make the instances of lists.

    A rule that is repeated for a query stays as it is, with its values. Raises SuiteError for a variable without a
    value, and for a value of a variable that no rule has.
    """
    check_names(suite.rules, given)
    return expanded(suite, {rule.id: _resolved(rule, given) for rule in suite.rules if rule.id in wanted})


def expanded(suite: Suite, instances: Mapping[str, Sequence[Rule]]) -> Suite:
    """Return the suite with rules replaced by others, in its requirements and questions too."""

    def ids(rules: Iterable[str]) -> tuple[str, ...]:
        return tuple(it.id if isinstance(it, Rule) else it for id in rules for it in instances.get(id, (id,)))

    rules = [it for rule in suite.rules for it in instances.get(rule.id, (rule,))]
    if twice := [id for id, count in Counter(rule.id for rule in rules).items() if count > 1]:
        raise SuiteError(f"rule {twice[0]} exists twice: {' and '.join(it.path for it in rules if it.id == twice[0])}")
    return replace(
        suite,
        rules=tuple(sorted(rules, key=lambda rule: rule.id)),
        requirements=tuple(replace(it, rules=ids(it.rules)) for it in suite.requirements),
        questions=tuple(replace(it, rules=ids(it.rules)) for it in suite.questions),
    )


def check_names(rules: Iterable[Rule], given: Given) -> None:
    """Raise SuiteError for a value of a variable that no rule has."""
    known = {it.name for rule in rules for it in rule.variables}
    for source, names in (("--var", given.variables), ("[variables]", given.configured)):
        if unknown := next((name for name in names if name not in known), None):
            raise SuiteError(f"{source} {unknown}: no rule of the suite has this variable{nearest(unknown, known)}")


def _values(rule: Rule, given: Given) -> dict[str, str | None]:
    values = {it.name: given.value(it.name) for it in rule.variables}
    return {it.name: it.default if values[it.name] is None else values[it.name] for it in rule.variables}


def _resolved(rule: Rule, given: Given) -> list[Rule]:
    values: dict[str, str] = {}
    for name, value in _values(rule, given).items():
        if value is None:
            raise SuiteError(
                f"{rule.path}: the variable '{name}' has no value: give --var {name}=VALUE, or a default in the header"
            )
        values[name] = value
    if rule.for_each is None:
        return [bound(rule, values)] if values else [rule]
    if rule.for_each.query:
        return [replace(rule, values=tuple(values.items()))]
    rows = [(value,) for value in rule.for_each.values]
    return instances(replace(rule, values=tuple(values.items())), (VALUE,), rows)


def instances(rule: Rule, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[Rule]:
    """Return a rule's instances for rows of values: one per row. Raises SuiteError for values that give the same id."""
    made: dict[str, Rule] = {}
    for row in rows:
        own = dict(zip(columns, row, strict=True))
        id = instance_id(rule.id, [own[VALUE]] if VALUE in own else row)
        if id in made:
            raise SuiteError(f"{rule.path}: for_each gives {id} twice")
        made[id] = replace(bound(rule, dict(rule.values) | own), id=id, base=rule.id)
    return list(made.values())


def psql_lines(rule: Rule, given: Given) -> list[str]:
    r"""Return the lines for psql that give the variables of a rule their values, below which its SQL can be pasted."""
    values = _values(rule, given)
    lines = [f"-- :{name} has no value: give --var {name}=VALUE" for name, value in values.items() if value is None]
    known = {name: value for name, value in values.items() if value is not None}
    texts = [rule.sql]
    if rule.for_each and rule.for_each.values:
        first, *others = rule.for_each.values
        known[VALUE] = first
        lines += [f"-- and then for: {', '.join(map(variables.literal, others))}"] if others else []
    elif rule.for_each:
        texts.append(rule.for_each.query)
    lines += variables.set_lines(texts, known)
    if rule.for_each and rule.for_each.query:
        forms = {name: used for name, used in variables.forms(rule.sql).items() if name not in values}
        columns = ", ".join(f"quote_literal({it}) as {it}" if forms[it] == {""} else it for it in forms)
        query = "\n".join(f"  {line}" for line in rule.for_each.query.split("\n"))
        lines += ["-- the first instance", f"select {columns or '*'} from (", query, ") as instances limit 1 \\gset"]
    return lines


def limited(rule: Rule, values: Mapping[str, str]) -> Rule:
    """Return a rule with the values in its limits. Raises SuiteError for a value that makes none."""
    if rule.open_limits is None:
        return rule
    limits = rule.open_limits.limits(values)
    return replace(rule, severity=limits.severity, levels=limits.levels, measure=limits.measure)


def limited_by(rule: Rule, given: Given) -> Rule:
    """Return a rule with the given values in its limits, as far as they are known without its instances."""
    values = {name: value for name, value in _values(rule, given).items() if value is not None}
    names = rule.open_limits.names if rule.open_limits else {}
    return limited(rule, values) if names and names.keys() <= values.keys() else rule


def bound(rule: Rule, values: Mapping[str, str]) -> Rule:
    """Return a rule with the values in its SQL and title. Raises SuiteError for a value that SQL cannot hold."""
    for name, value in values.items():
        if any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in value):
            raise SuiteError(f"{rule.path}: the value of '{name}' is not a text that a database can hold")
    if name := variables.mixed(rule.sql, values):
        raise SuiteError(
            f"{rule.path}: the query reads :{name} with and without quotes, which psql would read differently: write"
            f" :'{name}' for a text"
        )
    rule = limited(rule, values)
    sql, spans = variables.replaced(rule.sql, values)
    prefilter, highlight = rule.prefilter, rule.highlight
    if prefilter is not None:
        table, query = (variables.replaced(text, values)[0] for text in (prefilter.table, prefilter.query))
        prefilter = replace(prefilter, table=table, query=query)
    if highlight is not None:
        highlight = replace(highlight, test=variables.replaced(highlight.test, values)[0])
    return replace(
        rule,
        title=variables.in_words(rule.title, values),
        sql=sql,
        spans=spans,
        values=tuple(sorted(values.items())),
        prefilter=prefilter,
        highlight=highlight,
    )
