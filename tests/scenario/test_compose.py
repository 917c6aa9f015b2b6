"""The scenario's Compose file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.scenario.facts import SAMPLE, SCHEMA

ROOT: Final = Path(__file__).parents[2]
INIT: Final = "/docker-entrypoint-initdb.d/"


class TestCompose:
    """docker-compose.yml."""

    @pytest.fixture
    def compose(self) -> dict[str, Any]:
        """The whole file."""
        text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
        loaded: dict[str, Any] = yaml.safe_load(text)
        return loaded

    @pytest.fixture
    def service(self, compose: dict[str, Any]) -> dict[str, Any]:
        """The one that `docker compose up` starts; others are run by their names."""
        started = [name for name, it in compose["services"].items() if not it.get("profiles")]
        assert started == ["postgres-orders"]
        service: dict[str, Any] = compose["services"]["postgres-orders"]
        return service

    def test_server_and_its_account(self, service: dict[str, Any]) -> None:
        assert service["image"] == "postgres:15"
        assert service["container_name"] == "service-db"
        assert service["environment"] == {
            "POSTGRES_DB": "order_migration",
            "POSTGRES_USER": "postgres",
            "POSTGRES_PASSWORD": "postgrespassword",
        }

    def test_port_is_text(self, service: dict[str, Any]) -> None:
        assert service["ports"] == ["5432:5432"]
        assert '"5432:5432"' in (ROOT / "docker-compose.yml").read_text(encoding="utf-8")

    def test_network_has_exactly_this_name(self, compose: dict[str, Any], service: dict[str, Any]) -> None:
        assert service["networks"] == ["migration-network"]
        assert compose["networks"]["migration-network"]["name"] == "migration-network"

    def test_nothing_is_kept(self, compose: dict[str, Any], service: dict[str, Any]) -> None:
        assert service["tmpfs"] == ["/var/lib/postgresql/data"]
        assert "volumes" not in compose
        for mount in service["volumes"]:
            source, _, mode = mount.split(":")
            assert source.startswith("./")
            assert mode == "ro"

    def test_healthy_once_the_real_server_answers(self, service: dict[str, Any]) -> None:
        kind, command = service["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        assert command.split() == [
            "pg_isready",
            "--host=127.0.0.1",
            "--username=postgres",
            "--dbname=order_migration",
        ]

    def test_schema_is_loaded_before_the_data(self, service: dict[str, Any]) -> None:
        sources = {target: ROOT / source for source, target, _ in (m.split(":") for m in service["volumes"])}
        assert all(target.startswith(INIT) and target.endswith(".sql") for target in sources)
        assert [sources[target].resolve() for target in sorted(sources)] == [SCHEMA.resolve(), SAMPLE.resolve()]
        assert SCHEMA.is_file()
        assert SAMPLE.is_file()
