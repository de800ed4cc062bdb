"""Settings: defaults, valid values, and errors."""

from __future__ import annotations

from dataclasses import fields

import pytest

from server.runtime.setting_kinds import BadSetting, rule_of
from server.runtime.settings import Settings, unknown_names, variable

NAMES = [each.name for each in fields(Settings)]

# The limits of the wire contract, with their defaults.
CONTRACT = {
    "max_frame": 1048576,
    "max_document": 4194304,
    "max_ops": 1000,
    "max_connections": 1000,
    "in_bytes_per_second": 131072,
    "in_burst": 1048576,
    "in_messages_per_second": 200,
    "in_messages_burst": 400,
    "out_bytes_per_second": 1048576,
    "out_burst": 4194304,
    "undo_depth": 100,
    "lock_ttl": 300,
    "take_over_grace": 20,
    "slow_seconds": 30,
}


def test_defaults_are_those_of_the_wire_contract() -> None:
    settings = Settings.load({})
    assert (settings.host, settings.port, settings.demo) == ("127.0.0.1", 8080, False)
    assert settings.origins == ()
    assert CONTRACT.items() <= settings.limits().items()


@pytest.mark.parametrize("name", CONTRACT)
def test_a_limit_takes_zero(name: str) -> None:
    settings = Settings.load({variable(name): "0"})
    assert getattr(settings, name) == (3600 if name == "lock_ttl" else 0)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://weft.example", "https://weft.example"),
        ("https://weft.example/", "https://weft.example"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("", ""),
    ],
)
def test_a_public_url_is_an_origin(given: str, url: str) -> None:
    assert Settings.load({"WEFT_PUBLIC_URL": given}).public_url == url


@pytest.mark.parametrize(
    "given",
    [
        "weft.example",
        "ftp://weft.example",
        "https://weft.example/path",
        "https://weft.example?x",
        "https://user@weft.example",
        "https://weft.example:99999",
        "https://weft.example; script-src *",
        'https://weft.example"><script>',
        "https://",
    ],
)
def test_a_public_url_that_is_not_an_origin_is_refused(given: str) -> None:
    with pytest.raises(BadSetting):
        Settings.load({"WEFT_PUBLIC_URL": given})


NEVER_IN_DNS = ["a..b", ".a", f"{'a' * 64}.example"]


@pytest.mark.parametrize("host", NEVER_IN_DNS)
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("host", "{}"),
        ("database", "postgresql+asyncpg://weft:secret@{}/weft"),
        ("database", "postgresql+asyncpg://weft:secret@/weft?host={}"),
        ("redis", "redis://{}:6379/0"),
        ("public_url", "https://{}"),
        ("origins", "https://{}:8443"),
    ],
)
def test_a_host_that_dns_cannot_have_is_refused(name: str, given: str, host: str) -> None:
    """To look it up raises an error of its own kind, also in uvicorn."""
    with pytest.raises(BadSetting, match=variable(name)):
        Settings.load({variable(name): given.format(host)})


@pytest.mark.parametrize("host", ["::", "::1", "localhost", "weft.example", "0.0.0.0", "my_host."])
def test_the_server_listens_on_a_name_or_an_address(host: str) -> None:
    assert Settings.load({"WEFT_HOST": host}).host == host


@pytest.mark.parametrize(
    "where", ["weft:secret@db.example:5432/weft", "weft@/weft?host=/run/a..b", "weft@[::1]/weft"]
)
def test_the_database_is_on_a_host_or_in_a_directory(where: str) -> None:
    url = f"postgresql+asyncpg://{where}"
    assert Settings.load({"WEFT_DATABASE": url}).database == url


def test_frame_ancestors_are_valid_csp_sources() -> None:
    given = "https://cms.example, https://*.shop.example:8443 http://localhost:*,*"
    expected = ("https://cms.example", "https://*.shop.example:8443", "http://localhost:*", "*")
    assert Settings.load({"WEFT_FRAME_ANCESTORS": given}).frame_ancestors == expected
    for bad in (
        "cms.example",
        "https://a.example;script-src",
        "'none'",
        "https://*",
        "https://a/b",
    ):
        with pytest.raises(BadSetting):
            Settings.load({"WEFT_FRAME_ANCESTORS": bad})


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_describes_its_meaning_and_values(name: str) -> None:
    rule = next(rule_of(each) for each in fields(Settings) if each.name == name)
    assert rule.doc.endswith(".")
    assert rule.may_be


@pytest.mark.parametrize("name", NAMES)
def test_every_default_is_a_valid_value(name: str) -> None:
    default = getattr(Settings(), name)
    given = ",".join(default) if isinstance(default, tuple) else str(default)
    assert getattr(Settings.load({variable(name): given}), name) == default


@pytest.mark.parametrize("name", NAMES)
def test_an_error_names_the_setting_and_its_valid_values(name: str) -> None:
    rule = next(rule_of(each) for each in fields(Settings) if each.name == name)
    with pytest.raises(BadSetting) as caught:
        Settings.load({variable(name): "\x00 no way"})
    assert caught.value.problems == [(f"WEFT_{name.upper()}", rule.may_be)]
    assert str(caught.value) == f"WEFT_{name.upper()} must be {rule.may_be}"


def test_all_wrong_settings_are_reported_together() -> None:
    with pytest.raises(BadSetting) as caught:
        Settings.load({"WEFT_PORT": "http", "WEFT_DEMO": "maybe", "WEFT_MAX_OPS": "5"})
    assert [name for name, _ in caught.value.problems] == ["WEFT_PORT", "WEFT_DEMO"]


