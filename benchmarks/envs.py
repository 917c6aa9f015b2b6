"""Environments of their own for the other tools, which are no dependencies of this project."""

from __future__ import annotations

import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HOME: Final = Path(__file__).parent / ".envs"


@dataclass(frozen=True)
class Tool:
    """A tool with the packages that make it up."""

    name: str
    packages: tuple[str, ...]

    @property
    def bin(self) -> Path:
        return HOME / self.name / "bin"


GX: Final = Tool("gx", ("great-expectations[postgresql]==1.24.1",))
SODA: Final = Tool("soda", ("soda-core-postgres==3.5.6",))
SODA_4: Final = Tool("soda4", ("soda-postgres==4.28.0",))
DBT: Final = Tool("dbt", ("dbt-core==1.11.16", "dbt-postgres==1.11.0"))
DATACONTRACT: Final = Tool("datacontract", ("datacontract-cli[postgres]==1.2.8",))
POINTBLANK: Final = Tool("pointblank", ("pointblank[postgres]==1.1.1", "polars==2.1.0"))
#: The same with the driver by which Polars reads fastest.
POINTBLANK_POLARS: Final = Tool(
    "pointblank-polars", ("pointblank==1.1.1", "polars==2.1.0", "adbc-driver-postgresql==1.13.0", "pyarrow==26.0.1")
)

#: Nothing that is measured calls home.
QUIET: Final = {
    "GX_ANALYTICS_ENABLED": "false",
    "SODA_TELEMETRY": "false",
    "SODA_CORE_TELEMETRY": "false",
    "OTEL_SDK_DISABLED": "true",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
}


def install(tool: Tool) -> str:
    """Make the tool's environment unless it is there; the reason why it could not be made, or nothing."""
    done = HOME / tool.name / ".installed"
    wanted = " ".join(tool.packages)
    if done.exists() and done.read_text() == wanted:
        return ""
    try:
        venv.create(HOME / tool.name, with_pip=True, clear=True)
        pip = [str(tool.bin / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *tool.packages], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    except subprocess.CalledProcessError as error:
        said = str(error.stderr or "").strip().splitlines()
        return f"not installed: {said[-1] if said else error}"
    done.write_text(wanted)
    return ""
