"""Elements of SVG as markup."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from order_audit.reports.escaping import plain


def picture(kind: str, width: float, height: float, title: str, description: str, parts: Sequence[Markup]) -> Markup:
    """A whole picture; `kind` is the class that its colours go by."""
    return element(
        "svg",
        [element("title", [written(title)]), element("desc", [written(description)]), *parts],
        class_=f"picture {kind}",
        viewBox=f"0 0 {length(width)} {length(height)}",
        width=width,
        height=height,
        role="img",
    )


def element(name: str, parts: Sequence[Markup] = (), **attributes: str | float) -> Markup:
    """An element; `class_` is written class, and text_anchor text-anchor."""
    written_attributes = "".join(
        f' {key.rstrip("_").replace("_", "-")}="'
        f'{length(value) if isinstance(value, int | float) else escape(plain(value))}"'
        for key, value in attributes.items()
    )
    # names come from the caller, values are escaped, and the join escapes plain text
    tag = f"{name}{written_attributes}"
    return Markup(f"<{tag}>{Markup('').join(parts)}</{name}>" if parts else f"<{tag}/>")  # noqa: S704


def label(text: str, x: float, y: float, anchor: str = "", **attributes: str | float) -> Markup:
    """A text; `anchor` is middle or end where x is not its beginning."""
    if anchor:
        attributes["text_anchor"] = anchor
    return element("text", [written(text)], x=x, y=y, **attributes)


def written(text: str) -> Markup:
    """A text, escaped, with what cannot be seen spelled out."""
    return escape(plain(text))


def length(value: float) -> str:
    """A length or a share, to two digits at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def cut(text: str, letters: int) -> str:
    """At most so many letters of a text."""
    return text if len(text) <= letters else text[: letters - 1] + "…"