def test_an_error_does_not_repeat_the_wrong_value() -> None:
    with pytest.raises(BadSetting) as caught:
        Settings.load({"WEFT_DATABASE": "postgres://weft:hunter2@db/weft"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "size"),
    [("65536", 65536), ("64KiB", 65536), ("2 MiB", 2097152), ("1gib", 2**30), ("0", 0)],
)
def test_a_size_is_in_bytes_or_has_a_unit(given: str, size: int) -> None:
    assert Settings.load({"WEFT_MAX_FRAME": given}).max_frame == size


@pytest.mark.parametrize("given", ["-1", "1.5MiB", "64KB", "1e6", "1023", "٣", "64 k", "1 2"])
def test_an_invalid_size_is_refused(given: str) -> None:
    with pytest.raises(BadSetting):
        Settings.load({"WEFT_MAX_FRAME": given})


@pytest.mark.parametrize("given", ["1", "true", "YES", "on", " 1 "])
def test_a_flag_is_turned_on(given: str) -> None:
    assert Settings.load({"WEFT_DEMO": given}).demo is True


@pytest.mark.parametrize("given", ["0", "false", "No", "off"])
def test_a_flag_is_turned_off(given: str) -> None:
    assert Settings.load({"WEFT_DEMO": given}).demo is False


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_variable_counts_as_unset(name: str) -> None:
    assert Settings.load({variable(name): " "}) == Settings()


@pytest.mark.parametrize("given", ["-1", "65536", "80.0", "²", "1_000", "0x50"])
def test_an_invalid_port_is_refused(given: str) -> None:
    with pytest.raises(BadSetting):
        Settings.load({"WEFT_PORT": given})


@pytest.mark.parametrize("given", ["nan", "inf", "-1", "1e3", "90000"])
def test_an_invalid_duration_is_refused(given: str) -> None:
    with pytest.raises(BadSetting):
        Settings.load({"WEFT_SLOW_SECONDS": given})


def test_seconds_may_be_a_fraction() -> None:
    assert Settings.load({"WEFT_OPEN_SECONDS": "0.25"}).open_seconds == 0.25


@pytest.mark.parametrize("given", ["1", "29"])
def test_entries_are_kept_at_least_thirty_days(given: str) -> None:
    with pytest.raises(BadSetting, match="from 30"):
        Settings.load({"WEFT_RETENTION_DAYS": given})


def test_a_command_line_flag_overrides_the_environment() -> None:
    env = {"WEFT_PORT": "9000", "WEFT_HOST": "0.0.0.0"}
    settings = Settings.load(env, port=9001, host=None, demo=True)
    assert (settings.port, settings.host, settings.demo) == (9001, "0.0.0.0", True)


@pytest.mark.parametrize(
    "given",
    [
        "postgres://u:p@h/d",
        "postgresql://u:p@h/d",
        "sqlite:///x.db",
        "sqlite+aiosqlite:///",
        "postgresql+asyncpg:///weft",
        "postgresql+asyncpg://h:99999/weft",
        "weft.db",
    ],
)
def test_an_unusable_database_url_is_refused(given: str) -> None:
    with pytest.raises(BadSetting):
        Settings.load({"WEFT_DATABASE": given})


@pytest.mark.parametrize(
    "given",
    [
        "sqlite+aiosqlite:///var/weft.db",
        "sqlite+aiosqlite:////srv/weft.db",
        "postgresql+asyncpg://weft:pw@127.0.0.1:5432/weft",
    ],
)
def test_both_kinds_of_database_url_are_accepted(given: str) -> None:
    assert Settings.load({"WEFT_DATABASE": given}).database == given


@pytest.mark.parametrize("name", ["WEFT_EDITOR_ANCESTORS", "WEFT_ORIGINS"])
def test_each_listed_origin_is_one_exact_origin(name: str) -> None:
    expected = ("https://cms.example", "http://127.0.0.1:8000", "https://[::1]:8443")
    given = f"{expected[0]}, {expected[1]} {expected[2]}"
    assert getattr(Settings.load({name: given}), name.removeprefix("WEFT_").lower()) == expected
    for wrong in (
        "*",
        "https://*",
        "https://*.example",
        "https://cms.example/",
        "https://cms.example;script-src",
        "https://'self'",
        "https://cms.example:99999",
        "https://ada@cms.example",
        "cms.example",
        "null",
    ):
        with pytest.raises(BadSetting, match=name):
            Settings.load({name: f"https://good.example,{wrong}"})


def test_origins_are_a_list() -> None:
    given = "https://app.example.com, http://127.0.0.1:3000"
    expected = ("https://app.example.com", "http://127.0.0.1:3000")
    assert Settings.load({"WEFT_ORIGINS": given}).origins == expected


@pytest.mark.parametrize("given", ["*", "null", "app.example.com", "https://a.example/path"])
def test_an_invalid_origin_is_refused(given: str) -> None:
    with pytest.raises(BadSetting):
        Settings.load({"WEFT_ORIGINS": given})


def test_a_misspelt_variable_is_found_with_the_likely_name() -> None:
    env = {"WEFT_MAX_FRAMES": "1", "WEFT_HOST": "::1", "PATH": "/bin", "WEFT_QQQQQQQQ": "1"}
    assert unknown_names(env) == {"WEFT_MAX_FRAMES": "WEFT_MAX_FRAME", "WEFT_QQQQQQQQ": ""}
