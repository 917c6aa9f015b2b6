"""The error of a suite that cannot be used."""


class SuiteError(ValueError):
    """A suite, or a file in it, cannot be used; the message is one line that names the place."""
